"""A picture is enlarged by a gateway that has a call for that: a request of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord
from pydantic import SecretStr

from bot.settings.settings import GatewayKey
from tests.cogs.actions import (
    delete_after_question,
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    newest_job_id,
    press,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import KEY, ErrorReply, TaskReply
from tests.cogs.test_edit_form import originals
from tests.cogs.test_picture_actions import PAINTER, act, choose, labels, press_custom, several
from tests.cogs.test_picture_actions_at_the_door import forget_pictures

TABLE = """
[gateways.easel]
base_url = "{url}"
models = ["dall-e-3", "easel-painter", "gpt-image-2"]
[gateways.easel.calls.upscale]
path = "/images/edits"
form = true
models = ["easel-painter", "gpt-image-2"]
body.model = "{{model}}"
body.prompt = "{{prompt}}"
body.n = "1"
body.size = "128x128"
body.kind = "upscale"
body.image = "{{image:file}}"
"""
CHARGED_TO = "SELECT credits FROM charges WHERE user_id = {}"


@asynccontextmanager
async def opened(
    build: WorldBuilder, table: str = TABLE, **changes: Any
) -> AsyncIterator[DiscordWorld]:
    """Open a simulated Discord whose gateway enlarges pictures of two models."""
    file = build.folder.parent / "gateways.toml"
    file.write_text(table.format(url=build.gateway.url))
    keys = {"easel": GatewayKey(api_key=SecretStr(KEY))}
    settings: dict[str, Any] = {"gateways_file": file, "image_api_url": "", "gateways": keys}
    async with build.world(**settings, **changes) as world:
        yield world


async def enlarge(
    world: DiscordWorld, who: simcord.MemberActor, card: discord.Message, number: int = 2
) -> simcord.InteractionResult:
    """Choose a picture, and press *Enlarge* under it."""
    return await act(world, who, await choose(world, who, card, number), "enlarge")


def enlargements(world: DiscordWorld) -> list[dict[str, object]]:
    """Return what the gateway was asked to enlarge."""
    return [body for body in world.gateway.bodies if body.get("kind") == "upscale"]


def footer(world: DiscordWorld) -> str:
    """Return the last line of the newest message."""
    return str(world.card.embeds[0].footer.text)


async def test_a_stranger_has_a_picture_enlarged_and_pays(build: WorldBuilder) -> None:
    """It is Ben's, by the model that painted it, for one credit, and says what it is."""
    async with opened(build) as world:
        card = await several(world)
        files, parent = originals(world), newest_job_id(world)
        answer = await choose(world, world.ben, card)
        assert labels(answer)[2:] == ["Enlarge · 1 credit", "Post alone · free"]
        await act(world, world.ben, answer, "enlarge")
        (body,) = enlargements(world)
        assert (body["image"], body["model"], body["prompt"]) == ([files[1]], PAINTER, "a fox")
        assert world.title == "🖼️ A picture for Ben"
        assert "128×128 · Enlargement of picture 2 · " in footer(world)
        assert "reference" not in footer(world)
        assert world.rows(CHARGED_TO.format(world.ben.id)) == [(1,)]
        assert world.rows("SELECT parent FROM jobs ORDER BY id DESC LIMIT 1") == [(parent,)]
        details = await press(world, world.ben, world.card, "details")
        words = str(ephemeral_messages(details)[0].embeds[0].to_dict())
        assert "Enlargement of picture 2" in words
        assert f"[an earlier result](https://discord.com/channels/{world.guild.id}" in words
        assert str(card.id) in words


async def test_the_only_picture_of_a_result_is_enlarged_as_well(build: WorldBuilder) -> None:
    """Most results have one; they have a button where the others have the select."""
    async with opened(build) as world:
        card = await finished_card(world, model=PAINTER)
        answer = await press(world, world.ben, card, "one:choose")
        await act(world, world.ben, answer, "enlarge")
        assert "Enlargement of picture 1" in footer(world)
        assert world.credits() == 2


async def test_the_card_is_in_the_servers_language(build: WorldBuilder) -> None:
    """As every result is."""
    async with opened(build) as world:
        await world.mia.slash(world.channel, "settings language", language="zh-CN")
        await enlarge(world, world.ada, await several(world), 3)
        assert "放大第 3 张" in footer(world)


async def test_where_the_painter_cannot_enlarge_the_button_names_who_can(
    build: WorldBuilder,
) -> None:
    """The first one that is offered, for its own credits."""
    async with opened(build) as world:
        card = await several(world, 2, model="dall-e-3")
        await world.mia.slash(world.channel, "quota cost", model=PAINTER, credits=3)
        answer = await choose(world, world.ben, card)
        assert "Enlarge with easel-painter · 3 credits" in labels(answer)
        await act(world, world.ben, answer, "enlarge")
        assert [body["model"] for body in enlargements(world)] == [PAINTER]
        assert world.rows(CHARGED_TO.format(world.ben.id)) == [(3,)]


async def test_only_models_that_are_allowed_and_take_the_prompt_enlarge(
    build: WorldBuilder,
) -> None:
    """A request that is refused every time has no button; then resampling is offered."""
    table = f"{TABLE}[gateways.easel.abilities.easel-painter]\nprompt_max = 6\nauto = true\n"
    async with opened(build, table) as world:
        short = await several(world, 2, model="dall-e-3")
        card = await finished_card(world, "a fox in the snow", model="dall-e-3", n=2)
        answer = await choose(world, world.ben, card)
        assert "Enlarge with gpt-image-2 · 1 credit" in labels(answer)
        await world.bot.preference_store.change_server(
            world.guild.id, lambda settings: replace(settings, models=("dall-e-3", PAINTER))
        )
        assert "Enlarge with easel-painter · 1 credit" in labels(
            await choose(world, world.ada, short)
        )
        resample = "Enlarge 2× (resampled) · free"
        assert resample in labels(await choose(world, world.ada, card))
        told = await act(world, world.ben, answer, "enlarge")
        assert "No model that you can use here enlarges" in str(told.followups[0].content)
        assert enlargements(world) == []
        custom_id = f"easel:one:resample:{newest_job_id(world)}:2"
        sent = await world.ben.click(ephemeral_messages(answer)[0], custom_id=custom_id)
        assert len(ephemeral_messages(sent)[0].attachments) == 1


async def test_pressed_twice_it_is_requested_once(build: WorldBuilder) -> None:
    """Three seconds later it is meant."""
    async with opened(build) as world:
        chosen = await choose(world, world.ben, await several(world))
        await act(world, world.ben, chosen, "enlarge")
        await act(world, world.ben, chosen, "enlarge")
        assert world.credits() == 5
        await world.env.advance_time(3)
        await act(world, world.ben, chosen, "enlarge")
        assert world.credits() == 6
        assert len(enlargements(world)) == 2


async def test_a_cost_that_changed_is_shown_before_it_is_paid(build: WorldBuilder) -> None:
    """The button said one credit: the next press is at the new cost, or is none."""
    async with opened(build) as world:
        answer = await choose(world, world.ben, await several(world))
        await world.mia.slash(world.channel, "quota cost", model=PAINTER, credits=5)
        told = await act(world, world.ben, answer, "enlarge")
        assert "costs 5 credits now" in str(told.followups[0].content)
        assert enlargements(world) == []
        custom_id = f"easel:one:enlarge:{newest_job_id(world)}:2:5"
        await world.ben.click(ephemeral_messages(answer)[0], custom_id=custom_id)
        await world.wait_for_jobs()
        assert world.credits() == 9


async def test_the_button_works_after_a_restart(build: WorldBuilder) -> None:
    """The new process knows only its id."""
    async with opened(build) as world:
        chosen = await choose(world, world.ben, await several(world))
        await world.restart()
        await act(world, world.ben, chosen, "enlarge")
        assert "Enlargement of picture 2" in footer(world)
        assert world.credits() == 5


async def test_a_restart_in_between_loses_nothing(build: WorldBuilder) -> None:
    """The gateway has accepted the task: the next process polls it, and says what it is."""
    async with opened(build, declared=True) as world:
        chosen = await choose(world, world.ben, await several(world))
        world.gateway.gate.clear()
        world.gateway.replies.append(TaskReply())
        custom_id = f"easel:one:enlarge:{newest_job_id(world)}:2:1"
        await world.ben.click(ephemeral_messages(chosen)[0], custom_id=custom_id)
        await world.env.advance_time(4)
        assert world.rows("SELECT state FROM attempts ORDER BY job_id DESC LIMIT 1") == [("task",)]
        world.gateway.gate.set()
        await world.restart()
        for _ in range(3):
            await world.env.advance_time(3)
        await world.wait_for_jobs()
        assert len(enlargements(world)) == 1
        assert "Enlargement of picture 2" in footer(world)
        assert world.credits() == 5


async def test_a_failure_gives_the_credits_back_and_can_be_tried_again(
    build: WorldBuilder,
) -> None:
    """As with every request: the button below asks for the same enlargement."""
    async with opened(build) as world:
        chosen = await choose(world, world.ben, await several(world))
        world.gateway.replies.append(ErrorReply(400, "invalid"))
        await act(world, world.ben, chosen, "enlarge")
        assert world.credits() == 4
        await press(world, world.ben, world.card, "again")
        assert len(enlargements(world)) == 2
        assert "Enlargement of picture 2" in footer(world)
        assert world.credits() == 5


async def test_a_re_roll_enlarges_again_and_an_edit_paints(build: WorldBuilder) -> None:
    """The form asks for a prompt: what it sends is an ordinary request with the reference."""
    async with opened(build) as world:
        await enlarge(world, world.ben, await several(world))
        card = world.card
        await press(world, world.ada, card, "again")
        assert len(enlargements(world)) == 2
        shown = await press(world, world.ada, card, "edit")
        await submit_form(world, world.ada, shown, prompt="in snow")
        assert len(enlargements(world)) == 2
        assert "1 reference image" in footer(world)
        assert "Enlargement" not in footer(world)


# --- at the door ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"channels": (1,)}, "<#1>"),
        ({"roles": (1,)}, "<@&1>"),
        ({"controls": "requester"}, "who asked"),
    ],
    ids=["channels", "roles", "controls"],
)
async def test_rules_of_the_server_hold(
    build: WorldBuilder, rule: dict[str, Any], said: str
) -> None:
    """Where, who, and from whose results: as for every request."""
    async with opened(build) as world:
        chosen = await choose(world, world.ben, await several(world))
        await world.bot.preference_store.change_server(
            world.guild.id, lambda settings: replace(settings, **rule)
        )
        assert said in ephemeral_text(await act(world, world.ben, chosen, "enlarge"))
        assert enlargements(world) == []
        assert world.credits() == 4


async def test_forbidden_words_and_blocks_hold(build: WorldBuilder) -> None:
    """The picture's prompt may have been forbidden since; nothing is held or sent."""
    async with opened(build) as world:
        chosen = await choose(world, world.ben, await several(world))
        await world.mia.slash(world.channel, "settings words add", words="fox")
        refused = await act(world, world.ben, chosen, "enlarge")
        assert "is forbidden by the admins" in ephemeral_text(refused)
        await world.env.advance_time(3)
        await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
        assert "spam" in ephemeral_text(await act(world, world.ben, chosen, "enlarge"))
        assert enlargements(world) == []
        assert world.credits() == 4


async def test_a_prompt_that_was_declined_only_its_author_sends_again(
    build: WorldBuilder,
) -> None:
    """The gateway declined it for one of two pictures; the other one has a button."""
    async with opened(build) as world:
        world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
        card = await finished_card(world, model="dall-e-3", n=2)
        answers = [await press(world, who, card, "one:choose") for who in (world.ben, world.ada)]
        refused = await act(world, world.ben, answers[0], "enlarge")
        assert "This prompt was declined" in ephemeral_text(refused)
        assert enlargements(world) == []
        await act(world, world.ada, answers[1], "enlarge")
        assert len(enlargements(world)) == 1


async def test_what_is_gone_is_not_enlarged(build: WorldBuilder) -> None:
    """A file that is no longer kept, a result that was deleted, and ids that nobody gave out."""
    async with opened(build) as world:
        card = await several(world)
        chosen = {who: await choose(world, who, card) for who in (world.ada, world.ben)}
        job_id = newest_job_id(world)
        made_up = await press_custom(world, world.ben, f"easel:one:enlarge:{job_id}:9:1")
        assert "Picture 9 is no longer kept" in ephemeral_text(made_up)
        unknown = await press_custom(world, world.ben, "easel:one:enlarge:x:1:1")
        assert "can no longer be found" in ephemeral_text(unknown)
        await delete_after_question(world, world.mia, card)
        refused = await act(world, world.ben, chosen[world.ben], "enlarge")
        assert "was deleted here" in ephemeral_text(refused)
        forget_pictures(world)
        gone = await act(world, world.ada, chosen[world.ada], "enlarge")
        assert "Picture 2 is no longer kept" in ephemeral_text(gone)
        assert enlargements(world) == []


async def test_who_has_no_credits_is_told(build: WorldBuilder) -> None:
    """Nothing is sent."""
    async with opened(build) as world:
        card = await several(world)
        await world.mia.slash(world.channel, "quota set", credits=4, per="day")
        refused = await enlarge(world, world.ada, card)
        assert "credits" in ephemeral_text(refused)
        assert enlargements(world) == []


async def test_what_is_hidden_stays_hidden(build: WorldBuilder) -> None:
    """A private result's enlargement is private, and a spoiler's a spoiler."""
    async with opened(build) as world:
        await world.imagine(world.ada, model=PAINTER, n=2, private=True)
        await world.wait_for_jobs()
        (card,) = world.channel.history(viewer=world.ada)
        assert (await enlarge(world, world.ada, card)).ephemeral
        assert world.channel.history(viewer=world.ben) == []
        await enlarge(
            world, world.ben, await finished_card(world, model=PAINTER, n=2, spoiler=True)
        )
        assert world.card.attachments[0].filename.startswith("SPOILER_")
        assert len(enlargements(world)) == 2
