"""The courier on the wire: a job's card, and what becomes of it."""

import random

import pytest
from PIL import Image

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import Interrupted, NotDelivered
from bot.core.models import CardAddress, JobState, Picture
from bot.discord_ui.message_outbox import nonce_of
from bot.jobs.cancellation import JobCancelled, RequesterDetached
from bot.jobs.courier import JobFailure
from tests.discord_rest.events import ADA, CHANNEL
from tests.discord_rest.fake import APPLICATION_ID
from tests.discord_rest.messages import MIB
from tests.discord_rest.post import THREE, Post, padded, result


async def test_a_young_card_is_edited_by_its_token(post: Post) -> None:
    """No permission to write is needed, and nothing new is posted."""
    assert await post.deliver(1000) == (post.card,)
    (card,) = post.shown
    assert list(card.files.values()) == [1000]
    assert card.reactions == ["🔄"]
    assert post.fake.refused == []


async def test_an_old_card_is_edited_through_its_channel_and_calls_its_requester(
    post: Post,
) -> None:
    """An edit notifies nobody, and the person has long gone to do something else."""
    async with post.process():
        post.later(16)
    await post.deliver(1000)
    card, notice = post.shown
    assert list(card.files.values()) == [1000]
    assert notice.content == f"<@{ADA}> your picture is ready."
    assert notice.answers == card.id
    assert notice.mentions == {"parse": [], "users": [ADA]}
    assert post.fake.refused == []


async def test_a_token_that_dies_early_is_no_end(post: Post) -> None:
    """Discord drops a token when it wants to."""
    async with post.process():
        post.fake.messages.tokens.clear()
    await post.deliver(1000)
    await post.deliver(1000)
    assert [list(message.files.values()) for message in post.shown] == [[1000]]


@pytest.mark.parametrize(("after_s", "called"), [(60, False), (61, True)])
async def test_a_requester_is_called_once_after_a_minute(
    post: Post, after_s: int, called: bool
) -> None:
    """Counted from the command, in whichever process; a second delivery calls nobody again."""
    async with post.process():
        post.fake.now_ms += after_s * 1000
    for _ in range(2):
        await post.deliver(1000)
        notices = [message.content for message in post.shown[1:]]
        assert notices == [f"<@{ADA}> your picture is ready."] * called


@pytest.mark.parametrize("gone", [False, True])
async def test_who_switched_calls_off_is_never_notified(post: Post, gone: bool) -> None:
    """No reply; and a new message in place of a lost card names them without a sound."""
    post.quiet.add(ADA)
    async with post.process():
        post.later(5)
        if gone:
            post.fake.messages.all.clear()
    await post.deliver(1000)
    (shown,) = post.shown
    assert shown.mentions == ({"parse": [], "users": []} if gone else None)


@pytest.mark.parametrize("error", [JobCancelled(), RequesterDetached()])
async def test_who_stopped_it_is_not_called(post: Post, error: EaselError) -> None:
    """They pressed the button a moment ago."""
    async with post.process() as courier:
        post.later(5)
        assert await courier.end(post.job, JobFailure(error, JobState.CANCELLED))
    assert len(post.shown) == 1


async def test_large_pictures_come_in_several_messages(post: Post) -> None:
    """A request has at most 25 MiB; each message is known to the journal for its 🔄."""
    messages = await post.deliver(*[9 * MIB] * 5)
    assert [len(message.files) for message in post.shown] == [2, 2, 1]
    assert [message.message_id for message in messages] == [message.id for message in post.shown]
    assert "3 more pictures follow" in str(post.shown[0].embeds[0]["description"])
    assert "Pictures 3 to 4 of 5" in str(post.shown[1].embeds[0]["author"])
    assert all(len(str(message.nonce)) == 23 for message in post.shown[1:])
    assert await post.rows("SELECT message_id FROM messages ORDER BY message_id") == [
        (message.id,) for message in post.shown[1:]
    ]
    assert post.fake.refused == []


async def test_an_answer_that_is_lost_posts_nothing_twice(post: Post) -> None:
    """Discord posted it, the line broke, and the same nonce finds it again."""
    async with post.process() as courier:
        post.fake.messages.lose.extend(["PATCH", "POST", "POST"])
        await courier.deliver(post.job, result(post.pictures(*THREE)))
    assert [len(message.files) for message in post.shown] == [2, 1]


async def test_a_crash_before_the_answer_is_written_posts_nothing_twice(post: Post) -> None:
    """Within two minutes Discord knows the nonce: one message with one set of files."""
    await post.deliver_and_die()
    await post.deliver(*THREE)
    assert [len(message.files) for message in post.shown] == [2, 1]
    assert await post.rows("SELECT COUNT(*) FROM intents WHERE message_id IS NOT NULL") == [(1,)]


async def test_later_a_message_is_looked_for_and_adopted(post: Post) -> None:
    """Discord has forgotten the nonce, but the channel still shows the message."""
    await post.deliver_and_die()
    post.later(10)
    await post.deliver(*THREE)
    assert [len(message.files) for message in post.shown] == [2, 1, 0]
    assert await post.rows("SELECT message_id FROM intents ORDER BY part") == [
        (message.id,) for message in post.shown[1:]
    ]


async def test_what_was_announced_but_never_posted_is_sent_later(post: Post) -> None:
    """The process died between the announcement and the request."""
    await post.deliver_and_die()
    del post.fake.messages.all[post.shown[1].id]
    post.later(10)
    await post.deliver(*THREE)
    assert [len(message.files) for message in post.shown] == [2, 1, 0]


async def test_a_channel_that_cannot_be_read_gets_the_message_rather_twice_than_never(
    post: Post,
) -> None:
    """Read Message History is a permission of its own."""
    await post.deliver_and_die()
    post.fake.messages.unread.add(CHANNEL)
    post.later(10)
    await post.deliver(*THREE)
    assert [len(message.files) for message in post.shown] == [2, 1, 1, 0]


async def test_a_limit_that_is_lower_than_it_said_makes_the_pictures_smaller(post: Post) -> None:
    """40005: every picture is fitted anew, and the card says so."""
    path = post.folder / "noise.png"
    Image.frombytes("RGB", (900, 900), random.randbytes(900 * 900 * 3)).save(path)
    picture = Picture(path, "png", 900, 900, path.stat().st_size)
    post.fake.messages.max_file_bytes = picture.bytes // 3
    async with post.process() as courier:
        await courier.deliver(post.job, result((picture,)))
    (card,) = post.shown
    ((name, size),) = card.files.items()
    assert name.endswith(".webp")
    assert size <= picture.bytes // 3
    assert "Shown as WebP" in str(card.embeds[0]["description"])


async def test_a_rate_limit_is_waited_for(post: Post) -> None:
    """Patience costs nobody a picture."""
    async with post.process():
        post.later(16)
        post.fake.messages.limits.extend([0.01, 0.01])
    await post.deliver(1000)
    assert [len(message.files) for message in post.shown] == [1, 0]


async def test_a_deleted_card_becomes_a_new_message_that_names_its_requester(post: Post) -> None:
    """Somebody tidied the channel while the model painted."""
    async with post.process():
        post.fake.messages.all.clear()
    await post.deliver(*THREE)
    assert [len(message.files) for message in post.shown] == [2, 1]
    assert post.shown[0].content.startswith(f"<@{ADA}> here is")
    assert post.shown[0].nonce == nonce_of(post.job, 1)
    assert post.shown[0].reactions == ["🔄"]


async def test_a_closed_channel_becomes_a_direct_message(post: Post) -> None:
    """The bot lost its access; the person did not."""
    async with post.process():
        post.fake.messages.all.clear()
        post.fake.messages.closed.add(CHANNEL)
    (address,) = await post.deliver(1000)
    (letter,) = post.fake.messages.at(ADA)
    assert address.message_id == letter.id
    assert list(letter.files.values()) == [1000]


async def test_what_can_be_posted_nowhere_is_kept_or_not_delivered(post: Post) -> None:
    """Kept pictures count as delivered; others are given back."""
    async with post.process():
        post.fake.messages.all.clear()
        post.fake.messages.closed.add(CHANNEL)
        post.fake.messages.deaf.add(ADA)
    assert await post.deliver(1000, kept=True) == ()
    with pytest.raises(NotDelivered):
        await post.deliver(1000)
    assert post.fake.messages.all == {}


async def test_where_the_bot_may_not_write_everything_is_on_the_card(post: Post) -> None:
    """Commands are answered there all the same: smaller pictures, but none is missing."""
    pictures = [padded(post.folder / f"slot-{number}.png", 20 * MIB) for number in range(2)]
    async with post.process():
        post.fake.messages.closed.add(CHANNEL)
        post.card = CardAddress(CHANNEL, post.card.message_id, APPLICATION_ID, "a-token", 50 * MIB)
        post.fake.messages.max_file_bytes = 50 * MIB
    async with post.process() as courier:
        await courier.deliver(post.job, result(tuple(pictures)))
    (card,) = post.shown
    assert len(card.files) == 2


async def test_why_there_is_no_picture_is_said_where_it_can_be_read(post: Post) -> None:
    """A card, a channel, a person: the first that is there."""
    ending = JobFailure(Interrupted(), JobState.CANCELLED)
    async with post.process() as courier:
        assert await courier.end(post.job, ending)
        assert "before painting began" in str(post.shown[0].embeds[0]["description"])
        post.fake.messages.all.clear()
        assert await courier.end(post.job, ending)
        assert post.shown[0].content.startswith(f"<@{ADA}> The bot restarted")
        post.fake.messages.all.clear()
        post.fake.messages.closed.add(CHANNEL)
        post.fake.messages.deaf.add(ADA)
        assert await courier.end(post.job, ending)
    assert post.fake.messages.all == {}
