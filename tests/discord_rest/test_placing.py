"""The answer to a command, when the connection breaks: Discord took it, did not, or cannot say."""

import re

import pytest
from aiohttp import web

from bot.core.errors.jobs import CardNotSent
from bot.jobs.courier import QueuePosition
from tests.discord_rest.delivery import Delivery, asked
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.fake import Answer

NOBODY_AHEAD = QueuePosition(ahead=0, starts_in_ms=0)


async def drop_the_answer(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Lose the answer to a callback that was done."""
    if re.search("/callback$", request.path):
        assert request.transport is not None
        request.transport.abort()
    return response


async def test_a_card_whose_answer_was_lost_is_found_by_its_token(delivery: Delivery) -> None:
    """Discord showed it: the person gets a picture, not a card that waits for ever."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.then = drop_the_answer
        courier = delivery.couriers.answering(asked(delivery, "imagine"))
        card = await courier.place(delivery.job, state=NOBODY_AHEAD)
    (shown,) = delivery.shown
    assert card is not None
    assert (card.channel_id, card.message_id) == (CHANNEL, shown.id)
    assert delivery.fake.refused == []


async def test_a_card_that_discord_did_not_take_is_not_looked_for_again(delivery: Delivery) -> None:
    """10062: the command was answered too late, so a start has nothing to search."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        courier = delivery.couriers.answering(asked(delivery, "imagine", known=False))
        with pytest.raises(CardNotSent):
            await courier.place(delivery.job, state=NOBODY_AHEAD)
    assert delivery.shown == []
    assert await delivery.rows("SELECT channel_id, token FROM jobs") == [(None, None)]


async def test_a_card_of_which_discord_cannot_say_anything_stays_announced(
    delivery: Delivery,
) -> None:
    """The next start looks for it."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.then = drop_the_answer
        interaction = asked(delivery, "imagine")
        original = f"/webhooks/{interaction.application_id}/{interaction.token}/messages/@original"
        delivery.fake.instead[original] = Answer(403, {"code": 0, "message": "not now"})
        with pytest.raises(CardNotSent):
            await delivery.couriers.answering(interaction).place(delivery.job, state=NOBODY_AHEAD)
    assert len(delivery.shown) == 1
    assert await delivery.rows("SELECT channel_id, token FROM jobs") == [(CHANNEL, "a-token")]
