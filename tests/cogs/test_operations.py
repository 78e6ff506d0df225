"""/blend and /swap: pictures made of pictures, and what a restart leaves."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.app import Bot
from tests.cogs.actions import (
    custom_ids,
    ephemeral_messages,
    ephemeral_text,
    form_values,
    press,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed
from tests.cogs.history_page import HistoryPage
from tests.cogs.test_details import facts
from tests.cogs.test_picture_actions import act
from tests.gateways import fake_midjourney as mj
from tests.images.test_content_store import picture_bytes
from tests.jobs.test_actions import actions, proxy

FOX, OWL, HARE = (picture_bytes("png", size=(40, edge)) for edge in (30, 20, 40))
SWAP_TABLE = re.compile(r"(?m)^#(?=\S|$)")


@asynccontextmanager
async def opened(
    build: WorldBuilder, *, swap: bool = False, declared: bool = False, **changes: Any
) -> AsyncIterator[tuple[DiscordWorld, mj.FakeButtons]]:
    """Open a simulated Discord whose bot blends with the fake, and swaps faces if wanted."""
    async with proxy() as fake:
        settings = actions(build.folder.parent, fake.url) | changes
        if swap:
            file = settings["gateways_file"]
            file.write_text(SWAP_TABLE.sub("", file.read_text()))
        async with build.world(declared=declared, **settings) as world:
            yield world, fake


async def blend(
    world: DiscordWorld, who: simcord.MemberActor, *pictures: bytes, **options: Any
) -> simcord.InteractionResult:
    """Call /blend with these pictures, and wait for what it starts."""
    given: dict[str, Any] = {
        f"picture{number}": (f"{number}.png", data)
        for number, data in enumerate(pictures or (FOX, OWL), 1)
    }
    answer = await who.slash(world.channel, "blend", **given, **options)
    await world.wait_for_jobs()
    return answer


def command_names(bot: Bot) -> set[str]:
    """Return the names of the commands that Discord is told of."""
    return {command.name for command in bot.client.tree.get_commands()}


def words(message: discord.Message) -> tuple[str, str]:
    """Return the body and the footer of a card."""
    embed = message.embeds[0]
    return str(embed.description), str(embed.footer.text)


def painted(message: discord.Message) -> int:
    """Return how many files a card has beside the thumbnail of what it started from."""
    return sum("references" not in each.filename for each in message.attachments)


def without(file: Path, call: str) -> None:
    """Remove a call from the table."""
    table = rf"(?m)^\[gateways\.midjourney\.calls\.{call}\]\n(?:\w.*\n)*"
    file.write_text(re.sub(table, "", file.read_text()))


async def without_the_call(world: DiscordWorld, call: str) -> None:
    """Start another bot after the operator has removed a call."""
    assert world._settings.gateways_file is not None
    without(world._settings.gateways_file, call)
    await world.restart()


# --- blending -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "says"), [("en", "Blend of 3 pictures"), ("zh-CN", "融合 3 张图片")]
)
async def test_pictures_are_blended(build: WorldBuilder, locale: str, says: str) -> None:
    """Four files with the buttons of their task, for the credits of one picture."""
    async with opened(build) as (world, fake):
        await world.mia.slash(world.channel, "settings language", language=locale)
        await blend(world, world.ada, FOX, OWL, HARE, size="2:3")
        body, footer = words(world.card)
        assert (says in body, says in footer) == (True, False)
        assert "midjourney" in footer
        assert painted(world.card) == 4
        assert any(row[0].startswith("easel:act:") for row in custom_ids(world.card))
        (sent,) = fake.sent("blend")
        assert (len(sent["base64Array"]), sent["dimensions"]) == (3, "PORTRAIT")  # type: ignore[arg-type]  # a list
        assert (fake.paid, world.credits()) == (1, 1)


async def test_the_card_says_from_the_beginning_what_is_made(build: WorldBuilder) -> None:
    """Also before the pictures are fetched, where their number is not known."""
    async with opened(build, declared=True) as (world, fake):
        fake.gate.clear()
        given = {"picture1": ("1.png", FOX), "picture2": ("2.png", OWL)}
        await world.ada.slash(world.channel, "blend", **given)
        assert "Blend of" in words(world.card)[0]
        assert world.credits() == 1


async def test_a_result_may_be_private_or_hidden(build: WorldBuilder) -> None:
    """As any other."""
    async with opened(build) as (world, _):
        answer = await blend(world, world.ada, private=True)
        assert ephemeral_messages(answer)
        assert world.channel.last_message is None
        await blend(world, world.ada, spoiler=True)
        assert all(each.is_spoiler() for each in world.card.attachments)


async def test_defaults_of_a_person_are_for_painting(build: WorldBuilder) -> None:
    """Four pictures in 16:9 are no blend."""
    async with opened(build) as (world, fake):
        await world.ada.slash(world.channel, "preferences defaults", n=4)
        await blend(world, world.ada)
        assert "dimensions" not in fake.sent("blend")[0]
        assert (fake.paid, world.credits()) == (1, 1)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": "16:9"}, "auto, 2:3, 1:1, 3:2"),
        ({"model": "nobody"}, "midjourney"),
    ],
)
async def test_a_wrong_option_is_refused_with_what_is_possible(
    build: WorldBuilder, options: dict[str, str], says: str
) -> None:
    """Nothing is held, and a button below blends."""
    async with opened(build) as (world, fake):
        answer = await blend(world, world.ada, **options)
        assert says in ephemeral_text(answer)
        assert (fake.orders, world.credits()) == ([], 0)
        (message,) = ephemeral_messages(answer)
        (row, *_) = message.components
        custom_id = row["components"][-1]["custom_id"]
        await world.ada.click(message, custom_id=custom_id)
        await world.wait_for_jobs()
        assert (len(fake.sent("blend")), world.credits()) == (1, 1)


async def test_too_many_pictures_are_refused_with_the_number(build: WorldBuilder) -> None:
    """A table may take fewer than the command has places for."""
    async with opened(build) as (world, fake):
        file = world._settings.gateways_file
        assert file is not None
        file.write_text(file.read_text().replace("images = [2, 5]", "images = [2, 3]"))
        await world.restart()
        answer = await blend(world, world.ada, FOX, OWL, HARE, picture_bytes("jpeg"))
        assert "takes 2 to 3 pictures for this, and not 4" in ephemeral_text(answer)
        assert (fake.orders, world.credits()) == ([], 0)


async def test_the_same_picture_twice_costs_nothing(build: WorldBuilder) -> None:
    """It would change nothing; the card says which one, and offers no repetition of it."""
    async with opened(build) as (world, fake):
        await blend(world, world.ada, FOX, OWL, FOX)
        assert "Picture 3 is the same as picture 1" in words(world.card)[0]
        assert (fake.orders, world.credits()) == ([], 0)


async def test_what_is_no_picture_is_refused_at_once(build: WorldBuilder) -> None:
    """Before anything is held."""
    async with opened(build) as (world, fake):
        given = {"picture1": ("1.png", FOX), "picture2": ("notes.txt", b"hello")}
        answer = await world.ada.slash(world.channel, "blend", **given)
        assert "2" in ephemeral_text(answer)
        await blend(world, world.ada, FOX, b"no picture")
        assert "Reference image 2 is not a readable" in words(world.card)[0]
        assert (fake.orders, world.credits()) == ([], 0)


async def test_a_stranger_re_rolls_and_pays(build: WorldBuilder) -> None:
    """The same pictures are blended again, by the operation and not by an empty prompt."""
    async with opened(build) as (world, fake):
        await blend(world, world.ada)
        await press(world, world.ben, world.card, "again")
        one, two = fake.sent("blend")
        assert one == two
        assert "for Ben" in world.title
        assert "Blend of 2 pictures" in words(world.card)[0]
        charged = world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}")
        assert charged == [(1,)]
        assert fake.sent("imagine") == []


async def test_it_is_re_rolled_after_a_restart(build: WorldBuilder) -> None:
    """The database has the operation and the pictures."""
    async with opened(build) as (world, fake):
        await blend(world, world.ada)
        await world.restart()
        await press(world, world.ben, world.card, "again")
        one, two = fake.sent("blend")
        assert one == two


async def test_a_re_roll_of_what_is_offered_no_more_is_refused(build: WorldBuilder) -> None:
    """The operator has removed the call: the sentence says what to do instead."""
    async with opened(build) as (world, fake):
        await blend(world, world.ada)
        await without_the_call(world, "blend")
        assert "blend" not in command_names(world.bot)
        answer = await press(world, world.ben, world.card, "again")
        assert "attach them to `/imagine`" in ephemeral_text(answer)
        assert (len(fake.orders), world.credits()) == (1, 1)


async def test_a_reload_takes_a_command_away_with_a_sentence(build: WorldBuilder) -> None:
    """And says to the operator that one which it adds comes with the next start."""
    async with opened(build) as (world, fake):
        settings = world._settings
        assert settings.gateways_file is not None
        table = settings.gateways_file.read_text()
        gateways = world.bot.services.reload_parts[0]
        without(settings.gateways_file, "blend")
        part = await gateways(settings)
        part.apply()
        assert "restart" not in part.facts
        answer = await blend(world, world.ada)
        assert "attach them to `/imagine`" in ephemeral_text(answer)
        assert (fake.orders, world.credits()) == ([], 0)
        settings.gateways_file.write_text(table)
        part = await gateways(settings)
        part.apply()
        assert part.facts.endswith("restart the bot for /blend")
        await blend(world, world.ada)
        assert (len(fake.orders), world.credits()) == (1, 1)


async def test_a_result_can_be_painted_on(build: WorldBuilder) -> None:
    """*Edit* starts from the same pictures, with a prompt that somebody has to write."""
    async with opened(build) as (world, fake):
        await blend(world, world.ada)
        shown = await press(world, world.ben, world.card, "edit")
        assert not form_values(shown).get("prompt")
        await submit_form(world, world.ben, shown, prompt="as an engraving")
        (sent,) = fake.sent("imagine")
        assert sent["prompt"] == "as an engraving"
        assert len(sent["base64Array"]) == 2  # type: ignore[arg-type]  # a list
        assert "as an engraving" in words(world.card)[0]


async def test_one_of_its_pictures_needs_words_to_be_varied(build: WorldBuilder) -> None:
    """A blend has none: the person is asked for them, and nothing is held until then."""
    async with opened(build) as (world, fake):
        await blend(world, world.ada)
        (select,) = (
            str(item.custom_id)
            for row in world.card.components
            for item in getattr(row, "children", ())
            if str(item.custom_id).startswith("easel:picture:")
        )
        shown = await world.ben.select(world.card, ["2"], custom_id=select)
        await world.env.settle()
        answer = await act(world, world.ben, shown, "vary")
        assert "please say what to paint" in ephemeral_text(answer)
        assert (len(fake.orders), world.credits()) == (1, 1)
        (message, *_) = ephemeral_messages(answer)
        form = await world.ben.click(message, label="Change the prompt")
        await submit_form(world, world.ben, form, prompt="as an engraving")
        (sent,) = fake.sent("imagine")
        assert sent["prompt"] == "as an engraving"
        assert world.credits() == 2


async def test_the_buttons_of_its_task_work(build: WorldBuilder) -> None:
    """They are those of every grid."""
    async with opened(build) as (world, fake):
        await blend(world, world.ada)
        card = world.card
        (custom_id,) = (
            str(item.custom_id)
            for row in card.components
            for item in getattr(row, "children", ())
            if str(getattr(item, "label", "")).startswith("U1")
        )
        await world.ben.click(card, custom_id=custom_id)
        await world.wait_for_jobs()
        assert fake.sent("action") == [{"taskId": "1000", "customId": mj.OF_GRID["U1"]}]
        assert painted(world.card) == 1
        body, footer = words(world.card)
        assert (body, footer.split(" · ")[2]) == ("U1", "U1")


async def test_details_and_history_say_what_was_done(build: WorldBuilder) -> None:
    """There is no prompt that could be shown."""
    async with opened(build) as (world, _):
        await blend(world, world.ada, size="1:1")
        embed = reply_embed(await press(world, world.ben, world.card, "details"))
        assert embed.description == "Blend of 2 pictures"
        paste = facts(embed)["Command to paste"]
        assert "/blend model:midjourney size:1:1" in paste
        page = await HistoryPage.open(world, world.ada)
        assert "Blend of 2 pictures" in str(page.embeds[0].description)
        assert "Blend of 2 pictures" in next(iter(page.choices))


# --- where the commands are ----------------------------------------------------------------------


async def test_the_commands_are_there_only_where_a_table_has_the_call(world: DiscordWorld) -> None:
    """Nobody is offered what no system does."""
    assert not {"blend", "swap"} & command_names(world.bot)


async def test_help_names_the_commands_that_are_there(build: WorldBuilder) -> None:
    """Nobody is sent to a command that does not exist."""
    async with opened(build) as (world, _):
        answer = await world.ada.slash(world.channel, "help", topic="references")
        (embed,) = ephemeral_messages(answer)[0].embeds
        assert "/blend" in str(embed.description)
        assert "/swap" not in str(embed.description)


# --- swapping faces -----------------------------------------------------------------------------


async def test_faces_are_swapped_only_where_the_operator_wants_it(build: WorldBuilder) -> None:
    """The example's table is not enough."""
    async with opened(build) as (world, _):
        assert "blend" in command_names(world.bot)
        assert "swap" not in command_names(world.bot)


async def swap(
    world: DiscordWorld, who: simcord.MemberActor, face: bytes = FOX, picture: bytes = OWL
) -> simcord.InteractionResult:
    """Call /swap, and wait for what it starts."""
    given = {"face": ("face.png", face), "picture": ("picture.png", picture)}
    answer = await who.slash(world.channel, "swap", **given)
    await world.wait_for_jobs()
    return answer


async def test_a_face_is_swapped(build: WorldBuilder) -> None:
    """One file, for the credits of one picture; a re-roll has the pictures in their places."""
    async with opened(build, swap=True) as (world, fake):
        await swap(world, world.ada)
        assert words(world.card)[0] == "Face swap"
        assert painted(world.card) == 1
        await world.restart()
        await press(world, world.ben, world.card, "again")
        one, two = fake.sent("swap")
        assert one == two
        assert one["sourceBase64"] != one["targetBase64"]
        assert (fake.paid, world.credits()) == (2, 2)


async def test_a_face_that_is_the_picture_costs_nothing(build: WorldBuilder) -> None:
    """The proxies refuse it; the person is told before anything is sent."""
    async with opened(build, swap=True) as (world, fake):
        await swap(world, world.ada, FOX, FOX)
        assert "Picture 2 is the same as picture 1" in words(world.card)[0]
        assert (fake.orders, world.credits()) == ([], 0)


async def test_a_swap_that_is_switched_off_is_refused(build: WorldBuilder) -> None:
    """Also for results that were made while it was on."""
    async with opened(build, swap=True) as (world, fake):
        await swap(world, world.ada)
        await without_the_call(world, "swap")
        assert "swap" not in command_names(world.bot)
        answer = await press(world, world.ben, world.card, "again")
        assert "cannot swap faces here" in ephemeral_text(answer)
        assert (len(fake.orders), world.credits()) == (1, 1)
