"""The courier of the benchmark of the job service: a picture becomes a file in a folder."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bot.core.models import CardAddress, Job
from bot.images.folder_storage import link_or_copy
from bot.jobs.courier import DeliveryReport, JobFailure, JobProgress, JobResult, QueuePosition


class FolderCourier:
    """Carries one picture to the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.delivered = asyncio.Event()

    def announced(self, job: Job) -> None:
        """Announce nothing."""

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress:  # noqa: ARG002
        """Give the card a number."""
        return CardAddress(1, int(job.id.replace("-", ""), 16) % 2**62, 1, "token")

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Show nothing."""

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Put the picture into the folder."""
        (picture,) = result.pictures
        target = self._folder / f"{job.id}.{picture.format}"
        await asyncio.to_thread(link_or_copy, picture.path, target)
        self.delivered.set()
        return DeliveryReport(posted=frozenset({1}))

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Add nothing."""

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Stop the benchmark: no job may fail."""
        raise SystemExit(f"job {job.id} failed: {failure.error!r}")

    async def find_file(self, file: str, messages: Sequence[CardAddress]) -> None:
        """Find nothing: there are no messages."""
