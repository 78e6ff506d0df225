"""What takes longer in a database with a million jobs than in one that is nearly empty.

    python -m benchmarks.growth [--jobs 1000000] [--runs 20] [--keep FOLDER]

Both databases have the same 1,000 jobs of one person; one has a million of others besides. Each
operation runs on both in turn. A transaction is what others may have to wait for, with its COMMIT;
its rows are those that it returned or changed. ``--keep`` makes the databases in a folder that
stays, and uses copies of what is there already.
"""

import argparse
import asyncio
import logging
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

import structlog

from benchmarks.growth_rows import BUSY_SERVER, FILE_BYTES, PERSON, PERSON_JOBS, QUIET_SERVER, fill
from bot.core.clock import Clock, wall_clock_ms
from bot.core.job_ids import new_job_id
from bot.core.models import ImageRequest, Job, JobState, Reference, Requester
from bot.database import group_commit
from bot.database.opening import open_file
from bot.database.running import RunningTransaction
from bot.database.transaction import Row, Transaction, Value
from bot.images.file_storage import file_name
from bot.jobs.history_pages import HistoryPages
from bot.jobs.job_retention import JobRetention
from bot.jobs.maintenance import delete_old_charges
from bot.jobs.repository.history_search import HistoryFilter
from bot.quota.csv_export import Statement
from bot.quota.limits import parse_limits
from bot.quota.picture_counts import PictureCounts
from bot.services import Services, open_services
from bot.settings.settings import Settings
from playground.settings import painter_settings

_TRANSACTION = "longest transaction, ms | its CPU at most, ms | its rows at most"
MAX_BYTES = 100_000_000
run_group = group_commit._run_group


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation on one database: its seconds, and the most of any of its transactions.

    ``cpu_s`` is CPU time, which the disk and the rest of the machine do not change.
    """

    seconds: float
    longest_s: float
    cpu_s: float
    rows: int


class TransactionLog:
    """Notes the transactions of every connection while it is on."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.cpu_s = 0.0
        self.rows = 0

    @contextmanager
    def on(self) -> Iterator[None]:
        """Note what runs from here on."""
        group_commit._run_group = self._run_group
        try:
            yield
        finally:
            group_commit._run_group = run_group

    def _run_group(
        self,
        connection: sqlite3.Connection,
        begin: str,
        members: Sequence[RunningTransaction[object]],
    ) -> list[RunningTransaction[object]]:
        counted = CountedRows()
        for member in members:
            member.function = counted.counting(member.function)
        before = connection.total_changes
        began, cpu_began = time.perf_counter(), time.thread_time()
        waiting = run_group(connection, begin, members)
        self.longest_s = max(self.longest_s, time.perf_counter() - began)
        self.cpu_s = max(self.cpu_s, time.thread_time() - cpu_began)
        self.rows = max(self.rows, connection.total_changes - before + counted.rows)
        return waiting


class CountedRows:
    """Counts the rows that statements return."""

    def __init__(self) -> None:
        self.rows = 0

    def counting(
        self, function: Callable[[Transaction], object]
    ) -> Callable[[Transaction], object]:
        """Return the same function, counted."""
        return lambda tx: function(_CountedTransaction(tx, self))


class _CountedTransaction(Transaction):
    def __init__(self, tx: Transaction, counted: CountedRows) -> None:
        super().__init__()
        self._tx = tx
        self._counted = counted

    def lock(self, *names: str, shared: Sequence[str] = ()) -> None:
        self._tx.lock(*names, shared=shared)

    def _run(self, sql: str, params: Sequence[Value]) -> None:
        self._tx.write(sql, *params)

    def _rows(self, sql: str, params: Sequence[Value]) -> list[Row]:
        rows = self._tx.query(sql, *params)
        if sql.lstrip().startswith(("SELECT", "WITH")):  # changes are counted by SQLite
            self._counted.rows += len(rows)
        return rows


T = TypeVar("T")
Operation = Callable[[Services], Awaitable[object]]


async def main(jobs: int, runs: int, keep: Path | None) -> None:
    """Build both databases, measure, and print a Markdown table."""
    with tempfile.TemporaryDirectory(dir=keep) as folder:
        settings = [await made(each, Path(folder), keep) for each in (0, jobs)]
        print(f"\n| | empty, ms | {jobs:,} jobs, ms | × | {_TRANSACTION} |")
        print("|---|---|---|---|---|---|---|")
        starts = [[await _measured(_start, each) for each in settings] for _ in range(3)]
        _print("start: open, take over, look for undone deletions", starts)
        async with AsyncExitStack() as stack:
            services = [await stack.enter_async_context(opened(each)) for each in settings]
            for name, operation in REPEATED.items():
                await _warm(operation, services)
                turns = [
                    [await _measured(operation, each) for each in services] for _ in range(runs)
                ]
                _print(name, turns)
            for name, operation in ONCE.items():
                _print(name, [[await _measured(operation, each) for each in services]])


async def _warm(operation: Operation, services: Sequence[Services]) -> None:
    for each in services:
        await operation(each)


async def _measured(operation: Callable[[T], Awaitable[object]], on: T) -> Measured:
    log = TransactionLog()
    with log.on():
        began = time.perf_counter()
        await operation(on)
        seconds = time.perf_counter() - began
    return Measured(seconds, log.longest_s, log.cpu_s, log.rows)


def _print(name: str, turns: Sequence[Sequence[Measured]]) -> None:
    """Print the medians of an operation's runs."""
    empty, full = ([turn[which] for turn in turns] for which in (0, 1))
    total = _ms(run.seconds for run in empty), _ms(run.seconds for run in full)
    longest = (_ms(run.longest_s for run in runs) for runs in (empty, full))
    cpu = (_ms(run.cpu_s for run in runs) for runs in (empty, full))
    rows = (max(run.rows for run in runs) for runs in (empty, full))
    print(
        f"| {name} | {total[0]:.1f} | {total[1]:.1f} | {total[1] / total[0]:.1f}"
        f" | {_arrow(longest)} | {_arrow(cpu)} | {' → '.join(map(str, rows))} |",
        flush=True,
    )


def _ms(seconds: Iterable[float]) -> float:
    return median(seconds) * 1000


def _arrow(both: Iterable[float]) -> str:
    return " → ".join(f"{each:.2f}" for each in both)


# --- the databases ----------------------------------------------------------------------------


async def made(jobs: int, folder: Path, keep: Path | None) -> Settings:
    """Return the settings of a data folder with so many jobs, and the person's files."""
    data = folder / f"{jobs}"
    data.mkdir()
    path, kept = data / "easel.db", (keep or folder) / f"growth-{jobs}.db"
    if not kept.exists():
        began = time.perf_counter()
        async with open_file(kept, backup_dir=folder, now=wall_clock_ms):
            pass
        await asyncio.to_thread(fill, kept, jobs=jobs, now=wall_clock_ms())
        print(f"{jobs:,} jobs were written in {time.perf_counter() - began:.0f} s", flush=True)
    await asyncio.to_thread(shutil.copyfile, kept, path)
    # Somebody asked for a deletion lately, so that a start looks who came back.
    path.with_name("easel.db-deletions").write_text(f"{wall_clock_ms()} {0:032x}\n")
    limits = {"default_quota": "100000/day", "total_quota": "1000000/week"}
    limits["server_quota"] = "1000000/month"
    settings = painter_settings("http://127.0.0.1:9/v1", data)
    settings = settings.model_copy(
        update={name: parse_limits(text) for name, text in limits.items()}
    )
    async with open_services(settings, Clock()) as services:  # migrates it
        await services.database.read(_write_files, services)
    return settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """Open the services on a data folder."""
    async with open_services(settings, Clock()) as services:
        yield services


def _write_files(rows: Transaction, services: Services) -> None:
    kept = rows.query(
        "SELECT sha256 FROM pictures JOIN jobs ON jobs.id = pictures.job_id WHERE user_id = $1",
        PERSON,
    )
    for row in kept:
        path = services.content_store.part_folder / file_name(
            Reference(row["sha256"], "png", FILE_BYTES)
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"p" * FILE_BYTES)


# --- the operations ---------------------------------------------------------------------------


async def _start(settings: Settings) -> None:
    async with open_services(settings, Clock()) as services:
        await services.recovery.take_over()
        await services.deletion.undone_requests()


async def _hold_and_settle(services: Services) -> None:
    job = new_job()
    await services.database.write(hold, services, job)
    await services.database.write(_settle, services, job)


def new_job() -> Job:
    """Return a request of somebody in the busy server."""
    now = wall_clock_ms()
    who = Requester(PERSON + 1, BUSY_SERVER, "somebody")
    return Job(new_job_id(now), ImageRequest("a fox", "painter-1", "auto", 1), who, 1, now)


def hold(tx: Transaction, services: Services, job: Job) -> None:
    """Hold a credit and write the job, as a request does."""
    services.ledger.hold(tx, job_id=job.id, requester=job.requester, credits=1)
    services.repository.queued(tx, job)


def _settle(tx: Transaction, services: Services, job: Job) -> None:
    services.repository.ended(tx, job.id, JobState.DONE)
    services.ledger.settle(tx, job.id, PictureCounts(delivered=1), each=1)


async def _usage(services: Services) -> None:
    who = Requester(PERSON, QUIET_SERVER, "the person")
    await services.database.read(services.ledger.doubtful, who)
    await services.database.read(services.ledger.allowances, who)
    await services.retention.recent_jobs(who.user_id, most=5)


def _history(wanted: HistoryFilter) -> Operation:
    async def page(services: Services) -> None:
        pages = HistoryPages(services.database, services.content_store)
        await pages.page(PERSON, wanted)

    return page


def _csv_of(server_id: int) -> Operation:
    async def export(services: Services) -> None:
        statement = Statement(services.database, services.ledger, now=wall_clock_ms)
        with tempfile.TemporaryDirectory() as folder:
            await statement.write(Path(folder), server_id=server_id, days=30, max_bytes=MAX_BYTES)

    return export


async def _export(services: Services) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await services.export.write(PERSON, Path(folder), max_file_bytes=MAX_BYTES, readme="")


async def _delete(services: Services) -> None:
    jobs = await services.deletion.delete(PERSON)
    assert jobs == PERSON_JOBS, jobs  # noqa: S101 - it measured something else


async def _old_charges(services: Services) -> None:
    await delete_old_charges(services.database, services.ledger, wall_clock_ms)


async def _old_jobs(services: Services) -> None:
    keep = timedelta(days=40)  # of 41
    clock = Clock(sleep=lambda _seconds: asyncio.sleep(0))
    await JobRetention(services.database, services.ledger, keep=keep, clock=clock).delete_old()


async def _expired(services: Services) -> None:
    await services.retention.delete_expired()


REPEATED: dict[str, Operation] = {
    "hold and settle": _hold_and_settle,
    "/usage": _usage,
    "/history, first page": _history(HistoryFilter()),
    "/history, text of the oldest": _history(HistoryFilter("looks at 7 stars")),
    "/history, text that is nowhere": _history(HistoryFilter("hedgehog")),
    "/quota export, small server": _csv_of(QUIET_SERVER),
    "/mydata export": _export,
}
# These change the database. Others have more to delete in the large one.
ONCE: dict[str, Operation] = {
    "/quota export, busy server": _csv_of(BUSY_SERVER),
    "daily: charges of 40 days ago": _old_charges,
    "daily: expired pictures and messages": _expired,
    "/mydata delete": _delete,
    "daily: jobs of 40 days ago, without pauses": _old_jobs,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet)
    asyncio.run(main(arguments.jobs, arguments.runs, arguments.keep))
