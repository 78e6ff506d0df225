"""A folder of v0.1.0 with today's bot on it; on a server its database was moved there first."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock

from bot.cli.db_move import move
from bot.database.opening import open_file
from bot.database.postgresql.transaction import lock_key
from tests.cli.test_db_move import settings_of
from tests.cogs.discord_world import WorldBuilder
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import IS_POSTGRESQL, empty_url_of, url_of
from tests.upgrade.old_world import OldWorld
from tests.upgrade.v0_1_0 import FIXTURE, recorded, unpack


@pytest.fixture
async def old_folder(tmp_path: Path, gateway: ScriptedGateway) -> Path:
    folder = tmp_path / "data"
    unpack(folder, gateway.url)
    if IS_POSTGRESQL:
        await move_to_server(folder)
    return folder


async def move_to_server(folder: Path) -> None:
    """Upgrade the database, and move it to a server, as docs/scaling.md says."""
    file = folder / "easel.db"
    async with open_file(file, backup_dir=folder / "backup", now=then):
        pass
    settings = settings_of(folder.parent, f"sqlite:///{file}")
    await asyncio.to_thread(move, settings, empty_url_of(folder), then, lambda _: None)


def then() -> int:
    """Return when v0.1.0 was killed."""
    return int(recorded("discord")["now_ms"])


@contextmanager
def old_process_lives(folder: Path) -> Iterator[None]:
    """Hold what tells that the process lives that had the open jobs."""
    (lock,) = (FIXTURE / "data_dir" / "run").glob("?*????.lock")
    if not IS_POSTGRESQL:
        with FileLock(folder / "run" / lock.name):
            yield
        return
    with closing(psycopg.connect(url_of(folder), autocommit=True)) as session:
        session.execute("SELECT pg_advisory_lock(%s)", (lock_key(f"process:{lock.stem}"),))
        yield


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
    with old_process_lives(old_folder):
        async with WorldBuilder(old_folder, gateway, OldWorld).world() as world:
            assert isinstance(world, OldWorld)
            yield world
