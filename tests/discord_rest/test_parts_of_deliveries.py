"""Deliveries of which a part fails, on the wire: what stands where, and what the card says."""

from dataclasses import replace

import pytest
from aiohttp import web

from bot.core.models import CardAddress
from tests.discord_rest.delivery import THREE, Delivery, result
from tests.discord_rest.events import ADA, CHANNEL
from tests.discord_rest.messages import MIB, Message
from tests.discord_rest.test_user_install import follow_ups, large, placed
from tests.discord_rest.test_ways_of_delivery import spoil, unreadable

FIVE = (9 * MIB,) * 5


def numbers(*messages: Message) -> list[str]:
    """Return the numbers of the pictures that messages show, as their names have them."""
    return [name.split(".")[0][-1] for message in messages for name in message.files]


def footer(delivery: Delivery) -> str:
    """Return the facts under the first message."""
    return str(delivery.shown[0].embeds[0]["footer"])


async def test_what_is_posted_already_is_not_repeated_on_the_card(delivery: Delivery) -> None:
    """The third message of three fails: its picture joins the card, the second one's stay."""
    async with delivery.process():
        courier = await placed(delivery)
        delivery.fake.messages.follow_ups[str(delivery.card.token)] = 1
        report = await courier.deliver(delivery.job, result(large(delivery, 5, 9 * MIB)))
    (card,), (beside,) = delivery.shown, follow_ups(delivery)
    assert (numbers(card), numbers(beside)) == (["1", "2", "5"], ["3", "4"])
    assert report.posted == {1, 2, 3, 4, 5}
    assert "2 more pictures follow" in str(card.embeds[0]["description"])


async def test_what_is_posted_already_is_not_repeated_in_a_direct_message(
    delivery: Delivery,
) -> None:
    """The channel takes one more message and the card no more files: one picture remains."""
    async with delivery.process():
        delivery.fake.messages.room[CHANNEL] = 1
    await delivery.deliver(*FIVE)
    (direct,) = delivery.fake.messages.at(ADA)
    assert numbers(*delivery.shown, direct) == ["1", "2", "3", "4", "5"]
    assert "5 of 5" in str(direct.embeds[0]["author"])


@pytest.mark.parametrize(
    ("kept", "says", "credits"),
    [
        (False, "One picture could not be shown here and was not charged", "4 credits"),
        (True, "One picture could not be shown here, but it is kept for you", "5 credits"),
    ],
)
@pytest.mark.parametrize("gone", [False, True])
async def test_the_first_message_says_what_is_missing_and_what_the_others_cost(
    delivery: Delivery, kept: bool, says: str, credits: str, gone: bool
) -> None:
    """It was posted before the last one failed; what is neither posted nor kept is not charged."""
    async with delivery.process() as courier:
        if gone:
            delivery.fake.messages.all.clear()
        delivery.fake.messages.room[CHANNEL] = 2 if gone else 1
        delivery.fake.messages.deaf.add(ADA)
        pictures = delivery.pictures(*FIVE)
        report = await courier.deliver(delivery.job, result(pictures, kept=kept))
    assert report.posted == {1, 2, 3, 4}
    assert [message.message_id for message in report.messages] == [m.id for m in delivery.shown]
    assert [len(message.files) for message in delivery.shown] == [2, 2]
    assert says in str(delivery.shown[0].embeds[0]["description"])
    assert credits in footer(delivery)


async def test_a_first_message_that_did_not_take_the_correction_is_corrected(
    delivery: Delivery,
) -> None:
    """The edit that said how many are left out was lost: the card must not stay as it was."""
    async with delivery.process() as courier:
        card = delivery.card.message_id
        delivery.fake.messages.room[CHANNEL] = 1
        delivery.fake.messages.deaf.add(ADA)

        async def fail(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
            if request.path.endswith(f"/channels/{CHANNEL}/messages"):
                spoil(delivery, "token", "card")
            elif request.path.endswith("/users/@me/channels"):
                delivery.fake.instead.clear()
            return response

        delivery.fake.then = fail
        last = replace(unreadable(delivery.folder), bytes=9 * MIB)
        with last.path.open("r+b") as file:
            file.truncate(last.bytes)
        report = await courier.deliver(delivery.job, result((*large(delivery, 4, 9 * MIB), last)))
    assert report.posted == {1, 2, 3, 4}
    assert delivery.shown[0].id == card
    assert "One picture could not be shown here" in str(delivery.shown[0].embeds[0]["description"])
    assert "4 credits" in footer(delivery)


async def test_a_follow_up_that_came_first_is_corrected_too(delivery: Delivery) -> None:
    """The card is gone, one follow-up is left, and the person takes no direct message."""
    async with delivery.process():
        courier = await placed(delivery)
        delivery.fake.messages.all.clear()
        delivery.fake.messages.follow_ups[str(delivery.card.token)] = 1
        delivery.fake.messages.deaf.add(ADA)
        report = await courier.deliver(delivery.job, result(delivery.pictures(*THREE)))
    (shown,) = follow_ups(delivery)
    assert report.posted == {1, 2}
    assert "2 credits" in str(shown.embeds[0]["footer"])


async def test_a_picture_that_cannot_be_fitted_is_in_no_sum(delivery: Delivery) -> None:
    """It is known before the card is edited."""
    async with delivery.process() as courier:
        pictures = delivery.pictures(1000, 11 * MIB, 2000)
        report = await courier.deliver(delivery.job, result(pictures))
    assert report.posted == {1, 3}
    assert "2 credits" in footer(delivery)


async def test_pictures_of_a_card_that_was_deleted_meanwhile_are_posted_again(
    delivery: Delivery,
) -> None:
    """Somebody deletes the card between the second message and the third."""
    async with delivery.process() as courier:
        delivery.fake.messages.room[CHANNEL] = 1
        delivery.fake.messages.deleted_when_full = delivery.card.message_id
        report = await courier.deliver(delivery.job, result(large(delivery, 5, 9 * MIB)))
    (beside,), (first, last) = delivery.shown, delivery.fake.messages.at(ADA)
    assert numbers(first, beside, last) == ["1", "2", "3", "4", "5"]
    assert report.posted == {1, 2, 3, 4, 5}
    assert CardAddress(CHANNEL, beside.id, 0) in report.messages
