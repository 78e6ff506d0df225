"""A whole bot on Discord's REST whose gateway events come by lines: ``… wire_process PLAN``.

PLAN is a :class:`WirePlan` as JSON. Each line of standard input is a :class:`WireEvent` as JSON.
When they end, the bot sees everything through and exits.
"""

import asyncio
import sys
from pathlib import Path

import discord
import msgspec
from discord.http import Route
from pydantic import SecretStr

from bot.app import open_bot
from bot.core import logging as bot_logging
from bot.core.clock import Clock, wall_clock_ms
from bot.core.errors.base import StartRefused
from tests.crash.bot_process import until_nothing_is_left
from tests.crash.service_process import settings
from tests.discord_rest.events import Payload, reaction
from tests.discord_rest.fake import TOKEN

MODELS = ("dall-e-3", "gpt-image-2", "easel-painter")
LONGEST_PAUSE_S = 0.1
LONGEST_SHORTENED_S = 60.0


class WirePlan(msgspec.Struct, frozen=True):
    """Where a process works; its clock is ``ahead_ms`` ahead of this machine's."""

    folder: str
    gateway: str
    discord: str
    ahead_ms: int = 0


class WireEvent(msgspec.Struct, frozen=True):
    """An interaction as Discord tells it, or the message under which Ada puts a 🔄."""

    interaction: Payload | None = None
    rolls: int = 0


async def run(plan: WirePlan) -> None:
    """Log in, pass on what people do, and see it through."""
    Route.BASE = plan.discord
    clock = Clock(now=lambda: wall_clock_ms() + plan.ahead_ms, sleep=_pause)
    given = settings(Path(plan.folder), plan.gateway).model_copy(
        update={"discord_token": SecretStr(TOKEN), "image_models": MODELS}
    )
    async with open_bot(given, clock) as bot, bot.client as client:
        await client.login(TOKEN)
        print("logged in", flush=True)  # noqa: T201 - the test waits for it
        while line := await asyncio.to_thread(sys.stdin.readline):
            tell(client, msgspec.json.decode(line, type=WireEvent))
        await until_nothing_is_left(bot.services)
        await bot.services.job_service.drained()


def tell(client: discord.Client, event: WireEvent) -> None:
    """Tell the bot an event as Discord's gateway would."""
    if event.interaction is not None:
        client._connection.parse_interaction_create(event.interaction)  # type: ignore[arg-type]  # JSON
    if event.rolls:
        client.dispatch("raw_reaction_add", reaction(client, event.rolls))


async def _pause(seconds: float) -> None:
    """Shorten the pauses of a job; what comes once in some minutes does not come at all."""
    await asyncio.sleep(seconds if seconds > LONGEST_SHORTENED_S else min(seconds, LONGEST_PAUSE_S))


if __name__ == "__main__":
    bot_logging.configure(level="ERROR", style="console", secrets=())
    try:
        asyncio.run(run(msgspec.json.decode(sys.argv[1], type=WirePlan)))
    except StartRefused as refused:
        sys.exit(f"easel: {refused}")
