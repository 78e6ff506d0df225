"""Events of Discord's gateway for the bot: Ada types a command, or reacts to a message."""

from typing import Any

import discord

from bot.preferences.stored_preferences import DEFAULT_REROLL_EMOJI
from tests.discord_rest.fake import APPLICATION_ID

ADA = 77
SERVER = 7
CHANNEL = 500
FILE_LIMIT = 10 * 1024 * 1024
# What servers usually let the bot do in a channel.
BOT_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    embed_links=True,
    attach_files=True,
    add_reactions=True,
    read_message_history=True,
    use_application_commands=True,
).value

# Payloads are of many kinds; discord.py checks them as it reads them.
Payload = dict[str, Any]


def member() -> Payload:
    """Return Ada as a member (resources/guild, Guild Member)."""
    ada = {"id": str(ADA), "username": "ada", "discriminator": "0", "avatar": None}
    return {
        "user": ada,
        "roles": [],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": "0",
    }


def elsewhere(typed: Payload) -> Payload:
    """Return a command as it is where only Ada installed the bot (resources/application)."""
    return {**typed, "authorizing_integration_owners": {"1": str(ADA)}, "context": 0}


def directly(typed: Payload) -> Payload:
    """Return a command as it is in the direct messages of Ada and the bot."""
    typed = {**typed, "user": member()["user"], "context": 1}
    typed["channel"] = {"id": str(CHANNEL), "type": 1, "recipients": [typed["user"]]}
    for key in ("guild_id", "guild", "guild_locale", "member"):
        del typed[key]
    return {**typed, "authorizing_integration_owners": {"0": "0"}}


def among_friends(typed: Payload) -> Payload:
    """Return a command as it is in a message of Ada with others (resources/channel, Group DM)."""
    channel = {"id": str(CHANNEL), "type": 3, "name": None, "icon": None, "recipients": []}
    owners = {"1": str(ADA)}
    typed = {**typed, "user": member()["user"], "channel": channel, "context": 2}
    for key in ("guild_id", "guild", "guild_locale", "member"):
        del typed[key]
    return {**typed, "authorizing_integration_owners": owners}


def command(interaction_id: int, token: str, name: str, **options: str | int) -> Payload:
    """Return a command that Ada typed (interactions/receiving-and-responding)."""
    given = [
        {"name": option, "type": 3 if isinstance(value, str) else 4, "value": value}
        for option, value in options.items()
    ]
    return {
        "id": str(interaction_id),
        "application_id": str(APPLICATION_ID),
        "type": 2,
        "token": token,
        "version": 1,
        "guild_id": str(SERVER),
        "guild": {"id": str(SERVER), "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "locale": "en-US",
        "channel": {"id": str(CHANNEL), "type": 0, "name": "gallery", "position": 0},
        "channel_id": str(CHANNEL),
        "member": member(),
        "app_permissions": "0",
        "authorizing_integration_owners": {"0": str(SERVER)},
        "attachment_size_limit": FILE_LIMIT,
        "data": {"id": "1", "type": 1, "name": name, "options": given},
    }


def reaction(client: discord.Client, message_id: int) -> discord.RawReactionActionEvent:
    """Return the 🔄 that Ada put under a message (events/gateway-events)."""
    told: Payload = {
        "user_id": str(ADA),
        "channel_id": str(CHANNEL),
        "message_id": str(message_id),
        "guild_id": str(SERVER),
        "emoji": {"id": None, "name": DEFAULT_REROLL_EMOJI},
        "burst": False,
        "type": 0,
    }
    emoji = discord.PartialEmoji(name=DEFAULT_REROLL_EMOJI)
    event = discord.RawReactionActionEvent(told, emoji, "REACTION_ADD")  # type: ignore[arg-type]
    everyone = {
        "id": str(SERVER),
        "name": "@everyone",
        "permissions": str(discord.Permissions(use_application_commands=True).value),
    }
    known: Payload = {
        "id": str(SERVER),
        "name": "Painters",
        "preferred_locale": "en-US",
        "roles": [everyone],
    }
    guild = discord.Guild(data=known, state=client._connection)  # type: ignore[arg-type]
    event.member = discord.Member(data=member(), guild=guild, state=client._connection)  # type: ignore[arg-type]
    return event
