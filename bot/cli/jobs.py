"""``python -m bot jobs``: list open and recent jobs, cancel one, or repeat one.

A bot may run meanwhile: the state of a job's row decides what may be done to it.
"""

import argparse
import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.cli import imagine
from bot.cli.doctor.finding import print_line
from bot.cli.table import Row, format_table
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts
from bot.core.models import ImageRequest
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.scheduled_copies import BACKUP_FOLDER
from bot.images.references import Attachments
from bot.jobs.repository.listing import ListedJob, find_jobs, list_jobs
from bot.jobs.repository.rows import WrittenJob
from bot.services import Services, open_services
from bot.settings.settings import Settings, database_file, database_url

EXIT_FINE = 0
EXIT_NOT_CANCELLED = 1
RECENT = 20
_PROMPT = 60  # characters, so that a row stays a row
_HEAD: Row = ("ID", "STATE", "AGE", "MODEL", "GATEWAY", "ERROR")
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))

Say = Callable[[str], None]


def add_jobs_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``jobs``."""
    parser.add_argument("--prompts", action="store_true", help="show the prompts, too")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    cancel = actions.add_parser("cancel", help="cancel a job that waits, or whose bot is gone")
    again = actions.add_parser("retry", help="paint the request of a job again, as your own")
    for action in (cancel, again):
        action.add_argument("id", type=str.lower, metavar="ID", help="its id, or the start of it")
    again.add_argument("--out", type=Path, default=Path(), help="folder for the pictures")


def run_jobs(settings: Settings, options: argparse.Namespace) -> int:
    """Run the action and return the exit code.

    Raises:
        StartRefused: there is no such job, or the settings stop the start.
    """
    imagine.log_for_terminal(settings)
    if options.action == "cancel":
        return asyncio.run(cancel(settings, options.id, Clock(), print_line))
    if options.action == "retry":
        return asyncio.run(retry(settings, options.id, options.out, Clock()))
    return asyncio.run(print_jobs(settings, Clock(), print_line, prompts=options.prompts))


async def print_jobs(settings: Settings, clock: Clock, say: Say, *, prompts: bool) -> int:
    """Print the table; prompts are private, so they are shown only on request."""
    url = database_url(settings)
    jobs: Sequence[ListedJob] = ()
    if settings.has_server or database_file(settings).is_file():
        backups = settings.data_dir / BACKUP_FOLDER
        async with open_database(url, backup_dir=backups, now=clock.now, connections=1) as database:
            jobs = await database.read(list_jobs, recent=RECENT)
    if not jobs:
        say(Texts().say("jobs-none"))
        return EXIT_FINE
    now = clock.now()
    head = (*_HEAD, "PROMPT") if prompts else _HEAD
    for line in format_table([head, *(_row(job, now, prompts=prompts) for job in jobs)]):
        say(line)
    return EXIT_FINE


async def cancel(settings: Settings, prefix: str, clock: Clock, say: Say) -> int:
    """End the job if it is queued or its process is gone, and settle its credits.

    Raises:
        StartRefused: no job, or more than one, begins so.
    """
    async with open_services(settings, clock) as services:
        found = await _find(services.database, prefix)
        done = await services.recovery.cancel(found)
    say(Texts().say("jobs-cancelled" if done else "jobs-not-cancelled", id=found.job.id))
    return EXIT_FINE if done else EXIT_NOT_CANCELLED


async def retry(settings: Settings, prefix: str, out: Path, clock: Clock) -> int:
    """Repeat the job's request as a new job of the terminal.

    Raises:
        StartRefused: no job, or more than one, begins so.
    """

    async def same_again(services: Services) -> tuple[ImageRequest, Attachments]:
        found = await _find(services.database, prefix)
        return found.job.request, Attachments()

    return await imagine.submit_and_wait(settings, clock, same_again, out=out)


async def _find(database: Database, prefix: str) -> WrittenJob:
    found = await database.read(find_jobs, prefix)
    if not found or not re.fullmatch(r"[0-9a-f-]+", prefix):
        raise StartRefused(f"There is no job {prefix}: python -m bot jobs lists them.")
    if len(found) > 1:
        raise StartRefused(f"More than one job begins with {prefix}: give more of its id.")
    return found[0]


def _row(job: ListedJob, now: int, *, prompts: bool) -> Row:
    error = (job.error or "-").removeprefix("error-")
    row = (
        job.id,
        job.state,
        format_age(now - job.created_at),
        job.model,
        job.gateway or "-",
        error,
    )
    return (*row, one_line(job.prompt, _PROMPT)) if prompts else row


def format_age(age_ms: int) -> str:
    """Return an age in its two largest units, like ``2h 5m``."""
    seconds, parts = max(age_ms, 0) // 1000, []
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"
