"""The styles of servers: kept in memory, written at once, read again at the next start."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import ImageOptions, Reference
from bot.database.database import Database
from bot.database.notifications import LocalNotifications
from bot.database.opening import open_file
from bot.database.outage import DatabaseBusy, DatabaseWaits
from bot.preferences.server_styles import MAX_STYLES, NoSuchStyle, ServerStyle, StylesFull
from bot.preferences.style_store import ServerStyleStore
from tests.database.test_outage import commits_wait

PICTURE = Reference("ab" * 32, "webp", 70)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_file(tmp_path / "easel.db", backup_dir=tmp_path, now=lambda: 0)
    async with opened as database:
        yield database


def style(name: str, picture: Reference | None = None) -> ServerStyle:
    """Return a style of that name."""
    return ServerStyle(name, ImageOptions(prompt="{prompt} 狐", n=2, style="vivid"), 7, picture)


async def fresh(database: Database) -> ServerStyleStore:
    """Return what a new process reads."""
    store = ServerStyleStore(database, LocalNotifications(), now=lambda: 7)
    await store.load()
    return store


async def test_everything_is_there_after_a_restart(database: Database) -> None:
    """Names in any case, options, and the example, each for its server."""
    store = await fresh(database)
    await store.save(1, [style("Ink", PICTURE), style("狐")])
    await store.save(2, [style("ink")])
    for read in (store, await fresh(database)):
        assert list(read.styles(1).values()) == [style("Ink", PICTURE), style("狐")]
        assert read.style(2, "INK") == style("ink")
        assert read.styles(3) == {}


async def test_a_replaced_style_keeps_its_example_until_it_gets_another(database: Database) -> None:
    """Who corrects a prompt does not want to look for the picture again."""
    store, other = await fresh(database), replace(PICTURE, sha256="cd" * 32)
    assert await store.save(1, [style("Ink", PICTURE)]) == 0
    assert await store.save(1, [style("INK")]) == 1
    assert store.style(1, "ink") == style("INK", PICTURE)
    await store.save(1, [style("ink", other)])
    assert store.style(1, "ink").picture == other


async def test_too_many_styles_are_refused_as_a_whole(database: Database) -> None:
    """Half a file would leave an admin with a puzzle."""
    store = await fresh(database)
    await store.save(1, [style(f"s{number}") for number in range(MAX_STYLES - 1)])
    with pytest.raises(StylesFull):
        await store.save(1, [style("a"), style("b")])
    assert len(store.styles(1)) == len((await fresh(database)).styles(1)) == MAX_STYLES - 1


async def test_a_deleted_style_is_gone(database: Database) -> None:
    """Also from the database, and twice is told."""
    store = await fresh(database)
    await store.save(1, [style("Ink"), style("Clay")])
    assert await store.delete(1, "INK") == style("Ink")
    with pytest.raises(NoSuchStyle):
        await store.delete(1, "ink")
    assert list((await fresh(database)).styles(1)) == list(store.styles(1)) == ["clay"]


async def test_a_change_that_is_committed_late_loses_no_other(database: Database) -> None:
    """Memory and database agree, whoever was told that the database is busy."""
    store = await fresh(database)
    database.waits = DatabaseWaits(answer_s=0.2)
    async with commits_wait(database) as (_, may_end):
        with pytest.raises(DatabaseBusy):
            await store.save(1, [style("Ink")])
        second = asyncio.create_task(store.save(1, [style("Clay")]))
        await asyncio.sleep(0)
        may_end.set()
        await second
    assert list(store.styles(1)) == list((await fresh(database)).styles(1)) == ["clay", "ink"]
