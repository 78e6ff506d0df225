"""The buttons of Midjourney's tasks under a result: who may press them, and what comes of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord

from bot.core.errors.jobs import Interrupted
from bot.jobs.repository.rows import error_to_text
from tests.cogs.actions import (
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    form_values,
    newest_job_id,
    submit_form,
)
from tests.cogs.actions import press as press_control
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.history_page import HistoryPage
from tests.cogs.test_picture_actions import items
from tests.cogs.test_references import PNG
from tests.gateways import fake_midjourney as mj
from tests.images.test_content_store import mask_bytes
from tests.jobs.test_actions import actions, proxy


@asynccontextmanager
async def opened(
    build: WorldBuilder, *, asks: list[str] | None = None, **changes: Any
) -> AsyncIterator[tuple[DiscordWorld, mj.FakeButtons]]:
    """Open a simulated Discord whose bot paints with the fake."""
    async with proxy(asks=["CustomZoom"] if asks is None else asks) as fake:
        settings = actions(build.folder.parent, fake.url) | changes
        async with build.world(**settings) as world:
            yield world, fake


def labels(message: Any) -> dict[str, str]:
    """Return the custom ids of the tasks' buttons under a message by their words."""
    found = [item for row in items(message) for item in row]
    return {
        each["label"]: each["custom_id"]
        for each in found
        if each["custom_id"].startswith("easel:act:")
    }


async def press(
    world: DiscordWorld, who: simcord.MemberActor, card: Any, words: str
) -> simcord.InteractionResult:
    """Press a button with these words, and wait for its job."""
    (custom_id,) = (id_ for label, id_ in labels(card).items() if label.startswith(words))
    answer = await who.click(card, custom_id=custom_id)
    await world.wait_for_jobs()
    return answer


@pytest.mark.parametrize(("locale", "words"), [("en", "U1 · 1 credit"), ("zh-CN", "U1 · 1 点")])
async def test_the_buttons_stand_below_with_their_credits(
    build: WorldBuilder, locale: str, words: str
) -> None:
    """Five and four; whoever presses knows what it costs."""
    async with opened(build) as (world, _):
        await world.mia.slash(world.channel, "settings language", language=locale)
        card = await finished_card(world)
        assert next(iter(labels(card))) == words
        assert [len(row.children) for row in card.components[3:]] == [5, 4]  # type: ignore[union-attr]  # rows


@pytest.mark.parametrize(("words", "files"), [("U1", 1), ("V2", 4), ("🔄", 4)])
async def test_a_stranger_presses_and_pays(build: WorldBuilder, words: str, files: int) -> None:
    """It is Ben's picture, from Ada's task, with a message and buttons of its own."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        await press(world, world.ben, card, words)
        assert "for Ben" in world.title
        assert f"· {words} ·" in str(world.card.embeds[0].footer.text)
        assert len(world.card.attachments) == files
        assert labels(world.card)
        charged = world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}")
        assert charged == [(1,)]
        assert fake.sent("action") == [{"taskId": "1000", "customId": mj.OF_GRID[words]}]


async def test_the_buttons_work_after_a_restart(build: WorldBuilder) -> None:
    """Their ids are in the database, and the gateway still knows the task."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        await world.restart()
        await press(world, world.ada, card, "U3")
        assert fake.sent("action") == [{"taskId": "1000", "customId": mj.OF_GRID["U3"]}]
        assert world.credits() == 2


async def test_what_is_posted_again_has_the_buttons_as_well(build: WorldBuilder) -> None:
    """The history's copy is a result like the first, also where the first was never posted."""
    async with opened(build) as (world, fake):
        await finished_card(world)
        page = await HistoryPage.open(world, world.ada)
        await page.post_again()
        await press(world, world.ben, world.card, "U4")
        assert fake.sent("action") == [{"taskId": "1000", "customId": mj.OF_GRID["U4"]}]


async def test_a_re_roll_presses_the_same_button_again(build: WorldBuilder) -> None:
    """That is what the result came from; the proxy may paint it once more."""
    async with opened(build) as (world, fake):
        await press(world, world.ada, await finished_card(world), "V1")
        await press_control(world, world.ben, world.card, "again")
        assert fake.sent("action") == [{"taskId": "1000", "customId": mj.OF_GRID["V1"]}] * 2
        assert (fake.paid, world.credits()) == (3, 3)


async def test_a_double_press_is_one_request(build: WorldBuilder) -> None:
    """A nervous finger."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        await press(world, world.ada, card, "U1")
        await press(world, world.ada, card, "U1")
        assert (len(fake.sent("action")), world.credits()) == (1, 2)


async def test_a_blocked_person_is_refused(build: WorldBuilder) -> None:
    """Nothing is sent, and nothing is held."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
        answer = await press(world, world.ben, card, "V1")
        assert "spam" in ephemeral_text(answer)
        assert (fake.sent("action"), world.credits()) == ([], 1)


@pytest.mark.parametrize("rule", [{"channels": (1,)}, {"roles": (1,)}, {"models": ("other",)}])
async def test_models_channels_and_roles_hold_at_every_action(
    build: WorldBuilder, rule: dict[str, Any]
) -> None:
    """As for a request that is typed."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        await world.bot.preference_store.change_server(
            world.guild.id, lambda settings: replace(settings, **rule)
        )
        assert ephemeral_text(await press(world, world.ben, card, "U1"))
        assert (fake.sent("action"), world.credits()) == ([], 1)


async def test_a_custom_zoom_asks_for_the_prompt_first(build: WorldBuilder) -> None:
    """In a form with the prompt in it: whoever closes it has requested nothing."""
    async with opened(build) as (world, fake):
        await press(world, world.ada, await finished_card(world), "U1")
        shown = await press(world, world.ada, world.card, "Custom Zoom")
        assert form_values(shown) == {"prompt": "a fox"}
        assert (len(fake.sent("action")), world.credits()) == (1, 2)
        await submit_form(world, world.ada, shown, prompt="a fox --zoom 2")
        assert fake.sent("modal") == [{"taskId": "1002", "prompt": "a fox --zoom 2"}]
        assert len(world.card.attachments) == 4
        assert (fake.paid, world.credits()) == (3, 3)


async def test_forbidden_words_hold_in_the_form_of_an_action(build: WorldBuilder) -> None:
    """What is typed there is a prompt like any other."""
    async with opened(build) as (world, fake):
        await world.mia.slash(world.channel, "settings words add", words="bad word")
        await press(world, world.ada, await finished_card(world), "U1")
        shown = await press(world, world.ada, world.card, "Custom Zoom")
        answer = await submit_form(world, world.ada, shown, prompt="a bad word --zoom 2")
        assert ephemeral_text(answer)
        assert (len(fake.sent("action")), world.credits()) == (1, 2)


REGION = "🖌️"
SIZE = (32, 32)  # of the fake's single pictures


async def opened_region(world: DiscordWorld) -> simcord.InteractionResult:
    """Take one of a grid, and press the button that paints a region of it anew."""
    await press(world, world.ada, await finished_card(world), "U1")
    return await press(world, world.ben, world.card, REGION)


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_region_is_painted_anew_with_a_mask(build: WorldBuilder, restarts: bool) -> None:
    """Where the person's file is transparent, the one that is sent is white; it is opaque.

    The form may be sent to another process than the one that showed it.
    """
    async with opened(build) as (world, fake):
        shown = await opened_region(world)
        assert form_values(shown) == {"prompt": "a fox"}
        assert (len(fake.sent("action")), world.credits()) == (1, 2)
        if restarts:
            await world.restart()
        mask = [("mask.png", mask_bytes(size=SIZE))]
        await submit_form(world, world.ben, shown, prompt="a hat", mask=mask)
        (modal,) = fake.sent("modal")
        assert (modal["taskId"], modal["prompt"]) == ("1002", "a hat")
        sent = mj.mask_of(modal).convert("RGBA")
        assert sent.size == SIZE
        assert sent.getpixel((0, 0)) == (255, 255, 255, 255)
        assert sent.getpixel((31, 0)) == (0, 0, 0, 255)
        assert "for Ben" in world.title
        assert len(world.card.attachments) == 5  # with a small copy of the picture before
        assert (fake.paid, world.credits()) == (3, 3)


@pytest.mark.parametrize(
    ("mask", "said"), [(mask_bytes(size=(9, 9)), "32 by 32"), (PNG, "no transparent part")]
)
async def test_a_mask_that_does_not_fit_costs_nothing(
    build: WorldBuilder, mask: bytes, said: str
) -> None:
    """The picture's size is told before anything is sent."""
    async with opened(build) as (world, fake):
        shown = await opened_region(world)
        await submit_form(world, world.ben, shown, mask=[("mask.png", mask)])
        assert said in str(world.card.embeds[0].description)
        assert (len(fake.sent("action")), fake.sent("modal"), world.credits()) == (1, [], 2)


@pytest.mark.parametrize("interrupted", [False, True])
async def test_a_region_whose_mask_was_never_kept_is_not_repeated(
    build: WorldBuilder, interrupted: bool
) -> None:
    """Without it, nobody knows what to paint; the person is told to begin with the button again."""
    async with opened(build) as (world, fake):
        shown = await opened_region(world)
        await submit_form(world, world.ben, shown, mask=[("mask.png", PNG)])
        if interrupted:  # as by a restart before the mask was fetched
            ended = (error_to_text(Interrupted()), newest_job_id(world))
            world.write("UPDATE jobs SET error = ? WHERE id = ?", [ended])
        answer = await press_control(world, world.ben, world.card, "again")
        assert "were not kept" in ephemeral_text(answer)
        assert (len(fake.sent("action")), fake.sent("modal"), world.credits()) == (1, [], 2)


async def test_a_region_needs_the_picture(build: WorldBuilder) -> None:
    """Without it nobody knows how large the mask must be; that is said before the form opens."""
    async with opened(build) as (world, _):
        await press(world, world.ada, await finished_card(world), "U1")
        world.write("DELETE FROM pictures", [()])
        answer = await press(world, world.ben, world.card, REGION)
        assert answer.modal is None
        assert "no longer" in ephemeral_text(answer)


async def test_what_is_painted_anew_can_be_repeated_and_edited(build: WorldBuilder) -> None:
    """🔄 sends the same mask; the form begins from words, as no model here takes the mask."""
    async with opened(build) as (world, fake):
        shown = await opened_region(world)
        await submit_form(world, world.ben, shown, mask=[("mask.png", mask_bytes(size=SIZE))])
        await press_control(world, world.ben, world.card, "again")
        assert [modal["taskId"] for modal in fake.sent("modal")] == ["1002", "1003"]
        assert mj.mask_of(fake.sent("modal")[1]).size == SIZE
        form = await press_control(world, world.ben, world.card, "edit")
        assert form_values(form)["start"] == ["nothing"]


async def chosen(world: DiscordWorld, card: discord.Message, number: int) -> Any:
    """Return what Ben sees who chooses a picture."""
    select = f"easel:picture:{newest_job_id(world)}"
    answer = await world.ben.select(card, [str(number)], custom_id=select)
    await world.env.settle()
    (message,) = ephemeral_messages(answer)
    return message


async def test_each_of_two_grids_has_its_buttons(build: WorldBuilder) -> None:
    """The first one's stand under the result, with its number; both can be had at the pictures."""
    async with opened(build) as (world, fake):
        card = await finished_card(world, n=2)
        assert len(card.attachments) == 8
        assert list(labels(card))[:2] == ["U1 (1) · 1 credit", "U2 (1) · 1 credit"]
        assert len(labels(card)) == 9
        first, second = [await chosen(world, card, number) for number in (4, 5)]
        for message, shown in ((first, "U2 (1)"), (second, "U2 (2)")):
            assert len(labels(message)) == 9
            assert f"{shown} · 1 credit" in labels(message)
        await press(world, world.ben, second, "U2 (2)")
        pressed = fake.sent("action")[0]["taskId"]
        tasks = world.rows("SELECT task_id FROM task_buttons WHERE slot = 1 AND place = 2")
        assert tasks == [(pressed,)]
        assert len(world.card.attachments) == 1


@pytest.mark.parametrize("words", ["U2 (2)", "V2 (2)"])
async def test_nobody_shows_again_what_was_deleted(build: WorldBuilder, words: str) -> None:
    """Ben has chosen a picture before; what Ada has deleted must not come back as his."""
    async with opened(build) as (world, fake):
        card = await finished_card(world, n=2)
        second = await chosen(world, card, 5)
        await press_control(world, world.ada, card, "delete")
        answer = await press(world, world.ben, second, words)
        assert "was deleted here" in ephemeral_text(answer)
        assert (fake.sent("action"), world.credits()) == ([], 2)


async def test_a_form_is_not_accepted_of_what_was_deleted(build: WorldBuilder) -> None:
    """It was opened while the result stood there; its requester may still send theirs."""
    async with opened(build) as (world, fake):
        await press(world, world.ada, await finished_card(world), "U1")
        card = world.card
        strangers = await press(world, world.ben, card, "Custom Zoom")
        own = await press(world, world.ada, card, "Custom Zoom")
        # The simulation takes no form of a message that is gone: this is all that the bot knows.
        world.write("DELETE FROM messages WHERE message_id = ?", [(card.id,)])
        answer = await submit_form(world, world.ben, strangers, prompt="a hat")
        assert "was deleted here" in ephemeral_text(answer)
        assert fake.sent("modal") == []
        await submit_form(world, world.ada, own, prompt="a scarf")
        assert [modal["prompt"] for modal in fake.sent("modal")] == ["a scarf"]


async def test_an_expired_task_is_said(build: WorldBuilder) -> None:
    """Nothing is charged, and the person knows how to get new buttons."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        fake.tasks.clear()
        await press(world, world.ada, card, "U1")
        assert "has expired" in str(world.card.embeds[0].description)
        assert world.credits() == 1
        answer = await press(world, world.ben, card, "U2")
        assert "has expired" in str(answer.followups[0].content)
        (card,) = (each for each in world.messages() if each.id == card.id)
        assert labels(card) == {}
        assert (len(fake.sent("action")), len(card.components)) == (1, 3)


async def test_another_cost_is_shown_before_it_is_paid(build: WorldBuilder) -> None:
    """An admin has made pictures dearer since the result was posted."""
    async with opened(build) as (world, fake):
        card = await finished_card(world)
        await world.mia.slash(world.channel, "quota cost", model="midjourney", credits=3)
        answer = await press(world, world.ben, card, "U1")
        assert "costs 3 credits now" in str(answer.followups[0].content)
        assert fake.sent("action") == []
        (card,) = (each for each in world.messages() if each.id == card.id)
        assert "U1 · 3 credits" in labels(card)
        await press(world, world.ben, card, "U1")
        assert len(fake.sent("action")) == 1
        charged = world.rows(f"SELECT credits FROM charges WHERE user_id = {world.ben.id}")
        assert charged == [(3,)]
