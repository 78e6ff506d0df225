"""In line: the place on the card, the button under it, and a queue that is full."""

from collections.abc import AsyncIterator

import discord
import pytest
import simcord

from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import ClosedConnection, ErrorReply, TaskReply


def cards(world: DiscordWorld) -> list[discord.Message]:
    """Return the channel's cards, the oldest first."""
    return sorted(world.channel.history(), key=lambda message: message.id)


def words(message: discord.Message) -> str:
    """Return a card's first line and what stands below the prompt."""
    (embed,) = message.embeds
    return f"{embed.author.name}\n{embed.description}"


def buttons(message: discord.Message) -> list[str]:
    """Return the labels of the buttons under a card."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [str(item.label) for row in rows for item in row.children if hasattr(item, "label")]


async def press(
    world: DiscordWorld, who: simcord.MemberActor, message: discord.Message
) -> simcord.InteractionResult:
    """Press the only button under a card."""
    (row,) = message.components
    assert isinstance(row, discord.ActionRow)
    (button,) = row.children
    return await who.click(message, custom_id=str(button.custom_id))


def only_for_them(answer: simcord.InteractionResult) -> str:
    """Return the sentence that only the person who clicked can read."""
    (sentence,) = answer.followups
    assert sentence.flags.ephemeral
    return str(sentence.content)


@pytest.fixture
async def one_slot(build: WorldBuilder) -> AsyncIterator[DiscordWorld]:
    """Open a world in which Ada's request is at work and waits for the gateway."""
    async with build.world(declared=True, max_concurrent_jobs=1, max_queued_jobs=2) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        yield world
        world.gateway.gate.set()
        await world.wait_for_jobs()


async def test_the_place_in_line_is_shown_and_kept_up_to_date(build: WorldBuilder) -> None:
    """A person sees the line move, at most every five seconds."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.gate.clear()
        world.gateway.replies.append(TaskReply())
        await world.imagine(world.ada)
        for _ in range(3):
            await world.imagine(world.ben)
        _, second, _, last = cards(world)
        assert "Next in the queue · about 20 s" in words(second)
        assert "2 ahead · about 1 min" in words(last)
        await press(world, world.ben, second)
        assert "2 ahead" in words(cards(world)[-1])
        await world.env.advance_time(5)
        assert "1 ahead · about 35 s" in words(cards(world)[-1])
        world.gateway.gate.set()
        await world.env.advance_time(10)
        await world.wait_for_jobs()
        assert [bool(card.attachments) for card in cards(world)] == [True, False, True, True]
        await world.env.advance_time(60)
        first, second, *rest = cards(world)
        assert second.components == []
        assert all(buttons(card)[0] == "Re-roll" for card in (first, *rest))


async def test_the_requester_cancels_and_has_the_credits_back_at_once(
    one_slot: DiscordWorld,
) -> None:
    """Who changed their mind pays nothing and is not painted for."""
    await one_slot.imagine(one_slot.ben)
    assert buttons(one_slot.card) == ["Cancel"]
    assert one_slot.credits() == 2
    await press(one_slot, one_slot.ben, one_slot.card)
    assert "Stopped for Ben" in words(one_slot.card)
    assert "your credits were given back" in words(one_slot.card)
    assert buttons(one_slot.card) == []
    assert one_slot.credits() == 1
    assert one_slot.rows(f"SELECT state, told FROM jobs WHERE user_id = {one_slot.ben.id}") == [
        ("cancelled", 1)
    ]
    one_slot.gateway.gate.set()
    await one_slot.wait_for_jobs()
    assert len(one_slot.gateway.bodies) == 1


async def test_a_moderator_cancels_for_somebody_else(one_slot: DiscordWorld) -> None:
    """Who may delete the card may also stop what it costs."""
    await one_slot.imagine(one_slot.ben)
    await press(one_slot, one_slot.mia, one_slot.card)
    assert "Stopped for Ben" in words(one_slot.card)
    assert one_slot.credits() == 1


async def test_a_stranger_cannot_cancel_and_reads_why(one_slot: DiscordWorld) -> None:
    """Only they read it; the request stays in line."""
    await one_slot.imagine(one_slot.ben)
    answer = await press(one_slot, one_slot.ada, one_slot.card)
    assert "Only the person who asked" in only_for_them(answer)
    assert "Queued for Ben" in words(one_slot.card)
    assert one_slot.credits() == 2


async def test_who_stops_waiting_for_a_sent_request_still_pays_for_its_picture(
    one_slot: DiscordWorld,
) -> None:
    """What was sent cannot be called back: the card ends, the job goes on to its one end."""
    await one_slot.env.advance_time(2)
    assert buttons(one_slot.card) == ["Stop waiting"]
    await press(one_slot, one_slot.ada, one_slot.card)
    assert "Stopped for Ada" in words(one_slot.card)
    assert "/history" in words(one_slot.card)
    assert buttons(one_slot.card) == []
    assert one_slot.rows("SELECT state FROM jobs") == [("working",)]
    one_slot.gateway.gate.set()
    await one_slot.wait_for_jobs()
    assert "Stopped for Ada" in words(one_slot.card)
    assert one_slot.card.attachments == []
    assert one_slot.rows("SELECT state, told FROM jobs") == [("done", 1)]
    assert one_slot.credits() == 1


async def test_who_stops_waiting_does_not_pay_for_what_never_comes(build: WorldBuilder) -> None:
    """The failure settles as ever, and the card has said enough."""
    async with build.world(declared=True) as world:
        world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await press(world, world.ada, world.card)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert "Stopped for Ada" in words(world.card)
        assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]
        assert world.credits() == 0


async def test_the_button_works_after_a_restart(build: WorldBuilder) -> None:
    """The new process knows neither the message nor its view, only the id on the button."""
    async with build.world(declared=True) as world:
        world.gateway.replies.append(TaskReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.env.advance_time(4)
        await world.restart()
        await press(world, world.ada, world.card)
        assert "Stopped for Ada" in words(world.card)
        world.gateway.gate.set()
        await world.env.advance_time(10)
        await world.wait_for_jobs()
        assert world.card.attachments == []
        assert world.rows("SELECT state, told FROM jobs") == [("done", 1)]


async def test_a_job_that_waits_again_after_a_restart_can_be_cancelled(build: WorldBuilder) -> None:
    """The old card's button still means what it says: out of the line, nothing to pay."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.replies.append(TaskReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        # Of jobs of one millisecond nobody knows which came first.
        await world.env.advance_time(1)
        await world.imagine(world.ben)
        await world.restart()
        _, waiting = cards(world)
        assert "Queued for Ben" in words(waiting)
        assert buttons(waiting) == ["Cancel"]
        assert world.credits() == 2
        await press(world, world.ben, waiting)
        assert world.credits() == 1
        waiting = cards(world)[1]
        assert "Stopped for Ben" in words(waiting)
        assert "your credits were given back" in words(waiting)
        assert buttons(waiting) == []
        world.gateway.gate.set()
        await world.env.advance_time(10)
        await world.wait_for_jobs()
        assert [bool(card.attachments) for card in cards(world)] == [True, False]
        assert world.rows("SELECT state, told FROM jobs ORDER BY user_id") == [
            ("done", 1),
            ("cancelled", 1),
        ]
        assert len(world.gateway.bodies) == 1


async def test_a_card_that_ended_meanwhile_has_nothing_to_stop(world: DiscordWorld) -> None:
    """A click may be on its way while the card ends, or the card could not be edited."""
    world.gateway.replies.append(ClosedConnection())
    for path in ("/webhooks/*", "/channels/*"):
        world.env.inject_error("PATCH", path, status=404, code=10008, times=9)
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    card = min(world.channel.history(), key=lambda message: message.id)
    answer = await press(world, world.ada, card)
    assert "can no longer be stopped" in only_for_them(answer)


async def test_a_full_queue_refuses_at_once_and_privately(one_slot: DiscordWorld) -> None:
    """Nobody waits for an hour without knowing; nothing is held for who is refused."""
    for _ in range(2):
        assert not (await one_slot.imagine(one_slot.ben)).ephemeral
    answer = await one_slot.imagine(one_slot.mia)
    assert "already 2 requests in the queue" in reply_text(answer)
    assert one_slot.credits() == 3


def called(world: DiscordWorld) -> list[tuple[str, list[int], bool]]:
    """Return the replies that call somebody: their words, whom, and whether to the first card."""
    card, *others = cards(world)
    return [
        (
            each.content,
            [person.id for person in each.mentions],
            each.reference is not None and each.reference.message_id == card.id,
        )
        for each in others
    ]


async def test_a_card_at_work_shows_how_far_it_probably_is(build: WorldBuilder) -> None:
    """The gateway says nothing, so the bar is an estimate, and ends before the end."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        assert "Painting for Ada" in words(world.card)
        assert "▱▱▱▱▱▱▱▱▱▱ about 0%" in words(world.card)
        assert "Started <t:" in words(world.card)
        assert "this model usually takes 20 s" in words(world.card)
        edits = len(world.env.http_requests)
        await world.env.advance_time(4)
        assert len(world.env.http_requests) == edits  # a picture by then is the first news
        await world.env.advance_time(1)
        assert "▰▰▱▱▱▱▱▱▱▱ about 25%" in words(world.card)
        await world.env.advance_time(7)
        assert "▰▰▰▰▰▰▱▱▱▱ about 60%" in words(world.card)
        await world.env.advance_time(20)
        assert "▰▰▰▰▰▰▰▰▰▱ longer than usual" in words(world.card)
        assert "Still painting, started <t:" in words(world.card)
        edits = len(world.env.http_requests)
        await world.env.advance_time(25)
        assert len(world.env.http_requests) == edits
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert len(world.card.attachments) == 1


async def test_the_gateways_own_progress_beats_the_estimate(build: WorldBuilder) -> None:
    """It knows; a guess beside it would only differ."""
    async with build.world(declared=True) as world:
        world.gateway.replies.append(TaskReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        for _ in range(2):
            await world.env.advance_time(5)
        assert "▰▰▰▰▱▱▱▱▱▱ 40%" in words(world.card)
        assert "about" not in words(world.card)
        await world.env.advance_time(20)
        assert "▰▰▰▰▱▱▱▱▱▱ 40%" in words(world.card)
        assert "Still painting" in words(world.card)
        world.gateway.gate.set()
        await world.env.advance_time(10)
        await world.wait_for_jobs()


@pytest.mark.parametrize("waited_s", [58, 61])
async def test_the_requester_is_called_once_after_more_than_a_minute(
    build: WorldBuilder, waited_s: int
) -> None:
    """One reply that mentions only them; who waited less has not looked away."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.env.advance_time(30)
        await world.env.advance_time(waited_s - 30)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        reply = (f"<@{world.ada.id}> your picture is ready.", [world.ada.id], True)
        assert called(world) == [reply] * (waited_s > 60)


async def test_the_minute_counts_the_time_in_line_and_a_failure_calls_too(
    build: WorldBuilder,
) -> None:
    """Who waited in vain wants to know as much as who waited for a picture."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.env.advance_time(30)
        await world.imagine(world.ben)
        await world.env.advance_time(25)
        world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
        world.skipped_ms = 36_000
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert len(cards(world)) == 4
        notices = {int(each.raw_mentions[0]): each.content for each in cards(world)[2:]}
        assert "your picture is ready" in notices.pop(world.ada.id)
        assert "the message above says why" in notices.pop(world.ben.id)
        assert notices == {}


@pytest.mark.parametrize("late", [False, True])
async def test_who_switched_calls_off_is_left_in_peace(build: WorldBuilder, late: bool) -> None:
    """By one command, also for what is at work already."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        if late:
            await world.env.advance_time(30)
        await world.ada.slash(world.channel, "preferences ping", ping=False)
        world.skipped_ms = 20 * 60_000
        world.gateway.gate.set()
        await world.wait_for_jobs()
        (card,) = cards(world)
        assert len(card.attachments) == 1


async def test_a_restart_in_the_middle_does_not_forget_since_when(build: WorldBuilder) -> None:
    """The new process counts from the command, not from its own start."""
    async with build.world(declared=True) as world:
        world.gateway.replies.append(TaskReply())
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.env.advance_time(30)
        await world.restart()
        assert "Still painting" in words(world.card)
        await world.env.advance_time(28)
        assert len(cards(world)) == 1
        world.gateway.gate.set()
        await world.env.advance_time(10)
        await world.wait_for_jobs()
        reply = (f"<@{world.ada.id}> your picture is ready.", [world.ada.id], True)
        assert called(world) == [reply]


async def test_who_cancels_after_a_long_wait_is_not_called(build: WorldBuilder) -> None:
    """They have just pressed the button."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.imagine(world.ben)
        await world.env.advance_time(30)
        world.skipped_ms = 10 * 60_000
        first, second = cards(world)
        await press(world, world.ben, second)
        await press(world, world.ada, first)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert len(cards(world)) == 2
