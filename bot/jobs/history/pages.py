"""What a person looks back at: their jobs page by page, with what is left of each."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.models import CardAddress, JobState, Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore
from bot.images.thumbnails import Thumbnails
from bot.jobs.repository import history_search, job_details, kept_pictures
from bot.jobs.repository.history_search import EVERYTHING, Sought
from bot.jobs.repository.rows import WrittenJob
from bot.quota.personal import charges_of

PAGE = 4  # jobs
RECENT = 100  # jobs whose models are offered

Way = Literal["newer", "older"]


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page comes next: that of the jobs before or after one."""

    job_id: str
    way: Way


@dataclass(frozen=True, slots=True)
class Look:
    """One job looked back at.

    ``pictures`` are those of its ``painted`` that are still kept, ``credits`` what it cost or
    holds, None where that is forgotten, and ``message`` is where its result or its card is.
    """

    written: WrittenJob
    painted: int
    pictures: tuple[Reference, ...]
    credits: int | None
    message: CardAddress | None
    preview: bytes | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a person's jobs, the newest first, and whether there are others."""

    looks: Sequence[Look]
    has_newer: bool
    has_older: bool


class HistoryPages:
    """Opens a person's pages; nobody sees another's."""

    def __init__(self, database: Database, content_store: ContentStore) -> None:
        self._database = database
        self._content_store = content_store
        self._previews = Thumbnails(content_store)

    async def page(
        self, user_id: int, sought: Sought = EVERYTHING, turn: Turn | None = None
    ) -> Page:
        """Return the newest page of what is sought, or the one that somebody turned to."""
        async with self._database.reading() as rows:
            jobs, has_newer, has_older = await _jobs(rows, user_id, sought, turn)
            spent = await _spent(rows, jobs)
            shelves = [await kept_pictures.of(rows, each.job.id) for each in jobs]
            messages = [await _message(rows, each) for each in jobs]
        done = [
            kept if job.state is JobState.DONE else ()
            for job, kept in zip(jobs, shelves, strict=True)
        ]
        there = await asyncio.to_thread(self._there, done)
        previews = await self._previews.of(there)
        looks = [
            Look(job, len(kept), files, spent.get(job.job.id), message, preview)
            for job, kept, files, message, preview in zip(
                jobs, shelves, there, messages, previews, strict=True
            )
        ]
        return Page(looks, has_newer, has_older)

    async def models(self, user_id: int) -> list[str]:
        """Return the models that a person asked for lately, the last one first."""
        async with self._database.reading() as rows:
            return await history_search.models(rows, user_id, most=RECENT)

    def _there(
        self, shelves: Sequence[Sequence[kept_pictures.Kept]]
    ) -> list[tuple[Reference, ...]]:
        return [
            tuple(each.file for each in kept if self._content_store.has(each.file))
            for kept in shelves
        ]


async def _jobs(
    rows: Transaction, user_id: int, sought: Sought, turn: Turn | None
) -> tuple[list[WrittenJob], bool, bool]:
    """Return a page's jobs, and whether there are newer and older ones."""
    start = await kept_pictures.written(rows, turn.job_id, user_id) if turn else None
    if start is not None and turn is not None:
        is_back = turn.way == "newer"
        found = await history_search.beside(
            rows, user_id, sought, start, newer=is_back, most=PAGE + 1
        )
        if is_back and len(found) > PAGE:
            return found[PAGE - 1 :: -1], True, True
        if not is_back and found:
            return found[:PAGE], True, len(found) > PAGE
    # Nothing is known of the place, or it is beside the first page.
    found = await history_search.beside(rows, user_id, sought, None, newer=False, most=PAGE + 1)
    return found[:PAGE], False, len(found) > PAGE


async def _spent(rows: Transaction, jobs: Sequence[WrittenJob]) -> dict[str, int]:
    """Return the credits of each job whose charge is not forgotten."""
    if not jobs:
        return {}
    found = await charges_of(rows, [each.job.id for each in jobs])
    return {charge.job_id: charge.credits for charge in found}


async def _message(rows: Transaction, written: WrittenJob) -> CardAddress | None:
    """Return a job's card, or else the last message with its pictures."""
    messages = await job_details.messages(rows, written.job.id)
    card = written.placed
    if card and card.only_by_token:
        return None  # no link leads to what one person alone sees, or where the bot is not
    if card and card.message_id in {each.message_id for each in messages}:
        return card
    return messages[-1] if messages else None
