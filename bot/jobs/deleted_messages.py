"""What becomes of jobs whose messages were deleted in Discord.

They lose their links. Their pictures stay in /history until they expire, unless the operator wants
them gone with the last message that shows them (FORGET_DELETED).
"""

from collections.abc import Collection, Sequence

import structlog

from bot.database.database import LONG_ROWS, Database
from bot.database.transaction import Transaction
from bot.jobs.repository import posted_messages
from bot.jobs.repository.taken_down import take_down
from bot.jobs.taken_down_files import TakenDownFiles

log: structlog.stdlib.BoundLogger = structlog.get_logger()

JOBS_PER_WRITE = 50


class DeletedMessages:
    """Records deletions; ``forgets`` says whether the pictures leave with their last message."""

    def __init__(self, database: Database, files: TakenDownFiles, *, forgets: bool) -> None:
        self.forgets = forgets
        self._database = database
        self._files = files

    async def messages_gone(self, message_ids: Sequence[int]) -> None:
        """Record that messages were deleted; those of others are left out."""
        if not await self._database.read(posted_messages.jobs_of_messages, message_ids):
            return
        taken = await self._database.write_when_possible(self._forget, message_ids)
        await self._delete_files(taken)

    async def channels_gone(self, channel_ids: Collection[int]) -> None:
        """Record that channels or threads were deleted, with their messages."""
        # A message is younger than its channel, and so is its id.
        behind = min(channel_ids) - 1
        while page := await self._database.read_long(
            posted_messages.messages_behind, behind, most=LONG_ROWS
        ):
            behind = page[-1][0]
            gone = [message_id for message_id, channel_id in page if channel_id in channel_ids]
            if gone:
                await self.messages_gone(gone)

    async def server_left(self, server_id: int) -> None:
        """Take the pictures of a server down, where they go with their messages.

        Discord does not tell a deleted server from one that removed the bot.
        """
        if not self.forgets:
            return
        behind, taken = "", 0
        while page := await self._database.read_long(
            posted_messages.jobs_behind, behind, most=LONG_ROWS
        ):
            behind = page[-1][0]
            theirs = [job_id for job_id, its_server in page if its_server == server_id]
            for start in range(0, len(theirs), JOBS_PER_WRITE):
                batch = theirs[start : start + JOBS_PER_WRITE]
                taken += await self._database.write_when_possible(_take_down_ended, batch)
        await self._delete_files(taken)

    def _forget(self, tx: Transaction, message_ids: Sequence[int]) -> int:
        """Forget messages; return how many jobs were taken down with them."""
        jobs = posted_messages.jobs_of_messages(tx, message_ids)
        # Of two deletions at once the second sees that no message is left.
        tx.lock(*(f"posted:{job_id}" for job_id in sorted(jobs)))
        posted_messages.forget_messages(tx, message_ids)
        if not self.forgets:
            return 0
        return _take_down_ended(
            tx, [job_id for job_id in jobs if not posted_messages.is_posted(tx, job_id)]
        )

    async def _delete_files(self, jobs: int) -> None:
        if jobs:
            await self._files.delete()
            log.info("pictures.taken_down", jobs=jobs)


def _take_down_ended(tx: Transaction, job_ids: Sequence[str]) -> int:
    ended = [job_id for job_id in job_ids if posted_messages.has_ended(tx, job_id)]
    for job_id in ended:
        take_down(tx, job_id)
    return len(ended)
