"""Keep one of several processes to its part of the requests that Discord allows the whole bot.

discord.py waits by route, and learns of the limit of the whole bot only when it is exceeded.
"""

import asyncio
from collections import deque
from types import SimpleNamespace

import aiohttp

from bot.core.sharding import REQUESTS_PER_S


class RequestBudget:
    """Delays requests, so that no second has more than the part of one of ``processes``."""

    def __init__(self, processes: int) -> None:
        self.count = max(1, REQUESTS_PER_S // processes)
        self.within_s = max(1.0, processes / REQUESTS_PER_S)
        self._moments: deque[float] = deque(maxlen=self.count)

    def watch(self, trace: aiohttp.TraceConfig) -> None:
        """Delay the requests of a client, each try of one on its own."""
        trace.on_request_start.append(self._before_request)

    def take(self, now: float) -> float:
        """Return when the next request may be sent, in the seconds that ``now`` is in."""
        moment = now
        if len(self._moments) == self.count:
            moment = max(now, self._moments[0] + self.within_s)
        self._moments.append(moment)
        return moment

    async def _before_request(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        started: aiohttp.TraceRequestStartParams,
    ) -> None:
        # The answers of interactions carry none: they are not counted (topics/rate-limits).
        if "Authorization" not in started.headers:
            return
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(self.take(now) - now)
