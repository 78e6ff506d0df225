"""A whole bot on Discord's REST, to be killed: ``python -m tests.crash.bot_process PLAN``.

PLAN is a :class:`Plan` as JSON. The bot logs in, so it takes over what dead processes left. Then
Ada asks for pictures, or reacts to a message, as Discord's gateway would tell it; without that it
sees everything through and exits.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec
from discord.http import Route
from pydantic import SecretStr

from bot.app import open_bot
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.jobs.repository.unfinished_jobs import owners_of_unfinished
from bot.services import Services
from tests.crash.service_process import settings
from tests.discord_rest.events import command, reaction
from tests.discord_rest.fake import TOKEN

LONGEST_SLEEP_S = 0.02
MOST_WAIT_S = 60.0


class ProcessPlan(msgspec.Struct, frozen=True):
    """What one process does; ``now_ms``, since the epoch, is when it starts.

    ``pictures`` are asked for through the interaction of that id and token, when there are any;
    ``rolls`` is the message under which Ada puts a 🔄.
    """

    folder: str
    gateway: str
    discord: str
    now_ms: int
    pictures: int = 0
    interaction: int = 0
    token: str = ""
    rolls: int = 0


async def run(plan: ProcessPlan) -> None:
    """Log in, do what the plan says, and see it through."""
    Route.BASE = plan.discord
    begun = time.monotonic()
    clock = Clock(
        now=lambda: plan.now_ms + int((time.monotonic() - begun) * 1000),
        sleep=lambda seconds: asyncio.sleep(min(seconds, LONGEST_SLEEP_S)),
    )
    given = settings(Path(plan.folder), plan.gateway)
    given = given.model_copy(update={"discord_token": SecretStr(TOKEN)})
    async with open_bot(given, clock) as bot, bot.client as client:
        await client.login(TOKEN)
        if plan.pictures:
            answered = asyncio.create_task(client.wait_for("app_command_completion"))
            await asyncio.sleep(0)  # it listens
            asked = command(
                plan.interaction,
                plan.token,
                "imagine",
                prompt="a fox",
                model="dall-e-3",
                n=plan.pictures,
            )
            client._connection.parse_interaction_create(asked)  # type: ignore[arg-type]  # JSON
            await answered
        if plan.rolls:
            client.dispatch("raw_reaction_add", reaction(client, plan.rolls))
            await asyncio.Event().wait()
        await until_nothing_is_left(bot.services)
        await bot.services.job_service.drained()


async def until_nothing_is_left(services: Services) -> None:
    """Wait until every job has ended and its card says so; the bot does that beside its work."""
    async with asyncio.timeout(MOST_WAIT_S):
        while await services.database.read(owners_of_unfinished):  # noqa: ASYNC110 - a database has no events
            await asyncio.sleep(LONGEST_SLEEP_S)


if __name__ == "__main__":
    bot_logging.configure(level="ERROR", style="console", secrets=())
    asyncio.run(run(msgspec.json.decode(sys.argv[1], type=ProcessPlan)))
