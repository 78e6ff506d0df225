"""The courier protocol, and the values that the job service hands to a courier."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from bot.core.errors.base import EaselError
from bot.core.models import AnnouncedCard, CardAddress, Job, JobState, Picture
from bot.core.task_actions import OfferedAction
from bot.core.units import count_units
from bot.images.references import Upload


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A waiting job: ``ahead`` jobs start before it, and it starts in about ``starts_in_ms``."""

    ahead: int
    starts_in_ms: int


STARTS_NOW = QueuePosition(ahead=0, starts_in_ms=0)


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A running job: ``done`` of ``total`` pictures have been received.

    ``started_at`` is in milliseconds since the epoch; ``fraction`` (0 to 1) and ``preview`` are
    what the gateway reported, None where it reports nothing. ``elapsed_ms`` is since the start,
    ``usual_ms`` how long the model usually takes, None where nobody knows.
    """

    started_at: int
    done: int
    total: int
    fraction: float | None = None
    preview: Picture | None = None
    elapsed_ms: int = 0
    usual_ms: int | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether it takes longer than usual."""
        return self.usual_ms is not None and self.elapsed_ms >= self.usual_ms


@dataclass(frozen=True, slots=True)
class RemainingCredits:
    """What remains of the limit that binds the requester most: ``credits`` of ``limit``.

    ``frees_at``, in milliseconds since the epoch, is given when nothing remains.
    """

    credits: int
    limit: int
    period: str
    frees_at: int | None

    def with_returned(self, credits: int) -> Self:
        """Return what remains once so many credits are back."""
        return replace(self, credits=min(self.credits + credits, self.limit))


@dataclass(frozen=True, slots=True)
class JobResult:
    """Pictures to deliver, and what they cost.

    ``shortfall`` says why fewer than ``asked`` pictures arrived; ``remaining`` is None without any
    limit.
    ``kept``: the pictures are stored, so that the requester can get them later from /history.
    ``actions`` are what their gateway can do next with them.
    """

    pictures: tuple[Picture, ...]
    asked: int
    took_ms: int
    charged: int
    remaining: RemainingCredits | None
    shortfall: EaselError | None
    kept: bool = False
    actions: tuple[OfferedAction, ...] = ()

    @property
    def kept_numbers(self) -> Sequence[int]:
        """Return the numbers of the pictures that can be got later, counted from 1."""
        return range(1, len(self.pictures) + 1) if self.kept else ()

    @property
    def units(self) -> int:
        """Return how many units the pictures are."""
        return count_units(each.grid for each in self.pictures)

    def units_of(self, posted: Collection[int]) -> int:
        """Return how many units the person can get something of, where so many are posted.

        What is kept can be got later. ``posted`` are the numbers of pictures, from 1.
        """
        if self.kept:
            return self.units
        return count_units(
            each.grid for number, each in enumerate(self.pictures, 1) if number in posted
        )

    def with_posted(self, posted: Collection[int]) -> Self:
        """Return the result with what it costs where only these pictures can be seen."""
        lost = self.units - self.units_of(posted)
        if not lost:
            return self
        returned = self.charged // self.units * lost
        remaining = None if self.remaining is None else self.remaining.with_returned(returned)
        return replace(self, charged=self.charged - returned, remaining=remaining)


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a courier delivered: the pictures ``posted``, by their numbers from 1, and where.

    ``messages`` show them; the terminal has none. What is not posted the person cannot see.
    """

    messages: tuple[CardAddress, ...] = ()
    posted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job that ended without posting pictures: ``state`` is failed, cancelled or unknown.

    It is done where the pictures are kept for /history; ``charged`` credits were paid for those.
    ``kept`` are they, None after a restart.
    """

    error: EaselError
    state: JobState = JobState.FAILED
    charged: int = 0
    kept: JobResult | None = None


class Courier(Protocol):
    """Shows one job to its requester: in Discord, or in the terminal."""

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Return where ``place`` is about to show the job; None if nobody could find it there."""

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Show that the job waits or is being painted; return where, None if nobody can find it.

        Raises:
            CardNotSent: nobody saw it, so the job must not run.
        """

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show that the job waits, or how far it is."""

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Deliver the pictures, as many as possible; return which, and where.

        What is shown of the cost is that of ``result.with_posted()``.

        Raises:
            EaselError: none of them could be posted.
        """

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Add to the delivered messages what may come late: the job has ended."""

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Say why there are no pictures; return False if nobody could be told."""

    async def find_file(self, file: str, messages: Sequence[CardAddress]) -> Upload | None:
        """Fetch messages again; return the file whose address ends with ``file``, None without one.

        Its address is fresh. A message that is gone or cannot be read has no files.
        """
