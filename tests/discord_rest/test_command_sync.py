"""The commands at Discord: sent when they, or Discord's, differ; no refusal stops a start."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord import Interaction

from bot.core.i18n.texts import Texts
from bot.database.notifications import LocalNotifications
from bot.database.opening import open_file
from bot.discord_ui.caller import Languages
from bot.discord_ui.client import Client
from bot.discord_ui.command_records import CommandFile
from bot.preferences.preference_store import PreferenceStore
from tests.discord_rest.fake import APPLICATION_ID, TOKEN, Answer, FakeDiscord, fake_discord

COMMANDS = f"/applications/{APPLICATION_ID}/commands"
ENTRY_POINT = {
    "id": "77",
    "application_id": str(APPLICATION_ID),
    "version": "1",
    "type": 4,
    "name": "launch",
    "name_localizations": {"fr": "lancer"},
    "description": "",
    "default_member_permissions": None,
    "integration_types": [0, 1],
    "contexts": [0, 1, 2],
    "handler": 2,
    "nsfw": False,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with fake_discord() as fake:
        yield fake


async def start(folder: Path) -> None:
    """Log in as one start does, with one command."""
    async with open_file(folder / "easel.db", backup_dir=folder, now=lambda: 0) as database:
        languages = Languages(PreferenceStore(database, LocalNotifications(), now=lambda: 0))
        file = folder / "commands.sha256"
        async with Client(texts=Texts(), languages=languages, record=CommandFile(file)) as client:

            @client.tree.command(description="Show which limits apply to you.")
            async def usage(interaction: Interaction) -> None:
                """Do nothing."""

            await client.login(TOKEN)


def updates(fake: FakeDiscord) -> int:
    return fake.requests.count(f"PUT {COMMANDS}")


async def test_an_unchanged_list_is_not_sent_again(fake: FakeDiscord, tmp_path: Path) -> None:
    """Discord adds fields to what it was sent; that is no change."""
    await start(tmp_path)
    await start(tmp_path)
    assert [command["name"] for command in fake.commands] == ["usage"]
    assert updates(fake) == 1


async def test_commands_that_discord_lost_are_sent_again(fake: FakeDiscord, tmp_path: Path) -> None:
    """Another program with the same token replaced them, and the stored hash knew nothing."""
    await start(tmp_path)
    fake.commands = [{**fake.commands[0], "name": "other"}]
    await start(tmp_path)
    assert [command["name"] for command in fake.commands] == ["usage"]


async def test_an_entry_point_is_carried_along(fake: FakeDiscord, tmp_path: Path) -> None:
    """Discord refuses an update without it; it stays as it was, and is sent once."""
    fake.commands = [dict(ENTRY_POINT)]
    await start(tmp_path)
    await start(tmp_path)
    launch = next(command for command in fake.commands if command["type"] == 4)
    same = ("name", "name_localizations", "integration_types", "contexts", "handler")
    assert [launch[key] for key in same] == [ENTRY_POINT[key] for key in same]
    assert sorted(str(command["name"]) for command in fake.commands) == ["launch", "usage"]
    assert updates(fake) == 1
    assert fake.refused == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(400, {"code": 50240, "message": "You cannot remove this app's Entry Point"}),
        Answer(429, {"code": 30034, "message": "Max number of daily creates has been reached"}),
        Answer(403, {"code": 50001, "message": "Missing Access"}),
        Answer(429, {"code": 0, "message": "You are being blocked"}, {"Via": "1.1 google"}),
        Answer(200, "<h1>Wifi</h1>"),
    ],
)
async def test_a_refused_update_does_not_stop_the_start(
    fake: FakeDiscord, tmp_path: Path, answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bot works with the commands that are there, and tries again at the next start."""
    fake.instead[COMMANDS] = answer
    await start(tmp_path)
    assert "commands.not_synced" in capsys.readouterr().out
    fake.instead.clear()
    await start(tmp_path)
    assert [command["name"] for command in fake.commands] == ["usage"]
