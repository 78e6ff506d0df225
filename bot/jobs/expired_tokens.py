"""Forget the interaction tokens that Discord has dropped, in the background."""

import structlog

from bot.core.background_task import BackgroundTask
from bot.core.clock import Clock
from bot.database.database import Database
from bot.jobs.repository.repository import JobRepository

log: structlog.stdlib.BoundLogger = structlog.get_logger()

FORGET_EVERY_S = 300.0


class ExpiredTokens(BackgroundTask):
    """Forgets them every few minutes, until it is left.

    As a part of each hold, those of several processes would wait for each other's rows.
    """

    def __init__(self, database: Database, repository: JobRepository, clock: Clock) -> None:
        super().__init__()
        self._database = database
        self._repository = repository
        self._clock = clock

    def begin(self) -> None:
        """Start, in a task that belongs to this object."""
        self.start(self._forget_for_ever())

    async def _forget_for_ever(self) -> None:
        while True:
            try:
                await self._database.write_when_possible(self._repository.forget_expired_tokens)
            except Exception:
                # One defect must not end the others, nor the next time.
                log.exception("expired_tokens.defect")
            await self._clock.wait(self._clock.sleep(FORGET_EVERY_S), "expired tokens")
