"""A job's money: what ledger and journal write of it together, and what the operator hears of it.

No transaction spans the network, and the operator is told after the commit, by the alarms' own
tasks: no job waits for that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bot.core.errors.base import EaselError
from bot.core.errors.quotas import BudgetSpent
from bot.core.models import AttachmentUrls, Job, JobState
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.gateways.catalogue import Catalogue
from bot.gateways.routing.operator_alerts import BudgetReached, OperatorAlerts
from bot.jobs.courier import JobFailure
from bot.jobs.pricing import credits_per_picture, end_state, job_failure
from bot.jobs.repository.repository import JobRepository
from bot.quota.allowances import Allowance
from bot.quota.ledger import Ledger, Settlement

ALARM_PERCENTS = (100, 80, 50)  # of the operator's budget, the loudest first


@dataclass(frozen=True, slots=True)
class Billing:
    """Opens a job's hold and closes it, each in one transaction."""

    database: Database
    ledger: Ledger
    repository: JobRepository
    catalogue: Catalogue
    alerts: OperatorAlerts

    async def hold(self, job: Job, *, attached: AttachmentUrls | None) -> None:
        """Hold a job's credits and its highest price, and write it down, all or nothing.

        Raises:
            Refusal: a limit or the operator's budget has no room for it.
        """
        price = self.catalogue.highest_price(job.request)
        try:
            await self.database.write(self._hold, job, price=price, attached=attached)
        except BudgetSpent:
            await self._tell_refusal(price)
            raise

    async def settle(
        self,
        job: Job,
        state: JobState,
        error: EaselError | None = None,
        *,
        delivered: int = 0,
        doubtful: int = 0,
    ) -> Settlement | None:
        """End the job and settle its hold, both or neither; harmless twice."""
        settled, reached = await self.database.write(
            self._end_and_settle, job, state, error, delivered=delivered, doubtful=doubtful
        )
        self._tell(reached)
        return settled

    async def settle_abandoned(
        self, job: Job, *, unsent: EaselError, sent: EaselError
    ) -> JobFailure | None:
        """End a job that nobody works on any more, by what the journal knows of it.

        Returns:
            What to tell the person, None when the pictures had been posted before.
        """
        told, reached = await self.database.write(self._settle_abandoned, job, unsent, sent)
        self._tell(reached)
        return told

    def _hold(
        self, tx: Transaction, job: Job, *, price: int, attached: AttachmentUrls | None
    ) -> None:
        self.ledger.hold(
            tx, job_id=job.id, requester=job.requester, credits=job.credits, price=price
        )
        self.repository.queued(tx, job, attached=attached)

    def _end_and_settle(
        self,
        tx: Transaction,
        job: Job,
        state: JobState,
        error: EaselError | None,
        *,
        delivered: int,
        doubtful: int,
    ) -> tuple[Settlement | None, list[BudgetReached]]:
        self.repository.ended(tx, job.id, state, error)
        return self._settle(tx, job, delivered=delivered, doubtful=doubtful)

    def _settle_abandoned(
        self, tx: Transaction, job: Job, unsent: EaselError, sent: EaselError
    ) -> tuple[JobFailure | None, list[BudgetReached]]:
        posted = self.repository.posted_pictures(tx, job.id)
        pictures = self.repository.close_attempts(
            tx, job.id, model=job.request.model, price_at=partial(self._price_at, job)
        )
        doubtful = self.repository.in_doubt(tx, job.id) if posted else pictures
        state, error = end_state(posted=posted, sent_for=pictures, unsent=unsent, sent=sent)
        each = credits_per_picture(job)
        settled, reached = self._end_and_settle(
            tx, job, state, error, delivered=posted * each, doubtful=doubtful * each
        )
        return None if error is None else job_failure(error, state, settled), reached

    def _price_at(self, job: Job, gateway: str) -> int | None:
        return self.catalogue.price_each(gateway, job.request)

    def _settle(
        self, tx: Transaction, job: Job, *, delivered: int, doubtful: int
    ) -> tuple[Settlement | None, list[BudgetReached]]:
        """Settle the hold at what the journal says it cost; return what that reached as well."""
        price = self.repository.price(tx, job.id)
        settled = self.ledger.settle(
            tx, job.id, delivered=delivered, doubtful=doubtful, price=price
        )
        if settled is None or not price:
            return settled, []
        return settled, list(_reached(self.ledger.budget_used(tx), price))

    async def _tell_refusal(self, price: int) -> None:
        budget = await self.database.read(self.ledger.budget_used)
        # What is more than the whole budget says nothing about how much of it is spent.
        self._tell([_alarm(100, part) for part in budget if part.left < price <= part.limit])

    def _tell(self, reached: list[BudgetReached]) -> None:
        for each in reached:
            self.alerts.budget(each)


def _reached(budget: Sequence[Allowance], price: int) -> Iterator[BudgetReached]:
    """Yield what of the budget a settlement of this price has reached."""
    for part in budget:
        before, after = part.used - price, part.used
        for percent in ALARM_PERCENTS:
            if before * 100 < part.limit * percent <= after * 100:
                yield _alarm(percent, part)
                break


def _alarm(percent: int, part: Allowance) -> BudgetReached:
    return BudgetReached(percent, part.limit, part.period)
