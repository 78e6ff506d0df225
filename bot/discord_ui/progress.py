"""How far a job is, as a bar of text: what its gateway says, else an estimate that says so."""

import math
from dataclasses import dataclass
from typing import Literal

from bot.jobs.courier import JobProgress

BAR_LENGTH = 10
# No estimate says more: only the pictures themselves say that they are done.
MOST_BY_ESTIMATE = 0.95

_Kind = Literal["said", "about", "overdue"]


@dataclass(frozen=True, slots=True)
class Progress:
    """A bar, the percentage beside it, and how sure that is."""

    bar: str
    percent: int
    kind: _Kind


def progress(painting: JobProgress) -> Progress | None:
    """Return how far a job is; None where nobody can tell."""
    if painting.fraction is not None:
        return _progress(painting.fraction, "said")
    if painting.usual_ms is None:
        return None
    kind: _Kind = "overdue" if painting.is_overdue else "about"
    return _progress(_estimate(painting, painting.usual_ms), kind)


def _estimate(painting: JobProgress, usual_ms: int) -> float:
    """Return the share of the usual time that has passed, or of the pictures that are here."""
    passed = painting.elapsed_ms / max(usual_ms, 1)
    return min(MOST_BY_ESTIMATE, max(passed, painting.done / painting.total))


def _progress(fraction: float, kind: _Kind) -> Progress:
    # Rounded down: a full bar is a finished picture.
    filled = math.floor(fraction * BAR_LENGTH)
    bar = "▰" * filled + "▱" * (BAR_LENGTH - filled)
    return Progress(bar, math.floor(fraction * 100), kind)


def about(seconds: float) -> tuple[int, int]:
    """Round an estimate up, so that it promises little: to full minutes, or to five seconds."""
    if seconds > 55:
        return math.ceil(seconds / 60), 0
    return 0, math.ceil(seconds / 5) * 5
