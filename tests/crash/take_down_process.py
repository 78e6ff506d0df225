"""A process to be killed while it takes pictures down: ``python -m tests.crash.take_down_process``.

Its argument is a folder. It writes 200 jobs of one server, takes them down, and says so as soon as
some files are gone.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bot.database.opening import open_file
from bot.jobs.deleted_messages import DeletedMessages
from bot.jobs.taken_down_files import TakenDownFiles
from tests.jobs.test_personal_data import ADA, PersonalDataHarness

JOBS = 200


async def take_down(folder: Path) -> None:
    """Forget a server, and stop when the first files have left."""
    backup = folder / "backup"
    async with open_file(folder / "easel.db", backup_dir=backup, now=lambda: 0) as database:
        harness = PersonalDataHarness(folder, database)
        for number in range(JOBS):
            await harness.finished_job(ADA, b"%d" % number)
        files = TakenDownFiles(database, harness.content_store)
        deleted = DeletedMessages(database, files, forgets=True)
        files.listener = _stop
        await deleted.server_left(ADA.server_id)


def _stop(_: Sequence[str]) -> None:
    print("some are gone", flush=True)  # noqa: T201 - the test waits for it
    time.sleep(60)  # the kill finds the rest


if __name__ == "__main__":
    asyncio.run(take_down(Path(sys.argv[1])))
