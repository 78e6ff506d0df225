"""The answer to a command, when the line breaks: Discord took it, did not, or cannot say."""

import re

import pytest
from aiohttp import web

from bot.core.errors.jobs import CardNotPlaced
from bot.jobs.courier import QueuePosition
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.fake import Answer
from tests.discord_rest.post import Post, asked

NOBODY_AHEAD = QueuePosition(ahead=0, starts_in_ms=0)


async def break_the_line(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Lose the answer to a callback that was done."""
    if re.search("/callback$", request.path):
        assert request.transport is not None
        request.transport.abort()
    return response


async def test_a_card_whose_answer_was_lost_is_found_by_its_token(post: Post) -> None:
    """Discord showed it: the person gets a picture, not a card that waits for ever."""
    async with post.process():
        post.fake.messages.all.clear()
        post.fake.then = break_the_line
        courier = post.couriers.answering(asked(post, "imagine"))
        card = await courier.place(post.job, waiting=NOBODY_AHEAD)
    (shown,) = post.shown
    assert card is not None
    assert (card.channel_id, card.message_id) == (CHANNEL, shown.id)
    assert post.fake.refused == []


async def test_a_card_that_discord_did_not_take_is_not_looked_for_again(post: Post) -> None:
    """10062: the command was answered too late, so a start has nothing to search."""
    async with post.process():
        post.fake.messages.all.clear()
        courier = post.couriers.answering(asked(post, "imagine", known=False))
        with pytest.raises(CardNotPlaced):
            await courier.place(post.job, waiting=NOBODY_AHEAD)
    assert post.shown == []
    assert await post.rows("SELECT channel_id, token FROM jobs") == [(None, None)]


async def test_a_card_of_which_discord_cannot_say_anything_stays_announced(post: Post) -> None:
    """The next start looks for it."""
    async with post.process():
        post.fake.messages.all.clear()
        post.fake.then = break_the_line
        interaction = asked(post, "imagine")
        original = f"/webhooks/{interaction.application_id}/{interaction.token}/messages/@original"
        post.fake.instead[original] = Answer(403, {"code": 0, "message": "not now"})
        with pytest.raises(CardNotPlaced):
            await post.couriers.answering(interaction).place(post.job, waiting=NOBODY_AHEAD)
    assert len(post.shown) == 1
    assert await post.rows("SELECT channel_id, token FROM jobs") == [(CHANNEL, interaction.token)]
