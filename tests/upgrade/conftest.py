from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.cogs.discord_world import WorldBuilder
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.upgrade.old_world import OldWorld
from tests.upgrade.v0_1_0 import unpack


@pytest.fixture
def old_folder(tmp_path: Path, gateway: ScriptedGateway) -> Path:
    unpack(tmp_path / "data", gateway.url)
    return tmp_path / "data"


@pytest.fixture
async def world(old_folder: Path, gateway: ScriptedGateway) -> AsyncIterator[OldWorld]:
    """Start today's bot three minutes after the old one died, and see its jobs through."""
    async with WorldBuilder(old_folder, gateway, OldWorld).world(declared=True) as world:
        assert isinstance(world, OldWorld)
        await world.env.advance_time(10)  # gateways are asked about tasks every few seconds
        await world.wait_for_jobs()
        yield world


@pytest.fixture
async def calm(old_folder: Path, gateway: ScriptedGateway) -> AsyncIterator[OldWorld]:
    """Start today's bot while the old one's open jobs stay as they are: its process lives."""
    (lock,) = (old_folder / "run").glob("?*????.lock")
    with FileLock(lock):
        async with WorldBuilder(old_folder, gateway, OldWorld).world() as world:
            assert isinstance(world, OldWorld)
            yield world
