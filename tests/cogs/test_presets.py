"""/preset: options saved under a name and used again."""

import pytest
import simcord

from bot.core.models import ImageOptions
from bot.discord_ui.command_permissions import OVERRIDES_STAY_MS
from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.test_reroll_reaction import imagine_command
from tests.cogs.test_settings import HOSTILE

NAME = "**Ink** <@&1> [a](https://evil.example) 狐"


async def save(world: DiscordWorld, name: str, **options: object) -> str:
    """Let Ada save a preset; return the answer."""
    return reply_text(await world.ada.slash(world.channel, "preset save", name=name, **options))


async def use(world: DiscordWorld, name: str, **options: object) -> simcord.InteractionResult:
    """Let Ada use a preset, and wait for the picture."""
    answer = await world.ada.slash(world.channel, "preset use", name=name, **options)
    await world.wait_for_jobs()
    return answer


def presets(world: DiscordWorld) -> dict[str, ImageOptions]:
    """Return Ada's presets by the names that she reads."""
    mine = world.bot.preference_store.presets(world.ada.id).values()
    return {preset.name: preset.options for preset in mine}


async def test_who_may_not_use_imagine_paints_with_no_preset(world: DiscordWorld) -> None:
    """Admins closed it in Integrations: a preset is no way around that."""
    await save(world, "Ink", prompt="a fox in ink")
    world.guild.set_command_permissions(await imagine_command(world), {world.channel: False})
    world.skipped_ms += OVERRIDES_STAY_MS
    assert "may not use `/imagine` here" in reply_text(await use(world, "Ink"))
    assert (world.gateway.bodies, world.credits()) == ([], 0)


async def test_a_preset_is_used_under_any_case_of_its_name(world: DiscordWorld) -> None:
    """Everything that it says is painted, and the person who uses it pays."""
    assert "Saved as **Ink**" in await save(
        world, "Ink", prompt="a fox in ink", model="gpt-image-2", size="1536x1024", n=2
    )
    await world.restart()
    answer = await use(world, "iNK")
    assert not answer.ephemeral
    body = world.gateway.bodies[0]
    assert (body["prompt"], body["model"], body["size"]) == (
        "a fox in ink",
        "gpt-image-2",
        "1536x1024",
    )
    assert world.credits() == 2


async def test_typed_before_preset_before_person(world: DiscordWorld) -> None:
    """The precedence, with both commands."""
    await world.ada.slash(world.channel, "preferences defaults", model="easel-painter", n=3)
    await save(world, "ink", prompt="{prompt}, in ink", model="gpt-image-2", quality="high")
    await use(world, "ink", prompt="a fox")
    await world.imagine(world.ada, "an owl", preset="INK", quality="low", n=1)
    await world.imagine(world.ada, "a cat", preset="ink", model="dall-e-3", n=1)
    await world.wait_for_jobs()
    first, second, third = world.gateway.bodies
    assert (first["prompt"], first["n"], first["quality"]) == ("a fox, in ink", 3, "high")
    assert (second["prompt"], second["model"]) == ("an owl, in ink", "gpt-image-2")
    assert second["quality"] == "low"
    assert (third["prompt"], third["model"]) == ("a cat, in ink", "dall-e-3")
    assert "quality" not in third


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "No option was filled in"),
        ({"model": "dall-e-9"}, "choose one of these: dall-e-3, gpt-image-2"),
        ({"size": "7x7"}, "dall-e-3 does not support the size 7x7"),
        ({"model": "gpt-image-2", "style": "vivid"}, "2 does not support the option style"),
        ({"prompt": "\u200b\u2800"}, "The prompt is empty"),
        ({"model": HOSTILE}, "There is no model called"),
        ({"style": HOSTILE}, "style"),
    ],
)
async def test_what_no_model_can_paint_is_not_saved(
    world: DiscordWorld, options: dict[str, object], sentence: str
) -> None:
    """The person learns it now, and not next week."""
    answer = await save(world, "ink", **options)
    assert sentence in answer
    assert "https://" not in answer
    assert presets(world) == {}


async def test_a_preset_may_suit_any_model(world: DiscordWorld) -> None:
    """A size that the default model does not know is kept for those that do."""
    assert "Saved" in await save(world, "wide", size="1536x1024")
    await world.imagine(world.ada, preset="wide")
    await world.imagine(world.ada, preset="wide", model="gpt-image-2")
    await world.wait_for_jobs()
    assert [body["size"] for body in world.gateway.bodies] == ["1024x1024", "1536x1024"]


@pytest.mark.parametrize("name", ["\u200b", "\u2066\u2069", "   "])
async def test_a_name_that_shows_nothing_is_refused(world: DiscordWorld, name: str) -> None:
    """Nobody could choose it again."""
    assert "has no visible characters" in await save(world, name, prompt="p")
    assert presets(world) == {}


async def test_a_long_name_cannot_be_typed(world: DiscordWorld) -> None:
    """Discord refuses it in the form itself, and two-unit characters are refused here."""
    with pytest.raises(simcord.OptionError):
        await save(world, "x" * 51, prompt="p")
    assert "may have at most 50 characters" in await save(world, "🦊" * 26, prompt="p")


async def test_a_strangers_name_acts_on_nobody(world: DiscordWorld) -> None:
    """Markdown, mentions and links are shown as they were typed."""
    answer = await save(world, NAME, prompt=HOSTILE)
    assert answer.startswith(
        "Saved as **\\*\\*Ink\\*\\* \\<\\@&1\\> \\[a\\](https\\://evil.example) 狐**."
    )
    listed = str(reply_embed(await world.ada.slash(world.channel, "preset list")).description)
    assert "https://" not in listed
    assert "\u202e" not in listed
    assert "\u200b" not in listed
    assert len(listed) < 500
    assert "\n-# \\*\\*x\\*\\*" in listed
    offered = await world.ada.autocomplete(world.channel, "imagine", "preset", "狐", prompt="p")
    assert [choice["value"] for choice in offered] == [NAME]


async def test_a_preset_is_replaced_and_deleted(world: DiscordWorld) -> None:
    """Each answer says what became of it."""
    await save(world, "ink", prompt="p")
    assert "The earlier preset with this name was replaced" in await save(world, "INK", n=2)
    assert presets(world) == {"INK": ImageOptions(n=2)}
    gone = reply_text(await world.ada.slash(world.channel, "preset delete", name="ink"))
    assert gone == "**INK** was deleted."
    assert presets(world) == {}
    for answer in (
        world.ada.slash(world.channel, "preset delete", name="ink"),
        world.ada.slash(world.channel, "preset use", name="ink"),
        world.imagine(world.ada, preset="ink"),
        world.ada.slash(world.channel, "preset use", name=HOSTILE),
    ):
        refusal = reply_text(await answer)
        assert "You have no preset called" in refusal
        assert "https://" not in refusal
    assert world.gateway.bodies == []


async def test_a_template_wants_words(world: DiscordWorld) -> None:
    """A picture of nothing, in ink, costs a credit like any other."""
    await save(world, "ink", prompt="{prompt}, in ink")
    assert "The prompt is empty" in reply_text(await use(world, "ink"))
    await save(world, "large", size="1024x1024")
    assert "The prompt is empty" in reply_text(await use(world, "large"))
    assert world.credits() == 0


async def test_a_model_that_is_gone_is_told_and_not_replaced(world: DiscordWorld) -> None:
    """Another model would cost another price and paint another picture."""
    await save(world, "ink", prompt="p", model="gpt-image-2")
    await world.mia.slash(world.channel, "settings models allow", model="dall-e-3")
    assert "does not allow gpt-image-2" in reply_text(await use(world, "ink"))
    await world.mia.slash(world.channel, "settings models all")
    await world.restart(image_models=("dall-e-3",))
    assert "There is no model called gpt-image-2" in reply_text(await use(world, "ink"))
    assert world.gateway.bodies == []


async def test_presets_keep_to_rules_and_quotas(build: WorldBuilder) -> None:
    """The access rules apply to presets as well."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        await save(world, "ink", prompt="p")
        await use(world, "ink")
        assert "used up" in reply_text(await use(world, "ink"))
        art = world.guild.create_text_channel("art")
        await world.mia.slash(world.channel, "settings channels allow", channel=art)
        assert "not allowed in this channel" in reply_text(await use(world, "ink"))


async def test_somebody_elses_presets_are_theirs(world: DiscordWorld) -> None:
    """Ben neither sees nor uses what Ada saved."""
    await save(world, "ink", prompt="p")
    assert "no preset" in reply_text(await world.ben.slash(world.channel, "preset use", name="ink"))
    assert await world.ben.autocomplete(world.channel, "preset use", "name", "") == []
    listed = reply_embed(await world.ben.slash(world.channel, "preset list"))
    assert "You have no presets yet" in str(listed.description)


async def test_a_thousand_presets_are_paged_and_found(world: DiscordWorld) -> None:
    """Also after a restart, also when the page that a button leads to is gone."""
    for number in range(999):
        await world.bot.preference_store.save_preset(
            world.ada.id, f"p {number:03}", ImageOptions(n=1)
        )
    assert "Saved" in await save(world, "last", n=2)
    assert "which is the maximum" in await save(world, "more", n=2)
    answer = await world.ada.slash(world.channel, "preset list")
    assert answer.response is not None
    page = reply_embed(answer)
    assert page.title == "🔖 Your 1,000 presets"
    assert page.footer.text == "Page 1 of 100"
    assert str(page.description).startswith("**last**")
    await world.restart()
    turned = await world.ada.click(answer.response, custom_id="easel:presets:2")
    assert turned.response is not None
    assert turned.response.embeds[0].footer.text == "Page 2 of 100"
    found = await world.ada.autocomplete(world.channel, "preset use", "name", "P 99")
    assert [choice["value"] for choice in found] == [f"p {n}" for n in range(990, 999)]
    await world.bot.preference_store.delete_person(world.ada.id)
    turned = await world.ada.click(turned.response, custom_id="easel:presets:3")
    assert turned.response is not None
    assert "You have no presets yet" in str(turned.response.embeds[0].description)
