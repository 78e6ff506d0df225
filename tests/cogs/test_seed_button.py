"""The seed in *Details*: asked for once, for nothing, where the gateway can tell it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import simcord

from tests.cogs.actions import ephemeral_messages, ephemeral_text, finished_card, newest_job_id
from tests.cogs.actions import press as press_control
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed
from tests.cogs.test_details import facts
from tests.cogs.test_mydata import exported
from tests.cogs.test_words_of_gateways import opened, proxy
from tests.gateways.fake_midjourney import NEW_API_QUOTA
from tests.gateways.fake_midjourney_words import SEED, FakeWords, Fault, answered, cut
from tests.jobs.test_actions import actions

SEED_CALL = """[gateways.midjourney.calls.seed]
method = "GET"
path = "/mj/task/{task}/image-seed"
gives = "value"
text = "result"
"""
TOLD = f"The seed of these pictures is {SEED}."


async def details(
    world: DiscordWorld, who: simcord.MemberActor, card: discord.Message
) -> simcord.InteractionResult:
    """Press ℹ️; three seconds later, as the same press is answered once."""
    await world.env.advance_time(4)
    return await press_control(world, who, card, "details")


def seed_ids(answer: simcord.InteractionResult) -> list[str]:
    """Return the custom ids under the details."""
    (message,) = ephemeral_messages(answer)
    return [each["custom_id"] for row in message.components for each in row["components"]]


async def ask(
    world: DiscordWorld, who: simcord.MemberActor, answer: simcord.InteractionResult
) -> simcord.InteractionResult:
    """Press *Seed* under the details."""
    (message,) = ephemeral_messages(answer)
    await world.env.advance_time(4)
    return await who.click(message, custom_id=seed_ids(answer)[0])


async def test_whoever_reads_the_details_asks_for_the_seed(build: WorldBuilder) -> None:
    """Ben, whose picture it is not; it is free, and from then on part of the details."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        shown = await details(world, world.ben, card)
        assert "seed" not in facts(reply_embed(shown))["Request"]
        assert TOLD in ephemeral_text(await ask(world, world.ben, shown))
        assert fake.seeds_asked == ["1000"]
        assert world.credits() == 1
        again = await details(world, world.ada, card)
        assert f"seed {SEED}" in facts(reply_embed(again))["Request"]
        assert seed_ids(again) == []
        assert TOLD in ephemeral_text(await ask(world, world.ben, shown))
        assert fake.seeds_asked == ["1000"]


async def test_the_button_works_after_a_restart(build: WorldBuilder) -> None:
    """The id of the task is in the database, and so is what was told before."""
    async with opened(build) as (world, fake):
        shown = await details(world, world.ada, await finished_card(world))
        await world.restart()
        assert TOLD in ephemeral_text(await ask(world, world.ada, shown))
        await world.restart()
        assert TOLD in ephemeral_text(await ask(world, world.ada, shown))
        assert fake.seeds_asked == ["1000"]


async def test_the_export_of_personal_data_has_it(build: WorldBuilder) -> None:
    """It is kept with the requests of whoever painted, whoever asked for it."""
    async with opened(build) as (world, _):
        shown = await details(world, world.ben, await finished_card(world))
        assert (await exported(world, world.ada))[1]["jobs.json"][0]["task_seeds"] == []
        await ask(world, world.ben, shown)
        assert (await exported(world, world.ada))[1]["jobs.json"][0]["task_seeds"] == [SEED]


async def test_two_presses_in_a_moment_are_one_question(build: WorldBuilder) -> None:
    """Of two people, before the gateway has answered either."""
    async with opened(build) as (world, fake):
        await finished_card(world)
        services, job_id = world.bot.services, newest_job_id(world)
        written = await services.database.read(services.repository.job, job_id)
        assert written is not None
        fake.gate.clear()
        both = [asyncio.create_task(services.task_seeds.ask(written.job)) for _ in range(2)]
        await asyncio.wait_for(fake.seed_asked.wait(), 10)
        fake.gate.set()
        assert await asyncio.gather(*both) == [(SEED,), (SEED,)]
        assert fake.seeds_asked == ["1000"]


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (answered({"code": 4, "description": "关联任务状态错误"}), "does not tell the seed of"),
        (answered({"code": 3, "description": "关联任务不存在或已失效"}, 404), "seed of"),
        (answered({"code": 1, "result": "not a number"}), "does not tell the seed of"),
        (answered({"code": 1, "result": "9" * 30}), "does not tell the seed of"),
        (answered({"code": 1, "result": -5}), "does not tell the seed of"),
        (answered("", 503), "right now"),
        (answered("<html>"), "right now"),
        (answered({"error": {"message": "slow down"}}, 429), "right now"),
        (cut(), "right now"),
    ],
    ids=range(9),
)
async def test_a_seed_that_is_not_told_is_one_sentence(
    build: WorldBuilder, reply: Fault, sentence: str
) -> None:
    """It costs nothing, and the next press asks again."""
    async with opened(build) as (world, fake):
        shown = await details(world, world.ada, await finished_card(world))
        fake.seed_replies.extend([reply] * (1 if sentence != "right now" else 2))
        refused = ephemeral_text(await ask(world, world.ada, shown))
        assert sentence in refused
        assert "nothing was charged" in refused
        fake.seed_replies.clear()
        assert TOLD in ephemeral_text(await ask(world, world.ada, shown))
        assert world.credits() == 1


@pytest.mark.parametrize(
    ("locale", "said"),
    [("en", f"known so far: {SEED}. The image service"), ("zh-CN", f"目前已知的种子：{SEED}。")],
)
async def test_when_some_are_not_told_the_others_can_be_asked_for(
    build: WorldBuilder, locale: str, said: str
) -> None:
    """Of two tasks one is told: the button stays until both are, and asks only for the other."""
    async with opened(build) as (world, fake):
        await world.ada.slash(world.channel, "preferences language", language=locale)
        card = await finished_card(world, n=2)
        fake.seed_replies.append(answered({"code": 4, "description": "关联任务状态错误"}))
        shown = await details(world, world.ada, card)
        assert said in ephemeral_text(await ask(world, world.ada, shown))
        assert sorted(fake.seeds_asked) == ["1000", "1001"]
        again = await details(world, world.ada, card)
        told = ephemeral_text(await ask(world, world.ada, again))
        assert str(SEED) in told
        assert said not in told
        assert len(fake.seeds_asked) == 3
        assert set(fake.seeds_asked[:2]) >= set(fake.seeds_asked[2:])
        assert seed_ids(await details(world, world.ada, card)) == []


@pytest.mark.parametrize("changed", [(SEED_CALL, ""), ("paths = {", "#paths = {")])
async def test_without_the_call_there_is_no_button(
    build: WorldBuilder, changed: tuple[str, str]
) -> None:
    """Nor below a picture of a gateway without tasks."""
    if changed[1]:
        async with build.world() as world:
            assert seed_ids(await details(world, world.ada, await finished_card(world))) == []
        return
    async with opened(build, changed) as (world, _):
        assert seed_ids(await details(world, world.ada, await finished_card(world))) == []


@asynccontextmanager
async def without_call_later(
    build: WorldBuilder,
) -> AsyncIterator[tuple[DiscordWorld, FakeWords, Any]]:
    """Open a world whose table loses the call at the next start."""
    async with proxy() as fake:
        settings = actions(build.folder.parent, fake.url)
        file = build.folder.parent / "gateways.toml"
        async with build.world(declared=False, **settings) as world:
            yield world, fake, lambda: file.write_text(file.read_text().replace(SEED_CALL, ""))


async def test_a_call_that_is_gone_is_told_kindly(build: WorldBuilder) -> None:
    """The button is older than the operator's table."""
    async with without_call_later(build) as (world, fake, remove):
        shown = await details(world, world.ada, await finished_card(world))
        remove()
        await world.restart()
        assert "does not tell the seed" in ephemeral_text(await ask(world, world.ada, shown))
        assert fake.seeds_asked == []


async def test_a_gateway_at_rest_is_not_asked(build: WorldBuilder) -> None:
    """It has just failed three times in a row, or its account is empty."""
    async with opened(build) as (world, fake):
        shown = await details(world, world.ada, await finished_card(world))
        fake.refusals.append(NEW_API_QUOTA)
        await finished_card(world)
        assert world.bot.services.router.resting() == {"midjourney": 1.0}
        assert "right now" in ephemeral_text(await ask(world, world.ada, shown))
        assert fake.seeds_asked == []


async def test_a_removed_result_tells_no_seed(build: WorldBuilder) -> None:
    """Nothing can be made from what a moderator took down."""
    async with opened(build) as (world, fake):
        shown = await details(world, world.ada, await finished_card(world))
        world.write("UPDATE jobs SET removed = 1", [()])
        assert "removed" in ephemeral_text(await ask(world, world.ada, shown))
        assert fake.seeds_asked == []
