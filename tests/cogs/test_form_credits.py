"""The form says how many pictures it asks for and what they cost, and exactly that is paid."""

from dataclasses import replace

import discord
import pytest
import simcord

from tests.cogs.actions import (
    ephemeral_text,
    finished_card,
    form_fields,
    newest_job_id,
    press,
    rename_form,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.test_edit_form import use
from tests.cogs.test_references import PNG
from tests.cogs.test_refusal_buttons import choose

PAINTER = "easel-painter"


def shown_count(shown: simcord.InteractionResult) -> str:
    """Return what the form says under the label of the model."""
    assert shown.modal is not None
    labels = shown.modal["components"]
    (label,) = (each for each in labels if each["component"]["custom_id"] == "model")
    return str(label["description"])


def shown_costs(shown: simcord.InteractionResult) -> dict[str, str]:
    """Return what the form says under each model."""
    (field,) = (each for each in form_fields(shown) if each["custom_id"] == "model")
    return {option["value"]: option["description"] for option in field["options"]}


async def four_pictures(world: DiscordWorld) -> discord.Message:
    """Return a result of four pictures of a model that accepts references."""
    return await finished_card(world, model=PAINTER, n=4)


async def open_form(
    world: DiscordWorld, who: simcord.MemberActor, card: discord.Message, how: str
) -> simcord.InteractionResult:
    """Open a form by a button or by the context menu."""
    return await (use(world, who, card) if how == "menu" else press(world, who, card, how))


async def test_edit_asks_for_as_many_pictures_and_says_so(world: DiscordWorld) -> None:
    """Whoever changes one word of four pictures sees that it is four times the price."""
    card = await four_pictures(world)
    await world.mia.slash(world.channel, "quota cost", model="gpt-image-2", credits=3)
    shown = await press(world, world.ben, card, "edit")
    assert shown_count(shown) == "For 4 pictures: 4 credits with easel-painter"
    costs = {"dall-e-3": "4 credits", "gpt-image-2": "12 credits", PAINTER: "4 credits"}
    assert shown_costs(shown) == costs
    await submit_form(world, world.ben, shown, model=["gpt-image-2"], size="1024x1024")
    assert world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}") == [(12,)]


@pytest.mark.parametrize("how", ["use", "menu"])
async def test_one_picture_makes_one_picture(world: DiscordWorld, how: str) -> None:
    """It made four, silently, and whoever pressed paid for four."""
    card = await four_pictures(world)
    shown = await open_form(world, world.ben, card, how)
    assert shown_count(shown) == "For one picture: 1 credit with easel-painter"
    assert shown_costs(shown)[PAINTER] == "1 credit"
    await submit_form(world, world.ben, shown, prompt="in snow")
    assert world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}") == [(1,)]
    assert len(world.card.attachments) == 2  # and the reference


@pytest.mark.parametrize("start", ["nothing", "picture:3"])
async def test_another_start_leaves_the_number_as_it_was_shown(
    world: DiscordWorld, start: str
) -> None:
    """A form cannot be redrawn when somebody chooses; so what it said stays true."""
    card = await four_pictures(world)
    for how, credits in (("edit", 4), ("use", 1)):
        shown = await press(world, world.ben, card, how)
        await submit_form(world, world.ben, shown, prompt=how, start=[start])
        rows = world.rows("SELECT credits FROM jobs ORDER BY id DESC LIMIT 1")
        assert rows == [(credits,)]


async def test_a_picture_of_any_message_makes_one_picture(world: DiscordWorld) -> None:
    """Also for who usually asks for more: the form shows one."""
    photo = await world.ben.send(world.channel, "look", attachments=[("a.png", PNG)])
    await world.bot.preference_store.change_person(
        world.ada.id, lambda person: replace(person, n=3)
    )
    shown = await use(world, world.ada, photo)
    assert shown_count(shown) == "For one picture: 1 credit with gpt-image-2"
    assert shown_costs(shown)[PAINTER] == "1 credit"
    await submit_form(world, world.ada, shown, prompt="in snow", model=[PAINTER])
    assert world.credits() == 1


async def test_the_cost_is_that_of_the_quality_which_will_be_sent(world: DiscordWorld) -> None:
    """Where the model accepts it: as before, or as the person prefers."""
    for quality, credits in (("hd", 5), ("standard", 2)):
        await world.mia.slash(
            world.channel, "quota cost", model="dall-e-3", quality=quality, credits=credits
        )
    card = await finished_card(world, model="dall-e-3", quality="hd", n=2)
    shown = await press(world, world.ben, card, "edit")
    assert shown_costs(shown)["dall-e-3"] == "10 credits"
    await submit_form(world, world.ben, shown)
    plain = await finished_card(world, model="dall-e-3")
    await world.ben.slash(world.channel, "preferences defaults", quality="standard")
    shown = await press(world, world.ben, plain, "edit")
    assert shown_costs(shown)["dall-e-3"] == "2 credits"
    await submit_form(world, world.ben, shown)
    paid = world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}")
    assert sorted(paid) == [(2,), (10,)]


async def test_the_form_of_a_refused_request_counts_its_preset(world: DiscordWorld) -> None:
    """It said one credit for what a style made three pictures of the dear quality."""
    await world.mia.slash(world.channel, "quota cost", model="dall-e-3", quality="hd", credits=5)
    await world.mia.slash(
        world.channel, "style save", name="Dear", prompt="{prompt} --quality hd", n=3
    )
    refused = await world.imagine(world.ada, "\u200b\u3000", preset="Dear", model="dall-e-3")
    shown = await choose(world, world.ada, refused, "Change the prompt")
    assert shown_count(shown) == "For 3 pictures: 15 credits with dall-e-3"
    await submit_form(world, world.ada, shown, prompt="a fox")
    assert world.credits() == 15


async def test_the_form_of_a_refused_request_counts_the_flags_of_its_prompt(
    build: WorldBuilder,
) -> None:
    """The words come back with their flags, which are read again when they are sent."""
    async with build.world(image_models=("dall-e-2", PAINTER)) as world:
        refused = await world.imagine(world.ada, "a fox " * 200 + "--n 4")
        shown = await choose(world, world.ada, refused, "Change the prompt")
        assert shown_count(shown) == "For 4 pictures: 4 credits with dall-e-2"
        await submit_form(world, world.ada, shown, prompt="a fox --n 4")
        assert world.credits() == 4


async def test_a_free_picture_is_called_free(world: DiscordWorld) -> None:
    """An admin gave it away."""
    card = await finished_card(world, model=PAINTER)
    await world.mia.slash(world.channel, "quota cost", model=PAINTER, credits=0)
    assert shown_costs(await press(world, world.ben, card, "use"))[PAINTER] == "free"


async def test_the_form_is_chinese_for_who_reads_that(world: DiscordWorld) -> None:
    """The number and the cost, too."""
    card = await four_pictures(world)
    await world.ben.slash(world.channel, "preferences language", language="zh-CN")
    shown = await press(world, world.ben, card, "edit")
    assert shown_count(shown) == "画 4 张图片：用 easel-painter 需 4 点"
    assert shown_costs(shown)[PAINTER] == "4 点"


async def test_forms_that_were_opened_before_the_number_was_shown_ask_for_as_many_as_before(
    world: DiscordWorld,
) -> None:
    """They were open while the bot was updated: their ids end with the opening."""
    card = await finished_card(world, model=PAINTER, n=2)
    shown = await press(world, world.ada, card, "edit")
    rename_form(shown, f"easel:edited:{newest_job_id(world)}:123")
    await submit_form(world, world.ada, shown, prompt="an owl")
    assert world.credits() == 4


@pytest.mark.parametrize("number", ["0", "11", "99"])
async def test_a_number_that_no_form_has_is_refused(world: DiscordWorld, number: str) -> None:
    """Whoever changes an id gets a sentence, and neither no picture nor a hundred."""
    card = await finished_card(world, model=PAINTER)
    shown = await press(world, world.ada, card, "edit")
    rename_form(shown, f"easel:edited:{newest_job_id(world)}:123:{number}")
    refused = await submit_form(world, world.ada, shown, prompt="an owl")
    assert "1 to 10 pictures" in ephemeral_text(refused)
    assert world.credits() == 1
