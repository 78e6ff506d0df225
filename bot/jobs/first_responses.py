"""First responses go first: a job begins its work behind the people who still wait for theirs.

Discord drops an interaction that is not answered within three seconds, and the work of a job would
take the time of many first responses.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# A steady stream of requests must not keep accepted jobs from their work.
MOST_WAIT_S = 2.0

_LOOK_S = 0.02
_LATE_S = 0.005  # by which a timer comes late in an event loop that has no time to spare


class FirstResponses:
    """Counts the requests whose requesters have no first response yet."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """Count a request in this context."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def let_pass(self) -> None:
        """Wait while people wait for a first response and the event loop comes late.

        Where they wait for Discord or for the database, the work of a job takes nothing from them.
        """
        if not self._count:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_while_late())
        await asyncio.wait((self._looking,))

    async def _look_while_late(self) -> None:
        now = asyncio.get_running_loop().time
        began_s = looked_s = now()
        while self._count and looked_s - began_s < MOST_WAIT_S:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._none.wait()
            passed_s = now() - looked_s
            if passed_s < _LOOK_S + _LATE_S:
                return
            looked_s += passed_s
