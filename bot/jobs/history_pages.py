"""A person's jobs page by page for /history, with the pictures that are still kept of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.models import CardAddress, JobState, Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore
from bot.images.thumbnails import Thumbnails
from bot.jobs.repository import history_search, job_details
from bot.jobs.repository.history_search import EVERYTHING, HistoryFilter
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
        self._thumbnails = Thumbnails(content_store)

    async def page(
        self, user_id: int, wanted: HistoryFilter = EVERYTHING, cursor: PageCursor | None = None
    ) -> HistoryPage:
        """Return the newest page of what passes the filter, or the one at a cursor."""
        page = await self._database.read(_page, user_id, wanted, cursor)
        kept = [
            entry.pictures if entry.written.state is JobState.DONE else () for entry in page.entries
        ]
        there = await asyncio.to_thread(self._there, kept)
        thumbnails = await self._thumbnails.contact_sheets(there)
        entries = [
            replace(entry, pictures=files, thumbnail=thumbnail)
            for entry, files, thumbnail in zip(page.entries, there, thumbnails, strict=True)
        ]
        return replace(page, entries=entries)

    async def models(self, user_id: int) -> list[str]:
        """Return the models that a person asked for lately, the last one first."""
        return await self._database.read(history_search.models, user_id, most=RECENT_JOBS)

    def _there(self, kept: Sequence[Sequence[Reference]]) -> list[tuple[Reference, ...]]:
        return [tuple(file for file in files if self._content_store.has(file)) for files in kept]


def _page(
    rows: Transaction, user_id: int, wanted: HistoryFilter, cursor: PageCursor | None
) -> HistoryPage:
    """Return a page as it is recorded, with every picture that was kept once."""
    jobs, has_newer, has_older = _jobs(rows, user_id, wanted, cursor)
    spent = _spent(rows, jobs)
    entries = [_entry(rows, each, spent.get(each.job.id)) for each in jobs]
    return HistoryPage(entries, has_newer, has_older)


def _entry(rows: Transaction, written: WrittenJob, credits: int | None) -> HistoryEntry:
    kept = tuple(each.file for each in read_kept_pictures(rows, written.job.id))
    return HistoryEntry(written, len(kept), kept, credits, _message(rows, written))


def _jobs(
    rows: Transaction, user_id: int, wanted: HistoryFilter, cursor: PageCursor | None
) -> tuple[list[WrittenJob], bool, bool]:
    """Return a page's jobs, and whether there are newer and older ones."""
    start = history_search.job_of(rows, cursor.job_id, user_id) if cursor else None
    if start is not None and cursor is not None:
        is_newer = cursor.direction == "newer"
        found = history_search.page_around(
            rows, user_id, wanted, start, newer=is_newer, most=PAGE_SIZE + 1
        )
        if is_newer and len(found) > PAGE_SIZE:
            return found[PAGE_SIZE - 1 :: -1], True, True
        if not is_newer and found:
            return found[:PAGE_SIZE], True, len(found) > PAGE_SIZE
    # Nothing is known of the place, or it is beside the first page.
    found = history_search.page_around(rows, user_id, wanted, None, newer=False, most=PAGE_SIZE + 1)
    return found[:PAGE_SIZE], False, len(found) > PAGE_SIZE


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
