"""Time synchronisation: advances the simulated Discord with real time and publishes its changes.

Time stands still in SimCord until somebody advances it, and a page shows what was published last.
One lock serialises the synchroniser and the browser's actions, because SimCord refuses two
operations at once, and a refused action leaves the page stuck.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from datetime import datetime, timedelta

import simcord

POLL_INTERVAL_S = 0.1
MAX_BEHIND_S = 20.0


class RealTimeClock:
    """Real time, counted from the simulation's time when the clock was made."""

    def __init__(self, env: simcord.Env) -> None:
        self._env = env
        self._began_at = env.now()
        self._began_s = time.perf_counter()

    def now(self) -> datetime:
        """Return the current time."""
        return self._began_at + timedelta(seconds=time.perf_counter() - self._began_s)

    def now_ms(self) -> int:
        """Return the current time in milliseconds since the epoch."""
        return int(self.now().timestamp() * 1000)

    def behind_s(self) -> float:
        """Return how many seconds the simulation has to catch up."""
        return max(0.0, (self.now() - self._env.now()).total_seconds())


def real_pause(seconds: float) -> asyncio.Future[None]:
    """Start a pause that ends in real time, although the bot runs in simulated time.

    SimCord recognises its bot's timers by the context that they are made in; in an empty one they
    belong to the event loop.
    """
    loop = asyncio.get_running_loop()
    pause: asyncio.Future[None] = loop.create_future()
    Context().run(loop.call_later, seconds, _end, pause)
    return pause


def _end(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)


class Synchronizer:
    """Advances the simulated time and publishes what the bot did."""

    def __init__(self, env: simcord.Env, page: "simcord.Preview", clock: RealTimeClock) -> None:
        self._env = env
        self._page = page
        self._clock = clock
        self._lock = asyncio.Lock()
        self._seen = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the lock on the simulation, advanced to now and with everything published."""
        async with self._lock:
            await self._catch_up()
            yield

    async def follow(self) -> None:
        """Publish what the bot does until cancelled."""
        while True:
            await asyncio.sleep(POLL_INTERVAL_S)
            if len(self._env.http_requests) != self._seen or self._clock.behind_s() > MAX_BEHIND_S:
                async with self.turn():
                    pass

    async def _catch_up(self) -> None:
        self._seen = len(self._env.http_requests)
        # A busy bot is caught up with at the next turn; a closed page cannot be refreshed.
        with suppress(simcord.SetupError, TimeoutError):
            await self._env.advance_time(self._clock.behind_s())
            await self._page.refresh()
