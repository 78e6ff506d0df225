"""Jobs while the database is locked or slow: each ends by itself, and nothing is paid unwritten."""

import asyncio
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from bot.database.outage import DatabaseBusy, DatabaseWaits
from bot.database.transaction import Transaction
from tests.cogs.scripted_gateway import ErrorReply, ScriptedGateway
from tests.database.engines import IS_POSTGRESQL, sqlite_only
from tests.database.sqlite_connections import writer_of
from tests.database.test_outage import commits_wait, locked
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness
from tests.jobs.test_recovery import HangingCourier, process, recover
from tests.waiting import until

STATES = "SELECT state, told FROM jobs"
CHARGES = "SELECT state, credits, operator_credits FROM charges"

pytestmark = sqlite_only("one program locks the whole database")


async def hurry(harness: ServiceHarness) -> None:
    """Shorten what the database waits for others, and what people wait for it."""
    database = harness.services.database
    answer_s = 0.5 if IS_POSTGRESQL else 0.05  # a server is asked several times before the COMMIT
    database.waits = DatabaseWaits(answer_s=answer_s, first_pause_s=0.001, longest_pause_s=0.01)
    if not IS_POSTGRESQL:
        await database.write(Transaction.query, "PRAGMA busy_timeout = 20")


@pytest.mark.parametrize(
    ("reply", "state", "charge"),
    [
        (None, ("done", 1), ("settled", 1, 1)),
        (ErrorReply(400, "content_policy_violation"), ("failed", 1), ("settled", 0, 0)),
    ],
)
async def test_a_job_whose_end_meets_a_lock_ends_when_it_is_gone(
    tmp_path: Path,
    gateway: ScriptedGateway,
    reply: ErrorReply | None,
    state: tuple[str, int],
    charge: tuple[str, int, int],
) -> None:
    """Whoever paid has the picture, whoever got none the credits, and no restart is needed."""
    gateway.replies.extend([reply] if reply else [])
    gateway.gate.clear()
    courier = RecordingCourier()
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        await harness.submit(courier)
        await asyncio.wait_for(gateway.asked.wait(), 60)
        with locked(tmp_path / "easel.db"):
            gateway.gate.set()
            await harness.services.job_service.drained(0.5)
            assert harness.rows("SELECT state FROM jobs") == [("working",)]
        await harness.services.job_service.drained()
        assert harness.rows(STATES) == [state]
        assert harness.rows(CHARGES) == [charge]
    assert len(gateway.bodies) == 1
    assert len(courier.results) + len(courier.failures) == 1


async def test_nothing_is_sent_that_could_not_be_written_first(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A crash would otherwise pay for it once more."""
    async with process(tmp_path, gateway, max_concurrent_jobs=1) as harness:
        await hurry(harness)
        gateway.gate.clear()
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.submit(RecordingCourier())
        with locked(tmp_path / "easel.db"):
            gateway.gate.set()
            await harness.services.job_service.drained(0.3)
            assert len(gateway.bodies) == 1
        await harness.services.job_service.drained()
        assert len(gateway.bodies) == 2
        assert harness.rows(STATES) == [("done", 1), ("done", 1)]


async def test_a_message_that_was_deleted_is_recorded_when_the_lock_is_gone(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """It is gone in Discord: the person must not read that nothing was changed."""
    courier = RecordingCourier()
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        await harness.submit(courier)
        await harness.services.job_service.drained()
        ((message_id,),) = harness.rows("SELECT message_id FROM messages")
        deleted = harness.services.deleted_messages
        with locked(tmp_path / "easel.db"):
            recording = asyncio.create_task(deleted.messages_gone([message_id]))
            await asyncio.wait((recording,), timeout=0.2)
            assert not recording.done()
        await recording
        assert harness.rows("SELECT message_id FROM messages") == []


async def test_a_request_that_meets_a_lock_is_refused_and_leaves_nothing(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Discord shows that the application did not respond, and the picture came all the same."""
    courier = RecordingCourier()
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        with locked(tmp_path / "easel.db"), pytest.raises(DatabaseBusy):
            await harness.submit(courier)
        assert harness.rows(STATES) == harness.rows(CHARGES) == []
        await harness.submit(courier)
        await harness.services.job_service.drained()
        assert harness.rows(STATES) == [("done", 1)]
    assert (len(courier.placed), len(gateway.bodies)) == (1, 1)


async def test_a_hold_that_is_committed_too_late_is_released(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A COMMIT of 2.5 s or of 30 s: the person was told that nothing was started."""
    courier = RecordingCourier()
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        async with commits_wait(harness.services.database) as (began, may_end):
            with pytest.raises(DatabaseBusy):
                await harness.submit(courier)
            assert began.is_set()
            may_end.set()
            await until(lambda: harness.rows(STATES) == [("cancelled", 1)])
        assert harness.rows(CHARGES) == [("settled", 0, 0)]
        assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]
    assert not courier.placed
    assert not gateway.bodies


async def test_a_hold_that_is_committed_too_late_by_a_dying_process_is_released(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The next start finds a job without a card."""
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        async with commits_wait(harness.services.database) as (_, may_end):
            with pytest.raises(DatabaseBusy):
                await harness.submit(RecordingCourier())
            harness.services.database.waits = DatabaseWaits(first_pause_s=3600)
            await harness.services.database.leave_later()
            may_end.set()
    async with process(tmp_path, gateway) as harness:
        assert await harness.services.recovery.take_over() == []
        assert harness.rows(STATES) == [("cancelled", 1)]
        assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]


async def test_a_cancellation_that_meets_a_lock_says_so_and_works_later(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The button tells the truth: nothing was cancelled, and the next press does it."""
    gateway.gate.clear()
    courier = RecordingCourier()
    async with process(tmp_path, gateway, max_concurrent_jobs=1) as harness:
        await hurry(harness)
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        job = await harness.submit(courier)
        cancel = harness.services.cancellation.cancel
        with locked(tmp_path / "easel.db"), pytest.raises(DatabaseBusy):
            await cancel(job.id, ADA, moderates=False)
        assert harness.rows("SELECT state FROM jobs ORDER BY id") == [("working",), ("queued",)]
        await cancel(job.id, ADA, moderates=False)
        gateway.gate.set()
        await harness.services.job_service.drained()
        assert harness.rows("SELECT state FROM jobs ORDER BY id") == [("done",), ("cancelled",)]
    assert [failure.error.message_id for failure in courier.failures] == ["error-stopped"]


async def test_a_cancellation_that_is_committed_too_late_is_told_by_the_job(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Whoever pressed was asked to try again; the card says in the end what happened."""
    gateway.gate.clear()
    courier = RecordingCourier()
    async with process(tmp_path, gateway, max_concurrent_jobs=1) as harness:
        await hurry(harness)
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        job = await harness.submit(courier)
        await until(lambda: (2,) in harness.rows("SELECT COUNT(message_id) FROM jobs"))
        async with commits_wait(harness.services.database) as (_, may_end):
            with pytest.raises(DatabaseBusy):
                await harness.services.cancellation.cancel(job.id, ADA, moderates=False)
            may_end.set()
        gateway.gate.set()
        await harness.services.job_service.drained()
        assert harness.rows("SELECT state FROM jobs ORDER BY id") == [("done",), ("cancelled",)]
    assert [failure.error.message_id for failure in courier.failures] == ["error-stopped"]
    assert len(gateway.bodies) == 1


async def test_a_start_that_meets_a_lock_while_it_keeps_pictures_goes_on(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The job was adopted already, and the bot did not start."""
    async with process(tmp_path, gateway) as harness:
        await harness.submit(HangingCourier())
        await until(lambda: harness.rows("SELECT deliveries FROM jobs") == [(1,)])
    async with process(tmp_path, gateway) as harness:
        await recover(harness, HangingCourier(), waits=False)
        await until(lambda: harness.rows("SELECT deliveries FROM jobs") == [(2,)])
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        begins, lock = count(1), ExitStack()

        def before(statement: str) -> None:
            if statement == "BEGIN IMMEDIATE":
                number = next(begins)
                if number == 2:  # the first one adopts
                    lock.enter_context(locked(tmp_path / "easel.db"))
                elif number == 3:
                    lock.close()

        await writer_of(harness.services.database).set_trace_callback(before)
        await recover(harness, RecordingCourier())
        assert next(begins) > 3
        assert harness.rows(STATES) == [("done", 1)]
        assert harness.rows("SELECT COUNT(*) FROM pictures") == [(1,)]
