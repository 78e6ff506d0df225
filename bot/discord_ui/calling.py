"""Calls a requester who looked away to their card: an edit notifies nobody, a reply does."""

from collections.abc import Callable

import structlog

from bot.core.models import Job
from bot.discord_ui.job_message import Card
from bot.discord_ui.message_outbox import NOTICE, Letter, Lost, Outbox

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# So long somebody watches a card.
PATIENCE_MS = 60 * 1000


class Calls:
    """Calls whoever waited long, once for a job; ``may_call`` tells who wants to be called."""

    def __init__(
        self, outbox: Outbox, *, now: Callable[[], int], may_call: Callable[[int], bool]
    ) -> None:
        self._outbox = outbox
        self._now = now
        self._may_call = may_call

    def whom(self, job: Job) -> int | None:
        """Return whom a new message may notify now; None where nobody waited long for it.

        What counts is the time since the command, so that a restart forgets nothing.
        """
        waited_ms, user_id = self._now() - job.created_at, job.requester.user_id
        return user_id if waited_ms > PATIENCE_MS and self._may_call(user_id) else None

    async def call(self, job: Job, card: Card, words: str) -> None:
        """Reply to a card that took long, if its requester wants that."""
        if (called := self.whom(job)) is None:
            return
        letter = Letter(words, answers=card.reference, mentions=called)
        try:
            await self._outbox.post(job, NOTICE, card.beside(job), letter)
        except Lost as lost:
            log.info("card.not_notified", job=job.id, error=repr(lost))
