"""Pictures that are posted once more, in a channel that may be closed to the bot."""

from collections.abc import Sequence

import pytest
from aiohttp import web

from bot.core.errors.jobs import NotPosted
from bot.discord_ui.reposts import RepostAudience
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.messages import EPHEMERAL, Message
from tests.discord_rest.post import THREE, Post, asked


async def posted_again(post: Post, *, token_dies: bool = False) -> RepostAudience:
    """Let Ada look back at three large pictures: they need two messages."""
    interaction = asked(post, "history")
    await interaction.response.defer(ephemeral=True, thinking=True)
    if token_dies:
        post.fake.messages.tokens.clear()
    return await post.couriers.again.post(interaction, post.job, post.pictures(*THREE), post.folder)


def to_ada(post: Post) -> Sequence[Message]:
    """Return what only she sees."""
    return [message for message in post.fake.messages.all.values() if message.flags & EPHEMERAL]


async def test_they_are_posted_where_everybody_sees_them(post: Post) -> None:
    """Each message has a nonce, and is known to the journal for its 🔄."""
    async with post.process():
        post.fake.messages.all.clear()
        assert await posted_again(post) is RepostAudience.BY_ALL
    assert [len(message.files) for message in post.shown] == [2, 1]
    assert to_ada(post) == []
    assert await post.rows("SELECT message_id FROM messages ORDER BY message_id") == [
        (message.id,) for message in post.shown
    ]


async def test_where_the_bot_may_not_write_only_the_person_sees_them(post: Post) -> None:
    """A follow-up needs no permission."""
    async with post.process():
        post.fake.messages.all.clear()
        post.fake.messages.closed.add(CHANNEL)
        assert await posted_again(post) is RepostAudience.BY_ONE
    assert post.shown == []
    assert [len(message.files) for message in to_ada(post)] == [2, 1]
    assert all(message.nonce is None for message in to_ada(post))
    # The channel is asked once: what it refused it would refuse again.
    assert len(post.fake.refused) == 1


async def test_a_channel_that_closes_in_between_gets_what_it_got(post: Post) -> None:
    """Nothing is shown twice, and nothing is missing."""

    async def close(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        if request.path.endswith(f"/channels/{CHANNEL}/messages"):
            post.fake.messages.closed.add(CHANNEL)
        return response

    async with post.process():
        post.fake.messages.all.clear()
        post.fake.then = close
        assert await posted_again(post) is RepostAudience.BY_ONE
    assert [len(message.files) for message in post.shown] == [2]
    assert [len(message.files) for message in to_ada(post)] == [1]


async def test_what_can_be_shown_to_nobody_is_one_sentence(post: Post) -> None:
    """The token died in between: the person reads where to try."""
    async with post.process():
        post.fake.messages.all.clear()
        post.fake.messages.closed.add(CHANNEL)
        with pytest.raises(NotPosted):
            await posted_again(post, token_dies=True)
    assert post.fake.messages.all == {}
