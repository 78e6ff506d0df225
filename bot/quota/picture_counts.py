"""How the pictures of a job ended, and who pays for which."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PictureCounts:
    """How many of the pictures that a job asked for ended in which way.

    ``delivered``: the person can get them. ``in_doubt``: the request was sent, and nobody knows
    whether they were made. ``lost``: paid for, but unreadable, expired or too large. ``missing``:
    not in a whole reply, or lost by the disk, a defect or a death of this bot. Those that were
    surely refused are in no number.

    The person pays for what is delivered, and for nothing else; the operator's limits count all.
    """

    delivered: int = 0
    in_doubt: int = 0
    lost: int = 0
    missing: int = 0

    @property
    def counted_for_operator(self) -> int:
        """How many of them the operator paid for, or may have paid for."""
        return self.delivered + self.in_doubt + self.lost + self.missing

    @property
    def limits_requester(self) -> bool:
        """Whether the job counts in MAX_DOUBTFUL_PER_DAY of its requester."""
        return self.in_doubt + self.lost > 0
