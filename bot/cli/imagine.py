"""``python -m bot imagine``: make pictures from the terminal, with the same job service.

The terminal is the operator: no personal limit, but the operator's total and budget. Picture paths
go to standard output, everything else to standard error.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.cli.operator_sentences import operator_sentences
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.errors.base import EaselError, StartRefused
from bot.core.errors.jobs import NotDelivered
from bot.core.i18n.texts import Money, Texts, plain_time
from bot.core.models import (
    OPERATOR,
    OPTION_NAMES,
    WORD_OPTIONS,
    CardAddress,
    ImageOptions,
    ImageRequest,
    Job,
    Picture,
)
from bot.discord_ui.option_facts import request_notes
from bot.images.folder_storage import link_or_copy
from bot.images.references import Attachments, Upload
from bot.jobs.courier import DeliveryReport, JobFailure, JobProgress, JobResult, QueuePosition
from bot.services import Services, open_services
from bot.settings.settings import Settings

EXIT_NO_PICTURE = 1
EXIT_WRONG_OPTION = 2
BAR_WIDTH = 24
REDRAW_S = 0.2

BuildRequest = Callable[[Services], Awaitable[tuple[ImageRequest, Attachments]]]
"""Builds the operator's request and its attachments; raises EaselError for a wrong option."""


def add_imagine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``imagine``."""
    parser.add_argument("prompt", help="what to paint")
    parser.add_argument("--model", help="image model; by default the first of IMAGE_MODELS")
    parser.add_argument("--size", help="size, e.g. 16:9, 1024x1024 or auto")
    parser.add_argument("--n", type=int, help="number of pictures, 1 to 10")
    for option in WORD_OPTIONS:
        parser.add_argument(f"--{option}", help=f"{option}, a word that the model accepts")
    parser.add_argument("--seed", type=int, help="seed: the same one gives the same picture")
    parser.add_argument("--negative", help="what shall not be in the picture")
    parser.add_argument(
        "--strength", type=int, help="how far to depart from the reference image, 1 to 100 percent"
    )
    parser.add_argument(
        "--reference",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="reference image; repeat the option for more",
    )
    parser.add_argument(
        "--mask",
        type=Path,
        metavar="FILE",
        help="PNG mask for the first reference image; transparent parts may change",
    )
    parser.add_argument("--out", type=Path, default=Path(), help="folder for the pictures")


def run_imagine(settings: Settings, options: argparse.Namespace) -> int:
    """Make the pictures and return the exit code.

    Raises:
        StartRefused: no gateway is set.
    """
    if not settings.image_api_url and settings.gateways_file is None:
        raise StartRefused(
            "IMAGE_API_URL is missing: set it in .env, or try without a gateway: "
            'python -m playground imagine "a lighthouse at dusk".'
        )
    log_for_terminal(settings)
    return asyncio.run(imagine(settings, options, Clock()))


def log_for_terminal(settings: Settings) -> None:
    """Log only errors, because a person watches; those of gateways are said in sentences."""
    bot_logging.configure(
        level="ERROR",
        style=settings.log_format,
        secrets=settings.secrets,
        gateway_level="CRITICAL",
    )


async def imagine(settings: Settings, options: argparse.Namespace, clock: Clock) -> int:
    """Submit the request of the options, wait for its end, and return the exit code.

    Raises:
        StartRefused: the settings or the folder for the pictures stop the start.
    """
    return await submit_and_wait(settings, clock, partial(_order, options), out=options.out)


async def submit_and_wait(
    settings: Settings, clock: Clock, order: BuildRequest, *, out: Path
) -> int:
    """Submit a request of the operator, wait for its end, and return the exit code.

    Raises:
        StartRefused: the settings or the folder for the pictures stop the start.
    """
    _make(out)
    texts = Texts(when=plain_time(clock.now))
    # Ctrl-C ends at once: the next start ends the job by its database rows.
    hurried = settings.model_copy(update={"shutdown_grace": 0})
    async with open_services(hurried, clock) as services:
        await services.recovery.end_operator_jobs()
        try:
            request, attached = await order(services)
            usual_s = services.catalogue.model(request.model).usual_s
            courier = TerminalCourier(out=out, texts=texts, now=clock.now, usual_s=usual_s)
            await services.job_service.submit(request, OPERATOR, courier, attached=attached)
        except EaselError as refusal:
            _say_error(refusal, texts)
            return EXIT_WRONG_OPTION
        await services.job_service.drained()
    return EXIT_NO_PICTURE if courier.failed else 0


async def _order(
    options: argparse.Namespace, services: Services
) -> tuple[ImageRequest, Attachments]:
    pictures = tuple(_upload(file) for file in options.reference)
    mask = _upload(options.mask) if options.mask else None
    given = {name: getattr(options, name) for name in ("prompt", "model", "n", *OPTION_NAMES)}
    request = services.catalogue.build_request(
        services.catalogue.read_flags(ImageOptions(**given)),
        references=len(pictures),
        mask=mask is not None,
    )
    return request, Attachments(pictures, mask)


class TerminalCourier:
    """Courier of one job to the terminal: a progress bar, then files in a folder."""

    def __init__(self, *, out: Path, texts: Texts, now: Callable[[], int], usual_s: float) -> None:
        self.failed = False
        self._out = out
        self._texts = texts
        self._now = now
        self._usual_ms = usual_s * 1000
        self._bar: asyncio.Task[None] | None = None

    def announced(self, job: Job) -> None:
        """Return nothing: a line on the terminal cannot be found again."""

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> None:
        """Print the model, size and number of pictures, and begin the progress bar."""
        request = job.request
        sentence = self._texts.say(
            "terminal-painting", model=request.model, size=str(request.size), n=request.n
        )
        _say(sentence)
        for note in request_notes(self._texts, request, job.locale):
            _say(note)
        await self.update(job, state)

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:  # noqa: ARG002 - one job only
        """Draw the progress bar, if standard error is a terminal."""
        if isinstance(state, JobProgress) and self._bar is None and sys.stderr.isatty():
            self._bar = asyncio.create_task(self._draw(state.started_at))

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Put the pictures into the folder, as many as it takes, and print their paths."""
        await self._put_bar_away()
        posted = set[int]()
        for number, picture in enumerate(result.pictures, 1):
            try:
                print(await asyncio.to_thread(self._keep, job, picture, number))
                posted.add(number)
            except OSError as full:
                _say(str(full))
        if not posted:
            raise NotDelivered
        if result.shortfall is not None:
            _say_error(result.shortfall, self._texts, money="part")
        seconds = round(result.took_ms / 1000, 1)
        _say(self._texts.say("terminal-done", count=len(posted), seconds=seconds))
        return DeliveryReport(posted=frozenset(posted))

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Add nothing: the files are there."""

    async def end(self, job: Job, failure: JobFailure) -> bool:  # noqa: ARG002 - one job only
        """Print why there is no picture."""
        await self._put_bar_away()
        self.failed = True
        _say_error(failure.error, self._texts)
        return True

    async def find_file(self, file: str, messages: Sequence[CardAddress]) -> None:
        """Find nothing: the files come from a folder."""

    def _keep(self, job: Job, picture: Picture, number: int) -> Path:
        # Job ids sort by time and are unique, so no earlier picture is overwritten.
        name = f"easel-{job.id}-{number}.{picture.format}"
        kept = self._out / name
        link_or_copy(picture.path, kept)
        return kept

    async def _draw(self, started_at: int) -> None:
        while True:
            print(f"\r{self._progress(started_at)}", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(REDRAW_S)

    def _progress(self, started_at: int) -> str:
        elapsed = self._now() - started_at
        # The duration is unknown: the bar approaches its end but never reaches it.
        filled = int(BAR_WIDTH * elapsed / (elapsed + self._usual_ms / 2 + 1))
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        return f"{bar} {elapsed / 1000:5.1f} s"

    async def _put_bar_away(self) -> None:
        if self._bar is None:
            return
        self._bar.cancel()
        with suppress(asyncio.CancelledError):
            await self._bar
        self._bar = None
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def _upload(file: Path) -> Upload:
    try:
        size = file.stat().st_size
    except OSError:
        raise StartRefused(f"{file} cannot be read: name a picture file.") from None
    return Upload(size, partial(asyncio.to_thread, file.read_bytes))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StartRefused(f"--out {folder} cannot be written: name another folder.") from None


def _say_error(error: EaselError, texts: Texts, *, money: Money = "back") -> None:
    for sentence in operator_sentences(error, texts, money=money):
        _say(sentence)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
