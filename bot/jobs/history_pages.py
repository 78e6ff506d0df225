"""A person's jobs page by page for /history, with the pictures that are still kept of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.models import CardAddress, JobState, Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore
from bot.images.thumbnails import Thumbnails
from bot.jobs.repository import history_search, job_details
from bot.jobs.repository.history_search import EVERYTHING, HistoryFilter, JobPlace
from bot.jobs.repository.kept_pictures import read_kept_pictures
from bot.jobs.repository.rows import WrittenJob
from bot.quota.repository import read_charges

PAGE_SIZE = 4  # jobs
RECENT_JOBS = 100  # jobs whose models are offered

PageDirection = Literal["newer", "older"]


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Which page is next: that of the jobs newer or older than one."""

    job_id: str
    direction: PageDirection


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One job on a page.

    ``pictures`` are those of its ``picture_count`` that are still kept, ``credits`` what it cost or
    holds, None where that was deleted, and ``message`` is where its result or its card is.
    """

    written: WrittenJob
    picture_count: int
    pictures: tuple[Reference, ...]
    credits: int | None
    message: CardAddress | None
    thumbnail: bytes | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of a person's jobs, the newest first, and whether there are others."""

    entries: Sequence[HistoryEntry]
    has_newer: bool
    has_older: bool


class HistoryPages:
    """Reads the pages of one person's jobs."""

    def __init__(self, database: Database, content_store: ContentStore) -> None:
        self._database = database
        self._content_store = content_store
        self.thumbnails = Thumbnails(content_store)

    async def page(
        self, user_id: int, wanted: HistoryFilter = EVERYTHING, cursor: PageCursor | None = None
    ) -> HistoryPage:
        """Return the newest page of what passes the filter, or the one at a cursor."""
        jobs, has_newer, has_older = await self._jobs(user_id, wanted, cursor)
        recorded = await self._database.read(_entries, jobs)
        kept = [
            entry.pictures if entry.written.state is JobState.DONE else () for entry in recorded
        ]
        there = [tuple(await self._content_store.listed(files)) for files in kept]
        thumbnails = await self.thumbnails.contact_sheets(there)
        entries = [
            replace(entry, pictures=files, thumbnail=thumbnail)
            for entry, files, thumbnail in zip(recorded, there, thumbnails, strict=True)
        ]
        return HistoryPage(entries, has_newer, has_older)

    async def models(self, user_id: int) -> list[str]:
        """Return the models that a person asked for lately, the last one first."""
        return await self._database.read(history_search.models, user_id, most=RECENT_JOBS)

    async def _jobs(
        self, user_id: int, wanted: HistoryFilter, cursor: PageCursor | None
    ) -> tuple[Sequence[WrittenJob], bool, bool]:
        """Return a page's jobs, and whether there are newer and older ones."""
        start = None
        if cursor is not None:
            start = await self._database.read(history_search.place_of, cursor.job_id, user_id)
        if start is not None and cursor is not None:
            is_newer = cursor.direction == "newer"
            found = await self._found(user_id, wanted, start, newer=is_newer)
            if is_newer and len(found) > PAGE_SIZE:
                return found[PAGE_SIZE - 1 :: -1], True, True
            if not is_newer and found:
                return found[:PAGE_SIZE], True, len(found) > PAGE_SIZE
        # Nothing is known of the place, or it is beside the first page.
        found = await self._found(user_id, wanted, None, newer=False)
        return found[:PAGE_SIZE], False, len(found) > PAGE_SIZE

    async def _found(
        self, user_id: int, wanted: HistoryFilter, start: JobPlace | None, *, newer: bool
    ) -> list[WrittenJob]:
        """Return the jobs of a page and one more, the nearest first."""
        read = self._database.read if wanted == EVERYTHING else self._database.read_long
        most = PAGE_SIZE + 1
        found: list[WrittenJob] = []
        behind, is_end = start, False
        while len(found) < most and not is_end:
            step = await read(
                history_search.look_through, user_id, wanted, behind, newer=newer, most=most
            )
            found.extend(step.jobs)
            behind, is_end = step.last, step.last is None
        return found[:most]


def _entries(rows: Transaction, jobs: Sequence[WrittenJob]) -> list[HistoryEntry]:
    """Return the jobs of a page as they are recorded, with every picture that was kept once."""
    spent = _spent(rows, jobs)
    return [_entry(rows, each, spent.get(each.job.id)) for each in jobs]


def _entry(rows: Transaction, written: WrittenJob, credits: int | None) -> HistoryEntry:
    kept = tuple(each.file for each in read_kept_pictures(rows, written.job.id))
    return HistoryEntry(written, len(kept), kept, credits, _message(rows, written))


def _spent(rows: Transaction, jobs: Sequence[WrittenJob]) -> dict[str, int]:
    """Return the credits of each job whose charge is not forgotten."""
    if not jobs:
        return {}
    found = read_charges(rows, [each.job.id for each in jobs])
    return {charge.job_id: charge.credits for charge in found}


def _message(rows: Transaction, written: WrittenJob) -> CardAddress | None:
    """Return a job's card, or else the last message with its pictures."""
    messages = job_details.messages(rows, written.job.id)
    card = written.placed
    if card and card.only_by_token:
        return None  # no link leads to what one person alone sees, or where the bot is not
    if card and card.message_id in {each.message_id for each in messages}:
        return card
    return messages[-1] if messages else None
