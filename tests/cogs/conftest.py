from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import IS_POSTGRESQL

SELDOM_S = 6 * 3600.0


@pytest.fixture(autouse=IS_POSTGRESQL)
def _no_dead_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for dead processes seldom: a simulated day would take 7200 looks, one after another."""
    monkeypatch.setattr("bot.jobs.take_overs.EVERY_S", SELDOM_S)


@pytest.fixture
async def build(tmp_path: Path, gateway: ScriptedGateway) -> WorldBuilder:
    return WorldBuilder(tmp_path / "data", gateway)


@pytest.fixture
async def world(build: WorldBuilder) -> AsyncIterator[DiscordWorld]:
    async with build.world() as world:
        yield world
