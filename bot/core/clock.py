"""The one seam: time, and waiting for what happens outside the process.

Everything that must behave differently in tests and in the browser playground goes
through here, so that no room knows where it runs.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


class ExternalWait(Protocol):
    """Await something outside the process: a slot, an HTTP exchange, a pause between polls.

    Declared waits are never nested, and never around SQLite, Pillow or Discord calls.
    """

    async def __call__(self, awaitable: Awaitable[T], reason: str, /) -> T:
        """Await it; ``reason`` says in a word what for."""
        ...


async def await_directly(awaitable: Awaitable[T], reason: str, /) -> T:  # noqa: ARG001 - for other seams
    """Await it: what production does."""
    return await awaitable


def wall_clock_ms() -> int:
    """Return the milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and outside waits, handed by ``app.py`` to every room that needs them.

    ``now()`` is in milliseconds since the epoch, ``sleep(seconds)`` must itself be awaited
    through ``wait``.
    """

    now: Callable[[], int] = wall_clock_ms
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    wait: ExternalWait = await_directly
