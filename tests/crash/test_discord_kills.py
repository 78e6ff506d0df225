"""The whole bot under SIGKILL between Discord's deed and our journal's row about it.

Discord is the strict loopback REST: when it has done what was asked it kills the process, before
it answers or in the middle of its answer. Then a new process starts on the same folder.
"""

import io
import random
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import cast

import pybase64
import pytest
from PIL import Image

from tests.crash.deathbed import EDIT, NEW, PLACING, At, Deathbed
from tests.crash.gateway import open_till
from tests.discord_rest.events import ADA, CHANNEL
from tests.discord_rest.fake import fake_discord
from tests.discord_rest.messages import Message

AT_ONCE, AFTER_A_WHILE, AFTER_THE_TOKEN = 0, 10, 20  # minutes until the next start
# Whoever waited longer than a minute is called by a line without files.
CALL = {AT_ONCE: [], AFTER_A_WHILE: [0]}
BEFORE, HALFWAY = False, True  # the death, and Discord's answer


def large() -> str:
    """Return a PNG of about 9 MiB as base64: two of them fit into one request."""
    file = io.BytesIO()
    side = 1770
    Image.frombytes("RGB", (side, side), random.randbytes(side * side * 3)).save(file, "png")
    return pybase64.b64encode(file.getvalue()).decode()


def said(message: Message) -> str:
    """Return what a card says below its prompt."""
    (embed,) = message.embeds
    return str(embed["description"])


@pytest.fixture
async def deathbed(tmp_path: Path) -> AsyncIterator[Deathbed]:
    chance = Random(0)
    async with fake_discord() as fake, open_till(chance) as till:
        yield Deathbed(tmp_path, fake, till)
        assert fake.refused == []


@pytest.mark.parametrize(("minutes", "halfway"), [(AT_ONCE, BEFORE), (AFTER_THE_TOKEN, HALFWAY)])
async def test_a_card_that_showed_its_pictures_is_edited_again(
    deathbed: Deathbed, minutes: int, halfway: bool
) -> None:
    """An edit replaces the whole message: twice is once."""
    await deathbed.dies(At(EDIT, halfway), pictures=2)
    assert deathbed.files == [2]
    deathbed.later(minutes)
    await deathbed.lives()
    card, *notices = deathbed.shown
    assert len(card.files) == 2
    controls = [len(cast("list[object]", row["components"])) for row in card.components]
    assert controls == [3, 3]
    assert len(notices) == (minutes == AFTER_THE_TOKEN)
    deathbed.check("done", delivered=2)


@pytest.mark.parametrize(("minutes", "halfway"), [(AT_ONCE, HALFWAY), (AFTER_A_WHILE, BEFORE)])
async def test_a_new_message_is_posted_once(
    deathbed: Deathbed, minutes: int, halfway: bool
) -> None:
    """Its card was deleted: Discord knows the nonce for a while, then the channel is read."""
    deathbed.tidied = True
    await deathbed.dies(At(NEW, halfway), pictures=2)
    assert deathbed.files == [2]
    deathbed.later(minutes)
    await deathbed.lives()
    assert deathbed.files == [2]
    assert deathbed.shown[0].content.startswith(f"<@{ADA}>")
    deathbed.check("done", delivered=2)
    assert all("Unknown Message" in line for line in deathbed.fake.refused)
    deathbed.fake.refused.clear()


@pytest.mark.parametrize(("minutes", "halfway"), [(AT_ONCE, HALFWAY), (AFTER_A_WHILE, BEFORE)])
@pytest.mark.parametrize("nth", [1, 2])
async def test_no_message_of_several_is_posted_twice(
    deathbed: Deathbed, minutes: int, halfway: bool, nth: int
) -> None:
    """Five large pictures need three messages; some were posted before the death."""
    deathbed.till.picture = large()
    await deathbed.dies(At(NEW, halfway, nth=nth), pictures=5)
    assert deathbed.files == [2, 2, 1][: 1 + nth]
    deathbed.later(minutes)
    await deathbed.lives()
    assert deathbed.files == [2, 2, 1] + CALL[minutes]
    deathbed.check("done", delivered=5)


@pytest.mark.parametrize(("minutes", "halfway"), [(AT_ONCE, BEFORE), (AFTER_THE_TOKEN, HALFWAY)])
async def test_a_card_that_was_just_placed_says_that_a_restart_ended_the_request(
    deathbed: Deathbed, minutes: int, halfway: bool
) -> None:
    """Nobody wrote down where it is, but it must not be in line for ever."""
    await deathbed.dies(At(PLACING, halfway, with_files=False), pictures=2)
    assert "Starting in a moment" in said(deathbed.shown[0])
    if minutes == AT_ONCE:
        # A young token needs no permission to read the channel.
        deathbed.fake.messages.unread.add(CHANNEL)
    deathbed.later(minutes)
    await deathbed.lives()
    card, *notices = deathbed.shown
    assert "The bot restarted before painting began" in said(card)
    assert card.components == []
    assert len(notices) == (minutes == AFTER_THE_TOKEN)
    deathbed.check("cancelled", delivered=0)


@pytest.mark.parametrize(("minutes", "halfway"), [(AT_ONCE, HALFWAY), (AFTER_A_WHILE, BEFORE)])
async def test_a_card_under_a_reaction_says_so_too(
    deathbed: Deathbed, minutes: int, halfway: bool
) -> None:
    """It is a message of its own, which no token reaches."""
    await deathbed.lives(pictures=1)
    (result,) = deathbed.shown
    await deathbed.dies(At(NEW, halfway, with_files=False), rolls=result.id)
    assert "Starting in a moment" in said(deathbed.shown[1])
    deathbed.later(minutes)
    await deathbed.lives()
    assert deathbed.files == [1, 0] + CALL[minutes]
    assert "The bot restarted before painting began" in said(deathbed.shown[1])
    deathbed.check("done", "cancelled", delivered=1)
