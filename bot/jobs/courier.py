"""The courier, and what the studio hands to it: how far a job is, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.errors.base import EaselError
from bot.core.models import CardAddress, Job, JobState, Picture


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """A job in line: so many start before it, and it starts in about so many milliseconds."""

    ahead: int
    starts_in_ms: int


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A job at work: ``done`` of ``total`` pictures are here.

    ``started_at`` is in milliseconds since the epoch; ``fraction`` (0 to 1) is how far the gateway
    says it is, ``preview`` what it has so far, None where it says nothing. ``elapsed_ms`` is since
    the start, ``usual_ms`` how long the model usually takes, None where nobody knows.
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

    ``frees_at``, in milliseconds since the epoch, is told when nothing remains.
    """

    credits: int
    limit: int
    period: str
    frees_at: int | None


@dataclass(frozen=True, slots=True)
class JobResult:
    """Pictures to deliver, and what they cost.

    ``shortfall`` says why fewer than ``asked`` arrived; ``remaining`` is None without any limit.
    ``doubt_charged`` as in :class:`Ending`, for those that did not arrive; ``kept``: the person
    can get them later, wherever they cannot be shown now.
    """

    pictures: tuple[Picture, ...]
    asked: int
    took_ms: int
    charged: int
    remaining: RemainingCredits | None
    shortfall: EaselError | None
    doubt_charged: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job that ended without pictures: ``state`` is failed, cancelled or unknown.

    ``doubt_charged``: nobody knows whether the picture was made, and this person's free
    releases of that kind are used up for today.
    """

    error: EaselError
    state: JobState = JobState.FAILED
    charged: int = 0
    doubt_charged: bool = False


class Courier(Protocol):
    """Carries one job's answer to the person who asked: in Discord, or in the terminal."""

    async def place(self, job: Job, *, waiting: QueuePosition) -> CardAddress | None:
        """Show that the job is queued, and behind how many; return where, if it stays.

        Raises:
            CardNotPlaced: nobody saw it, so the job must not run.
        """

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show how far the job is: in line, or at work."""

    async def deliver(self, job: Job, result: JobResult) -> Sequence[CardAddress]:
        """Hand over the pictures; return the messages that now show them.

        Raises:
            EaselError: the person cannot get them.
        """

    async def end(self, job: Job, ending: JobFailure) -> bool:
        """Say why there are no pictures; return False if nobody could be told."""
