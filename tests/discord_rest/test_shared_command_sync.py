"""The commands at Discord where several processes start at once on one PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from discord import Interaction

from bot.core.i18n.texts import Texts
from bot.database.database import Database
from bot.database.notifications import LocalNotifications
from bot.database.opening import open_database
from bot.discord_ui.caller import Languages
from bot.discord_ui.client import Client
from bot.discord_ui.command_records import CommandTable
from bot.discord_ui.command_sync import SyncedCommands
from bot.preferences.preference_store import PreferenceStore
from tests.database.postgresql_server import Server
from tests.discord_rest.fake import APPLICATION_ID, TOKEN, FakeDiscord, fake_discord

COMMANDS = f"/applications/{APPLICATION_ID}/commands"
PROCESSES = 4


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with fake_discord() as fake:
        yield fake


@pytest.fixture
async def databases(postgresql: Server, tmp_path: Path) -> AsyncIterator[list[Database]]:
    url = postgresql.migrated_database()
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                open_database(url, backup_dir=tmp_path, now=lambda: 0, connections=2)
            )
            for _ in range(PROCESSES)
        ]


async def start(database: Database, description: str) -> None:
    """Log in as one process does, with one command."""
    languages = Languages(PreferenceStore(database, LocalNotifications(), now=lambda: 0))
    record = CommandTable(database)
    async with Client(texts=Texts(), languages=languages, record=record) as client:

        @client.tree.command(description=description)
        async def usage(interaction: Interaction) -> None:
            """Do nothing."""

        await client.login(TOKEN)


def updates(fake: FakeDiscord) -> int:
    return fake.requests.count(f"PUT {COMMANDS}")


async def test_processes_that_start_together_send_the_commands_once(
    fake: FakeDiscord, databases: list[Database]
) -> None:
    """Discord takes 200 new commands a day: of sixty processes most would be refused."""
    description = "Show which limits apply to you."
    await asyncio.gather(*(start(database, description) for database in databases))
    assert updates(fake) == 1
    await asyncio.gather(*(start(database, description) for database in databases))
    assert updates(fake) == 1
    await asyncio.gather(*(start(database, "Show your limits.") for database in databases))
    assert updates(fake) == 2
    assert fake.refused == []


async def test_what_is_sent_while_an_older_list_is_on_its_way_is_not_sent_again(
    fake: FakeDiscord, databases: list[Database]
) -> None:
    """The slower of two compares a list that Discord has no longer."""
    description = "Show which limits apply to you."

    async def start_another(
        request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse:
        if request.path.endswith("/commands"):
            fake.then = None
            await start(databases[1], description)
        return response

    fake.then = start_another
    await start(databases[0], description)
    assert updates(fake) == 1


async def test_what_another_process_has_sent_in_between_is_not_sent_again(
    databases: list[Database],
) -> None:
    """A claim is of what was read, so that the slower of two looks again."""
    first, second = CommandTable(databases[0]), CommandTable(databases[1])
    assert await first.claim(None)
    assert not await second.claim(None)
    sent = SyncedCommands("a", "b")
    await first.write(sent)
    assert not await second.claim(None)
    assert await second.read() == sent
    assert await second.claim(sent)
