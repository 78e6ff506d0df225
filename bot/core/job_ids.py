"""Ids of jobs: UUIDs that sort by time."""

import itertools
import uuid
from secrets import token_bytes

_COUNT = itertools.count()


def new_job_id(now_ms: int) -> str:
    """Return a UUIDv7 for this moment, which sorts after those that this process made before.

    After the milliseconds comes a counter of 12 bits (RFC 9562 §5.7 and §6.2, method 1), so that
    jobs of one millisecond keep their order; the rest is random.
    """
    count, chance = next(_COUNT) & 0xFFF, int.from_bytes(token_bytes(8)) >> 2
    return str(uuid.UUID(int=now_ms << 80 | 0x7 << 76 | count << 64 | 0x2 << 62 | chance))


def first_job_id(at_ms: int) -> str:
    """Return what sorts before the ids of all jobs from a moment on, and after those before it."""
    return str(uuid.UUID(int=at_ms << 80))
