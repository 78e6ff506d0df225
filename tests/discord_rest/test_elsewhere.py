"""Where only a person brought the bot along: all goes by the token, with few follow-ups."""

from dataclasses import replace

import pytest

from bot.core.errors.jobs import Interrupted
from bot.core.models import JobState, Picture
from bot.discord_ui.caller import CallerPlace, billed_server_id, place_of_caller
from bot.discord_ui.reposts import RepostAudience
from bot.jobs.courier import Courier, JobFailure, QueuePosition
from tests.discord_rest.events import ADA, CHANNEL, among_friends, elsewhere
from tests.discord_rest.messages import EPHEMERAL, MIB, Message
from tests.discord_rest.post import Brought, Post, asked, padded, result

NOBODY_AHEAD = QueuePosition(ahead=0, starts_in_ms=0)


async def placed(post: Post, brought: Brought = elsewhere) -> Courier:
    """Let Ada ask, and return the courier whose card is placed and written down."""
    post.fake.messages.all.clear()
    courier = post.couriers.answering(asked(post, "imagine", brought=brought))
    card = await courier.place(post.job, waiting=NOBODY_AHEAD)
    assert card is not None
    post.card = card
    await post.database.write(post.repository.placed, post.job.id, card)
    return courier


def follow_ups(post: Post) -> list[Message]:
    """Return what was said after the first answer."""
    return [message for message in post.fake.messages.all.values() if not message.channel_id]


def letters(post: Post) -> list[Message]:
    """Return Ada's direct messages."""
    return post.fake.messages.at(ADA)


def large(post: Post, count: int, size: int) -> tuple[Picture, ...]:
    """Return pictures that can be made smaller."""
    return tuple(padded(post.folder / f"slot-{number}.png", size) for number in range(count))


@pytest.mark.parametrize("brought", [elsewhere, among_friends])
async def test_such_a_call_is_on_nobodys_account_but_the_persons(
    post: Post, brought: Brought
) -> None:
    """No server whose admins never agreed pays, or has a say."""
    async with post.process():
        interaction = asked(post, "imagine", brought=brought)
        assert place_of_caller(interaction) is CallerPlace.ELSEWHERE
        assert billed_server_id(interaction) == 0


async def test_what_a_stranger_presses_there_is_not_on_that_servers_account(post: Post) -> None:
    """The button under Ada's card still names Ada as who brought the bot along."""
    async with post.process():
        stranger = lambda typed: {  # noqa: E731 - a payload
            **elsewhere(typed),
            "authorizing_integration_owners": {"1": str(ADA + 1)},
        }
        assert place_of_caller(asked(post, "imagine", brought=stranger)) is CallerPlace.ELSEWHERE


@pytest.mark.parametrize("brought", [elsewhere, among_friends])
async def test_the_picture_comes_by_the_token_and_nothing_else_is_tried(
    post: Post, brought: Brought
) -> None:
    """Neither a reaction nor a message is sent to a channel where the bot is not."""
    async with post.process():
        courier = await placed(post, brought)
        (card,) = await courier.deliver(post.job, result(post.pictures(1000)))
    assert card.only_by_token
    (shown,) = post.shown
    assert list(shown.files.values()) == [1000]
    assert not shown.flags & EPHEMERAL
    assert post.fake.refused == []
    assert not [path for path in post.fake.asked if path.startswith("/channels/")]


async def test_ten_large_pictures_fit_into_the_card_and_four_follow_ups(post: Post) -> None:
    """Each of 20 MiB would need a message for itself, and five follow-ups are all there are."""
    async with post.process():
        courier = await placed(post)
        post.card = replace(post.card, max_file_bytes=50 * MIB)
        post.fake.messages.max_file_bytes = 50 * MIB
    async with post.process() as courier:
        messages = await courier.deliver(post.job, result(large(post, 10, 20 * MIB)))
    assert len(messages) <= 5
    assert sum(len(message.files) for message in (*post.shown, *follow_ups(post))) == 10
    assert post.fake.refused == []


async def test_ten_pictures_of_nine_mebibytes_need_no_smaller_copies(post: Post) -> None:
    """Two fit into each message as they are."""
    async with post.process():
        courier = await placed(post)
        await courier.deliver(post.job, result(post.pictures(*[9 * MIB] * 10)))
    assert [len(message.files) for message in (*post.shown, *follow_ups(post))] == [2] * 5
    assert post.fake.messages.follow_ups[str(post.card.token)] == 1
    assert post.fake.refused == []


async def test_when_no_follow_up_is_left_everything_comes_on_the_card(post: Post) -> None:
    """A crash used them up: smaller pictures, but none is missing."""
    async with post.process():
        courier = await placed(post)
        post.fake.messages.follow_ups[str(post.card.token)] = 0
        await courier.deliver(post.job, result(large(post, 3, 9 * MIB)))
    (card,) = post.shown
    assert len(card.files) == 3
    assert follow_ups(post) == []


async def test_after_the_token_died_the_pictures_come_in_a_direct_message(post: Post) -> None:
    """The channel is never tried, neither in this process nor after a restart."""
    async with post.process():
        courier = await placed(post)
        post.later(16)
        await courier.deliver(post.job, result(post.pictures(1000), kept=True))
    (letter,) = letters(post)
    assert list(letter.files.values()) == [1000]
    assert "it is also in `/history`" in letter.content
    async with post.process():
        written = await post.database.read(post.repository.job, post.job.id)
    assert written is not None
    assert written.card == post.card
    assert not [path for path in post.fake.asked if path.startswith(f"/channels/{CHANNEL}/")]


async def test_a_token_that_discord_drops_early_is_no_end(post: Post) -> None:
    """50027 in the fifth minute: from then on it is not asked again."""
    async with post.process():
        courier = await placed(post)
        post.fake.messages.tokens.clear()
        await courier.update(post.job, NOBODY_AHEAD)
        await courier.update(post.job, NOBODY_AHEAD)
        await courier.deliver(post.job, result(post.pictures(1000), kept=True))
    edits = [path for path in post.fake.asked if path.endswith(f"/messages/{post.card.message_id}")]
    assert len(edits) == 1
    assert [list(letter.files.values()) for letter in letters(post)] == [[1000]]


async def test_who_takes_no_direct_message_finds_them_in_the_history(post: Post) -> None:
    """They are kept and paid, and nobody else sees them."""
    async with post.process():
        courier = await placed(post)
        post.later(16)
        post.fake.messages.deaf.add(ADA)
        assert await courier.deliver(post.job, result(post.pictures(1000), kept=True)) == ()
        assert await courier.end(post.job, JobFailure(Interrupted(), JobState.CANCELLED))
    assert letters(post) == []
    assert [list(message.files) for message in post.shown] == [[]]


async def test_follow_ups_that_were_confirmed_are_not_sent_again(post: Post) -> None:
    """A process died after the second message: the next one goes on behind it."""
    async with post.process():
        courier = await placed(post)
        await courier.deliver(post.job, result(post.pictures(*[9 * MIB] * 4)))
    async with post.process() as courier:
        await courier.deliver(post.job, result(post.pictures(*[9 * MIB] * 4)))
    assert [len(message.files) for message in (*post.shown, *follow_ups(post))] == [2, 2]


async def test_an_answer_that_discord_forces_to_be_ephemeral_is_known_as_such(post: Post) -> None:
    """The server's members may not use external apps in public; one way is left."""
    async with post.process():
        post.fake.interactions.forced.add(CHANNEL)
        courier = await placed(post)
        await courier.deliver(post.job, result(post.pictures(1000)))
    (card,) = post.shown
    assert card.flags & EPHEMERAL
    assert list(card.files.values()) == [1000]
    assert post.fake.refused == []


async def test_forced_in_a_server_that_the_bot_is_in_the_channel_is_not_tried(post: Post) -> None:
    """Discord's word counts, whatever the place looks like."""
    async with post.process():
        post.fake.messages.all.clear()
        post.fake.interactions.forced.add(CHANNEL)
        courier = post.couriers.answering(asked(post, "imagine"))
        card = await courier.place(post.job, waiting=NOBODY_AHEAD)
    assert card is not None
    assert card.only_by_token


async def test_what_was_painted_is_posted_again_to_the_person(post: Post) -> None:
    """The channel is not theirs to write in: five messages at most, the last words included."""
    async with post.process():
        post.fake.messages.all.clear()
        interaction = asked(post, "history", brought=elsewhere)
        await interaction.response.defer(ephemeral=True, thinking=True)
        pictures = post.pictures(*[9 * MIB] * 8)
        seen = await post.couriers.again.post(interaction, post.job, pictures, post.folder)
    assert seen is RepostAudience.BY_ONE
    assert [len(message.files) for message in follow_ups(post)] == [2] * 4
    assert post.fake.refused == []
