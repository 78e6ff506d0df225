"""Discord is told the commands again when their words changed in any language, and only then."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import simcord
from discord import Interaction

from bot.core.i18n.texts import Texts
from bot.database.notifications import LocalNotifications
from bot.database.opening import open_file
from bot.discord_ui.caller import Languages
from bot.discord_ui.client import Client
from bot.discord_ui.command_records import CommandFile
from bot.preferences.preference_store import PreferenceStore
from tests.core.i18n.fluent_files import FOLDER


@pytest.fixture
async def languages(tmp_path: Path) -> AsyncIterator[Languages]:
    """Return the languages of people who have set nothing."""
    async with open_file(tmp_path / "easel.db", backup_dir=tmp_path, now=lambda: 0) as database:
        yield Languages(PreferenceStore(database, LocalNotifications(), now=lambda: 0))


def client(folder: Path, languages: Languages) -> Client:
    """Return the client of another start, with one command."""
    texts = Texts(folder=folder / "i18n")
    client = Client(
        texts=texts, languages=languages, record=CommandFile(folder / "commands.sha256")
    )

    @client.tree.command(description="Show which limits apply to you.")
    async def usage(interaction: Interaction) -> None:
        """Do nothing."""

    return client


async def test_a_changed_translation_is_told(tmp_path: Path, languages: Languages) -> None:
    """A corrected word has to reach people; a restart must not spend Discord's 200 a day."""
    shutil.copytree(FOLDER, tmp_path / "i18n")
    env = simcord.Env(client(tmp_path, languages), shard_count=1)
    await env.start()

    def synced() -> list[str]:
        return [
            command["description_localizations"]["zh-CN"]
            for request in env.http_requests
            if request.method == "PUT" and request.path.endswith("/commands")
            for command in request.json or ()
        ]

    before = synced()
    assert len(before) == 1
    await env.restart_bot(client(tmp_path, languages))
    assert synced() == before
    file = tmp_path / "i18n" / "zh-CN" / "commands.ftl"
    file.write_text(file.read_text().replace(before[0], "查看点数"))
    await env.restart_bot(client(tmp_path, languages))
    assert synced() == [*before, "查看点数"]
    await env.shutdown()
