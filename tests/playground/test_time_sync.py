"""The simulated Discord keeps step with the real world."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import discord
import pytest
import simcord

from playground.time_sync import RealTimeClock, Synchronizer, real_pause

SETTLE_TIMEOUT_S = 0.1


class Worker(discord.Client):
    """A bot that pauses as its work demands, or never comes to rest."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.none())
        self.env: simcord.Env | None = None
        self.rested = asyncio.Event()
        self.broken = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def setup_hook(self) -> None:
        """Go to work."""
        self.tasks.append(asyncio.create_task(self._rest()))

    async def _rest(self) -> None:
        assert self.env is not None
        await self.env.external_wait(real_pause(0.01), reason="pause")
        self.rested.set()
        await self.env.external_wait(self.broken.wait(), reason="defect")
        await asyncio.get_running_loop().create_future()


class Page:
    """Notes how often it was published."""

    def __init__(self) -> None:
        self.published = 0

    async def refresh(self) -> None:
        """Publish."""
        self.published += 1


@pytest.fixture
async def worker() -> Worker:
    return Worker()


@pytest.fixture
async def env(worker: Worker) -> AsyncIterator[simcord.Env]:
    worker.env = env = simcord.Env(worker, settle_timeout=SETTLE_TIMEOUT_S, check_errors=False)
    await env.start()
    yield env
    await env.shutdown()


async def test_a_pause_of_the_bot_ends_in_real_time(worker: Worker, env: simcord.Env) -> None:
    """A gateway that says "in a second" is asked again in a second, not never."""
    before = env.now()
    await asyncio.wait_for(worker.rested.wait(), 5)
    assert env.now() == before


async def test_a_turn_brings_discord_to_the_present(env: simcord.Env) -> None:
    """What people do is dated when they do it, and they see what was done before."""
    clock, page = RealTimeClock(env), Page()
    sync = Synchronizer(env, cast("simcord.Preview", page), clock)
    before = env.now()
    async with sync.turn():
        assert env.now() > before
        assert clock.behind_s() < 1
    assert page.published == 1
    assert abs(clock.now_ms() - env.now().timestamp() * 1000) < 1000


async def test_a_bot_that_never_rests_does_not_stop_the_page(
    worker: Worker, env: simcord.Env
) -> None:
    """A defect in the bot is seen in the page, not as a page that hangs."""
    worker.broken.set()
    sync = Synchronizer(env, cast("simcord.Preview", Page()), RealTimeClock(env))
    async with asyncio.timeout(5):
        for _ in range(2):
            async with sync.turn():
                pass
