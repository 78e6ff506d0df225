"""Servers as Discord tells a bot of them: 20 channels, 10 roles, and what else comes with them.

The shapes are those of resources/guild, resources/channel and topics/permissions, below
https://docs.discord.com/developers; without the intent for members, only the bot is one of them.
"""

import random
from collections.abc import Iterator

from tests.discord_rest.events import BOT_PERMISSIONS, Payload
from tests.discord_rest.fake import user

CHANNELS, ROLES, EMOJIS, VOICE, CATEGORIES = 20, 10, 20, 4, 3
CHANNEL_OF_TEXT, CHANNEL_OF_VOICE, CATEGORY = 0, 2, 4
MEMBER_ID = 900_000_000_000_000_077
# A snowflake holds milliseconds above its 22 lowest bits (reference, Snowflakes).
_BITS = 22
_FIRST_MS = 250_000_000_000
_IDS_APART = 1 << 10


def server_id(number: int) -> int:
    """Return the id of a server; those of one after the other are on one shard after the other."""
    return _FIRST_MS + number << _BITS


def channel_id(number: int) -> int:
    """Return the id of a server's first channel of text."""
    return server_id(number) + _IDS_APART + CATEGORIES


def shard_of(id_: int, shards: int) -> int:
    """Return the shard of a server (events/gateway, Sharding)."""
    return (id_ >> _BITS) % shards


def guild(number: int) -> Payload:
    """Return the data of a GUILD_CREATE; the same number always gives the same."""
    chance = random.Random(number)  # noqa: S311 - a benchmark
    id_ = server_id(number)
    roles = [id_, *(id_ + count for count in range(1, ROLES))]
    return {
        **_fields(id_, chance),
        "roles": [_role(role, position, chance) for position, role in enumerate(roles)],
        "channels": list(_channels(id_, roles, chance)),
        "emojis": [_emoji(id_ + 100 + count) for count in range(EMOJIS)],
        "members": [_bot(roles[1])],
        "threads": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "stickers": [],
        "soundboard_sounds": [],
    }


def reaction(number: int, message_id: int, author_id: int, emoji: str) -> Payload:
    """Return a reaction of a member to a message of somebody (events/gateway-events)."""
    return {
        "user_id": str(MEMBER_ID),
        "channel_id": str(channel_id(number)),
        "message_id": str(message_id),
        "message_author_id": str(author_id),
        "guild_id": str(server_id(number)),
        "member": _member(
            {"id": str(MEMBER_ID), "username": "ada", "discriminator": "0", "avatar": "a" * 32},
            server_id(number) + 2,
        ),
        "emoji": {"id": None, "name": emoji},
        "burst": False,
        "type": 0,
    }


def _fields(id_: int, chance: random.Random) -> Payload:
    return {
        "id": str(id_),
        "name": f"Painters of {chance.choice(_WORDS)} and {chance.choice(_WORDS)}",
        "icon": f"{chance.getrandbits(128):032x}",
        "banner": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "owner_id": str(id_ + 7),
        "region": "us-east",
        "preferred_locale": "en-US",
        "features": ["COMMUNITY", "NEWS", "SOUNDBOARD", "ACTIVITY_FEED_DISABLED_BY_USER"],
        "joined_at": "2026-01-01T00:00:00.000000+00:00",
        "large": True,
        "unavailable": False,
        "member_count": chance.randrange(10, 5000),
        "max_members": 25_000_000,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 2,
        "mfa_level": 0,
        "nsfw_level": 0,
        "nsfw": False,
        "premium_tier": 1,
        "premium_subscription_count": 3,
        "premium_progress_bar_enabled": False,
        "vanity_url_code": None,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": str(id_ + _IDS_APART + CATEGORIES),
        "system_channel_flags": 0,
        "rules_channel_id": str(id_ + _IDS_APART + CATEGORIES + 1),
        "public_updates_channel_id": str(id_ + _IDS_APART + CATEGORIES + 2),
        "safety_alerts_channel_id": None,
        "application_id": None,
        "hub_type": None,
        "incidents_data": None,
        "embedded_activities": [],
    }


def _role(id_: int, position: int, chance: random.Random) -> Payload:
    color = chance.getrandbits(24)
    return {
        "id": str(id_),
        "name": "@everyone" if position == 0 else f"{chance.choice(_WORDS)} {position}",
        "description": None,
        "color": color,
        "colors": {"primary_color": color, "secondary_color": None, "tertiary_color": None},
        "hoist": position > 5,
        "icon": None,
        "unicode_emoji": None,
        "position": position,
        "permissions": str(BOT_PERMISSIONS | chance.getrandbits(40)),
        "managed": position == 1,
        "mentionable": False,
        "flags": 0,
        **({"tags": {"bot_id": user()["id"]}} if position == 1 else {}),
    }


def _channels(id_: int, roles: list[int], chance: random.Random) -> Iterator[Payload]:
    for position in range(CHANNELS):
        channel: Payload = {
            "id": str(id_ + _IDS_APART + position),
            "type": _type(position),
            "name": f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}",
            "position": position,
            "flags": 0,
            "permission_overwrites": [
                _overwrite(role) for role in roles[: 1 + position % 3] if position % 2
            ],
        }
        if channel["type"] != CATEGORY:
            channel |= {
                "parent_id": str(id_ + _IDS_APART + position % CATEGORIES),
                "nsfw": False,
                "last_message_id": str((_FIRST_MS * 2 << _BITS) + chance.getrandbits(40)),
                "rate_limit_per_user": 0,
            }
        if channel["type"] == CHANNEL_OF_TEXT:
            channel["topic"] = f"About {channel['name']} {chance.choice(_WORDS)}. Be kind."
        elif channel["type"] == CHANNEL_OF_VOICE:
            channel |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
        yield channel


def _type(position: int) -> int:
    if position < CATEGORIES:
        return CATEGORY
    return CHANNEL_OF_VOICE if position >= CHANNELS - VOICE else CHANNEL_OF_TEXT


def _overwrite(role: int) -> Payload:
    return {"id": str(role), "type": 0, "allow": "1024", "deny": "2048"}


def _emoji(id_: int) -> Payload:
    return {
        "id": str(id_),
        "name": f"emoji_{id_ % 1000}",
        "roles": [],
        "require_colons": True,
        "managed": False,
        "animated": False,
        "available": True,
    }


def _bot(role: int) -> Payload:
    return _member(user(), role)


def _member(of: Payload, role: int) -> Payload:
    return {
        "user": of,
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [str(role)],
        "joined_at": "2026-01-01T00:00:00.000000+00:00",
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


_WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "jade"),
    *("karst", "larch", "maple", "north", "ochre", "pearl", "quartz", "river", "slate", "thyme"),
)
