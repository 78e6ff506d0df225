"""Bring the received pictures of a job to this machine from the content store.

A job's folder is of one machine. Whoever takes the job over on another finds its pictures where
they are kept, and goes on as if they had been received here.
"""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from bot.core.models import Job
from bot.images.content_store import ContentStore
from bot.images.folder_storage import link_or_copy
from bot.jobs.attempts import AttemptRunner
from bot.jobs.repository.kept_pictures import KeptPicture
from bot.jobs.repository.rows import WrittenAttempt


async def bring_received_files(
    runner: AttemptRunner,
    job: Job,
    attempts: Sequence[WrittenAttempt],
    kept: Sequence[KeptPicture],
) -> None:
    """Bring the ``kept`` pictures of a job into its folder, unless it has pictures here.

    Raises:
        OSError: the content store does not answer, or the disk refuses.
    """
    received = [attempt for attempt in attempts if attempt.state == "received"]
    units = _units_of(kept)
    is_whole = len(received) == 1 or len(units) == job.request.n
    if not received or not kept or not is_whole:
        return
    if await asyncio.to_thread(runner.received_pictures, job, attempts):
        return
    for attempt in received:
        mine = len(units) if len(received) == 1 else attempt.asked
        for number, unit in enumerate(units[:mine], 1):
            for cell, picture in enumerate(unit, 1):
                name = f"slot-{attempt.key.slot}-{number}{f'-{cell}' if picture.grid else ''}"
                await _bring(runner.content_store, picture, runner.folder / job.id / name)
        units = units[mine:]


def _units_of(kept: Sequence[KeptPicture]) -> list[list[KeptPicture]]:
    """Return the pictures of each unit, in their order."""
    return [list(unit) for _, unit in groupby(kept, lambda each: each.grid or -each.number)]


async def _bring(store: ContentStore, picture: KeptPicture, target: Path) -> None:
    if (path := await store.fetch(picture.file)) is not None:
        name = target.with_suffix(f".{picture.file.format}")
        await asyncio.to_thread(link_or_copy, path, name)
