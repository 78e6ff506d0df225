"""Reports of results, and what moderators decide about them."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.core.errors.base import Refusal
from bot.core.models import CardAddress
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.jobs.job_lookup import ResultUnknown
from bot.jobs.personal_data.deletion_requests import DeletionRequests
from bot.jobs.repository.reports import (
    EntryReader,
    Report,
    ReportState,
    add_report,
    close_report,
    read_report,
    write_entry,
)
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.taken_down import is_restored, mark_removed
from bot.jobs.taken_down_files import TakenDownFiles
from bot.quota.audit import Action, NewChange, record
from bot.quota.levels import user_subject

log: structlog.stdlib.BoundLogger = structlog.get_logger()

HOUR_MS = 3_600_000
REPORTS_PER_HOUR = 5  # of one person
MAX_REMEMBERED = 10_000  # people

_ACTIONS: dict[ReportState, Action] = {
    "removed": Action.RESULT_REMOVED,
    "dismissed": Action.REPORT_DISMISSED,
}


@dataclass(eq=False, kw_only=True)
class TooManyReports(Refusal):
    """A person reported as much as one may within an hour."""

    limit: int
    frees_at: int
    message_id = "error-too-many-reports"


@dataclass(eq=False, kw_only=True)
class ReportDecided(Refusal):
    """Somebody decided about the report before."""

    message_id = "error-report-decided"


class ReportRates:
    """Counts the reports of each person within an hour, in memory; a report twice is one.

    One that reached nobody counts as well, but the next of the same result is no repetition.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._reports: OrderedDict[int, deque[tuple[int, str]]] = OrderedDict()

    def is_repeated(self, user_id: int, job_id: str) -> bool:
        """Tell whether a person has reported this result lately.

        Raises:
            TooManyReports: no, but as many others as one person may within an hour.
        """
        recent = self._recent(user_id)
        if any(reported == job_id for _, reported in recent):
            return True
        if len(recent) >= REPORTS_PER_HOUR:
            raise TooManyReports(limit=REPORTS_PER_HOUR, frees_at=recent[0][0] + HOUR_MS)
        return False

    def count(self, user_id: int, job_id: str) -> None:
        """Count a report."""
        self._reports.setdefault(user_id, self._recent(user_id)).append((self._now(), job_id))
        self._reports.move_to_end(user_id)
        while len(self._reports) > MAX_REMEMBERED:
            self._reports.popitem(last=False)

    def allow_again(self, user_id: int, job_id: str) -> None:
        """Let a person repeat a report that nobody heard of; it still counts within the hour."""
        recent = self._recent(user_id)
        self._reports[user_id] = deque(
            (at, "" if reported == job_id else reported) for at, reported in recent
        )

    def _recent(self, user_id: int) -> deque[tuple[int, str]]:
        recent = self._reports.get(user_id, deque())
        while recent and recent[0][0] <= self._now() - HOUR_MS:
            recent.popleft()
        return recent


class ReportedResults:
    """Writes reports, and takes down what moderators remove."""

    def __init__(
        self,
        database: Database,
        repository: JobRepository,
        files: TakenDownFiles,
        removals: DeletionRequests,
        *,
        now: Callable[[], int],
    ) -> None:
        self.rates = ReportRates(now)
        self._database = database
        self._repository = repository
        self._files = files
        self._removals = removals
        self._now = now

    async def add(self, job_id: str, server_id: int, message: CardAddress, reason: str) -> Report:
        """Write a report of a result; several of one result are one.

        Raises:
            ResultUnknown: its job was deleted meanwhile.
        """
        return await self._database.write_soon(
            lambda tx: self._add(tx, job_id, server_id, message, reason)
        )

    def _add(
        self, tx: Transaction, job_id: str, server_id: int, message: CardAddress, reason: str
    ) -> Report:
        if self._repository.job(tx, job_id) is None:
            raise ResultUnknown
        return add_report(tx, job_id, server_id, message, reason, at=self._now())

    async def told(self, report: Report, reader: EntryReader, entry: CardAddress) -> None:
        """Write which message tells of a report."""
        await self._database.write_when_possible(write_entry, report, reader, entry)

    async def remove(self, job_id: str, server_id: int, *, actor_id: int) -> Report:
        """Take a result down: its pictures leave, and nothing can be made from it any more.

        Raises:
            ReportDecided
            ResultUnknown: its job was deleted meanwhile.
        """
        report = await self._decide(job_id, server_id, "removed", actor_id)
        await self._files.delete()
        return report

    async def repeat_removals(self) -> None:
        """Remove again what a restored backup has brought back; harmless twice.

        The files go with the next maintenance.
        """
        for job_id in await asyncio.to_thread(self._removals.results):
            if await self._database.read(is_restored, job_id):
                await self._database.write(mark_removed, job_id)
                log.info("result.removed_again", job=job_id)

    async def dismiss(self, job_id: str, server_id: int, *, actor_id: int) -> Report:
        """Decide that a result stays; it raises as ``remove`` does."""
        return await self._decide(job_id, server_id, "dismissed", actor_id)

    async def _decide(
        self, job_id: str, server_id: int, state: ReportState, actor_id: int
    ) -> Report:
        return await self._database.write_soon(
            lambda tx: self._write_decision(tx, job_id, server_id, state, actor_id)
        )

    def _write_decision(
        self, tx: Transaction, job_id: str, server_id: int, state: ReportState, actor_id: int
    ) -> Report:
        report = close_report(tx, job_id, server_id, state)
        written = self._repository.job(tx, job_id)
        if report is None or written is None:
            # A crash may have come between the decision and the deletion of the messages.
            return _decided_so(tx, job_id, server_id, state)
        if state == "removed":
            mark_removed(tx, job_id)
            # Before the commit: better one too many than one that a backup undoes.
            self._removals.add_result(job_id)
        subject = user_subject(written.job.requester.user_id)
        record(tx, NewChange(server_id, actor_id, _ACTIONS[state], subject), at=self._now())
        return report


def _decided_so(rows: Transaction, job_id: str, server_id: int, state: ReportState) -> Report:
    report = read_report(rows, job_id, server_id)
    if report is None:
        raise ResultUnknown
    if report.state != state:
        raise ReportDecided
    return report
