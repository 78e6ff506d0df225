"""A private result on the wire: one person sees it, and no channel leads to it."""

from dataclasses import replace

from bot.core.errors.jobs import Interrupted
from bot.core.models import AnnouncedCard, JobState
from bot.jobs.courier import Courier, JobFailure, QueuePosition
from tests.discord_rest.delivery import MINUTE_MS, THREE, Delivery, asked, result
from tests.discord_rest.events import ADA, CHANNEL, Payload, directly
from tests.discord_rest.messages import EPHEMERAL, MIB

NOBODY_AHEAD = QueuePosition(ahead=0, starts_in_ms=0)
ENDING = JobFailure(Interrupted(), JobState.CANCELLED)


async def place_private(delivery: Delivery) -> Courier:
    """Let Ada ask for a private picture in a server, and return its courier."""
    delivery.fake.messages.all.clear()
    delivery.job = replace(delivery.job, private=True)
    courier = delivery.couriers.answering(asked(delivery, "imagine"))
    card = await courier.place(delivery.job, state=NOBODY_AHEAD)
    assert card is not None
    delivery.card = card
    return courier


def channel_paths(delivery: Delivery) -> list[str]:
    """Return what was asked of the channel itself."""
    return [path for path in delivery.fake.asked if path.startswith(f"/channels/{CHANNEL}/")]


async def test_every_message_of_it_is_for_one_person_alone(delivery: Delivery) -> None:
    """The card, and the pictures that do not fit on it."""
    async with delivery.process():
        courier = await place_private(delivery)
        await courier.deliver(delivery.job, result(delivery.pictures(*THREE)))
    messages = list(delivery.fake.messages.all.values())
    assert [len(message.files) for message in messages] == [2, 1]
    assert all(message.flags & EPHEMERAL for message in messages)
    assert channel_paths(delivery) == []
    assert delivery.fake.refused == []


async def test_a_line_that_breaks_shows_the_rest_rather_twice_than_never(
    delivery: Delivery,
) -> None:
    """A follow-up knows no nonce, and nobody can look for it."""
    async with delivery.process():
        courier = await place_private(delivery)
        delivery.fake.messages.lose.append("POST")
        await courier.deliver(delivery.job, result(delivery.pictures(*THREE)))
    messages = list(delivery.fake.messages.all.values())
    assert [len(message.files) for message in messages] == [2, 1, 1]
    assert channel_paths(delivery) == []


async def test_in_the_last_minute_of_a_token_the_card_is_still_edited(delivery: Delivery) -> None:
    """There is no other way to it, so the token is tried until Discord refuses."""
    async with delivery.process():
        courier = await place_private(delivery)
        delivery.fake.now_ms += 14 * MINUTE_MS + 30_000
        report = await courier.deliver(delivery.job, result(delivery.pictures(1000)))
        await courier.after_delivery(delivery.job, report.messages)
    card, notice = delivery.fake.messages.all.values()
    assert list(card.files.values()) == [1000]
    assert notice.content == f"<@{ADA}> your picture is ready."
    assert notice.flags & EPHEMERAL
    assert channel_paths(delivery) == []


async def test_a_crash_before_the_answer_is_written_shows_the_rest_once_more(
    delivery: Delivery,
) -> None:
    """The next process cannot look for a follow-up: the person alone sees it twice."""
    async with delivery.process():
        await place_private(delivery)
    await delivery.deliver_and_die()
    delivery.later(5)
    await delivery.deliver(*THREE)
    messages = list(delivery.fake.messages.all.values())
    assert [len(message.files) for message in messages] == [2, 1, 1, 0]  # and the call
    assert all(message.flags & EPHEMERAL for message in messages)
    assert channel_paths(delivery) == []


async def test_a_card_that_was_deleted_is_answered_once_more_to_the_person(
    delivery: Delivery,
) -> None:
    """While the token lives there is another way than a public one."""
    async with delivery.process():
        courier = await place_private(delivery)
        delivery.fake.messages.all.clear()
        await courier.deliver(delivery.job, result(delivery.pictures(1000)))
    (message,) = delivery.fake.messages.all.values()
    assert message.flags & EPHEMERAL
    assert list(message.files.values()) == [1000]
    assert channel_paths(delivery) == []


async def test_why_there_is_no_picture_is_said_to_the_person_alone(delivery: Delivery) -> None:
    """On the card; once the token died, directly."""
    async with delivery.process():
        courier = await place_private(delivery)
        assert await courier.end(delivery.job, ENDING)
        (card,) = delivery.shown
        assert "before painting began" in str(card.embeds[0]["description"])
        delivery.later(16)
        assert await courier.end(delivery.job, ENDING)
    (message,) = delivery.fake.messages.at(ADA)
    assert message.content.startswith(f"<@{ADA}> The bot restarted")
    assert channel_paths(delivery) == []


async def test_an_announced_card_is_found_by_its_token_and_never_in_the_channel(
    delivery: Delivery,
) -> None:
    """The process died between Discord's deed and its answer."""
    async with delivery.process():
        await place_private(delivery)
    announced = AnnouncedCard(
        CHANNEL, delivery.card.application_id, delivery.card.token, only_by_token=True
    )
    async with delivery.process():
        assert await delivery.couriers.reopen(delivery.job, announced).end(delivery.job, ENDING)
    (card,) = delivery.shown
    assert "before painting began" in str(card.embeds[0]["description"])
    delivery.later(16)
    async with delivery.process():
        assert await delivery.couriers.reopen(delivery.job, announced).end(delivery.job, ENDING)
    assert delivery.fake.messages.at(ADA) == []
    assert channel_paths(delivery) == []


async def test_what_is_announced_says_that_no_channel_leads_to_it(delivery: Delivery) -> None:
    """A restart must not take it for a public one."""
    async with delivery.process():
        card = (await place_private(delivery)).announced(delivery.job)
    assert card is not None
    assert card.only_by_token


async def test_in_their_direct_messages_it_is_an_ordinary_message(delivery: Delivery) -> None:
    """Nobody else reads there, and it stays: also after the token died."""

    def change(typed: Payload) -> Payload:
        delivery.fake.messages.closed.clear()
        return directly(typed)

    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.job = replace(delivery.job, private=True)
        courier = delivery.couriers.answering(asked(delivery, "imagine", change=change))
        card = await courier.place(delivery.job, state=NOBODY_AHEAD)
        delivery.later(16)
        report = await courier.deliver(delivery.job, result(delivery.pictures(MIB)))
        await courier.after_delivery(delivery.job, report.messages)
    assert card is not None
    assert not card.only_by_token
    assert [list(message.files.values()) for message in delivery.shown] == [[MIB], []]
    assert not any(message.flags & EPHEMERAL for message in delivery.shown)
