"""/preferences: what a person sets for themselves, everywhere."""

import asyncio
import threading

import pytest

from bot.preferences.stored_preferences import PersonalPreferences
from tests.cogs.discord_world import DiscordWorld, reply_embed, reply_text
from tests.cogs.test_settings import HOSTILE, facts


async def change(world: DiscordWorld, command: str, **options: object) -> dict[str, str]:
    """Let Ada change something; return what the answer says holds now."""
    answer = await world.ada.slash(world.channel, f"preferences {command}", **options)
    assert "Saved" in str(reply_embed(answer).title), reply_text(answer)
    return facts(answer)


def written(world: DiscordWorld) -> PersonalPreferences:
    """Return what the bot knows of Ada."""
    return world.bot.preference_store.person(world.ada.id)


async def test_a_person_who_set_nothing_sees_what_holds(world: DiscordWorld) -> None:
    """Without an admin's help."""
    answer = await world.ada.slash(world.channel, "preferences show")
    assert reply_embed(answer).title == "⚙️ Your preferences"
    assert facts(answer) == {
        "Defaults": "dall-e-3 · 1024x1024 · 1 picture",
        "Results": "Everyone in the channel sees them",
        "Spoilers": "Pictures are shown",
        "Mentions": "You are mentioned when a picture took a long time",
        "Language": "Same as in Discord",
    }


async def test_a_persons_defaults_go_before_the_servers(world: DiscordWorld) -> None:
    """Also after a restart, in every server, and for nobody else."""
    await world.mia.slash(world.channel, "settings defaults", model="easel-painter", n=2)
    held = await change(world, "defaults", model="gpt-image-2", quality="HIGH")
    assert held["Defaults"] == "gpt-image-2 · auto · 2 pictures · high"
    await world.restart()
    other = world.env.create_guild("Others")
    hall = other.create_text_channel("hall")
    await world.imagine(world.ada)
    await world.imagine(world.ben)
    await other.add_member(world.ada.user).slash(hall, "imagine", prompt="a fox")
    await world.wait_for_jobs()
    sent = [(body["model"], body.get("n", 1)) for body in world.gateway.bodies]
    assert sent[0] == ("gpt-image-2", 2)
    assert {model for model, _ in sent[1:-1]} == {"easel-painter"}
    assert sent[-1] == ("gpt-image-2", 1)
    assert world.gateway.bodies[0]["quality"] == "high"


async def test_a_default_that_the_typed_model_cannot_do_is_passed_over(world: DiscordWorld) -> None:
    """Only what somebody typed may be refused."""
    await change(world, "defaults", model="gpt-image-2", size="1536x1024", quality="high")
    await world.imagine(world.ada, model="dall-e-3")
    await world.wait_for_jobs()
    assert world.gateway.bodies[0]["size"] == "1024x1024"
    assert "quality" not in world.gateway.bodies[0]
    refusal = await world.imagine(world.ada, model="dall-e-3", size="1536x1024")
    assert "dall-e-3 does not support the size 1536x1024" in reply_text(refusal)


async def test_a_favourite_model_that_a_server_forbids_is_passed_over(world: DiscordWorld) -> None:
    """A person's preferences must not close a server to them."""
    await change(world, "defaults", model="gpt-image-2")
    await world.mia.slash(world.channel, "settings models allow", model="easel-painter")
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert world.gateway.bodies[0]["model"] == "easel-painter"


@pytest.mark.parametrize(
    ("command", "options", "sentence"),
    [
        ("defaults", {}, "No option was filled in"),
        ("defaults", {"model": "dall-e-9"}, "choose one of these: dall-e-3, gpt-image-2"),
        ("defaults", {"size": "7x7"}, "dall-e-3 does not support the size 7x7"),
        ("defaults", {"quality": "best"}, "does not support the quality best"),
        ("defaults", {"model": HOSTILE}, "There is no model called"),
        ("defaults", {"quality": HOSTILE}, "does not support the quality"),
        ("language", {"language": HOSTILE}, "please choose one of these: English"),
    ],
)
async def test_a_wrong_value_is_refused_and_changes_nothing(
    world: DiscordWorld, command: str, options: dict[str, object], sentence: str
) -> None:
    """The person reads what is right."""
    answer = await world.ada.slash(world.channel, f"preferences {command}", **options)
    assert sentence in reply_text(answer)
    assert "https://" not in reply_text(answer)
    assert written(world) == PersonalPreferences()


async def test_everything_else_is_set_and_forgotten_again(world: DiscordWorld) -> None:
    """Each setting says at once what holds."""
    assert (await change(world, "private", private=True))["Results"] == "Only you see them"
    assert (await change(world, "ping", ping=False))["Mentions"] == "You are never mentioned"
    assert (await change(world, "language", language="english"))["Language"] == "English"
    await change(world, "defaults", n=4)
    await world.restart()
    assert written(world) == PersonalPreferences(n=4, language="en", private=True, ping=False)
    await change(world, "reset", what="defaults")
    assert written(world) == PersonalPreferences(language="en", private=True, ping=False)
    await change(world, "reset", what="language")
    assert written(world) == PersonalPreferences(private=True, ping=False)
    await change(world, "reset", what="everything")
    assert written(world) == PersonalPreferences()


async def test_a_persons_default_is_marked_where_they_type(world: DiscordWorld) -> None:
    """And only theirs."""
    await change(world, "defaults", model="gpt-image-2", quality="high")
    mine = await world.ada.autocomplete(world.channel, "imagine", "model", "", prompt="p")
    others = await world.ben.autocomplete(world.channel, "imagine", "model", "", prompt="p")
    assert mine[0]["name"] == "GPT Image 2 · 1 credit · default"
    assert others[0]["name"] == "DALL·E 3 · 1 credit · default"
    qualities = await world.ada.autocomplete(world.channel, "imagine", "quality", "", prompt="p")
    assert {"name": "high · 1 credit · default", "value": "high"} in qualities
    offered = await world.ada.autocomplete(
        world.channel, "preferences defaults", "size", "", model="dall-e-3"
    )
    assert [choice["value"] for choice in offered] == [
        *("1:1", "3:2", "2:3", "16:9", "9:16"),
        *("1024x1024", "1792x1024", "1024x1792"),
    ]


async def test_typing_asks_no_database(world: DiscordWorld) -> None:
    """A suggestion comes from memory, however busy the disk is."""
    await change(world, "defaults", model="gpt-image-2")
    await world.ada.slash(world.channel, "preset save", name="ink", prompt="{prompt}, in ink")
    typed = threading.Event()
    database = world.bot.services.database
    busy = [
        asyncio.ensure_future(run(lambda _: typed.wait(60)))
        for run in (database.write, database.read)
    ]
    for option in ("model", "size", "quality", "preset"):
        assert await world.ada.autocomplete(world.channel, "imagine", option, "", prompt="p")
    typed.set()
    assert await asyncio.gather(*busy) == [True, True]
