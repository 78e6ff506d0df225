"""Whatever is raised while pictures are delivered leads to the next way, on the wire."""

import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.core.errors.jobs import NeitherPostedNorKept, PicturesKept
from bot.core.models import CardAddress, JobState, Picture
from bot.jobs.courier import JobFailure, JobResult
from tests.discord_rest.delivery import Delivery, result
from tests.discord_rest.events import ADA, CHANNEL
from tests.discord_rest.fake import APPLICATION_ID, Answer
from tests.discord_rest.messages import MIB
from tests.images.kept_files import store_in

# Cloudflare answers so; discord.py looks for retry_after and raises KeyError.
BLOCKED = Answer(429, {"code": 0, "message": "You are being blocked"}, {"Via": "1.1 google"})


def spoil(delivery: Delivery, *ways: str, answer: Answer = BLOCKED) -> None:
    """Let the first ways of a delivery fail, by the names of the paths below."""
    card = delivery.card.message_id
    paths = {
        "token": f"/webhooks/{APPLICATION_ID}/a-token/messages/{card}",
        "card": f"/channels/{CHANNEL}/messages/{card}",
        "channel": f"/channels/{CHANNEL}/messages",
        "direct": "/users/@me/channels",
    }
    delivery.fake.instead.update({paths[way]: answer for way in ways})


@pytest.mark.parametrize(
    "answer", [BLOCKED, Answer(400, {"code": 50083, "message": "Thread is archived"})]
)
@pytest.mark.parametrize(
    ("ways", "shown"),
    [
        (("token",), ([1000], [])),
        (("token", "card"), ([], [1000])),
        (("token", "card", "channel"), ([], [1000])),
    ],
)
async def test_each_way_that_fails_leads_to_the_next(
    delivery: Delivery, ways: tuple[str, ...], shown: tuple[list[int], ...], answer: Answer
) -> None:
    """The picture was paid: Discord's moods, known or not, must not lose it."""
    async with delivery.process():
        spoil(delivery, *ways, answer=answer)
    (posted,) = await delivery.deliver(1000)
    messages = delivery.fake.messages
    assert (posted == delivery.card) is (ways == ("token",))
    on_card = list(delivery.shown[0].files.values())
    elsewhere = [*messages.at(CHANNEL)[1:], *messages.at(ADA)]
    assert (on_card, [size for each in elsewhere for size in each.files.values()]) == shown
    assert bool(messages.at(ADA)) is (len(ways) == 3)


async def test_a_card_that_took_no_picture_says_where_it_is(delivery: Delivery) -> None:
    """It would say Painting for ever; Discord takes words where it refuses the files."""
    async with delivery.process() as courier:
        spoil(delivery, "token", "card", answer=Answer(400, {"code": 20009, "message": "Explicit"}))

        async def take_words(_: web.Request, response: web.StreamResponse) -> web.StreamResponse:
            delivery.fake.instead.clear()
            return response

        delivery.fake.then = take_words
        await courier.deliver(delivery.job, result(delivery.pictures(1000)))
    # A crash after the settlement leaves no other card.
    card, posted = delivery.shown
    assert "came in another message" in str(card.embeds[0]["description"])
    assert (card.files, list(posted.files.values())) == ({}, [1000])


@pytest.mark.parametrize("kept", [True, False])
async def test_where_every_way_fails_nothing_is_delivered(delivery: Delivery, kept: bool) -> None:
    """Who is charged for it, and told what, its job decides."""
    async with delivery.process():
        spoil(delivery, "token", "card", "channel", "direct")
    with pytest.raises(NeitherPostedNorKept):
        await delivery.deliver(1000, kept=kept)


def kept_only(delivery: Delivery) -> JobFailure:
    """Return the end of a job whose pictures are kept, but could not be posted."""
    kept = result(delivery.pictures(1000), kept=True)
    return JobFailure(PicturesKept(), JobState.DONE, 1, kept)


async def test_that_they_are_kept_is_said_where_it_can_be_read(delivery: Delivery) -> None:
    """The words reach the card, with the buttons of a result, else the channel."""
    delivery.quiet.add(ADA)
    async with delivery.process() as courier:
        assert await courier.end(delivery.job, kept_only(delivery))
        assert "use `/history`" in str(delivery.shown[0].embeds)
        assert "easel:original" in str(delivery.shown[0].components)
        refusal = Answer(403, {"code": 50001, "message": "Missing Access"})
        spoil(delivery, "token", "card", answer=refusal)
        assert await courier.end(delivery.job, kept_only(delivery))
    assert delivery.shown[1].content.startswith(f"<@{ADA}> The pictures could not be posted here")


async def test_that_they_are_kept_and_nobody_could_be_told_is_known(delivery: Delivery) -> None:
    """Discord failed at everything: the next start tells it on the card."""
    async with delivery.process() as courier:
        spoil(delivery, "token", "card", "channel", "direct")
        assert not await courier.end(delivery.job, kept_only(delivery))


def unreadable(folder: Path) -> Picture:
    """Return a picture that is too large for the channel and cannot be made smaller."""
    path = folder / "damaged.png"
    path.write_bytes(random.randbytes(11 * MIB))
    return Picture(path, "png", 64, 64, 11 * MIB)


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        (True, "One picture could not be shown here, but it is kept for you"),
        (False, "One picture could not be shown here and was not charged"),
    ],
)
async def test_a_damaged_picture_does_not_take_the_good_ones_with_it(
    delivery: Delivery, kept: bool, says: str
) -> None:
    """Two of three are shown, and the card says where the third is."""
    async with delivery.process() as courier:
        first, last = delivery.pictures(1000, 2000)
        pictures = (first, unreadable(delivery.folder), last)
        await courier.deliver(delivery.job, result(pictures, kept=kept))
    (card,) = delivery.shown
    assert list(card.files.values()) == [1000, 2000]
    assert [name[-5:] for name in card.files] == ["1.png", "3.png"]
    said = str(card.embeds[0]["description"])
    assert says in said
    assert "follow" not in said


async def test_a_picture_that_nobody_can_fit_is_kept(delivery: Delivery) -> None:
    """Nothing remains to be posted."""
    async with delivery.process() as courier:
        only = (unreadable(delivery.folder),)
        with pytest.raises(NeitherPostedNorKept):
            await courier.deliver(delivery.job, result(only, kept=True))


def bomb(path: Path, side: int) -> Path:
    """Write a PNG that announces more pixels than anybody may decode."""
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    checked = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + checked)
    return path


async def test_a_thumbnail_that_cannot_be_drawn_does_not_stop_the_result(
    delivery: Delivery,
) -> None:
    """A reference of 40,000 × 40,000 pixels is refused by Pillow with an error of its own."""
    async with delivery.process() as courier:
        vault = store_in(delivery.folder / "vault", delivery.database, lambda: 0)
        kept = await vault.keep_file(bomb(delivery.folder / "bomb.png", 40_000), "png")
        request = replace(delivery.job.request, references=(kept.file.reference,))
        delivery.job = replace(delivery.job, request=request)
        shown: JobResult = result(delivery.pictures(1000))
        report = await courier.deliver(delivery.job, shown)
        assert report.messages == (delivery.card,)
    assert list(delivery.shown[0].files.values()) == [1000]


async def test_an_answer_to_nobody_is_kept(delivery: Delivery) -> None:
    """A private answer whose token has died has no other way."""
    async with delivery.process():
        delivery.fake.messages.tokens.clear()
        delivery.card = CardAddress(
            CHANNEL, delivery.card.message_id, APPLICATION_ID, "a-token", only_by_token=True
        )
        spoil(delivery, "direct")
    with pytest.raises(NeitherPostedNorKept):
        await delivery.deliver(1000, kept=True)
