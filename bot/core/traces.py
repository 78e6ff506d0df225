"""What a trace tells of a job and its attempts; nothing is traced where TRACES_URL is empty."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Span:
    """How long a job took, or one of its attempts, from ``began_at`` to ``ended_at``.

    Both are in milliseconds since the epoch. ``attempt`` is the slot and number of an attempt, None
    for the job itself.
    """

    job_id: str
    attempt: tuple[int, int] | None
    began_at: int
    ended_at: int
    is_done: bool
    facts: Mapping[str, str]


class Traces:
    """Traces nothing: what the code is given where TRACES_URL is empty."""

    is_on = False

    def add(self, span: Span) -> None:
        """Add what has ended."""


NO_TRACES: Final = Traces()
