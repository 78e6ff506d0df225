"""First responses go first: a job begins its work behind the people who still wait for theirs.

Discord drops an interaction that is not answered within three seconds, and the work of a job would
take the time of many first responses.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

# A steady stream of requests must not keep accepted jobs from their work.
MOST_WAIT_S = 1.0


class FirstResponses:
    """Counts the requests whose requesters have no first response yet."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()

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
        """Wait until nobody waits for a first response, or for so long that it is enough."""
        if self._count:
            try:
                async with asyncio.timeout(MOST_WAIT_S):
                    await self._none.wait()
            except TimeoutError:
                return
