"""Only a job's process writes what happens to it, also while another one takes it over."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from bot.core.errors.jobs import Interrupted
from bot.core.job_ids import new_job_id
from bot.core.models import (
    AnnouncedCard,
    Billed,
    CardAddress,
    ImageRequest,
    Job,
    JobState,
    Requester,
)
from bot.database.database import Database
from bot.database.opening import open_database
from bot.database.transaction import Row, Transaction
from bot.jobs.repository.ownership import JobTakenOver, taken_over
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import Attempt, Cost
from tests.quota.ledger_driver import NOON

ADA = Requester(user_id=1, server_id=10, name="Ada")
OTHER = ImageRequest("a dog", "m", "auto", 1)
CARD = CardAddress(5, 7, 6, "token")
TABLES = ("jobs", "attempts", "costs", "messages", "intents", "pictures")


@dataclass(frozen=True)
class TwoProcesses:
    """A database with one job of the first process, whose request is out."""

    database: Database
    first: JobRepository
    second: JobRepository
    job: Job
    attempt: Attempt

    async def rows(self) -> list[list[tuple[object, ...]]]:
        """Return everything that is written of jobs."""

        def read(tx: Transaction) -> list[list[Row]]:
            return [tx.query(f"SELECT * FROM {table}") for table in TABLES]

        return [[tuple(row) for row in rows] for rows in await self.database.read(read)]

    async def adopt(self) -> bool:
        """Let the second process take the job over."""
        return await self.database.write(self.second.adopt, self.job.id, owner="first")


def repositories() -> tuple[JobRepository, JobRepository]:
    return tuple(JobRepository(owner=owner, now=lambda: NOON) for owner in ("first", "second"))  # type: ignore[return-value]  # there are two


@pytest.fixture
async def processes(engine_url: str, tmp_path: Path) -> AsyncIterator[TwoProcesses]:
    first, second = repositories()
    job = Job(new_job_id(NOON), ImageRequest("a fox", "m", "auto", 1), ADA, 1, NOON)
    opening = open_database(engine_url, backup_dir=tmp_path / "backup", now=lambda: NOON)
    async with opening as database:
        await database.write(first.queued, job, card=AnnouncedCard(5, 6, "token"))
        attempt = await database.write(first.sending, job.id, 0, gateway="one", pictures=1)
        assert attempt is not None
        yield TwoProcesses(database, first, second, job, attempt)


WRITES: dict[str, Callable[[JobRepository, Job, Attempt, Transaction], object]] = {
    "not placed": lambda to, job, _, tx: to.not_placed(tx, job.id),
    "placed": lambda to, job, _, tx: to.placed(tx, job.id, CARD),
    "referenced": lambda to, job, _, tx: to.referenced(tx, replace(job, request=OTHER)),
    "delivered": lambda to, job, _, tx: to.delivered(tx, job.id, [CARD]),
    "ended": lambda to, job, _, tx: to.ended(tx, job.id, JobState.FAILED, Interrupted()),
    "told": lambda to, job, _, tx: to.told(tx, job.id),
    "not told": lambda to, job, _, tx: to.not_told(tx, job.id),
    "sending": lambda to, job, _, tx: to.sending(tx, job.id, 1, gateway="one", pictures=1),
    "task": lambda to, _, attempt, tx: to.task(tx, attempt, "task-1"),
    "answered": lambda to, _, attempt, tx: to.answered(tx, attempt, ["https://a.example/1"]),
    "received": lambda to, _, attempt, tx: to.received(tx, attempt, Cost("m", 1)),
    "refused": lambda to, _, attempt, tx: to.refused(tx, attempt, "m", "auth"),
    "lost": lambda to, _, attempt, tx: to.lost(tx, attempt, Billed.MAYBE, Cost("m"), "upstream"),
    "closed": lambda to, job, _, tx: to.close_attempts(
        tx, job.id, model="m", price_at=lambda _: None
    ),
    "delivery begun": lambda to, job, _, tx: to.delivery_begun(tx, job.id),
}


@pytest.mark.parametrize("what", WRITES)
async def test_a_process_whose_job_was_taken_over_writes_nothing_of_it(
    processes: TwoProcesses, what: str
) -> None:
    """It would charge for a picture twice, or end a job that goes on elsewhere."""
    write = partial(WRITES[what], processes.first, processes.job, processes.attempt)
    assert await processes.adopt()
    before = await processes.rows()
    with pytest.raises(JobTakenOver):
        await processes.database.write(write)
    assert await processes.rows() == before
    assert await processes.database.read(taken_over, [processes.job.id], "first") == [
        processes.job.id
    ]


@pytest.mark.parametrize("what", WRITES)
async def test_the_process_of_a_job_writes_all_of_it(processes: TwoProcesses, what: str) -> None:
    """The check itself stands in nobody's way."""
    before = await processes.rows()
    await processes.database.write(
        partial(WRITES[what], processes.first, processes.job, processes.attempt)
    )
    assert await processes.rows() != before
    assert await processes.database.read(taken_over, [processes.job.id], "first") == []


async def test_one_of_two_adopters_wins(processes: TwoProcesses) -> None:
    """Two that both resume a job would send its requests twice."""
    third = JobRepository(owner="third", now=lambda: NOON)
    adopt = partial(processes.database.write, third.adopt, processes.job.id, owner="first")
    assert sorted(await asyncio.gather(adopt(), processes.adopt())) == [False, True]


async def test_a_job_that_ended_is_not_adopted(processes: TwoProcesses) -> None:
    """Its process was about to commit when it was taken for dead: the pictures are posted."""
    database, first = processes.database, processes.first
    await database.write(first.delivered, processes.job.id, [CARD])
    assert await database.write(first.ended, processes.job.id, JobState.DONE)
    assert not await processes.adopt()


async def test_what_a_defect_wrote_before_its_check_is_rolled_back(
    processes: TwoProcesses,
) -> None:
    """Only a COMMIT counts: so the check may come last in a transaction."""
    await processes.adopt()
    before = await processes.rows()

    def late(tx: Transaction) -> None:
        processes.first.posted(tx, processes.job.id, CARD)
        processes.first.told(tx, processes.job.id)

    with pytest.raises(JobTakenOver):
        await processes.database.write(late)
    assert await processes.rows() == before


@dataclass
class Held:
    """A transaction that waits between its last statement and its COMMIT."""

    written: threading.Event
    commit: threading.Event

    @classmethod
    def new(cls) -> "Held":
        """Return one that has not begun."""
        return cls(threading.Event(), threading.Event())

    def after(self, function: Callable[[Transaction], object]) -> Callable[[Transaction], None]:
        """Wait behind a function."""

        def run(tx: Transaction) -> None:
            function(tx)
            self.written.set()
            assert self.commit.wait(30)

        return run


async def waits_for_a_lock(processes: TwoProcesses) -> bool:
    """Return whether a session on the database waits for another one's lock."""
    sql = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname ="
    found = await processes.database.read(Transaction.query, f"{sql} current_database()")
    return bool(found)


async def beside(
    processes: TwoProcesses,
    held: Callable[[Transaction], object],
    other: Callable[[], Awaitable[bool]],
) -> bool:
    """Let another process write while a transaction has written and is not committed."""
    hold = Held.new()
    holding = asyncio.create_task(processes.database.write(hold.after(held)))
    assert await asyncio.to_thread(hold.written.wait, 30)
    waiting = asyncio.ensure_future(other())
    async with asyncio.timeout(30):
        while not await waits_for_a_lock(processes):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
    hold.commit.set()
    await holding
    return await waiting


only_on_a_server = pytest.mark.parametrize("engine_url", ["postgresql"], indirect=True)


@only_on_a_server
async def test_whoever_takes_a_job_over_waits_for_a_commit_under_way(
    processes: TwoProcesses,
) -> None:
    """What its process had checked before is written: the new one must know of it."""
    received = partial(WRITES["received"], processes.first, processes.job, processes.attempt)
    assert await beside(processes, received, processes.adopt)
    read = processes.database.read
    (attempt,) = await read(processes.second.attempts, processes.job.id)
    assert attempt.state == "received"


@only_on_a_server
async def test_a_write_behind_an_adoption_under_way_is_refused(processes: TwoProcesses) -> None:
    """An EXISTS without a lock would still see the old owner, and write."""
    adopt = partial(processes.second.adopt, job_id=processes.job.id, owner="first")

    async def receive() -> bool:
        write = partial(WRITES["received"], processes.first, processes.job, processes.attempt)
        with pytest.raises(JobTakenOver):
            await processes.database.write(write)
        return True

    assert await beside(processes, adopt, receive)


@only_on_a_server
async def test_a_job_whose_request_is_about_to_leave_is_not_cancelled_as_unsent(
    engine_url: str, tmp_path: Path
) -> None:
    """The statement that cancels began before the attempt was committed, and cannot see it."""
    first, second = repositories()
    job = Job(new_job_id(NOON), ImageRequest("a fox", "m", "auto", 1), ADA, 1, NOON)
    opening = open_database(engine_url, backup_dir=tmp_path / "backup", now=lambda: NOON)
    async with opening as database:
        await database.write(first.queued, job)
        processes = TwoProcesses(database, first, second, job, Attempt(job.id, 0, 1, "one"))
        sending = partial(first.sending, job_id=job.id, slot=0, gateway="one", pictures=1)

        async def cancel() -> bool:
            return await database.write(second.cancelled, job.id, Interrupted())

        assert not await beside(processes, sending, cancel)
