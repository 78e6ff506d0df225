from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import ScriptedGateway


@pytest.fixture
async def build(tmp_path: Path, gateway: ScriptedGateway) -> WorldBuilder:
    return WorldBuilder(tmp_path / "data", gateway)


@pytest.fixture
async def world(build: WorldBuilder) -> AsyncIterator[DiscordWorld]:
    async with build.world() as world:
        yield world
