"""Delete the files of pictures that were taken down.

Their rows went first: a crash leaves files in a list, which every day and every take-down go
through. A file that another job or a style needs stays, and leaves once none of them does.
"""

import asyncio
from collections.abc import Callable, Sequence

from bot.core.models import Reference
from bot.database.database import Database
from bot.images.content_store import ContentStore
from bot.jobs.repository import taken_down
from bot.jobs.repository.personal_data import DELETED_USER_ID
from bot.jobs.repository.request_files import needed_by_others

FILES_PER_BATCH = 50


class TakenDownFiles:
    """Deletes files from the content store; ``listener`` hears which have left, by their hashes."""

    def __init__(self, database: Database, content_store: ContentStore) -> None:
        self.listener: Callable[[Sequence[str]], None] | None = None
        self._database = database
        self._content_store = content_store
        self._one_at_a_time = asyncio.Lock()

    async def delete(self) -> None:
        """Delete what is in the list and needed by nobody; harmless twice."""
        behind = ""
        async with self._one_at_a_time:
            while files := await self._database.read(
                taken_down.leaving_files, behind=behind, most=FILES_PER_BATCH
            ):
                behind = files[-1].sha256
                await self._delete(files)

    async def _delete(self, files: Sequence[Reference]) -> None:
        # What is needed again from now on has another time stamp, so that it is not removed.
        found = await self._content_store.find(files)
        needed = await self._database.read_long(
            needed_by_others, [file.sha256 for file in files], but_user_id=DELETED_USER_ID
        )
        leaving = [file for file in files if file.sha256 not in needed]
        there = [found[file.sha256] for file in leaving if file.sha256 in found]
        still_there = {file.sha256 for file in await self._content_store.remove(there)}
        left = [file for file in leaving if file.sha256 not in still_there]
        if not left:
            return
        await self._database.write_when_possible(taken_down.files_left, left)
        if self.listener is not None:
            self.listener([file.sha256 for file in left])
