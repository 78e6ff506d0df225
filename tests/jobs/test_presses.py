"""A press that Discord tells of twice leads to one job, whichever processes hear of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import Requester
from bot.core.presses import REACTION_MS, interaction_press, reaction_press
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.transaction import Transaction
from bot.jobs.maintenance import delete_presses
from bot.jobs.repository.presses import (
    PRESS_RETENTION_MS,
    PRESSES_PER_BATCH,
    PressRepeated,
    note_press,
)
from bot.services import Services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.postgresql_server import Server
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness
from tests.jobs.test_two_processes import two_processes
from tests.quota.ledger_driver import NOON

AT_ONCE = 10


@pytest.fixture
async def database(engine_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(engine_url, backup_dir=tmp_path, now=lambda: NOON) as database:
        yield database


@pytest.fixture
async def processes(
    postgresql: Server, tmp_path: Path, gateway: ScriptedGateway
) -> AsyncIterator[list[Services]]:
    """Open the services of two processes on one database."""
    url = postgresql.migrated_database()
    async with two_processes(url, tmp_path, gateway) as opened:
        yield [*opened]


async def test_an_interaction_that_two_processes_hear_of_is_painted_once(
    processes: list[Services], tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """In a rolling restart both have the shard for a moment, and each would charge a picture."""

    async def press(who: Requester) -> list[object]:
        """Let both processes hear of it several times at once."""
        heard = [ServiceHarness(each, tmp_path) for each in processes for _ in range(AT_ONCE)]
        told = (each.submit(RecordingCourier(), who) for each in heard)
        return await asyncio.gather(*told, return_exceptions=True)

    for number in range(3):
        ends = await press(replace(ADA, press=interaction_press(1000 + number)))
        repeated = [each for each in ends if isinstance(each, PressRepeated)]
        assert len(repeated) == len(ends) - 1
    for each in processes:
        await each.job_service.drained()
    assert len(gateway.bodies) == 3
    counted = await processes[0].database.read(Transaction.one, "SELECT COUNT(*) FROM charges")
    assert counted is not None
    assert counted[0] == 3


async def test_what_was_refused_may_be_pressed_again(
    processes: list[Services], tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A press that led to nothing must not stand in the way of the process that is able to."""
    who = replace(ADA, press=interaction_press(7))
    first, second = (ServiceHarness(each, tmp_path) for each in processes)
    await processes[0].database.write(
        processes[0].ledger.block, server_id=10, user_id=1, reason="", actor_id=3
    )
    with pytest.raises(Exception, match="error-blocked"):
        await first.submit(RecordingCourier(), who)
    await processes[0].database.write(
        processes[0].ledger.unblock, server_id=10, user_id=1, actor_id=3
    )
    await second.submit(RecordingCourier(), who)
    await processes[1].job_service.drained()
    assert len(gateway.bodies) == 1


async def test_a_reaction_counts_again_after_a_while_and_an_interaction_never(
    database: Database,
) -> None:
    """Taking a reaction back and adding it again later asks for one more picture."""

    async def is_new(press: str, at: int) -> bool:
        try:
            await database.write(note_press, presses[press], at=at)
        except PressRepeated:
            return False
        return True

    presses = {
        "reaction": reaction_press(100, 1),
        "by another": reaction_press(100, 2),
        "elsewhere": reaction_press(101, 1),
        "interaction": interaction_press(100),
    }
    assert [await is_new(name, NOON) for name in presses] == [True] * 4
    assert [await is_new(name, NOON + REACTION_MS - 1) for name in presses] == [False] * 4
    later = [await is_new(name, NOON + REACTION_MS) for name in presses]
    assert later == [True, True, True, False]


async def test_presses_of_yesterday_are_deleted(database: Database) -> None:
    """The table would grow by a row a job, and tell for ever who reacted to what."""

    def fill(tx: Transaction) -> None:
        for number in range(PRESSES_PER_BATCH + 1):
            note_press(tx, interaction_press(number), at=NOON)
        note_press(tx, interaction_press(-5), at=NOON + 1)

    await database.write(fill)
    await delete_presses(database, lambda: NOON + 1 + PRESS_RETENTION_MS)
    left = await database.read(Transaction.query, "SELECT id FROM presses")
    assert [row["id"] for row in left] == [-5]
