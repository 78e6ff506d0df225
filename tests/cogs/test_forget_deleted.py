"""FORGET_DELETED: pictures that leave with the last message, channel or server that shows them."""

from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest

from tests.cogs.actions import ephemeral_messages, finished_card, newest_job_id, press
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.history_page import HistoryPage


@pytest.fixture
async def forgetful(build: WorldBuilder) -> AsyncIterator[DiscordWorld]:
    async with build.world(forget_deleted=True) as world:
        yield world


def files(world: DiscordWorld) -> list[Path]:
    """Return the files of the content store."""
    return list((world.folder / "vault").glob("*/*"))


async def as_bot(world: DiscordWorld) -> discord.Guild:
    """Give the bot the power to delete what somebody else would delete; return its server."""
    role = world.guild.create_role("powers", permissions=discord.Permissions.all())
    guild = world.bot.client.guilds[0]
    await guild.me.add_roles(discord.Object(role.id))
    return guild


def links(world: DiscordWorld) -> list[tuple[object, ...]]:
    return world.rows("SELECT message_id FROM messages")


async def test_usually_a_deleted_channel_only_loses_its_links(world: DiscordWorld) -> None:
    """/history keeps what somebody paid for, and leads nowhere."""
    await finished_card(world)
    guild = await as_bot(world)
    channel = guild.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete()
    await world.env.settle()
    assert links(world) == []
    assert len(files(world)) == 1
    assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]


async def test_usually_the_bot_does_not_listen_to_messages(world: DiscordWorld) -> None:
    """Every new message of a thousand servers would arrive for the sake of a few deleted ones."""
    assert not world.bot.client.intents.guild_messages


async def test_a_message_deleted_in_discord_takes_its_pictures_along(
    forgetful: DiscordWorld,
) -> None:
    """What its requester or a moderator deleted with Discord's own menu is not kept elsewhere."""
    world = forgetful
    card = await finished_card(world)
    await world.mia.delete(card)
    await world.env.settle()
    assert links(world) == []
    assert files(world) == []
    page = await HistoryPage.open(world, world.ada)
    assert "no longer kept" in page.facts[0]


async def test_pictures_stay_as_long_as_another_message_shows_them(
    forgetful: DiscordWorld,
) -> None:
    """What was posted again is still there for everybody to see."""
    world = forgetful
    card = await finished_card(world)
    await (await HistoryPage.open(world, world.ada)).post_again()
    copy = world.card
    await world.mia.delete(card)
    await world.env.settle()
    assert len(files(world)) == 1
    await world.mia.delete(copy)
    await world.env.settle()
    assert files(world) == []


async def test_messages_deleted_at_once_take_theirs_along(forgetful: DiscordWorld) -> None:
    """A purge is how moderators clean up."""
    world = forgetful
    for size in ("1024x1024", "1792x1024"):
        await finished_card(world, size=size)
    assert len(files(world)) == 2
    guild = await as_bot(world)
    channel = guild.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete_messages([discord.Object(each.id) for each in world.messages()])
    await world.env.settle()
    assert world.messages() == []
    assert files(world) == []


async def test_a_deleted_channel_takes_its_pictures_along(forgetful: DiscordWorld) -> None:
    """With those of its threads; others' stay."""
    world = forgetful
    await finished_card(world, size="1024x1024")
    hall = world.guild.create_text_channel("hall")
    await world.ada.slash(hall, "imagine", prompt="a fox", size="1792x1024")
    await world.wait_for_jobs()
    guild = await as_bot(world)
    parent = guild.get_channel(world.channel.id)
    assert isinstance(parent, discord.TextChannel)
    await parent.create_thread(name="den", type=discord.ChannelType.public_thread)
    (den,) = world.channel.threads
    await world.ada.slash(den, "imagine", prompt="a fox", size="1024x1792")
    await world.wait_for_jobs()
    assert len(files(world)) == 3
    await parent.delete()
    await world.env.settle()
    assert len(files(world)) == 1
    assert world.rows("SELECT DISTINCT channel_id FROM messages") == [(hall.id,)]


async def test_a_deleted_thread_takes_its_pictures_along(forgetful: DiscordWorld) -> None:
    """Its channel stays, with what is in it."""
    world = forgetful
    await finished_card(world, size="1024x1024")
    guild = await as_bot(world)
    parent = guild.get_channel(world.channel.id)
    assert isinstance(parent, discord.TextChannel)
    thread = await parent.create_thread(name="den", type=discord.ChannelType.public_thread)
    (den,) = world.channel.threads
    await world.ada.slash(den, "imagine", prompt="a fox", size="1024x1792")
    await world.wait_for_jobs()
    await thread.delete()
    await world.env.settle()
    assert len(files(world)) == 1
    assert world.rows("SELECT DISTINCT channel_id FROM messages") == [(world.channel.id,)]


async def test_a_server_that_removes_the_bot_takes_its_pictures_along(
    forgetful: DiscordWorld,
) -> None:
    """Discord does not tell that from a deleted server; other servers' pictures stay."""
    world = forgetful
    await finished_card(world, size="1024x1024")
    others = world.env.create_guild("Others")
    ada = others.add_member(world.ada.user)
    await ada.slash(others.create_text_channel("art"), "imagine", prompt="x", size="1792x1024")
    await world.wait_for_jobs()
    guild = world.bot.client.get_guild(world.guild.id)
    assert guild is not None
    await guild.leave()
    await world.env.settle()
    kept = world.rows("SELECT server_id FROM pictures JOIN jobs ON jobs.id = pictures.job_id")
    assert kept == [(others.id,)]
    assert len(files(world)) == 1


async def test_the_bots_own_delete_button_takes_them_along(forgetful: DiscordWorld) -> None:
    """The question does not promise that /history keeps them."""
    world = forgetful
    card = await finished_card(world)
    await press(world, world.ada, card, "delete")
    assert files(world) == []
    other = await finished_card(world)
    asked = await press(world, world.mia, other, "delete")
    question = str(ephemeral_messages(asked)[0].content)
    assert "/history" not in question
    await world.mia.click(ephemeral_messages(asked)[0], label="Delete")
    await world.wait_for_jobs()
    assert files(world) == []


async def test_a_card_that_is_deleted_while_it_is_painted_loses_no_picture(
    build: WorldBuilder,
) -> None:
    """The result comes in a new message, and with it stays in /history."""
    async with build.world(declared=True, forget_deleted=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.mia.delete(world.card)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert len(world.card.attachments) == 1
        assert len(files(world)) == 1
        assert newest_job_id(world)
