"""The commits in SQLite's write-ahead log (sqlite.org/fileformat2, The WAL File Format)."""

from itertools import takewhile
from pathlib import Path

_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_NO_COMMIT = bytes(4)


def commits_in(log: Path) -> int:
    """Count the commits that wrote anything since the log was last begun anew."""
    data = log.read_bytes()
    page_bytes, salts = int.from_bytes(data[8:12]), data[16:24]
    frames = range(_HEADER_BYTES, len(data), _FRAME_HEADER_BYTES + page_bytes)
    # What follows a frame with other salts is older than the log.
    written = takewhile(lambda at: data[at + 8 : at + 16] == salts, frames)
    return sum(data[at + 4 : at + 8] != _NO_COMMIT for at in written)
