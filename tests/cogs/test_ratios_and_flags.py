"""Aspect ratios and flags of a prompt, at every door: what is painted, paid and told."""

import pytest
import simcord
from discord import Locale

from bot.core.models import JobState
from tests.cogs.actions import ephemeral_text, finished_card, form_values, press, submit_form
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_languages import clients_speak
from tests.cogs.test_presets import save, use
from tests.cogs.test_references import PNG
from tests.cogs.test_reroll_reaction import react
from tests.cogs.test_settings import facts

TOLD = "-# `--chaos 20` has no meaning for this model and was left out."


def words(world: DiscordWorld) -> str:
    """Return what the newest card says below its first line."""
    return str(world.card.embeds[0].description)


def newest(world: DiscordWorld, *fields: str) -> tuple[object, ...]:
    """Return fields of the newest request that the gateway got."""
    return tuple(world.gateway.bodies[-1].get(field) for field in fields)


@pytest.mark.parametrize(
    ("model", "size", "sent"),
    [
        ("gpt-image-2", "16:9", "1280x720"),
        ("gpt-image-2", "landscape", "1536x1024"),
        ("dall-e-3", "竖", "1024x1792"),
        ("dall-e-3", "１６：９", "1792x1024"),
        ("easel-painter", "square", "1024x1024"),
    ],
)
async def test_a_ratio_is_painted_in_the_models_own_size(
    world: DiscordWorld, model: str, size: str, sent: str
) -> None:
    """Nobody has to know pixels; the card shows the real size."""
    await finished_card(world, model=model, size=size)
    assert newest(world, "size") == (sent,)
    assert sent.replace("x", "×") in str(world.card.embeds[0].footer.text)
    assert "nearest" not in words(world)


async def test_another_ratio_than_asked_is_told_in_small_print(world: DiscordWorld) -> None:
    """Who asked for 3:2 and got 7:4 sees it on the card, also after a restart."""
    card = await finished_card(world, size="3:2")
    told = "-# You asked for 3:2: 1792×1024 is the nearest size of this model."
    assert told in words(world)
    await world.restart()
    shown = reply_embed(await press(world, world.ben, card, "details"))
    assert "size:1792x1024" in str(shown.fields[-1].value)


async def test_the_small_print_is_in_the_language_of_the_server(world: DiscordWorld) -> None:
    """Everybody there reads the card."""
    await world.mia.slash(world.channel, "settings language", language="zh-CN")
    await finished_card(world, "一只狐狸--chaos 20", size="3:2")
    assert "-# 你要的是 3:2，这个模型最接近的尺寸是 1792×1024。" in words(world)
    assert "-# `--chaos 20` 对这个模型没有意义，已略去。" in words(world)
    assert newest(world, "prompt") == ("一只狐狸",)


@pytest.mark.parametrize("size", ["4:3", "0:0", "1:99", "9" * 40, "a:b"])
async def test_a_ratio_far_from_every_size_is_refused(world: DiscordWorld, size: str) -> None:
    """With the sizes that there are; nothing is sent or paid."""
    answer = await world.imagine(world.ada, size=size)
    assert answer.ephemeral
    assert "1024x1024, 1792x1024, 1024x1792" in reply_text(answer)
    assert world.gateway.bodies == []
    assert world.credits() == 0


async def test_a_ratio_may_be_a_default_and_fits_every_model(world: DiscordWorld) -> None:
    """It is kept as a ratio: each model has its own size for it; the settings show it."""
    await world.ada.slash(world.channel, "preferences defaults", size="wide")
    await world.mia.slash(world.channel, "settings defaults", size="９:16")
    for model, mine, others in (
        ("dall-e-3", "1792x1024", "1024x1792"),
        ("gpt-image-2", "1280x720", "720x1280"),
    ):
        await finished_card(world, model=model)
        assert newest(world, "size") == (mine,)
        await world.imagine(world.ben, "a fox", model=model)
        await world.wait_for_jobs()
        assert newest(world, "size") == (others,)
    offered = await world.ben.autocomplete(world.channel, "imagine", "size", "", prompt="p")
    assert {"name": "9:16 · 1024x1792 · default", "value": "9:16"} in offered
    shown = await world.ada.slash(world.channel, "preferences show")
    assert facts(shown)["Defaults"] == "dall-e-3 · wide · 1 picture"


async def test_a_preset_keeps_a_ratio_and_flags(world: DiscordWorld) -> None:
    """The flags of its prompt are read when it is used, with the model of then."""
    assert "Saved" in await save(world, "film", prompt="{prompt} --ar 16:9 --chaos 20")
    await use(world, "film", prompt="a fox")
    assert newest(world, "prompt", "size") == ("a fox", "1792x1024")
    assert TOLD in words(world)
    assert "Saved" in await save(world, "tall", size="portrait")
    await use(world, "tall", prompt="a fox --ar 16:9")
    assert newest(world, "size") == ("1792x1024",)  # typed now
    assert "is no aspect ratio" in await save(world, "wrong", prompt="x --ar 0:0")
    close = {"prompt": "{prompt}, close --iw 1.5", "model": "easel-painter"}
    assert "Saved" in await save(world, "close", **close)
    await use(world, "close", prompt="a fox")  # nothing to depart from
    assert newest(world, "prompt", "strength") == ("a fox, close", None)
    await world.imagine(world.ada, "a fox", preset="close", reference1=("a.png", PNG))
    await world.wait_for_jobs()
    assert newest(world, "strength") == (0.5,)


# --- flags ----------------------------------------------------------------------------------------


async def test_flags_are_read_and_never_paid_as_words(world: DiscordWorld) -> None:
    """As Midjourney's people type them, on a phone as well."""
    await finished_card(world, "a fox —ar 16:9 --chaos 20 --no cars", model="easel-painter")
    assert newest(world, "prompt", "size", "negative_prompt") == ("a fox", "1360x765", "cars")
    assert words(world).splitlines() == ["> a fox", TOLD]
    assert "without cars" in str(world.card.embeds[0].footer.text)
    stored = world.rows("SELECT request FROM jobs")
    assert "--ar" not in str(stored)


async def test_what_was_left_out_is_told_in_one_line_for_all(world: DiscordWorld) -> None:
    """A prompt full of habits needs no card full of lines."""
    await finished_card(world, "a fox --chaos 20 --stylize 750 --tile")
    told = (
        "-# `--chaos 20`, `--stylize 750`, `--tile`"
        " have no meaning for this model and were left out."
    )
    assert words(world).splitlines() == ["> a fox", told]


async def test_what_was_left_out_is_told_after_a_restart(build: WorldBuilder) -> None:
    """The job keeps it: the process that posts the result never saw the prompt as typed."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada, "an owl")
        await world.imagine(world.ben, "a fox --chaos 20")
        assert TOLD in words(world)
        await world.restart()
        assert "Painting for Ben" in world.title
        assert TOLD in words(world)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert len(world.card.attachments) == 1
        assert TOLD in words(world)


async def test_left_out_text_shows_no_markdown_and_mentions_nobody(world: DiscordWorld) -> None:
    """It is what somebody typed: code, which it cannot leave."""
    await finished_card(world, "a fox --sref 1`**a**` --p <@&1>1")
    assert words(world).splitlines()[-1].startswith("-# `--sref 1'**a**'`, `--p <@&1>1` have no")


async def test_a_typed_option_counts_more_than_a_flag(world: DiscordWorld) -> None:
    """And a flag more than a default."""
    await world.ada.slash(world.channel, "preferences defaults", size="1024x1024", n=2)
    await finished_card(world, "a fox --ar 9:16 --n 1", size="16:9")
    assert newest(world, "size") == ("1792x1024",)
    await finished_card(world, "a fox --ar 9:16 --n 1")
    assert newest(world, "size", "n") == ("1024x1792", 1)
    assert len(world.gateway.bodies) == 2


@pytest.mark.parametrize(
    ("prompt", "right"),
    [
        ("a fox --ar 0:0", "--ar 16:9"),
        ("a fox --seed abc", "--seed 5"),
        ("a fox --seed 18446744073709551616", "from 0 to 4294967295"),
        ("a fox --n 50", "1 to 10"),
        ("a fox --no", "--no people"),
        ("a fox --iw 1", "attach one"),
        ("--ar 16:9", "say what to paint"),
    ],
)
async def test_a_wrong_flag_is_refused_with_a_right_one(
    world: DiscordWorld, prompt: str, right: str
) -> None:
    """Nothing is sent or paid; only the person reads it."""
    answer = await world.imagine(world.ada, prompt, model="easel-painter")
    assert answer.ephemeral
    assert right in reply_text(answer)
    assert world.gateway.bodies == []
    assert world.credits() == 0


async def test_a_refusal_is_in_the_persons_language(world: DiscordWorld) -> None:
    """A Chinese person reads what to write instead."""
    clients_speak(world, Locale.chinese)
    answer = await world.imagine(world.ada, "一只狐狸 --ar 0:0")
    assert reply_text(answer).endswith("--ar 0:0 不是宽高比，请写成 --ar 16:9 这样。")


async def test_the_form_reads_flags_and_words_for_sizes(world: DiscordWorld) -> None:
    """A stranger edits the words: a flag changes the kept size, a changed size counts more."""
    card = await finished_card(world, size="1024x1024")
    shown = await press(world, world.ben, card, "edit")
    assert form_values(shown)["size"] == "1024x1024"
    await submit_form(world, world.ben, shown, prompt="an owl --ar 16:9 --chaos 20")
    assert newest(world, "prompt", "size") == ("an owl", "1792x1024")
    assert TOLD in words(world)
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown, prompt="an owl --ar 16:9", size="竖")
    assert newest(world, "prompt", "size") == ("an owl", "1024x1792")
    shown = await press(world, world.ben, card, "edit")
    answer = await submit_form(world, world.ben, shown, prompt="an owl --ar 0:0")
    assert "--ar 16:9" in ephemeral_text(answer)
    assert len(world.gateway.bodies) == 3


async def test_a_reroll_does_not_read_its_prompt_again(world: DiscordWorld) -> None:
    """What was told once is not told again, and the request is the same."""
    card = await finished_card(world, "a fox --ar 3:2 --chaos 20")
    first = world.gateway.bodies[-1]
    await react(world, world.ben, card)
    again = world.gateway.bodies[-1]
    assert len(world.gateway.bodies) == 2
    assert (first["prompt"], first["size"]) == (again["prompt"], again["size"])
    assert words(world) == "> a fox"


async def test_a_declined_prompt_takes_its_flags_along(world: DiscordWorld) -> None:
    """What is not shown of a prompt is not shown of its flags and its negative prompt either."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await world.imagine(
        world.ada, "terrible --sref secret1", model="easel-painter", negative="secret2"
    )
    await world.wait_for_jobs()
    assert world.rows("SELECT state FROM jobs") == [(JobState.FAILED,)]
    assert "secret" not in str(world.card.embeds[0].to_dict())


async def test_a_declined_negative_prompt_does_not_go_on_in_the_forms_of_others(
    world: DiscordWorld,
) -> None:
    """Ben, who never saw it, would have shown it to everybody under his own words."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    card = await finished_card(world, "terrible", model="easel-painter", negative="secret")
    shown = await press(world, world.ben, card, "edit")
    await submit_form(world, world.ben, shown, prompt="an owl")
    assert newest(world, "prompt", "negative_prompt") == ("an owl", None)
    assert "secret" not in str(world.card.embeds[0].to_dict())
    shown = await press(world, world.ada, card, "edit")
    await submit_form(world, world.ada, shown, prompt="an owl")
    assert newest(world, "negative_prompt") == ("secret",)  # it is hers


async def test_flags_at_both_ends_of_what_discord_takes(world: DiscordWorld) -> None:
    """Four thousand characters of flags are a refusal, not a wait."""
    answer = await world.imagine(world.ada, ("--chaos 20 " * 400)[:4000])
    assert "say what to paint" in reply_text(answer)
    with pytest.raises(simcord.OptionError):
        await world.imagine(world.ada, "x" * 4001)
