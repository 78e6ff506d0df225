"""A private result on the wire: one person sees it, and no channel leads to it."""

from dataclasses import replace

from bot.core.errors.jobs import Interrupted
from bot.core.models import AnnouncedCard, JobState
from bot.jobs.courier import Courier, JobFailure, QueuePosition
from tests.discord_rest.events import ADA, CHANNEL, Payload, directly
from tests.discord_rest.messages import EPHEMERAL, MIB
from tests.discord_rest.post import MINUTE_MS, THREE, Post, asked, result

NOBODY_AHEAD = QueuePosition(ahead=0, starts_in_ms=0)
ENDING = JobFailure(Interrupted(), JobState.CANCELLED)


async def whispered(post: Post) -> Courier:
    """Let Ada ask for a private picture in a server, and return its courier."""
    post.fake.messages.all.clear()
    post.job = replace(post.job, private=True)
    courier = post.couriers.answering(asked(post, "imagine"))
    card = await courier.place(post.job, waiting=NOBODY_AHEAD)
    assert card is not None
    post.card = card
    return courier


def channel_paths(post: Post) -> list[str]:
    """Return what was asked of the channel itself."""
    return [path for path in post.fake.asked if path.startswith(f"/channels/{CHANNEL}/")]


async def test_every_message_of_it_is_for_one_person_alone(post: Post) -> None:
    """The card, and the pictures that do not fit on it."""
    async with post.process():
        courier = await whispered(post)
        await courier.deliver(post.job, result(post.pictures(*THREE)))
    messages = list(post.fake.messages.all.values())
    assert [len(message.files) for message in messages] == [2, 1]
    assert all(message.flags & EPHEMERAL for message in messages)
    assert channel_paths(post) == []
    assert post.fake.refused == []


async def test_a_line_that_breaks_shows_the_rest_rather_twice_than_never(post: Post) -> None:
    """A follow-up knows no nonce, and nobody can look for it."""
    async with post.process():
        courier = await whispered(post)
        post.fake.messages.lose.append("POST")
        await courier.deliver(post.job, result(post.pictures(*THREE)))
    messages = list(post.fake.messages.all.values())
    assert [len(message.files) for message in messages] == [2, 1, 1]
    assert channel_paths(post) == []


async def test_in_the_last_minute_of_a_token_the_card_is_still_edited(post: Post) -> None:
    """There is no other way to it, so the token is tried until Discord refuses."""
    async with post.process():
        courier = await whispered(post)
        post.fake.now_ms += 14 * MINUTE_MS + 30_000
        await courier.deliver(post.job, result(post.pictures(1000)))
    card, notice = post.fake.messages.all.values()
    assert list(card.files.values()) == [1000]
    assert notice.content == f"<@{ADA}> your picture is ready."
    assert notice.flags & EPHEMERAL
    assert channel_paths(post) == []


async def test_a_crash_before_the_answer_is_written_shows_the_rest_once_more(post: Post) -> None:
    """The next process cannot look for a follow-up: the person alone sees it twice."""
    async with post.process():
        await whispered(post)
    await post.deliver_and_die()
    post.later(5)
    await post.deliver(*THREE)
    messages = list(post.fake.messages.all.values())
    assert [len(message.files) for message in messages] == [2, 1, 1, 0]  # and the call
    assert all(message.flags & EPHEMERAL for message in messages)
    assert channel_paths(post) == []


async def test_a_card_that_was_deleted_is_answered_once_more_to_the_person(post: Post) -> None:
    """While the token lives there is another way than a public one."""
    async with post.process():
        courier = await whispered(post)
        post.fake.messages.all.clear()
        await courier.deliver(post.job, result(post.pictures(1000)))
    (message,) = post.fake.messages.all.values()
    assert message.flags & EPHEMERAL
    assert list(message.files.values()) == [1000]
    assert channel_paths(post) == []


async def test_why_there_is_no_picture_is_said_to_the_person_alone(post: Post) -> None:
    """On the card; once the token died, directly."""
    async with post.process():
        courier = await whispered(post)
        assert await courier.end(post.job, ENDING)
        (card,) = post.shown
        assert "before painting began" in str(card.embeds[0]["description"])
        post.later(16)
        assert await courier.end(post.job, ENDING)
    (letter,) = post.fake.messages.at(ADA)
    assert letter.content.startswith(f"<@{ADA}> The bot restarted")
    assert channel_paths(post) == []


async def test_an_announced_card_is_found_by_its_token_and_never_in_the_channel(
    post: Post,
) -> None:
    """The process died between Discord's deed and its answer."""
    async with post.process():
        await whispered(post)
    announced = AnnouncedCard(
        CHANNEL, post.card.application_id, post.card.token, only_by_token=True
    )
    async with post.process():
        assert await post.couriers.reopen(post.job, announced).end(post.job, ENDING)
    (card,) = post.shown
    assert "before painting began" in str(card.embeds[0]["description"])
    post.later(16)
    async with post.process():
        assert await post.couriers.reopen(post.job, announced).end(post.job, ENDING)
    assert post.fake.messages.at(ADA) == []
    assert channel_paths(post) == []


async def test_what_is_announced_says_that_no_channel_leads_to_it(post: Post) -> None:
    """A restart must not take it for a public one."""
    async with post.process():
        await whispered(post)
    assert await post.rows("SELECT only_by_token FROM jobs") == [(1,)]


async def test_in_their_direct_messages_it_is_an_ordinary_message(post: Post) -> None:
    """Nobody else reads there, and it stays: also after the token died."""

    def brought(typed: Payload) -> Payload:
        post.fake.messages.closed.clear()
        return directly(typed)

    async with post.process():
        post.fake.messages.all.clear()
        post.job = replace(post.job, private=True)
        courier = post.couriers.answering(asked(post, "imagine", brought=brought))
        card = await courier.place(post.job, waiting=NOBODY_AHEAD)
        post.later(16)
        await courier.deliver(post.job, result(post.pictures(MIB)))
    assert card is not None
    assert not card.only_by_token
    assert [list(message.files.values()) for message in post.shown] == [[MIB], []]
    assert not any(message.flags & EPHEMERAL for message in post.shown)
