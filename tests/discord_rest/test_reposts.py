"""Pictures that are posted once more, in a channel that may be closed to the bot."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
from aiohttp import web

from bot.core.errors.jobs import NotPosted
from bot.core.models import Picture
from bot.discord_ui.reposts import RepostAudience, SomeNotPosted
from bot.jobs.picture_retention import KeptPictures
from tests.discord_rest.delivery import THREE, Delivery, asked
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.messages import EPHEMERAL, Message
from tests.discord_rest.test_ways_of_delivery import unreadable


def numbered(pictures: Sequence[Picture]) -> dict[int, Picture]:
    """Return pictures as the history has them."""
    return dict(enumerate(pictures, 1))


async def repost(delivery: Delivery, *, token_dies: bool = False) -> RepostAudience:
    """Let Ada repost three large pictures: they need two messages."""
    interaction = asked(delivery, "history")
    await interaction.response.defer(ephemeral=True, thinking=True)
    if token_dies:
        delivery.fake.messages.tokens.clear()
    return await delivery.couriers.reposter.post(
        interaction, delivery.job, numbered(delivery.pictures(*THREE)), delivery.folder
    )


def to_ada(delivery: Delivery) -> Sequence[Message]:
    """Return what only she sees."""
    return [message for message in delivery.fake.messages.all.values() if message.flags & EPHEMERAL]


async def test_they_are_posted_where_everybody_sees_them(delivery: Delivery) -> None:
    """Each message has a nonce, and is written down for its 🔄."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        assert await repost(delivery) is RepostAudience.EVERYBODY
    assert [len(message.files) for message in delivery.shown] == [2, 1]
    assert to_ada(delivery) == []
    assert await delivery.rows("SELECT message_id FROM messages ORDER BY message_id") == [
        (delivery.card.message_id,),
        *((message.id,) for message in delivery.shown),
    ]


async def test_where_the_bot_may_not_write_only_the_person_sees_them(delivery: Delivery) -> None:
    """A follow-up needs no permission."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.messages.closed.add(CHANNEL)
        assert await repost(delivery) is RepostAudience.ONE_PERSON
    assert delivery.shown == []
    assert [len(message.files) for message in to_ada(delivery)] == [2, 1]
    assert all(message.nonce is None for message in to_ada(delivery))
    # The channel is asked once: what it refused it would refuse again.
    assert len(delivery.fake.refused) == 1


async def test_a_channel_that_closes_in_between_gets_what_it_got(delivery: Delivery) -> None:
    """Nothing is shown twice, and nothing is missing."""

    async def close(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        if request.path.endswith(f"/channels/{CHANNEL}/messages"):
            delivery.fake.messages.closed.add(CHANNEL)
        return response

    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.then = close
        assert await repost(delivery) is RepostAudience.ONE_PERSON
    assert [len(message.files) for message in delivery.shown] == [2]
    assert [len(message.files) for message in to_ada(delivery)] == [1]


async def test_what_cannot_be_shown_is_told_beside_what_can(delivery: Delivery) -> None:
    """A damaged picture does not keep the others back, and nobody wonders where it is."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        interaction = asked(delivery, "history")
        await interaction.response.defer(ephemeral=True, thinking=True)
        pictures = (*delivery.pictures(1000), unreadable(delivery.folder))
        with pytest.raises(SomeNotPosted):
            await delivery.couriers.reposter.post(
                interaction, delivery.job, numbered(pictures), delivery.folder
            )
    assert [list(message.files.values()) for message in delivery.shown] == [[1000]]


async def test_what_can_be_shown_to_nobody_is_one_sentence(delivery: Delivery) -> None:
    """The token died in between: the person reads where to try."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.messages.closed.add(CHANNEL)
        with pytest.raises(NotPosted):
            await repost(delivery, token_dies=True)
    assert delivery.fake.messages.all == {}


async def test_one_picture_is_posted_once_however_its_button_is_pressed(
    delivery: Delivery,
) -> None:
    """Two presses at once, the first without an answer, and one more: Discord knows the nonce."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        interaction = asked(delivery, "history")
        await interaction.response.defer(ephemeral=True, thinking=True)
        kept = KeptPictures(numbered(delivery.pictures(*THREE)), of=3)
        delivery.fake.messages.lose.append("POST")
        post = partial(
            delivery.couriers.reposter.post_one,
            interaction,
            delivery.job,
            kept,
            2,
            delivery.folder,
        )
        seen = [*await asyncio.gather(post(), post()), await post()]
    assert seen == [RepostAudience.EVERYBODY] * 3
    (message,) = delivery.shown
    assert [name.split(".")[0][-1] for name in message.files] == ["2"]
    assert message.nonce is not None
