"""A whole bot on Discord's REST, to be killed: ``python -m tests.crash.messenger PLAN``.

PLAN is a :class:`Plan` as JSON. The bot logs in, so it takes over what dead processes left. Then
somebody asks for pictures, or reacts to a message, as Discord's gateway would tell it; without
that it sees everything through and exits.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import discord
import msgspec
from discord import PartialEmoji, RawReactionActionEvent
from discord.http import Route
from pydantic import SecretStr

from bot import logs
from bot.app import open_bot
from bot.client import Client
from bot.delivery.card import REROLL
from bot.seam import Seam
from tests.crash.driver import settings
from tests.discord_rest.fake import APPLICATION_ID, TOKEN

ADA = 77
SERVER = 7
CHANNEL = 500
SILENT_S = 0.02


class Plan(msgspec.Struct, frozen=True):
    """What one process does; times are in milliseconds since the epoch.

    ``pictures`` are asked for through the interaction of that id and token, when there are any;
    ``rolls`` is the message under which somebody puts a 🔄.
    """

    folder: str
    gateway: str
    discord: str
    now_ms: int
    pictures: int = 0
    interaction: int = 0
    token: str = ""
    rolls: int = 0


def member() -> dict[str, Any]:
    """Return Ada as Discord describes a member (resources/guild)."""
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


def command(plan: Plan) -> dict[str, Any]:
    """Return /imagine as the gateway tells it (interactions/receiving-and-responding)."""
    options = [
        {"name": "prompt", "type": 3, "value": "a fox"},
        {"name": "model", "type": 3, "value": "dall-e-3"},
        {"name": "n", "type": 4, "value": plan.pictures},
    ]
    return {
        "id": str(plan.interaction),
        "application_id": str(APPLICATION_ID),
        "type": 2,
        "token": plan.token,
        "version": 1,
        "guild_id": str(SERVER),
        "guild": {"id": str(SERVER), "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "locale": "en-US",
        "channel": {"id": str(CHANNEL), "type": 0, "name": "gallery", "position": 0},
        "channel_id": str(CHANNEL),
        "member": member(),
        "app_permissions": "0",
        "authorizing_integration_owners": {},
        "attachment_size_limit": 10 * 1024 * 1024,
        "data": {"id": "1", "type": 1, "name": "imagine", "options": options},
    }


def reaction(client: Client, plan: Plan) -> RawReactionActionEvent:
    """Return the 🔄 as the gateway tells it (events/gateway-events)."""
    emoji = {"id": None, "name": REROLL}
    told: Any = {
        "user_id": str(ADA),
        "channel_id": str(CHANNEL),
        "message_id": str(plan.rolls),
        "guild_id": str(SERVER),
        "emoji": emoji,
        "burst": False,
        "type": 0,
    }
    event = RawReactionActionEvent(told, PartialEmoji(name=REROLL), "REACTION_ADD")
    known: Any = {"id": str(SERVER), "name": "Painters", "preferred_locale": "en-US"}
    guild = discord.Guild(data=known, state=client._connection)
    ada: Any = member()
    event.member = discord.Member(data=ada, guild=guild, state=client._connection)
    return event


async def run(plan: Plan) -> None:
    """Log in, do what the plan says, and see it through."""
    Route.BASE = plan.discord
    begun = time.monotonic()
    seam = Seam(
        now=lambda: plan.now_ms + int((time.monotonic() - begun) * 1000),
        sleep=lambda seconds: asyncio.sleep(min(seconds, SILENT_S)),
    )
    given = settings(Path(plan.folder), plan.gateway)
    given = given.model_copy(update={"discord_token": SecretStr(TOKEN)})
    async with open_bot(given, seam) as bot, bot.client as client:
        await client.login(TOKEN)
        if plan.pictures:
            answered = asyncio.create_task(client.wait_for("app_command_completion"))
            await asyncio.sleep(0)  # it listens
            client._connection.parse_interaction_create(command(plan))  # type: ignore[arg-type]
            await answered
        if plan.rolls:
            client.dispatch("raw_reaction_add", reaction(client, plan))
            await asyncio.Event().wait()
        await bot.house.studio.drained()


if __name__ == "__main__":
    logs.configure(level="ERROR", style="console", secrets=())
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=Plan)))
