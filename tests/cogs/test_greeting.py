"""The greeting: once in a server that added the bot, where somebody reads it."""

import re

import discord
import pytest
from simcord.backend.serializers import guild_create_payload

from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.test_languages import server_speaks

DAY_S = 24 * 3600


def joined(world: DiscordWorld) -> discord.Guild:
    """Return the server as the bot knows it."""
    guild = world.bot.client.get_guild(world.guild.id)
    assert guild is not None
    return guild


async def join(world: DiscordWorld) -> None:
    """Tell the bot that a server added it, as Discord does: without the word "unavailable"."""
    backend = world.env.backend
    known = guild_create_payload(backend, backend.get_guild(world.guild.id))
    backend.emit(
        "GUILD_CREATE", {key: value for key, value in known.items() if key != "unavailable"}
    )
    with world.env.time_context():
        await world.env.settle()


async def welcome(world: DiscordWorld, *, lacking: str = "") -> None:
    """Let the server have a system channel, with what the bot may not do there."""
    guild = joined(world)
    channel = guild.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    with world.env.time_context():
        await guild.edit(system_channel=channel)
        if lacking:
            denied = discord.PermissionOverwrite.from_pair(
                discord.Permissions.none(), discord.Permissions(**{lacking: True})
            )
            await channel.set_permissions(guild.me, overwrite=denied)
        await world.env.settle()


def posted(world: DiscordWorld) -> list[str]:
    """Return the titles of the greetings in the channel."""
    return [str(message.embeds[0].title) for message in world.messages()]


async def test_a_server_is_greeted_in_its_system_channel(world: DiscordWorld) -> None:
    """What it does, where to begin, how to limit it, and where to read more: all to click."""
    await welcome(world)
    await join(world)
    (embed,) = world.card.embeds
    assert embed.title == "👋 Hello Painters"
    mentioned = re.findall(r"</([a-z ]+):\d+>", str(embed.description))
    assert {"imagine", "quota set", "help"} <= set(mentioned)
    sent = world.env.http_requests[-1].json
    assert sent is not None
    assert sent["allowed_mentions"] == {"parse": []}


async def test_a_server_is_greeted_once(world: DiscordWorld) -> None:
    """Also where the event comes twice, after a restart, and where Discord was away."""
    await welcome(world)
    await join(world)
    await join(world)
    await world.restart()
    await join(world)
    assert len(posted(world)) == 1
    await world.env.advance_time(DAY_S - 60)
    await join(world)
    assert len(posted(world)) == 1


async def test_who_invites_the_bot_again_later_is_greeted_again(world: DiscordWorld) -> None:
    """Other people may be there by then."""
    await welcome(world)
    await join(world)
    world.skipped_ms += DAY_S * 1000
    await join(world)
    assert len(posted(world)) == 2


async def test_a_start_is_no_join(world: DiscordWorld) -> None:
    """Every server would be greeted at each update of the bot."""
    await welcome(world)
    await world.restart()
    await world.env.settle()
    assert world.messages() == []
    assert world.rows("SELECT * FROM greetings") == []


async def test_the_greeting_is_in_the_servers_language(world: DiscordWorld) -> None:
    """Everybody there reads it."""
    await welcome(world)
    await server_speaks(world, "zh-CN")
    await join(world)
    assert posted(world) == ["👋 你好，Painters"]


@pytest.mark.parametrize("lacking", ["view_channel", "send_messages", "embed_links"])
async def test_who_invited_the_bot_is_greeted_where_the_channel_is_closed(
    world: DiscordWorld, lacking: str
) -> None:
    """Discord's audit log tells who that was."""
    await welcome(world, lacking=lacking)
    invite(world, world.mia.id)
    await join(world)
    assert world.messages() == []
    assert told_directly(world) == [str(world.mia.id)]


async def test_the_owner_is_greeted_where_nobody_tells_who_invited(world: DiscordWorld) -> None:
    """A server without a system channel, whose audit log is empty or closed."""
    await join(world)
    assert told_directly(world) == [str(joined(world).owner_id)]


async def test_the_owner_is_greeted_where_the_audit_log_is_closed(world: DiscordWorld) -> None:
    """The invitation of the doctor does not ask for the audit log."""
    invite(world, world.mia.id)
    world.env.inject_error("GET", "/guilds/*/audit-logs", status=403, code=50013)
    await join(world)
    assert told_directly(world) == [str(joined(world).owner_id)]


async def test_where_nobody_can_be_greeted_nothing_is_wrong(world: DiscordWorld) -> None:
    """An owner who takes no messages is left in peace."""
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    await join(world)
    await join(world)
    assert told_directly(world) == [str(joined(world).owner_id)]
    assert world.messages() == []


async def test_a_server_that_the_operator_does_not_allow_is_not_greeted(
    build: WorldBuilder,
) -> None:
    """It would be told of commands that are all refused there."""
    async with build.world(allowed_servers=(1,)) as world:
        await welcome(world)
        await join(world)
        assert world.messages() == []
        assert world.rows("SELECT * FROM greetings") == []


def told_directly(world: DiscordWorld) -> list[str]:
    """Return with whom the bot began a conversation."""
    return [
        str((request.json or {})["recipient_id"])
        for request in world.env.http_requests
        if request.method == "POST" and request.path.endswith("/users/@me/channels")
    ]


def invite(world: DiscordWorld, user_id: int) -> None:
    """Let the audit log tell who added the bot, and then another one."""
    me = joined(world).me.id
    for bot_id, inviter in ((me, user_id), (7, world.ben.id)):
        world.env.backend.record_audit_log(
            world.guild.id,
            discord.AuditLogAction.bot_add.value,
            target_id=bot_id,
            user_id=inviter,
        )
