"""Export what the bot stores about one person, page by page, into an archive."""

import asyncio
from pathlib import Path

from bot.core.models import Reference
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.content_store import ContentStore
from bot.images.conversion import max_bytes_each
from bot.jobs.personal_data.archive import ArchiveBuilder, ArchiveSummary
from bot.jobs.repository import personal_data
from bot.jobs.repository.rows import WrittenJob
from bot.jobs.repository.text_requests import (
    PersonalTextRequest,
    count_text_requests_of,
    text_requests_of,
)
from bot.quota.repository import Charge, read_charges

JOBS_PER_READ = 100  # jobs

JobsWithCharges = tuple[list[personal_data.PersonalJob], dict[str, Charge]]


class PersonalDataExport:
    """Writes people's archives, one at a time."""

    def __init__(self, database: Database, content_store: ContentStore) -> None:
        self._database = database
        self._content_store = content_store
        self._one_at_a_time = asyncio.Lock()

    async def write(
        self,
        user_id: int,
        folder: Path,
        *,
        max_file_bytes: int,
        readme: str,
        preferences: bytes | None = None,
    ) -> ArchiveSummary | None:
        """Write a person's archive into a folder; return None if there is nothing of theirs.

        ``preferences`` is what they set and saved, as JSON.
        """
        async with self._one_at_a_time:
            loop = asyncio.get_running_loop()

            def find(file: Reference) -> Path | None:
                """Fetch a picture for the thread that builds the archive."""
                found = self._content_store.fetch(file)
                return asyncio.run_coroutine_threadsafe(found, loop).result()

            archive = ArchiveBuilder(folder, find, max_bytes=max_bytes_each(max_file_bytes, 1))
            if preferences is not None:
                await asyncio.to_thread(archive.add_preferences, preferences)
            left_out = await self._fill(archive, user_id)
            if not archive.jobs and not archive.texts and preferences is None:
                return None
            return await asyncio.to_thread(archive.close, readme, jobs_left_out=left_out)

    async def _fill(self, archive: ArchiveBuilder, user_id: int) -> int:
        """Draft the newest jobs and texts; return how many older ones do not fit."""
        jobs_left = await self._fill_jobs(archive, user_id)
        return jobs_left + await self._fill_texts(archive, user_id)

    async def _fill_jobs(self, archive: ArchiveBuilder, user_id: int) -> int:
        last: WrittenJob | None = None
        while (page := await self._database.read_long(_page, user_id, last))[0]:
            if not await asyncio.to_thread(archive.add_jobs, *page):
                count = await self._database.read_long(personal_data.count_of, user_id)
                return count - archive.jobs
            last = page[0][-1].written
        return 0

    async def _fill_texts(self, archive: ArchiveBuilder, user_id: int) -> int:
        last: PersonalTextRequest | None = None
        while (page := await self._database.read_long(_page_of_texts, user_id, last))[0]:
            if not await asyncio.to_thread(archive.add_texts, *page):
                count = await self._database.read_long(count_text_requests_of, user_id)
                return count - archive.texts
            last = page[0][-1]
        return 0


def _page(rows: Transaction, user_id: int, before: WrittenJob | None) -> JobsWithCharges:
    jobs = personal_data.jobs_of(rows, user_id, before=before, most=JOBS_PER_READ)
    ids = [each.written.job.id for each in jobs]
    charges = read_charges(rows, ids) if ids else []
    return jobs, {charge.job_id: charge for charge in charges}


def _page_of_texts(
    rows: Transaction, user_id: int, before: PersonalTextRequest | None
) -> tuple[list[PersonalTextRequest], dict[str, Charge]]:
    texts = text_requests_of(rows, user_id, before=before, most=JOBS_PER_READ)
    charges = read_charges(rows, [text.id for text in texts]) if texts else []
    return texts, {charge.job_id: charge for charge in charges}
