"""A refusal has buttons that request what is possible instead, once, after every check."""

from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord

from bot.core.models import ImageOptions
from bot.gateways.catalogue import Catalogue
from bot.quota.limits import parse_limits
from cogs.refused_requests import (
    LIFETIME_MS,
    MAX_OF_ONE_PERSON,
    MAX_REMEMBERED,
    RefusedForgotten,
    RememberedRemedies,
)
from cogs.remedies import Remedy, TypedRequest
from tests.cogs.actions import (
    ephemeral_text,
    finished_card,
    form_values,
    press,
    select_labels,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_budget import CENTS_10, budget, spent
from tests.cogs.test_references import PNG, sent
from tests.cogs.test_reroll_reaction import imagine_command


def buttons(answer: simcord.InteractionResult) -> list[discord.Button]:
    """Return the buttons under a refusal."""
    assert answer.response is not None
    return [
        item
        for row in answer.response.message.components
        if isinstance(row, discord.ActionRow)
        for item in row.children
        if isinstance(item, discord.Button)
    ]


def labels(answer: simcord.InteractionResult) -> list[str | None]:
    """Return what stands on the buttons under a refusal."""
    return [button.label for button in buttons(answer)]


async def choose(
    world: DiscordWorld, who: simcord.MemberActor, refused: simcord.InteractionResult, label: str
) -> simcord.InteractionResult:
    """Press a button under a refusal and wait for the job that it starts."""
    (found,) = (button for button in buttons(refused) if button.label == label)
    assert refused.response is not None
    answer = await who.click(refused.response.message, custom_id=str(found.custom_id))
    await world.wait_for_jobs()
    return answer


# --- fewer pictures ---------------------------------------------------------------------------


async def test_what_the_credits_are_enough_for_is_one_press_away(build: WorldBuilder) -> None:
    """Three credits are left, and three of the ten pictures are painted: same words, same size."""
    async with build.world(default_quota=parse_limits("3/day")) as world:
        refused = await world.imagine(world.ada, n=10, size="1792x1024", quality="hd")
        assert "ask for fewer pictures" in reply_text(refused)
        assert labels(refused) == ["Paint 3"]
        await choose(world, world.ada, refused, "Paint 3")
        assert world.title == "🖼️ 3 pictures for Ada"
        body = world.gateway.bodies[0]
        assert (body["prompt"], body["size"], body["quality"]) == ("a fox", "1792x1024", "hd")
        assert world.credits() == 3


async def test_the_cost_stands_on_the_button_where_a_picture_costs_more(
    build: WorldBuilder,
) -> None:
    """Seven credits are three pictures of two credits: the number is that of pictures."""
    async with build.world(default_quota=parse_limits("7/day")) as world:
        await world.mia.slash(world.channel, "quota cost", model="dall-e-3", credits=2)
        await world.ada.slash(world.channel, "preferences language", language="zh-CN")
        refused = await world.imagine(world.ada, n=5)
        assert labels(refused) == ["画 3 张 · 6 点"]
        refused = await world.imagine(world.ben, n=5)
        assert labels(refused) == ["Paint 3 · 6 credits"]
        await choose(world, world.ben, refused, "Paint 3 · 6 credits")
        assert world.credits() == 6


async def test_without_credits_for_a_single_picture_there_is_no_button(build: WorldBuilder) -> None:
    """Nothing that a press could change: it would only be refused again."""
    async with build.world(default_quota=parse_limits("3/day")) as world:
        await world.mia.slash(world.channel, "quota cost", model="dall-e-3", credits=4)
        for refused in (await world.imagine(world.ada, n=2), await world.imagine(world.ada)):
            assert "the default limit is 3 credits per day" in reply_text(refused)
            assert labels(refused) == []


async def test_extra_credits_and_the_servers_limit_count_as_for_a_request(
    build: WorldBuilder,
) -> None:
    """The number is tried against every limit, so the press is never refused for the same."""
    async with build.world(default_quota=parse_limits("2/day")) as world:
        await world.mia.slash(
            world.channel, "quota grant", user=world.ada, credits=3, reason="a prize"
        )
        assert labels(await world.imagine(world.ada, n=8)) == ["Paint 5"]
        await world.mia.slash(world.channel, "quota set", credits=4, per="day", whole_server=True)
        refused = await world.imagine(world.ada, n=8)
        assert labels(refused) == ["Paint 4"]
        await choose(world, world.ada, refused, "Paint 4")
        assert world.rows("SELECT credits, own_credits FROM charges") == [(4, 2)]


async def test_a_budget_that_is_nearly_spent_offers_what_it_is_enough_for(
    build: WorldBuilder,
) -> None:
    """The operator's money is counted as it is for a request: 0.3 is three pictures of 0.1."""
    async with build.world(declared=False, **budget(build, "0.3/day")) as world:
        refused = await world.imagine(world.ada, n=5)
        assert labels(refused) == ["Paint 3"]
        await choose(world, world.ada, refused, "Paint 3")
        assert spent(world) == 3 * CENTS_10


async def test_two_presses_are_one_request(build: WorldBuilder) -> None:
    """A double click, and one a minute later: the credits are spent once."""
    async with build.world(default_quota=parse_limits("6/day")) as world:
        refused = await world.imagine(world.ada, n=7)
        await choose(world, world.ada, refused, "Paint 6")
        twice = await choose(world, world.ada, refused, "Paint 6")
        assert twice.acknowledged
        assert "no longer work" not in str(twice.response and twice.response.content)
        world.skipped_ms += 60_000
        again = await choose(world, world.ada, refused, "Paint 6")
        assert "no longer work" in reply_text(again)
        assert world.rows("SELECT COUNT(*) FROM jobs") == [(1,)]
        assert world.credits() == 6


async def test_a_press_that_is_refused_says_what_is_left_now(build: WorldBuilder) -> None:
    """Meanwhile others were painted: the next button counts anew, and the old one still works."""
    async with build.world(default_quota=parse_limits("5/day")) as world:
        refused = await world.imagine(world.ada, n=6)
        await world.imagine(world.ada, n=2)
        await world.wait_for_jobs()
        second = await choose(world, world.ada, refused, "Paint 5")
        assert labels(second) == ["Paint 3"]
        await choose(world, world.ada, second, "Paint 3")
        assert world.credits() == 5


async def test_a_form_and_a_re_roll_are_refused_with_the_same_buttons(build: WorldBuilder) -> None:
    """What was in the form is painted, and the words come back all the same."""
    async with build.world(default_quota=parse_limits("5/day")) as world:
        card = await finished_card(world, n=4)
        refused = await press(world, world.ada, card, "again")
        assert labels(refused) == ["Paint 1"]
        shown = await press(world, world.ada, card, "edit")
        refused = await submit_form(world, world.ada, shown, prompt="an owl")
        assert labels(refused) == ["Paint 1"]
        assert "an owl" in refused.followups[0].content
        await choose(world, world.ada, refused, "Paint 1")
        assert world.gateway.bodies[-1]["prompt"] == "an owl"
        parents = world.rows("SELECT parent IS NULL FROM jobs ORDER BY id")
        assert parents == [(1,), (0,)]
        assert world.credits() == 5


# --- another value ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "offered", "body"),
    [
        (
            {"size": "1920x1080"},
            ["1792x1024", "1024x1024", "1024x1792"],
            {"size": "1792x1024"},
        ),
        (
            {"model": "gpt-image-2", "size": "1000x1000"},
            ["1008x1008", "1024x1024", "2048x2048", "auto"],
            {"size": "1008x1008"},
        ),
        ({"quality": "hdd"}, ["hd", "standard"], {"quality": "hd"}),
        ({"background": "opaque"}, ["Without the background", "gpt-image-2"], {}),
        ({"model": "gpt-image2"}, ["gpt-image-2", "easel-painter", "dall-e-3"], {}),
    ],
)
async def test_a_wrong_value_has_buttons_for_the_right_ones(
    world: DiscordWorld, options: dict[str, str], offered: list[str], body: dict[str, str]
) -> None:
    """The nearest first: by its shape, or by its letters; the first one is painted at a press."""
    refused = await world.imagine(world.ada, **options)
    assert labels(refused) == offered
    await choose(world, world.ada, refused, offered[0])
    assert body.items() <= {**world.gateway.bodies[-1]}.items()
    assert world.credits() == 1


async def test_two_wrong_values_are_mended_one_after_the_other(world: DiscordWorld) -> None:
    """The second refusal offers what the second option needs, with the first one mended."""
    refused = await world.imagine(world.ada, size="7x7", quality="best")
    second = await choose(world, world.ada, refused, "1024x1024")
    assert labels(second) == ["standard", "hd"]
    await choose(world, world.ada, second, "hd")
    body = world.gateway.bodies[-1]
    assert (body["size"], body["quality"]) == ("1024x1024", "hd")


async def test_a_model_without_references_names_those_with(world: DiscordWorld) -> None:
    """The attachment is still there, and goes to the other model; the mask can be left out."""
    refused = await world.imagine(world.ada, reference1=("x.png", PNG))
    assert labels(refused) == ["gpt-image-2", "easel-painter"]
    await choose(world, world.ada, refused, "easel-painter")
    assert sent(world) == [PNG]
    refused = await world.imagine(world.ada, model="easel-painter", mask=("m.png", PNG))
    assert labels(refused) == ["Without the mask"]
    await choose(world, world.ada, refused, "Without the mask")
    assert world.title == "🖼️ A picture for Ada"


async def test_an_option_that_a_model_takes_only_without_references_can_be_left_out(
    world: DiscordWorld,
) -> None:
    """Some services take no negative prompt beside a picture."""
    catalogue = world.bot.services.catalogue
    models = {model.name: model for model in catalogue.models}
    painter = models["easel-painter"]
    assert painter.references is not None
    limits = replace(painter.references, excludes=("negative",))
    models[painter.name] = replace(painter, references=limits)
    catalogue.replace(Catalogue(models, models))
    refused = await world.imagine(
        world.ada, model=painter.name, negative="cars", reference1=("x.png", PNG)
    )
    assert "negative together with a reference image" in reply_text(refused)
    assert labels(refused)[0] == "Without the negative prompt"
    await choose(world, world.ada, refused, "Without the negative prompt")
    assert sent(world) == [PNG]
    assert "negative_prompt" not in world.gateway.bodies[-1]


async def test_only_models_that_the_server_allows_are_offered(world: DiscordWorld) -> None:
    """A button never leads around a rule of the server."""
    await world.mia.slash(world.channel, "settings models allow", model="dall-e-3")
    refused = await world.imagine(world.ada, model="gpt-image-2")
    assert labels(refused) == ["dall-e-3"]
    without = await world.imagine(world.ada, reference1=("x.png", PNG))
    assert "dall-e-3 does not support reference images" in reply_text(without)
    assert labels(without) == []
    await choose(world, world.ada, refused, "dall-e-3")
    assert world.rows("SELECT state FROM jobs") == [("done",)]


async def test_a_preset_goes_along(world: DiscordWorld) -> None:
    """Its words are around the prompt also after the size was mended."""
    await world.ada.slash(
        world.channel, "preset save", name="Poster", prompt="a poster of {prompt}"
    )
    refused = await world.imagine(world.ada, preset="Poster", size="5x5")
    await choose(world, world.ada, refused, "1024x1024")
    assert world.gateway.bodies[0]["prompt"] == "a poster of a fox"


async def test_a_button_asks_again_where_its_cost_has_changed(build: WorldBuilder) -> None:
    """Nine credits were taken for a button that said three; the second press knows."""
    async with build.world(default_quota=parse_limits("3/day")) as world:
        refused = await world.imagine(world.ada, n=10)
        assert labels(refused) == ["Paint 3"]
        await world.mia.slash(
            world.channel, "quota grant", user=world.ada, credits=20, reason="a prize"
        )
        await world.mia.slash(world.channel, "quota cost", model="dall-e-3", credits=3)
        told = await choose(world, world.ada, refused, "Paint 3")
        assert "costs 9 credits now" in told.followups[0].content
        assert world.gateway.bodies == []
        assert labels(refused) == ["Paint 3 · 9 credits"]
        await choose(world, world.ada, refused, "Paint 3 · 9 credits")
        assert world.rows("SELECT credits FROM charges") == [(9,)]


# --- the form ---------------------------------------------------------------------------------


async def test_a_prompt_that_is_too_long_comes_back_in_a_form(build: WorldBuilder) -> None:
    """Shortened there, with the attachment of before; nobody types a thousand letters again."""
    async with build.world(image_models=("dall-e-2", "easel-painter")) as world:
        long = "a fox " * 300
        refused = await world.imagine(world.ada, long.strip())
        assert labels(refused) == ["Change the prompt", "easel-painter"]
        shown = await choose(world, world.ada, refused, "Change the prompt")
        assert form_values(shown)["prompt"] == long.strip()
        assert form_values(shown)["model"] == ["dall-e-2"]
        again = await submit_form(world, world.ada, shown, prompt="b" * 1001)
        assert "1,001 characters" in ephemeral_text(again)
        assert labels(again) == ["Change the prompt", "easel-painter"]
        await submit_form(
            world, world.ada, await choose(world, world.ada, again, "Change the prompt"), prompt="a"
        )
        assert [body["prompt"] for body in world.gateway.bodies] == ["a"]
        assert world.credits() == 1


async def test_the_form_keeps_or_drops_what_was_attached(world: DiscordWorld) -> None:
    """*The reference image it was made from* is the one that came with the refused command."""
    for start, files in (("references", [PNG]), ("nothing", [])):
        refused = await world.imagine(
            world.ada, "\u200b", model="easel-painter", reference1=("x.png", PNG)
        )
        assert labels(refused) == ["Change the prompt"]
        shown = await choose(world, world.ada, refused, "Change the prompt")
        assert select_labels(shown, "start")[1] == "The reference image it was made from"
        await submit_form(world, world.ada, shown, prompt="a fox", start=[start])
        assert sent(world) == files


async def test_the_form_arrives_once(world: DiscordWorld) -> None:
    """Discord sends a form twice where it saw no answer; two openings make one request, too."""
    refused = await world.imagine(world.ada, "\u200b")
    one = await choose(world, world.ada, refused, "Change the prompt")
    other = await choose(world, world.ada, refused, "Change the prompt")
    await submit_form(world, world.ada, one, prompt="a fox")
    one._interaction.modal_consumed = False
    await submit_form(world, world.ada, one, prompt="a fox")
    late = await submit_form(world, world.ada, other, prompt="an owl")
    assert "no longer work" in ephemeral_text(late)
    assert "an owl" in late.followups[0].content
    assert len(world.gateway.bodies) == 1


async def test_a_declined_card_asks_for_another_prompt(world: DiscordWorld) -> None:
    """The form has the words for who wrote them, and for nobody else, moderators included."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    card = await finished_card(world, "something terrible")
    row = card.components[0]
    assert isinstance(row, discord.ActionRow)
    said = [item.label for item in row.children if isinstance(item, discord.Button)]
    assert said == ["Change the prompt", "Try again"]
    for stranger in (world.ben, world.mia):
        assert "prompt" not in form_values(await press(world, stranger, card, "edit"))
    shown = await press(world, world.ada, card, "edit")
    assert form_values(shown)["prompt"] == "something terrible"
    await submit_form(world, world.ada, shown, prompt="something kind")
    assert world.gateway.bodies[-1]["prompt"] == "something kind"


# --- the door ---------------------------------------------------------------------------------


async def test_after_a_restart_the_buttons_ask_for_the_command(world: DiscordWorld) -> None:
    """The request lived in memory only; its form is forgotten as well."""
    refused = await world.imagine(world.ada, "\u200b")
    shown = await choose(world, world.ada, refused, "Change the prompt")
    await world.restart()
    again = await choose(world, world.ada, refused, "Change the prompt")
    assert reply_text(again).endswith("please type the command again.")
    late = await submit_form(world, world.ada, shown, prompt="a fox")
    assert "type the command again" in ephemeral_text(late)
    assert "a fox" in late.followups[0].content
    assert world.rows("SELECT * FROM jobs") == []


async def test_after_a_while_the_buttons_ask_for_the_command(world: DiscordWorld) -> None:
    """Nobody finds an old refusal by accident and pays."""
    refused = await world.imagine(world.ada, size="5x5")
    world.skipped_ms += LIFETIME_MS
    answer = await choose(world, world.ada, refused, "1024x1024")
    assert "no longer work" in reply_text(answer)
    assert world.rows("SELECT * FROM jobs") == []


Change = dict[str, Any]


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("quota block", {"reason": "spam"}, "spam"),
        ("settings channels allow", {}, "not allowed in this channel"),
        ("settings models allow", {"model": "gpt-image-2"}, "does not allow dall-e-3"),
    ],
)
async def test_a_press_is_checked_as_the_command_is(
    world: DiscordWorld, command: str, options: Change, sentence: str
) -> None:
    """Blocks, channels and models that a moderator changed meanwhile apply."""
    refused = await world.imagine(world.ada, size="5x5", model="dall-e-3")
    if command == "quota block":
        options = {**options, "user": world.ada}
    if "channels" in command:
        options = {"channel": world.guild.create_text_channel("studio")}
    await world.mia.slash(world.channel, command, **options)
    answer = await choose(world, world.ada, refused, "1024x1024")
    assert sentence in reply_text(answer)
    assert world.rows("SELECT * FROM jobs") == []


async def test_who_may_not_use_the_command_any_more_cannot_press(world: DiscordWorld) -> None:
    """The permissions of /imagine hold for what comes from it."""
    refused = await world.imagine(world.ada, size="5x5")
    world.guild.set_command_permissions(await imagine_command(world), {world.ada: False})
    answer = await choose(world, world.ada, refused, "1024x1024")
    assert "You may not use `/imagine` here" in reply_text(answer)
    assert world.rows("SELECT * FROM jobs") == []


async def test_in_direct_messages_the_buttons_work_as_well(build: WorldBuilder) -> None:
    """The person's own account pays there."""
    async with build.world(
        allow_direct_messages=True, default_quota=parse_limits("2/day")
    ) as world:
        refused = await world.ada.user.slash("imagine", prompt="a fox", n=3)
        assert labels(refused) == ["Paint 2"]
        assert refused.response is not None
        await world.ada.user.click(
            refused.response.message, custom_id=str(buttons(refused)[0].custom_id)
        )
        await world.wait_for_jobs()
        assert world.rows("SELECT server_id, credits FROM charges") == [(0, 2)]


# --- what is remembered -----------------------------------------------------------------------


def remedies() -> list[Remedy]:
    """Return one remedy."""
    return [Remedy("count", "1", TypedRequest(options=ImageOptions(prompt="a fox", n=1)))]


def test_only_who_was_refused_finds_the_request_again() -> None:
    """The refusal is ephemeral, but a custom id can be sent by anybody."""
    remembered = RememberedRemedies(lambda: 0)
    key = remembered.remember(1, remedies())
    assert remembered.find(key, 0, user_id=1).value == "1"
    for number, user_id in ((0, 2), (1, 1), (9, 1)):
        with pytest.raises(RefusedForgotten):
            remembered.find(key, number, user_id=user_id)


def test_prompts_do_not_outlive_their_refusals() -> None:
    """Nobody asked the bot to keep what it refused: the next refusal of anybody forgets them."""
    now = [0]
    remembered = RememberedRemedies(lambda: now[0])
    for user_id in range(9):
        remembered.remember(user_id, remedies())
    now[0] = LIFETIME_MS
    remembered.remember(9, remedies())
    assert len(remembered._remembered) == 1


def test_few_are_remembered_of_one_person_and_not_too_many_of_all() -> None:
    """Somebody who is refused all day does not fill the memory, nor push others out."""
    remembered = RememberedRemedies(lambda: 0)
    theirs = [remembered.remember(1, remedies()) for _ in range(MAX_OF_ONE_PERSON + 1)]
    with pytest.raises(RefusedForgotten):
        remembered.find(theirs[0], 0, user_id=1)
    assert remembered.find(theirs[1], 0, user_id=1).kind == "count"
    for user_id in range(2, MAX_REMEMBERED + 1):
        remembered.remember(user_id, remedies())
    with pytest.raises(RefusedForgotten):
        remembered.find(theirs[1], 0, user_id=1)
    assert len(remembered._remembered) == MAX_REMEMBERED
