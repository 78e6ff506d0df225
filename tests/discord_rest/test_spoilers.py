"""Spoilers on the wire, where Discord lists a file that an embed shows only in that embed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import CardAddress, Picture
from tests.discord_rest.cdn import Cdn, cdn_of
from tests.discord_rest.delivery import THREE, Delivery
from tests.discord_rest.events import CHANNEL
from tests.discord_rest.fake import NOW_MS, fake_discord
from tests.discord_rest.messages import Message


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[Delivery, Cdn]]:
    """Return a delivery whose files can be fetched again from Discord."""
    async with fake_discord() as fake, cdn_of(fake) as cdn:
        fake.now_ms = NOW_MS
        yield Delivery(fake, tmp_path), cdn


def is_hidden(message: Message) -> bool:
    """Tell whether all files have the name by which Discord hides them, and no embed has one."""
    hidden = [name.startswith("SPOILER_") for name in message.files]
    shown = ["image" in embed for embed in message.embeds]
    assert any(hidden) is not any(shown)
    return all(hidden)


async def mark(delivery: Delivery, *, spoiler: bool, kept: dict[int, Picture] | None = None) -> int:
    """Mark everything in the channel; return how many messages could not be changed."""
    job = replace(delivery.job, spoiler=spoiler)
    addresses = [CardAddress(CHANNEL, message.id, 0) for message in delivery.shown]
    marker = delivery.couriers.spoiler_marker
    return await marker.mark_others(addresses, job, kept or {}, delivery.folder)


async def test_a_spoiler_in_several_messages_is_hidden_in_each(
    served: tuple[Delivery, Cdn],
) -> None:
    """Also the pictures that had no room in the first message."""
    delivery, _ = served
    async with delivery.process():
        delivery.job = replace(delivery.job, spoiler=True)
    await delivery.deliver(*THREE)
    assert [len(message.files) for message in delivery.shown] == [2, 1]
    assert all(is_hidden(message) for message in delivery.shown)


async def test_files_that_only_embeds_show_are_fetched_and_uploaded_again(
    served: tuple[Delivery, Cdn],
) -> None:
    """There and back: the same bytes under other names, in the same galleries."""
    delivery, cdn = served
    await delivery.deliver(1000, 2000)
    (card,) = delivery.shown
    before, components, embeds = list(card.contents.values()), card.components, card.embeds
    async with delivery.process():
        assert await mark(delivery, spoiler=True) == 0
        assert is_hidden(card)
        assert len(card.embeds) == 1
        assert list(card.contents.values()) == before
        assert len(cdn.requests) == 2
        assert await mark(delivery, spoiler=False) == 0
    assert not is_hidden(card)
    assert list(card.contents.values()) == before
    assert card.components == components
    assert [embed["image"] for embed in card.embeds] == [embed["image"] for embed in embeds]


async def test_kept_files_are_not_fetched_and_what_is_hidden_is_left(
    served: tuple[Delivery, Cdn],
) -> None:
    """The disk is nearer, and a message that is as it should be is not uploaded again."""
    delivery, cdn = served
    await delivery.deliver(1000)
    (card,) = delivery.shown
    async with delivery.process():
        (kept,) = delivery.pictures(1000)
        assert await mark(delivery, spoiler=True, kept={1: kept}) == 0
        assert cdn.requests == []
        contents = card.contents
        assert await mark(delivery, spoiler=True) == 0
    assert is_hidden(card)
    assert card.contents is contents
    assert cdn.requests == []


async def test_what_cannot_be_changed_is_counted(served: tuple[Delivery, Cdn]) -> None:
    """A deleted message needs nothing; in a closed channel, or without its file, it stays."""
    delivery, _ = served
    await delivery.deliver(1000)
    (card,) = delivery.shown
    async with delivery.process():
        delivery.later(25 * 60)
        card.contents = {}
        assert await mark(delivery, spoiler=True) == 1
        assert not is_hidden(card)
        delivery.fake.messages.closed.add(CHANNEL)
        assert await mark(delivery, spoiler=True) == 1
        delivery.fake.messages.closed.clear()
        address = CardAddress(CHANNEL, card.id + 1, 0)
        job = replace(delivery.job, spoiler=True)
        marker = delivery.couriers.spoiler_marker
        assert await marker.mark_others([address], job, {}, delivery.folder) == 0


async def test_a_reference_is_found_under_its_new_name(served: tuple[Delivery, Cdn]) -> None:
    """A re-roll of something made from a picture looks for its address, whatever it is called."""
    delivery, cdn = served
    await delivery.deliver(1000)
    (card,) = delivery.shown
    (name,) = card.files
    async with delivery.process() as courier:
        await mark(delivery, spoiler=True)
        upload = await courier.find_file(name, [delivery.card])
        assert upload is not None
        assert "/SPOILER_easel-" in str(upload.url)
        assert cdn.works(upload.url)
