"""The courier on the wire: a job's message, and what becomes of it."""

import random

import pytest
from PIL import Image

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import Interrupted, NotDelivered, PicturesLate
from bot.core.models import CardAddress, JobState, Picture
from bot.discord_ui import courier_parts
from bot.discord_ui.message_outbox import nonce_of
from bot.jobs.cancellation import JobCancelled, RequesterDetached
from bot.jobs.courier import JobFailure, JobProgress
from tests.discord_rest.delivery import THREE, Delivery, padded, result
from tests.discord_rest.events import ADA, CHANNEL
from tests.discord_rest.fake import APPLICATION_ID
from tests.discord_rest.messages import MIB


async def test_a_young_card_is_edited_by_its_token(delivery: Delivery) -> None:
    """No permission to write is needed, and nothing new is posted."""
    assert await delivery.deliver(1000) == (delivery.card,)
    (card,) = delivery.shown
    assert list(card.files.values()) == [1000]
    assert card.reactions == ["🔄"]
    assert delivery.fake.refused == []


async def test_no_reaction_is_added_where_many_wait(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is decoration: the person's own 🔄 counts without it."""
    monkeypatch.setattr(courier_parts, "MOST_REACTIONS_WAITING", 0)
    await delivery.deliver(1000)
    (card,) = delivery.shown
    assert list(card.files.values()) == [1000]
    assert card.reactions == []


async def test_an_old_card_is_edited_through_its_channel_and_calls_its_requester(
    delivery: Delivery,
) -> None:
    """An edit notifies nobody, and the person has long gone to do something else."""
    async with delivery.process():
        delivery.later(16)
    await delivery.deliver(1000)
    card, notice = delivery.shown
    assert list(card.files.values()) == [1000]
    assert notice.content == f"<@{ADA}> your picture is ready."
    assert notice.answers == card.id
    assert notice.mentions == {"parse": [], "users": [ADA]}
    assert delivery.fake.refused == []


async def test_a_token_that_dies_early_is_no_end(delivery: Delivery) -> None:
    """Discord drops a token when it wants to."""
    async with delivery.process():
        delivery.fake.messages.tokens.clear()
    await delivery.deliver(1000)
    await delivery.deliver(1000)
    assert [list(message.files.values()) for message in delivery.shown] == [[1000]]


@pytest.mark.parametrize(("after_s", "mentioned"), [(60, False), (61, True)])
async def test_a_requester_is_called_once_after_a_minute(
    delivery: Delivery, after_s: int, mentioned: bool
) -> None:
    """Counted from the command, in whichever process; a second delivery calls nobody again."""
    async with delivery.process():
        delivery.fake.now_ms += after_s * 1000
    for _ in range(2):
        await delivery.deliver(1000)
        notices = [message.content for message in delivery.shown[1:]]
        assert notices == [f"<@{ADA}> your picture is ready."] * mentioned


@pytest.mark.parametrize("gone", [False, True])
async def test_who_switched_calls_off_is_never_notified(delivery: Delivery, gone: bool) -> None:
    """No reply; and a new message in place of a lost card names them without a sound."""
    delivery.quiet.add(ADA)
    async with delivery.process():
        delivery.later(5)
        if gone:
            delivery.fake.messages.all.clear()
    await delivery.deliver(1000)
    (shown,) = delivery.shown
    assert shown.mentions == ({"parse": [], "users": []} if gone else None)


@pytest.mark.parametrize("error", [JobCancelled(), RequesterDetached()])
async def test_who_stopped_it_is_not_called(delivery: Delivery, error: EaselError) -> None:
    """They pressed the button a moment ago."""
    async with delivery.process() as courier:
        delivery.later(5)
        assert await courier.end(delivery.job, JobFailure(error, JobState.CANCELLED))
    assert len(delivery.shown) == 1


@pytest.mark.parametrize("minutes", [0, 16])
async def test_a_job_that_fails_after_a_preview_leaves_no_picture(
    delivery: Delivery, minutes: int
) -> None:
    """An edit states all attachments: nobody takes a preview for what they asked for."""
    (preview,) = delivery.pictures(1000)
    async with delivery.process() as courier:
        delivery.later(minutes)
        progress = JobProgress(0, done=0, total=1, preview=preview)
        await courier.update(delivery.job, progress)
        assert list(delivery.shown[0].files.values()) == [1000]
        assert await courier.end(delivery.job, JobFailure(Interrupted(), JobState.CANCELLED))
    assert delivery.shown[0].files == {}


async def test_large_pictures_come_in_several_messages(delivery: Delivery) -> None:
    """A request has at most 25 MiB; each message is written down for its 🔄."""
    messages = await delivery.deliver(*[9 * MIB] * 5)
    assert [len(message.files) for message in delivery.shown] == [2, 2, 1]
    assert [message.message_id for message in messages] == [
        message.id for message in delivery.shown
    ]
    assert "3 more pictures follow" in str(delivery.shown[0].embeds[0]["description"])
    assert "Pictures 3 to 4 of 5" in str(delivery.shown[1].embeds[0]["author"])
    assert all(len(str(message.nonce)) == 23 for message in delivery.shown[1:])
    assert await delivery.rows("SELECT message_id FROM messages ORDER BY message_id") == [
        (message.id,) for message in delivery.shown
    ]
    assert delivery.fake.refused == []


async def test_an_answer_that_is_lost_posts_nothing_twice(delivery: Delivery) -> None:
    """Discord posted it, the line broke, and the same nonce finds it again."""
    async with delivery.process() as courier:
        delivery.fake.messages.lose.extend(["PATCH", "POST", "POST"])
        await courier.deliver(delivery.job, result(delivery.pictures(*THREE)))
    assert [len(message.files) for message in delivery.shown] == [2, 1]


async def test_a_crash_before_the_answer_is_written_posts_nothing_twice(delivery: Delivery) -> None:
    """Within two minutes Discord knows the nonce: one message with one set of files."""
    await delivery.deliver_and_die()
    await delivery.deliver(*THREE)
    assert [len(message.files) for message in delivery.shown] == [2, 1]
    assert await delivery.rows("SELECT COUNT(*) FROM intents WHERE message_id IS NOT NULL") == [
        (1,)
    ]


async def test_later_a_message_is_looked_for_and_adopted(delivery: Delivery) -> None:
    """Discord has forgotten the nonce, but the channel still shows the message."""
    await delivery.deliver_and_die()
    delivery.later(10)
    await delivery.deliver(*THREE)
    assert [len(message.files) for message in delivery.shown] == [2, 1, 0]
    assert await delivery.rows("SELECT message_id FROM intents ORDER BY part") == [
        (message.id,) for message in delivery.shown[1:]
    ]


async def test_what_was_announced_but_never_posted_is_sent_later(delivery: Delivery) -> None:
    """The process died between the announcement and the request."""
    await delivery.deliver_and_die()
    del delivery.fake.messages.all[delivery.shown[1].id]
    delivery.later(10)
    await delivery.deliver(*THREE)
    assert [len(message.files) for message in delivery.shown] == [2, 1, 0]


async def test_a_channel_that_cannot_be_read_gets_the_message_rather_twice_than_never(
    delivery: Delivery,
) -> None:
    """Read Message History is a permission of its own."""
    await delivery.deliver_and_die()
    delivery.fake.messages.without_history.add(CHANNEL)
    delivery.later(10)
    await delivery.deliver(*THREE)
    assert [len(message.files) for message in delivery.shown] == [2, 1, 1, 0]


async def test_a_limit_that_is_lower_than_it_said_makes_the_pictures_smaller(
    delivery: Delivery,
) -> None:
    """40005: every picture is fitted anew, and the card says so."""
    path = delivery.folder / "noise.png"
    Image.frombytes("RGB", (900, 900), random.randbytes(900 * 900 * 3)).save(path)
    picture = Picture(path, "png", 900, 900, path.stat().st_size)
    delivery.fake.messages.max_file_bytes = picture.bytes // 3
    async with delivery.process() as courier:
        await courier.deliver(delivery.job, result((picture,)))
    (card,) = delivery.shown
    ((name, size),) = card.files.items()
    assert name.endswith(".webp")
    assert size <= picture.bytes // 3
    assert "Shown as WebP" in str(card.embeds[0]["description"])


async def test_a_picture_that_cannot_be_shown_does_not_take_the_others(
    delivery: Delivery,
) -> None:
    """It is damaged and too large to be posted as it is; the card says that one is missing."""
    path = delivery.folder / "damaged.png"
    path.write_bytes(bytes(11 * MIB))
    damaged = Picture(path, "png", 64, 64, 11 * MIB)
    async with delivery.process() as courier:
        await courier.deliver(delivery.job, result((damaged, *delivery.pictures(1000, 2000))))
    (card,) = delivery.shown
    assert sorted(card.files.values()) == [1000, 2000]
    said = str(card.embeds[0]["description"])
    assert "One picture could not be shown here and was not charged" in said
    assert "next message" not in said


async def test_a_rate_limit_is_waited_for(delivery: Delivery) -> None:
    """Patience costs nobody a picture."""
    async with delivery.process():
        delivery.later(16)
        delivery.fake.messages.limits.extend([0.01, 0.01])
    await delivery.deliver(1000)
    assert [len(message.files) for message in delivery.shown] == [1, 0]


async def test_a_deleted_card_becomes_a_new_message_that_names_its_requester(
    delivery: Delivery,
) -> None:
    """Somebody tidied the channel while the model painted."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
    await delivery.deliver(*THREE)
    assert [len(message.files) for message in delivery.shown] == [2, 1]
    assert delivery.shown[0].content.startswith(f"<@{ADA}> here is")
    assert delivery.shown[0].nonce == nonce_of(delivery.job, 1)
    assert delivery.shown[0].reactions == ["🔄"]


async def test_a_closed_channel_becomes_a_direct_message(delivery: Delivery) -> None:
    """The bot lost its access; the person did not."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.messages.closed.add(CHANNEL)
    (address,) = await delivery.deliver(1000)
    (message,) = delivery.fake.messages.at(ADA)
    assert address.message_id == message.id
    assert list(message.files.values()) == [1000]


async def test_what_can_be_posted_nowhere_is_not_delivered(delivery: Delivery) -> None:
    """Its job knows whether it is kept."""
    async with delivery.process():
        delivery.fake.messages.all.clear()
        delivery.fake.messages.closed.add(CHANNEL)
        delivery.fake.messages.deaf.add(ADA)
    with pytest.raises(NotDelivered):
        await delivery.deliver(1000, kept=True)
    assert delivery.fake.messages.all == {}


async def test_where_the_bot_may_not_write_everything_is_on_the_card(delivery: Delivery) -> None:
    """Commands are answered there all the same: smaller pictures, but none is missing."""
    pictures = [padded(delivery.folder / f"slot-{number}.png", 20 * MIB) for number in range(2)]
    async with delivery.process():
        delivery.fake.messages.closed.add(CHANNEL)
        delivery.card = CardAddress(
            CHANNEL, delivery.card.message_id, APPLICATION_ID, "a-token", 50 * MIB
        )
        delivery.fake.messages.max_file_bytes = 50 * MIB
    async with delivery.process() as courier:
        await courier.deliver(delivery.job, result(tuple(pictures)))
    (card,) = delivery.shown
    assert len(card.files) == 2


async def test_why_there_is_no_picture_is_said_where_it_can_be_read(delivery: Delivery) -> None:
    """A card, a channel, a person: the first that is there."""
    ending = JobFailure(Interrupted(), JobState.CANCELLED)
    async with delivery.process() as courier:
        assert await courier.end(delivery.job, ending)
        assert "before painting began" in str(delivery.shown[0].embeds[0]["description"])
        delivery.fake.messages.all.clear()
        assert await courier.end(delivery.job, ending)
        assert delivery.shown[0].content.startswith(f"<@{ADA}> The bot restarted")
        delivery.fake.messages.all.clear()
        delivery.fake.messages.closed.add(CHANNEL)
        delivery.fake.messages.deaf.add(ADA)
        assert await courier.end(delivery.job, ending)
    assert delivery.fake.messages.all == {}


async def test_what_came_late_is_told_once_and_the_card_stays_as_it_is(delivery: Delivery) -> None:
    """The card may show other pictures of the job, and the requester has long gone."""
    late = JobFailure(PicturesLate(count=1, credits=1, slot=0), JobState.DONE, 1)
    async with delivery.process():
        delivery.later(16)
    async with delivery.process() as courier:
        for _ in range(2):
            assert await courier.end(delivery.job, late)
    card, notice = delivery.shown
    assert "kept for you" not in str(card.embeds)
    assert notice.content.startswith(f"<@{ADA}> A picture that had not been finished in time")
    assert notice.content.endswith("for 1 credit, so please use `/history` to get it.")
    assert (notice.answers, notice.mentions) == (card.id, {"parse": [], "users": [ADA]})
    assert delivery.fake.refused == []
