"""The clock, and waiting for events outside the process.

Tests and the browser playground replace these; nothing else depends on where the code runs.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


class ExternalWait(Protocol):
    """Await something outside the process: a slot, an HTTP exchange, a pause between polls.

    These waits are never nested, and never enclose SQLite, Pillow or Discord calls.
    """

    async def __call__(self, awaitable: Awaitable[T], reason: str, /) -> T:
        """Await it; ``reason`` names in a word what is awaited."""
        ...


async def await_directly(awaitable: Awaitable[T], reason: str, /) -> T:  # noqa: ARG001 - for simulated waits
    """Await it: the implementation in production."""
    return await awaitable


def wall_clock_ms() -> int:
    """Return the milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and external waits, passed to every part that needs them.

    ``now()`` is in milliseconds since the epoch; ``sleep(seconds)`` must itself be awaited
    through ``wait``. Where time ``is_simulated``, no timer may be set beside the waits, because the
    simulation waits for it.
    """

    now: Callable[[], int] = wall_clock_ms
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    wait: ExternalWait = await_directly
    is_simulated: bool = False
