"""The log channel where Discord is slow or strict, which the simulation is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import discord
from pydantic import SecretStr

from bot.app import Bot, open_bot
from bot.core.clock import Clock
from bot.core.models import CardAddress, Job
from bot.discord_ui.report_controls import report_buttons
from bot.jobs.repository.reports import Report
from bot.preferences.stored_preferences import ServerSettings
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.crash.service_process import settings
from tests.discord_rest.events import ADA, CHANNEL, SERVER, Payload, command
from tests.discord_rest.fake import TOKEN, FakeDiscord, fake_discord

STAFF = CHANNEL + 1
OTHER_SERVER, OTHER_STAFF = SERVER + 1, CHANNEL + 2


@asynccontextmanager
async def logging_bot(folder: Path, gateway: ScriptedGateway) -> AsyncIterator[Bot]:
    """Open a whole bot of which two servers have a log channel."""
    given = settings(folder, gateway.url).model_copy(
        update={
            "discord_token": SecretStr(TOKEN),
            "image_api_key": SecretStr(KEY),
            "shutdown_grace": 0,
        }
    )
    async with open_bot(given, Clock()) as bot, bot.client as client:
        await client.login(TOKEN)
        for server_id, staff in ((SERVER, STAFF), (OTHER_SERVER, OTHER_STAFF)):
            log_to = partial(replace, log_channel=staff, log_prompts=True)
            await bot.preference_store.change_server(server_id, log_to)
        yield bot


async def ask(bot: Bot, fake: FakeDiscord, number: int, server_id: int = SERVER) -> Job:
    """Let Ada ask for a picture, and return the job."""
    client = bot.client
    answered = asyncio.create_task(client.wait_for("app_command_completion"))
    await asyncio.sleep(0)  # it listens
    token = fake.interactions.ask(CHANNEL, number)
    asked: Payload = command(number, token, "imagine", prompt="a fox", model="dall-e-3")
    asked |= {"guild_id": str(server_id), "guild": asked["guild"] | {"id": str(server_id)}}
    asked |= {"authorizing_integration_owners": {"0": str(server_id)}}
    client._connection.parse_interaction_create(asked)  # type: ignore[arg-type]  # JSON
    await asyncio.wait_for(answered, 20)
    ((job_id,),) = await bot.services.database.read(
        lambda rows: rows.query("SELECT id FROM jobs ORDER BY id DESC LIMIT 1")
    )
    job = await bot.services.job_service.find(job_id)
    assert job is not None
    return job


async def heard(fake: FakeDiscord, path: str) -> None:
    """Wait until the bot has asked for a path."""
    async with asyncio.timeout(20):
        while path not in fake.asked:
            fake.heard.clear()
            await fake.heard.wait()


async def test_no_job_and_no_other_server_waits_for_a_log_channel_that_does_not_answer(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A channel of moderators is no reason why anybody gets their picture later."""
    async with fake_discord() as fake, logging_bot(tmp_path, gateway) as bot:
        path = f"/channels/{STAFF}/messages"
        fake.silent.add(path)
        for number in range(3):
            await ask(bot, fake, 100 + number)
            await asyncio.wait_for(bot.services.job_service.drained(), 20)
        await heard(fake, path)
        done = await bot.services.database.read(
            lambda rows: rows.query("SELECT state, told FROM jobs")
        )
        assert [tuple(row) for row in done] == [("done", 1)] * 3
        await ask(bot, fake, 200, OTHER_SERVER)
        await asyncio.wait_for(bot.services.job_service.drained(), 20)
        await heard(fake, f"/channels/{OTHER_STAFF}/messages")
        assert fake.asked.count(path) == 1  # one at a time
        assert fake.messages.at(STAFF) == []
        fake.release()


async def test_discord_takes_an_entry_of_a_job_and_of_a_report(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The strict one counts every embed, button and mention."""
    async with fake_discord() as fake, logging_bot(tmp_path, gateway) as bot:
        job = await ask(bot, fake, 100)
        await asyncio.wait_for(bot.services.job_service.drained(), 20)
        await heard(fake, f"/channels/{STAFF}/messages")
        cog: Any = bot.client.get_cog("ReportsCog")
        longest = ("ض`@everyone`\n" * 40)[:300]
        report = Report(job.id, SERVER, CardAddress(CHANNEL, 1, 0), 9, (longest,) * 5)
        channels = cog._deps.log_channels

        async def make(locale: str, _: ServerSettings) -> discord.Embed:
            embed: discord.Embed = channels.embeds.report(report, job, locale)
            return embed

        posted = await channels.post(
            SERVER,
            make,
            lambda locale: report_buttons(bot.client.texts, job.id, SERVER, locale),
        )
        assert posted is not None
        entry, reported = fake.messages.at(STAFF)
        shown = str(entry.embeds[0]["description"])
        assert "> a fox" in shown
        assert f"<@{ADA}>" in shown
        assert str(reported.components).count("easel:report:") == 2
        assert entry.mentions == reported.mentions
        assert fake.refused == []


async def test_a_channel_that_refuses_is_asked_once_for_each_entry(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A log that tries again and again would cost the requests that pictures need."""
    async with fake_discord() as fake, logging_bot(tmp_path, gateway) as bot:
        path = f"/channels/{STAFF}/messages"
        fake.messages.closed.add(STAFF)
        await ask(bot, fake, 100)
        await asyncio.wait_for(bot.services.job_service.drained(), 20)
        await heard(fake, path)
        assert fake.asked.count(path) == 1
