"""Keep the simulated Discord in step with the real world while people play.

Discord's time stands still in SimCord until somebody moves it, and a page shows what was published
last. One lock lets the follower and the browser's actions take turns, because SimCord refuses
two operations at once and a refused action leaves the page stuck.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from datetime import datetime, timedelta

import simcord

LOOK_EVERY_S = 0.1
IDLE_S = 20.0


class VirtualClock:
    """Real time, counted from the moment at which the simulation stood at today."""

    def __init__(self, env: simcord.Env) -> None:
        self._env = env
        self._began_at = env.now()
        self._began_s = time.perf_counter()

    def now(self) -> datetime:
        """Return the real moment."""
        return self._began_at + timedelta(seconds=time.perf_counter() - self._began_s)

    def now_ms(self) -> int:
        """Return the real moment in milliseconds since the epoch."""
        return int(self.now().timestamp() * 1000)

    def behind_s(self) -> float:
        """Return how many seconds the simulation has to catch up."""
        return max(0.0, (self.now() - self._env.now()).total_seconds())


def real_pause(seconds: float) -> asyncio.Future[None]:
    """Start a pause that ends in real time, also for those who live in simulated time.

    SimCord knows its bot's timers by the context that they are made in; an empty one is the
    loop's own.
    """
    loop = asyncio.get_running_loop()
    pause: asyncio.Future[None] = loop.create_future()
    Context().run(loop.call_later, seconds, _end, pause)
    return pause


def _end(pause: asyncio.Future[None]) -> None:
    if not pause.done():
        pause.set_result(None)


class Live:
    """Moves Discord's time and publishes what the bot did."""

    def __init__(self, env: simcord.Env, page: "simcord.Preview", clock: VirtualClock) -> None:
        self._env = env
        self._page = page
        self._clock = clock
        self._turn = asyncio.Lock()
        self._seen = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Have the simulation to oneself, at the real moment and with everything published."""
        async with self._turn:
            await self._catch_up()
            yield

    async def follow(self) -> None:
        """Publish what the bot does, for as long as the page is open."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if len(self._env.http_requests) != self._seen or self._clock.behind_s() > IDLE_S:
                async with self.turn():
                    pass

    async def _catch_up(self) -> None:
        self._seen = len(self._env.http_requests)
        # A bot that is busy for long is caught up with at the next turn; a closed page never is.
        with suppress(simcord.SetupError, TimeoutError):
            await self._env.advance_time(self._clock.behind_s())
            await self._page.refresh()
