"""What one process changes counts in the others, which keep it in memory as well."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from bot.core.models import ImageOptions
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.jobs.server_costs import ServerCostStore
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.server_styles import ServerStyle
from bot.preferences.stored_preferences import PersonalPreferences, ServerSettings
from bot.preferences.style_store import ServerStyleStore
from tests.database.postgresql_server import Server
from tests.database.test_notifications import LISTENS, SOON_S, opened
from tests.quota.ledger_driver import NOON, ManualClock, ledger_of

SERVER, PERSON, ADMIN = 1, 2, 3
WISH = ImageOptions(prompt="{prompt}", model="m")
CHANGES = 20
RECONNECT_S = 5.0


@dataclass(frozen=True)
class Process:
    """What a process keeps in memory."""

    database: Database
    preferences: PreferenceStore
    styles: ServerStyleStore
    costs: ServerCostStore

    @property
    def cost(self) -> int | None:
        """What a picture costs in the server."""
        return self.costs.cache.each(SERVER, "m", "high")


@asynccontextmanager
async def process(url: str, folder: Path) -> AsyncIterator[Process]:
    """Open what a process keeps in memory."""
    async with AsyncExitStack() as stack:
        database, notifications = await stack.enter_async_context(opened(url, folder))
        found = Process(
            database,
            PreferenceStore(database, notifications, now=lambda: NOON),
            ServerStyleStore(database, notifications, now=lambda: NOON),
            ServerCostStore(database, notifications, ledger_of(ManualClock())),
        )
        for each in (found.preferences, found.styles, found.costs):
            await stack.enter_async_context(each)
            await each.load()
        yield found


@pytest.fixture
def url(postgresql: Server) -> str:
    return postgresql.migrated_database()


async def until(is_true: Callable[[], bool], within_s: float = SOON_S) -> None:
    """Wait until a process knows of something."""
    async with asyncio.timeout(within_s):
        while not is_true():  # noqa: ASYNC110 - another process has no event for it
            await asyncio.sleep(0.005)


async def test_what_one_process_changes_the_other_knows_within_a_second(
    url: str, tmp_path: Path
) -> None:
    """An admin's word, or a person's, counts wherever the next request is made."""
    async with process(url, tmp_path) as mine, process(url, tmp_path) as theirs:
        await mine.preferences.change_server(SERVER, lambda now: replace(now, n=2))
        await until(lambda: theirs.preferences.server(SERVER).n == 2)
        await mine.preferences.change_person(PERSON, lambda now: replace(now, ping=False))
        await until(lambda: theirs.preferences.person(PERSON).ping is False)
        await mine.preferences.save_preset(PERSON, "Ink", WISH)
        await until(lambda: list(theirs.preferences.presets(PERSON)) == ["ink"])
        await mine.styles.save(SERVER, [ServerStyle("Clay", WISH)])
        await until(lambda: list(theirs.styles.styles(SERVER)) == ["clay"])
        await mine.costs.set(SERVER, "m", "high", 7, actor_id=ADMIN)
        await until(lambda: theirs.cost == 7)
        await mine.preferences.delete_person(PERSON)
        await until(lambda: theirs.preferences.person(PERSON) == PersonalPreferences())
        assert theirs.preferences.presets(PERSON) == {}
        await mine.styles.delete(SERVER, "clay")
        await until(lambda: theirs.styles.styles(SERVER) == {})
        await mine.costs.remove(SERVER, "m", "high", actor_id=ADMIN)
        await until(lambda: theirs.cost is None)


async def test_what_was_changed_while_nobody_heard_is_known_after_the_reconnect(
    url: str, tmp_path: Path
) -> None:
    """A process that lost its connection would keep old settings until its restart."""

    def change_unheard(tx: Transaction) -> None:
        tx.write("UPDATE server_settings SET settings = '{\"n\": 4}'")
        tx.write("UPDATE credit_costs SET credits = 9")
        tx.write("DELETE FROM server_styles")

    def end_listening(tx: Transaction) -> None:
        tx.write(f"SELECT pg_terminate_backend(pid) {LISTENS}")

    async with process(url, tmp_path) as mine, process(url, tmp_path) as theirs:
        await mine.preferences.change_server(SERVER, lambda now: replace(now, n=2))
        await mine.styles.save(SERVER, [ServerStyle("Clay", WISH)])
        await mine.costs.set(SERVER, "m", "high", 7, actor_id=ADMIN)
        await until(lambda: theirs.cost == 7)
        await mine.database.write(change_unheard)
        # After its COMMIT: whoever connects again must not read before that.
        await mine.database.write(end_listening)
        for each in (mine, theirs):
            await until(partial(_has_read_all, each), RECONNECT_S)


def _has_read_all(each: Process) -> bool:
    is_four = each.preferences.server(SERVER).n == 4
    return is_four and each.cost == 9 and each.styles.styles(SERVER) == {}


async def test_changes_of_two_processes_at_once_lose_nothing(url: str, tmp_path: Path) -> None:
    """Two admins press in one millisecond, and Discord has sent them to different processes."""

    def one_more(now: ServerSettings) -> ServerSettings:
        channels = now.channels or ()
        return replace(now, channels=(*channels, len(channels)))

    async with process(url, tmp_path) as mine, process(url, tmp_path) as theirs:
        both = (mine.preferences, theirs.preferences)
        changes = (store.change_server(SERVER, one_more) for _ in range(CHANGES) for store in both)
        await asyncio.gather(*changes)
        for store in both:
            await until(partial(_has_all, store))


def _has_all(store: PreferenceStore) -> bool:
    return store.server(SERVER).channels == tuple(range(2 * CHANGES))
