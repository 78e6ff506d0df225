"""Where only a person installed the bot: all goes by the token, with few follow-ups."""

from dataclasses import replace

import pytest

from bot.core.errors.jobs import Interrupted, NotDelivered
from bot.core.models import JobState, Picture
from bot.discord_ui.caller import CallerPlace, billed_server_id, place_of_caller, requester_of
from bot.discord_ui.reposts import RepostAudience
from bot.jobs.courier import Courier, JobFailure, QueuePosition
from tests.discord_rest.delivery import ChangePayload, Delivery, asked, padded, result
from tests.discord_rest.events import ADA, CHANNEL, Payload, among_friends, directly, elsewhere
from tests.discord_rest.messages import EPHEMERAL, MIB, Message

NOBODY_AHEAD = QueuePosition(ahead=0, starts_in_ms=0)


async def placed(delivery: Delivery, change: ChangePayload = elsewhere) -> Courier:
    """Let Ada ask, and return the courier whose card is placed and written down."""
    delivery.fake.messages.all.clear()
    courier = delivery.couriers.answering(asked(delivery, "imagine", change=change))
    card = await courier.place(delivery.job, state=NOBODY_AHEAD)
    assert card is not None
    delivery.card = card
    await delivery.database.write(delivery.repository.placed, delivery.job.id, card)
    return courier


def follow_ups(delivery: Delivery) -> list[Message]:
    """Return what was said after the first answer."""
    return [message for message in delivery.fake.messages.all.values() if not message.channel_id]


def direct_messages(delivery: Delivery) -> list[Message]:
    """Return Ada's direct messages."""
    return delivery.fake.messages.at(ADA)


def large(delivery: Delivery, count: int, size: int) -> tuple[Picture, ...]:
    """Return pictures that can be made smaller."""
    return tuple(padded(delivery.folder / f"slot-{number}.png", size) for number in range(count))


@pytest.mark.parametrize("change", [elsewhere, among_friends])
async def test_such_a_call_is_on_nobodys_account_but_the_persons(
    delivery: Delivery, change: ChangePayload
) -> None:
    """No server whose admins never agreed pays, or has a say."""
    async with delivery.process():
        interaction = asked(delivery, "imagine", change=change)
        assert place_of_caller(interaction) is CallerPlace.ELSEWHERE
        assert billed_server_id(interaction) == 0


async def test_what_a_stranger_presses_there_is_not_on_that_servers_account(
    delivery: Delivery,
) -> None:
    """The button under Ada's card still names Ada as who installed the bot."""
    async with delivery.process():
        stranger = lambda typed: {  # noqa: E731 - a payload
            **elsewhere(typed),
            "authorizing_integration_owners": {"1": str(ADA + 1)},
        }
        assert place_of_caller(asked(delivery, "imagine", change=stranger)) is CallerPlace.ELSEWHERE


@pytest.mark.parametrize(("marked", "expected"), [(True, True), (False, False), (None, False)])
async def test_the_channel_of_the_call_says_whether_it_is_age_restricted(
    delivery: Delivery, marked: bool | None, expected: bool
) -> None:
    """Nothing is cached of a server where the bot is not; what Discord leaves out is no mark."""
    mark = {} if marked is None else {"nsfw": marked}

    def call(typed: Payload) -> Payload:
        there = elsewhere(typed)
        return {**there, "channel": {**there["channel"], **mark}}

    async with delivery.process():
        asking = requester_of(asked(delivery, "imagine", change=call))
        assert asking.age_restricted is expected


async def test_a_thread_without_a_known_channel_is_not_age_restricted(delivery: Delivery) -> None:
    """Its mark is that of its channel, which Discord does not send along."""

    def call(typed: Payload) -> Payload:
        there = elsewhere(typed)
        thread = {
            "id": str(CHANNEL),
            "type": 11,
            "name": "night",
            "parent_id": str(CHANNEL + 1),
            "owner_id": str(ADA),
            "guild_id": str(there["guild_id"]),
            "message_count": 0,
            "member_count": 1,
            "thread_metadata": {
                "archived": False,
                "auto_archive_duration": 60,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
            },
        }
        return {**there, "channel": thread}

    async with delivery.process():
        assert requester_of(asked(delivery, "imagine", change=call)).age_restricted is False


@pytest.mark.parametrize("change", [directly, among_friends])
async def test_direct_messages_have_no_such_mark(delivery: Delivery, change: ChangePayload) -> None:
    """There the operator's ALLOW_AGE_RESTRICTED_IN_DMS decides."""
    async with delivery.process():
        assert requester_of(asked(delivery, "imagine", change=change)).age_restricted is None


@pytest.mark.parametrize("change", [elsewhere, among_friends])
async def test_the_picture_comes_by_the_token_and_nothing_else_is_tried(
    delivery: Delivery, change: ChangePayload
) -> None:
    """Neither a reaction nor a message is sent to a channel where the bot is not."""
    async with delivery.process():
        courier = await placed(delivery, change)
        report = await courier.deliver(delivery.job, result(delivery.pictures(1000)))
    (card,) = report.messages
    assert card.only_by_token
    (shown,) = delivery.shown
    assert list(shown.files.values()) == [1000]
    assert not shown.flags & EPHEMERAL
    assert delivery.fake.refused == []
    assert not [path for path in delivery.fake.asked if path.startswith("/channels/")]


async def test_ten_large_pictures_fit_into_the_card_and_four_follow_ups(delivery: Delivery) -> None:
    """Each of 20 MiB would need a message for itself, and five follow-ups are all there are."""
    async with delivery.process():
        courier = await placed(delivery)
        delivery.card = replace(delivery.card, max_file_bytes=50 * MIB)
        delivery.fake.messages.max_file_bytes = 50 * MIB
    async with delivery.process() as courier:
        report = await courier.deliver(delivery.job, result(large(delivery, 10, 20 * MIB)))
    assert len(report.messages) <= 5
    assert sum(len(message.files) for message in (*delivery.shown, *follow_ups(delivery))) == 10
    assert delivery.fake.refused == []


async def test_ten_pictures_of_nine_mebibytes_need_no_smaller_copies(delivery: Delivery) -> None:
    """Two fit into each message as they are."""
    async with delivery.process():
        courier = await placed(delivery)
        await courier.deliver(delivery.job, result(delivery.pictures(*[9 * MIB] * 10)))
    assert [len(message.files) for message in (*delivery.shown, *follow_ups(delivery))] == [2] * 5
    assert delivery.fake.messages.follow_ups[str(delivery.card.token)] == 1
    assert delivery.fake.refused == []


async def test_when_no_follow_up_is_left_everything_comes_on_the_card(delivery: Delivery) -> None:
    """A crash used them up: smaller pictures, but none is missing."""
    async with delivery.process():
        courier = await placed(delivery)
        delivery.fake.messages.follow_ups[str(delivery.card.token)] = 0
        await courier.deliver(delivery.job, result(large(delivery, 3, 9 * MIB)))
    (card,) = delivery.shown
    assert len(card.files) == 3
    assert follow_ups(delivery) == []


async def test_after_the_token_died_the_pictures_come_in_a_direct_message(
    delivery: Delivery,
) -> None:
    """The channel is never tried, neither in this process nor after a restart."""
    async with delivery.process():
        courier = await placed(delivery)
        delivery.later(16)
        await courier.deliver(delivery.job, result(delivery.pictures(1000), kept=True))
    (message,) = direct_messages(delivery)
    assert list(message.files.values()) == [1000]
    assert "it is also in `/history`" in message.content
    async with delivery.process():
        written = await delivery.database.read(delivery.repository.job, delivery.job.id)
    assert written is not None
    assert written.card == delivery.card
    assert not [path for path in delivery.fake.asked if path.startswith(f"/channels/{CHANNEL}/")]


async def test_a_token_that_discord_drops_early_is_no_end(delivery: Delivery) -> None:
    """50027 in the fifth minute: from then on it is not asked again."""
    async with delivery.process():
        courier = await placed(delivery)
        delivery.fake.messages.tokens.clear()
        await courier.update(delivery.job, NOBODY_AHEAD)
        await courier.update(delivery.job, NOBODY_AHEAD)
        await courier.deliver(delivery.job, result(delivery.pictures(1000), kept=True))
    edits = [
        path
        for path in delivery.fake.asked
        if path.endswith(f"/messages/{delivery.card.message_id}")
    ]
    assert len(edits) == 1
    assert [list(message.files.values()) for message in direct_messages(delivery)] == [[1000]]


async def test_who_takes_no_direct_message_finds_them_in_the_history(delivery: Delivery) -> None:
    """They are kept and paid, and nobody else sees them."""
    async with delivery.process():
        courier = await placed(delivery)
        delivery.later(16)
        delivery.fake.messages.deaf.add(ADA)
        with pytest.raises(NotDelivered):
            await courier.deliver(delivery.job, result(delivery.pictures(1000), kept=True))
        assert await courier.end(delivery.job, JobFailure(Interrupted(), JobState.CANCELLED))
    assert direct_messages(delivery) == []
    assert [list(message.files) for message in delivery.shown] == [[]]


async def test_follow_ups_that_were_confirmed_are_not_sent_again(delivery: Delivery) -> None:
    """A process died after the second message: the next one goes on behind it."""
    async with delivery.process():
        courier = await placed(delivery)
        await courier.deliver(delivery.job, result(delivery.pictures(*[9 * MIB] * 4)))
    async with delivery.process() as courier:
        await courier.deliver(delivery.job, result(delivery.pictures(*[9 * MIB] * 4)))
    assert [len(message.files) for message in (*delivery.shown, *follow_ups(delivery))] == [2, 2]


async def test_an_answer_that_discord_forces_to_be_ephemeral_is_known_as_such(
    delivery: Delivery,
) -> None:
    """The server's members may not use external apps in public; one way is left."""
    async with delivery.process():
        delivery.fake.interactions.forced.add(CHANNEL)
        courier = await placed(delivery)
        await courier.deliver(delivery.job, result(delivery.pictures(1000)))
    (card,) = delivery.shown
    assert card.flags & EPHEMERAL
    assert list(card.files.values()) == [1000]
    assert delivery.fake.refused == []


async def test_forced_in_a_server_that_the_bot_is_in_the_channel_is_not_tried(
    delivery: Delivery,
) -> None:
    """Discord's word counts, whatever the place looks like."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.interactions.forced.add(CHANNEL)
        courier = delivery.couriers.answering(asked(delivery, "imagine"))
        card = await courier.place(delivery.job, state=NOBODY_AHEAD)
    assert card is not None
    assert card.only_by_token


async def test_what_was_painted_is_posted_again_to_the_person(delivery: Delivery) -> None:
    """The channel is not theirs to write in: five messages at most, the last words included."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        interaction = asked(delivery, "history", change=elsewhere)
        await interaction.response.defer(ephemeral=True, thinking=True)
        pictures = delivery.pictures(*[9 * MIB] * 8)
        seen = await delivery.couriers.reposter.post(
            interaction, delivery.job, dict(enumerate(pictures, 1)), delivery.folder
        )
    assert seen is RepostAudience.ONE_PERSON
    assert [len(message.files) for message in follow_ups(delivery)] == [2] * 4
    assert delivery.fake.refused == []
