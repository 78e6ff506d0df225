"""What the bot does by itself, once a day."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog

from bot.gallery import Gallery
from bot.gateways.offers import Offers
from bot.seam import Seam

log: structlog.stdlib.BoundLogger = structlog.get_logger()

DAY_S = 24 * 3600.0


class Chores:
    """Asks the gateways what they offer and clears old pictures away, at the start and daily.

    Leaving it ends that.
    """

    def __init__(self, offers: Offers, gallery: Gallery, seam: Seam) -> None:
        self._chores = (offers.refresh, gallery.clear)
        self._seam = seam
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def begin(self) -> None:
        """Start, in a task that belongs to this object."""
        self._task = asyncio.get_running_loop().create_task(self._daily())

    async def _daily(self) -> None:
        while True:
            for chore in self._chores:
                await _done(chore)
            await self._seam.wait(self._seam.sleep(DAY_S), "day")


async def _done(chore: Callable[[], Awaitable[None]]) -> None:
    try:
        await chore()
    except Exception:
        # One chore's defect must not end the others, nor tomorrow.
        log.exception("chores.defect")
