"""Seed, negative prompt and strength: to the gateway, on every card, and used again."""

import json
from zipfile import ZipFile

import pytest
import simcord

from bot.discord_ui.modals import FormOutdated, read_submitted_form
from tests.cogs.actions import (
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    form_values,
    press,
    select_labels,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, reply_embed, reply_text
from tests.cogs.test_details import facts
from tests.cogs.test_languages import prefers
from tests.cogs.test_presets import save, use
from tests.cogs.test_references import PNG
from tests.cogs.test_reroll_reaction import react

PAINTER = "easel-painter"
FIELDS = ("seed", "negative_prompt", "strength")


def sent(world: DiscordWorld, *fields: str) -> tuple[object, ...]:
    """Return fields of the newest request that the gateway got."""
    return tuple(world.gateway.bodies[-1].get(field) for field in fields or FIELDS)


async def test_they_reach_the_gateway_and_every_card(world: DiscordWorld) -> None:
    """The footer, the details with a command to paste, and the export name them."""
    card = await finished_card(
        world,
        model=PAINTER,
        seed=0,
        negative="people, *cars*",
        strength=35,
        reference1=("x.png", PNG),
    )
    assert sent(world) == (0, "people, *cars*", 0.35)
    footer = str(card.embeds[0].footer.text)
    assert "seed 0 · without people, *cars* · strength 35%" in footer
    told = facts(reply_embed(await press(world, world.ben, card, "details")))
    assert "seed 0\nwithout people, \\*cars\\*\nstrength 35%" in told["Request"]
    assert "seed:0 negative:people, *cars* strength:35" in told["Command to paste"]


async def test_the_export_of_personal_data_has_them(world: DiscordWorld) -> None:
    """They are part of what a person asked for."""
    world.gateway.seed = 77
    await finished_card(world, "a fox --sref secret1", model=PAINTER, seed=5, negative="cars")
    (message,) = ephemeral_messages(await world.ada.slash(world.channel, "mydata export"))
    path = world.folder / "export.zip"
    path.write_bytes(await message.attachments[0].read())
    with ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("jobs.json"))
        (job,) = json.loads(archive.read(name))
    assert (job["seed"], job["negative"], job["strength"]) == (5, "cars", None)
    assert job["left_out"] == ["--sref secret1"]
    assert job["pictures"][0]["seed"] == 77


@pytest.mark.parametrize("option", [{"seed": 5}, {"negative": "cars"}, {"strength": 50}])
async def test_a_model_without_them_names_those_with_them(
    world: DiscordWorld, option: dict[str, object]
) -> None:
    """Nothing is sent or paid."""
    answer = await world.imagine(world.ada, "a fox", model="dall-e-3", **option)
    (name,) = option
    assert f"dall-e-3 does not support the option {name}" in reply_text(answer)
    assert "choose one of these: easel-painter" in reply_text(answer)
    assert world.gateway.bodies == []
    assert world.credits() == 0


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"seed": 2**32}, "from 0 to 4294967295"),
        ({"seed": 2**53 - 1}, "from 0 to 4294967295"),
        ({"negative": "字" * 2000}, "takes at most 1,000"),
        ({"strength": 50}, "attach one or leave the strength out"),
    ],
)
async def test_a_wrong_value_is_refused(
    world: DiscordWorld, option: dict[str, object], sentence: str
) -> None:
    """One sentence that says what is right."""
    answer = await world.imagine(world.ada, "a fox", model=PAINTER, **option)
    assert answer.ephemeral
    assert sentence in reply_text(answer)
    assert world.gateway.bodies == []


@pytest.mark.parametrize(
    "option",
    [
        *({"seed": value} for value in (-1, 2**64, "abc", "", "五")),
        *({"strength": value} for value in (0, 101, -1, 2**64, "x", "")),
        *({"negative": value} for value in ("", "x" * 5000)),
    ],
)
async def test_discord_itself_takes_no_such_value(
    world: DiscordWorld, option: dict[str, object]
) -> None:
    """Its form says so before anything is sent."""
    with pytest.raises(simcord.OptionError):
        await world.imagine(world.ada, "a fox", model=PAINTER, **option)


@pytest.mark.parametrize("negative", [" ", "\u200b\n", "\u2800"])
async def test_a_negative_prompt_that_shows_nothing_is_none(
    world: DiscordWorld, negative: str
) -> None:
    """Also for a model that takes none."""
    await finished_card(world, negative=negative)
    assert sent(world) == (None, None, None)
    assert "without" not in str(world.card.embeds[0].footer.text)


async def test_other_scripts_and_line_breaks_arrive_as_they_are(world: DiscordWorld) -> None:
    """The card shows them in one line, without markdown or mentions."""
    negative = "汽车\n@everyone <@1> 🚗 سيارة"
    await finished_card(world, model=PAINTER, negative=negative)
    assert sent(world, "negative_prompt") == (negative,)
    footer = str(world.card.embeds[0].footer.text)
    assert "\n" not in footer
    assert "汽车" in footer


async def test_several_requests_of_one_job_have_several_seeds(world: DiscordWorld) -> None:
    """Ten pictures at four a request are not four pictures two and a half times."""
    await world.imagine(world.ada, model=PAINTER, n=10, seed=2**32 - 2)
    await world.wait_for_jobs()
    assert {body["seed"] for body in world.gateway.bodies} == {2**32 - 2, 2, 6}


async def test_a_reroll_has_a_new_seed(world: DiscordWorld) -> None:
    """The same picture once more would cost a credit for nothing."""
    card = await finished_card(world, model=PAINTER, seed=5, negative="cars")
    await react(world, world.ben, card)
    assert sent(world) == (None, "cars", None)
    assert "seed" not in str(world.card.embeds[0].footer.text)
    await press(world, world.ben, card, "again")
    assert sent(world) == (None, "cars", None)


# --- the seed that was used -----------------------------------------------------------------------


async def test_the_details_show_the_seed_that_the_gateway_tells(world: DiscordWorld) -> None:
    """It chose one itself, or another than was sent; after a restart as well."""
    world.gateway.seed = 77
    card = await finished_card(world, model=PAINTER)
    other = await finished_card(world, model=PAINTER, seed=5)
    await world.restart()
    for message in (card, other):
        told = facts(reply_embed(await press(world, world.ben, message, "details")))
        assert "\nseed 77" in told["Request"]
    await prefers(world, world.mia, "zh-CN")
    shown = reply_embed(await press(world, world.mia, card, "details"))
    assert any("种子 77" in str(field.value) for field in shown.fields)


async def test_the_form_offers_the_same_seed(world: DiscordWorld) -> None:
    """A stranger changes one word and nothing else; the references stay, too."""
    card = await finished_card(world, model=PAINTER, seed=123, reference1=("x.png", PNG))
    await world.restart()
    shown = await press(world, world.ben, card, "edit")
    assert select_labels(shown, "start") == [
        "The prompt alone",
        "The prompt alone, same seed 123",
        "The reference image it was made from",
        "The reference image it was made from, same seed 123",
        "This picture",
    ]
    assert form_values(shown)["start"] == ["references"]
    await submit_form(world, world.ben, shown, start=["references:seed:123"], prompt="an owl")
    assert sent(world, "prompt", "seed") == ("an owl", 123)
    assert "images" in world.gateway.bodies[-1]
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown, start=["nothing:seed:123"])
    assert sent(world, "seed", "images") == (123, None)
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown)
    assert sent(world, "seed") == (None,)


async def test_the_form_offers_the_seed_that_the_gateway_told(world: DiscordWorld) -> None:
    """In the language of who opens it."""
    world.gateway.seed = 2**40
    card = await finished_card(world, model=PAINTER)
    await prefers(world, world.ben, "zh-CN")
    shown = await press(world, world.ben, card, "edit")
    assert select_labels(shown, "start")[1] == f"只用提示词，相同种子 {2**40}"
    answer = await submit_form(world, world.ben, shown, start=[f"nothing:seed:{2**40}"])
    assert "0 到 4294967295" in ephemeral_text(answer)  # this model takes no such seed
    assert len(world.gateway.bodies) == 1


async def test_the_form_offers_no_seed_where_there_is_none(world: DiscordWorld) -> None:
    """It is unknown, or the model takes none."""
    world.gateway.seed = 77
    without = await finished_card(world, model="dall-e-3")
    world.gateway.seed = None
    unknown = await finished_card(world, model=PAINTER)
    for card in (without, unknown):
        labels = select_labels(await press(world, world.ben, card, "edit"), "start")
        assert labels == ["The prompt alone", "This picture"]


async def test_the_same_seed_for_a_model_without_is_refused(world: DiscordWorld) -> None:
    """The words come back, and the sentence names the models that take one."""
    card = await finished_card(world, model=PAINTER, seed=5)
    shown = await press(world, world.ben, card, "edit")
    answer = await submit_form(
        world, world.ben, shown, start=["nothing:seed:5"], model=["dall-e-3"]
    )
    assert "choose one of these: easel-painter" in ephemeral_text(answer)
    assert len(world.gateway.bodies) == 1


@pytest.mark.parametrize("seed", ["", "x", "-1", "1.5", "٣", "9" * 20, "5:seed:6", " 5"])
def test_a_form_with_a_wrong_seed_is_none_of_ours(seed: str) -> None:
    """A select's value comes from the client, which may send anything."""
    values = {"start": [f"nothing:seed:{seed}"], "model": ["m"], "files": []}
    texts = {"prompt": "a fox", "size": ""}
    fields = [
        *({"custom_id": name, "value": value} for name, value in texts.items()),
        *({"custom_id": name, "values": chosen} for name, chosen in values.items()),
    ]
    data: dict[str, object] = {"components": [{"component": field} for field in fields]}
    with pytest.raises(FormOutdated):
        read_submitted_form(data)


async def test_the_form_keeps_negative_prompt_and_strength(world: DiscordWorld) -> None:
    """The strength only where there still is a reference."""
    card = await finished_card(
        world, model=PAINTER, negative="cars", strength=40, reference1=("x.png", PNG)
    )
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown)
    assert sent(world) == (None, "cars", 0.4)
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown, start=["nothing"])
    assert sent(world) == (None, "cars", None)
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown, model=["gpt-image-2"])
    assert sent(world) == (None, None, None)


# --- presets --------------------------------------------------------------------------------------


async def test_a_preset_holds_them(world: DiscordWorld) -> None:
    """They are listed, completed, and left out where they do not fit."""
    saved = await save(world, "clean", model=PAINTER, seed=0, negative="people", strength=20)
    assert "Saved" in saved
    await world.restart()
    listed = reply_embed(await world.ada.slash(world.channel, "preset list"))
    assert "seed 0 · without people · strength 20%" in str(listed.description)
    await use(world, "clean", prompt="a fox")
    assert sent(world) == (0, "people", None)  # there is no reference to depart from
    await finished_card(world, preset="clean", reference1=("x.png", PNG), seed=9)
    assert sent(world) == (9, "people", 0.2)
    await finished_card(world, preset="clean", model="dall-e-3")
    assert sent(world) == (None, None, None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seed": 2**40}, "from 0 to 4294967295"),
        ({"model": "dall-e-3", "negative": "cars"}, "choose one of these: easel-painter"),
        ({"negative": "x" * 1500}, "takes at most 1,000"),
    ],
)
async def test_a_preset_that_no_model_can_paint_is_not_saved(
    world: DiscordWorld, options: dict[str, object], sentence: str
) -> None:
    """The person learns it now."""
    answer = await save(world, "wrong", **{"model": PAINTER, **options})
    assert sentence in answer
