"""The whole bot under SIGKILL after Discord has acted and before our database says so.

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

from tests.crash.counting_gateway import open_gateway
from tests.crash.discord_crash import (
    EDIT_CARD,
    PLACE_CARD,
    POST_MESSAGE,
    CrashRequest,
    CrashScenario,
)
from tests.discord_rest.events import ADA, CHANNEL
from tests.discord_rest.fake import fake_discord
from tests.discord_rest.messages import Message

AT_ONCE, AFTER_A_WHILE, AFTER_THE_TOKEN = 0, 10, 20  # minutes until the next start
# Whoever waited longer than a minute is mentioned in a message without files.
NOTICE_FILES = {AT_ONCE: [], AFTER_A_WHILE: [0]}
BEFORE_ANSWER, HALFWAY = False, True  # the death, and Discord's answer


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
async def scenario(tmp_path: Path) -> AsyncIterator[CrashScenario]:
    chance = Random(0)
    async with fake_discord() as fake, open_gateway(chance) as gateway:
        yield CrashScenario(tmp_path, fake, gateway)
        assert fake.refused == []


@pytest.mark.parametrize(
    ("minutes", "halfway"), [(AT_ONCE, BEFORE_ANSWER), (AFTER_THE_TOKEN, HALFWAY)]
)
async def test_a_card_that_showed_its_pictures_is_edited_again(
    scenario: CrashScenario, minutes: int, halfway: bool
) -> None:
    """An edit replaces the whole message: twice is once."""
    await scenario.run_until_killed(CrashRequest(EDIT_CARD, halfway), pictures=2)
    assert scenario.files == [2]
    scenario.advance(minutes)
    await scenario.run_to_end()
    card, *notices = scenario.shown
    assert len(card.files) == 2
    controls = [len(cast("list[object]", row["components"])) for row in card.components]
    assert controls == [3, 4, 1]
    assert len(notices) == (minutes == AFTER_THE_TOKEN)
    scenario.check("done", delivered=2)


@pytest.mark.parametrize(
    ("minutes", "halfway"), [(AT_ONCE, HALFWAY), (AFTER_A_WHILE, BEFORE_ANSWER)]
)
async def test_a_new_message_is_posted_once(
    scenario: CrashScenario, minutes: int, halfway: bool
) -> None:
    """Its card was deleted: Discord knows the nonce for a while, then the channel is read."""
    scenario.delete_cards = True
    await scenario.run_until_killed(CrashRequest(POST_MESSAGE, halfway), pictures=2)
    assert scenario.files == [2]
    scenario.advance(minutes)
    await scenario.run_to_end()
    assert scenario.files == [2]
    assert scenario.shown[0].content.startswith(f"<@{ADA}>")
    scenario.check("done", delivered=2)
    assert all("Unknown Message" in line for line in scenario.fake.refused)
    scenario.fake.refused.clear()


@pytest.mark.parametrize(
    ("minutes", "halfway"), [(AT_ONCE, HALFWAY), (AFTER_A_WHILE, BEFORE_ANSWER)]
)
@pytest.mark.parametrize("nth", [1, 2])
async def test_no_message_of_several_is_posted_twice(
    scenario: CrashScenario, minutes: int, halfway: bool, nth: int
) -> None:
    """Five large pictures need three messages; some were posted before the death."""
    scenario.gateway.picture = large()
    await scenario.run_until_killed(CrashRequest(POST_MESSAGE, halfway, nth=nth), pictures=5)
    assert scenario.files == [2, 2, 1][: 1 + nth]
    scenario.advance(minutes)
    await scenario.run_to_end()
    assert scenario.files == [2, 2, 1] + NOTICE_FILES[minutes]
    scenario.check("done", delivered=5)


@pytest.mark.parametrize(
    ("minutes", "halfway"), [(AT_ONCE, BEFORE_ANSWER), (AFTER_THE_TOKEN, HALFWAY)]
)
async def test_a_card_that_was_just_placed_says_that_a_restart_ended_the_request(
    scenario: CrashScenario, minutes: int, halfway: bool
) -> None:
    """Nobody wrote down where it is, but it must not be waiting for ever."""
    await scenario.run_until_killed(CrashRequest(PLACE_CARD, halfway, with_files=False), pictures=2)
    assert "about 0%" in said(scenario.shown[0])
    if minutes == AT_ONCE:
        # A young token needs no permission to read the channel.
        scenario.fake.messages.without_history.add(CHANNEL)
    scenario.advance(minutes)
    await scenario.run_to_end()
    card, *notices = scenario.shown
    assert "The bot restarted before painting began" in said(card)
    assert card.components == []
    assert len(notices) == (minutes == AFTER_THE_TOKEN)
    scenario.check("cancelled", delivered=0)


@pytest.mark.parametrize(
    ("minutes", "halfway"), [(AT_ONCE, HALFWAY), (AFTER_A_WHILE, BEFORE_ANSWER)]
)
async def test_a_card_under_a_reaction_says_so_too(
    scenario: CrashScenario, minutes: int, halfway: bool
) -> None:
    """It is a message of its own, which no token reaches."""
    await scenario.run_to_end(pictures=1)
    (result,) = scenario.shown
    await scenario.run_until_killed(
        CrashRequest(POST_MESSAGE, halfway, with_files=False), rolls=result.id
    )
    assert "about 0%" in said(scenario.shown[1])
    scenario.advance(minutes)
    await scenario.run_to_end()
    assert scenario.files == [1, 0] + NOTICE_FILES[minutes]
    assert "The bot restarted before painting began" in said(scenario.shown[1])
    scenario.check("done", "cancelled", delivered=1)
