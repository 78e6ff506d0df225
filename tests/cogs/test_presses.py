"""A reaction or a press of which another process has made a job already."""

from collections.abc import AsyncIterator

import discord
import pytest
from structlog.testing import capture_logs

from bot.core.presses import reaction_press
from bot.discord_ui.client import Client
from bot.jobs.repository.presses import note_press
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.database.postgresql_server import Server

REROLL = "🔄"


@pytest.fixture
async def world(build: WorldBuilder, postgresql: Server) -> AsyncIterator[DiscordWorld]:
    """Open the bot as one of several processes."""
    async with build.world(database_url=postgresql.migrated_database()) as world:
        yield world


async def test_what_another_process_has_accepted_is_passed_over_in_silence(
    world: DiscordWorld,
) -> None:
    """The person has a card: a second one, or a refusal under it, would only puzzle them."""
    await world.imagine(world.ada, "a fox")
    await world.wait_for_jobs()
    card, database = world.card, world.bot.services.database
    await database.write(note_press, reaction_press(card.id, world.ada.id), at=world.now())
    with capture_logs() as logs:
        await world.ada.react(card, REROLL)
        await world.wait_for_jobs()
    assert [entry["event"] for entry in logs if "repeated" in entry["event"]] == [
        "reaction.repeated"
    ]
    assert world.messages() == [card]
    assert len(world.gateway.bodies) == 1
    await world.ben.react(card, REROLL)
    await world.wait_for_jobs()
    assert len(world.gateway.bodies) == 2


async def test_a_command_that_comes_again_is_not_answered(world: DiscordWorld) -> None:
    """Discord would refuse a second answer, and a refused request offers other ones."""
    heard: list[discord.Interaction[Client]] = []

    async def hear(interaction: discord.Interaction[Client]) -> None:
        heard.append(interaction)

    world.bot.client.add_listener(hear, "on_interaction")
    await world.imagine(world.ada, "a fox")
    await world.wait_for_jobs()
    with capture_logs() as logs:
        await world.bot.client.tree._call(heard[0])
        await world.wait_for_jobs()
    assert "command.repeated" in [entry["event"] for entry in logs]
    assert len(world.messages()) == len(world.gateway.bodies) == 1
