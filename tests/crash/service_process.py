"""A bot without Discord, to be killed: ``python -m tests.crash.service_process``.

Its arguments are FOLDER URL JOBS [SQL].

It takes over what dead processes left, then submits requests of 20 people until JOBS of them are
open, sees all through and exits. Its cards are folders: ``cards/JOB/1.png`` …, replaced
as a whole by a rename as Discord replaces a message, or ``cards/JOB.txt`` with the sentence's id.
With SQL it kills itself at the first look at the clock, or call of a courier, at which that query
finds a row: a commit is behind it, and the next one has not begun.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.core import logging as bot_logging
from bot.core.clock import Clock, wall_clock_ms
from bot.core.models import AnnouncedCard, CardAddress, ImageOptions, Job, Picture, Requester
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.references import Attachments, Upload
from bot.jobs.courier import (
    DeliveryReport,
    JobFailure,
    JobProgress,
    JobResult,
    QueuePosition,
)
from bot.services import Services, open_services
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.crash.counting_gateway import FILE
from tests.database.engines import url_of

PEOPLE = 20
ANSWERS = ("at once", "as task", "by url")


@dataclass(frozen=True)
class CrashPoint:
    """When to die: as soon as the query finds a row; never without one."""

    database: Path
    sql: str = ""

    def check(self) -> None:
        """Die, if it is now."""
        if self.sql and self._is_now():
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_now(self) -> bool:
        try:
            with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
                return database.execute(self.sql).fetchone() is not None
        except sqlite3.OperationalError as early:
            if "unable to open" in str(early) or "no such" in str(early):
                return False  # there is no database yet
            raise

    def now(self) -> int:
        """Return the time, if there is any left."""
        self.check()
        return wall_clock_ms()


@dataclass(frozen=True)
class FolderCourier:
    """Carries an answer to a folder."""

    cards: Path
    crash_point: CrashPoint

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Announce nothing: nobody sees a card that has no number yet."""
        return None

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Give the card a number."""
        self.crash_point.check()
        return CardAddress(1, int(job.id.replace("-", ""), 16) % 2**62, 1, "token")

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show nothing."""
        self.crash_point.check()

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Replace the card by its pictures."""
        self.crash_point.check()
        await asyncio.to_thread(self._replace, job, result.pictures)
        return DeliveryReport(posted=frozenset(range(1, len(result.pictures) + 1)))

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Add nothing."""
        self.crash_point.check()

    def _replace(self, job: Job, pictures: Sequence[Picture]) -> None:
        made, card = self.cards / f".{job.id}", self.cards / job.id
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        for number, picture in enumerate(pictures, 1):
            shutil.copyfile(picture.path, made / f"{number}.{picture.format}")
        shutil.rmtree(card, ignore_errors=True)
        made.rename(card)

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Write the sentence's id."""
        self.crash_point.check()
        (self.cards / f"{job.id}.txt").write_text(failure.error.message_id)
        return True

    async def find_file(self, file: str, messages: Sequence[CardAddress]) -> None:
        """Find nothing: there are no messages."""


def settings(folder: Path, url: str) -> Settings:
    """Return generous settings: nothing is refused, and no doubt is charged."""
    return GivenSettings(
        image_api_url=url,
        image_api_key=SecretStr("sk-of-the-gateway"),
        image_models=("dall-e-3", "easel-painter"),
        database_url=url_of(folder),
        data_dir=folder,
        default_quota=(),
        max_doubtful_per_day=1000,
        max_concurrent_jobs=50,
        max_running_per_user=50,
        max_waiting_per_user=1000,
        shutdown_grace=60,
    ).model_copy(update={"max_requests_per_minute": 1_000_000})


async def run(folder: Path, url: str, jobs: int, crash_point: CrashPoint) -> None:
    """Take over, submit what is missing, and see all through."""
    cards = folder / "cards"
    cards.mkdir(parents=True, exist_ok=True)
    courier = FolderCourier(cards, crash_point)
    clock = Clock(now=crash_point.now, sleep=lambda seconds: asyncio.sleep(min(seconds, 0.02)))
    async with open_services(settings(folder, url), clock) as services:
        taken = await services.recovery.take_over()
        await services.recovery.resume(taken, lambda _job, _card: courier, attachment)
        print("open", flush=True)  # noqa: T201 - the test waits for it
        submitted, still_open = await counts(services.database)
        for number in range(submitted, submitted + jobs - still_open):
            await submit(services, courier, number)
        await services.job_service.drained()


async def counts(database: Database) -> tuple[int, int]:
    """Return how many jobs there were, and how many of them are open.

    Through the services' own connection: SQLite keeps a second one's descriptors for as long as
    the first holds a lock, so a look from beside would count as a leak of files.
    """
    (row,) = await database.read(
        Transaction.query, "SELECT COUNT(*) AS jobs, COUNT(ended_at) AS ended FROM jobs"
    )
    return row["jobs"], row["jobs"] - row["ended"]


async def submit(services: Services, courier: FolderCourier, number: int) -> Job:
    """Ask for the number-th picture; every fifth has a reference, every second is a pair."""
    with_reference = number % 5 == 4
    request = services.catalogue.build_request(
        ImageOptions(
            prompt=f"fox {number} {ANSWERS[number % 3]}",
            model="easel-painter" if with_reference else "dall-e-3",
            n=1 if with_reference else 1 + number % 2,
        ),
        references=int(with_reference),
    )
    who = Requester(1 + number % PEOPLE, 7, "Somebody")

    async def read() -> bytes:
        courier.crash_point.check()
        return await attachment("")

    upload = Upload(1, read, "https://cdn.example/x.png")
    attached = Attachments((upload,) if with_reference else ())
    return await services.job_service.submit(request, who, courier, attached=attached)


async def attachment(_url: str) -> bytes:
    """Answer as Discord does for any address."""
    await asyncio.sleep(0.02)
    return FILE


if __name__ == "__main__":
    place, address, count, *when = sys.argv[1:]
    bot_logging.configure(level="ERROR", style="console", secrets=())
    home = Path(place)
    asyncio.run(run(home, address, int(count), CrashPoint(home / "easel.db", *when)))
