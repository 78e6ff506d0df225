"""Waits of tests that leave the processor to the other threads of the process.

A loop that never pauses holds the interpreter's lock: each time the thread that writes the
database needs it, it waits 5 ms (``sys.getswitchinterval``), and on a busy machine a transaction
then takes longer than a person is kept waiting.
"""

import asyncio
from collections.abc import Callable

from bot.core.clock import Clock

_PAUSE_S = 0.005
TIMEOUT_S = 60


def quick_clock() -> Clock:
    """Return a clock whose every pause is short."""
    return Clock(sleep=lambda _seconds: asyncio.sleep(_PAUSE_S))


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so of which no event tells.

    Raises:
        TimeoutError: it is not so within a minute.
    """
    async with asyncio.timeout(TIMEOUT_S):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE_S)
