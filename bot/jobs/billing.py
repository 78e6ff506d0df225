"""Hold and settle a job's credits and price together with its state, and alert the operator.

No transaction spans the network. The operator is alerted after the commit, by the alerts' own
tasks: no job waits for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.errors.base import EaselError
from bot.core.errors.jobs import PicturesKept
from bot.core.errors.quotas import BudgetSpent
from bot.core.models import AnnouncedCard, AttachmentUrls, CardAddress, Job, JobState
from bot.core.units import count_units
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.gateways.catalogue import Catalogue
from bot.gateways.routing.operator_alerts import BudgetReached, OperatorAlerts
from bot.jobs.budget_alerts import alert_of_refusal, reached
from bot.jobs.courier import JobFailure
from bot.jobs.job_writer import JobWriter
from bot.jobs.pricing import credits_per_picture
from bot.jobs.repository.costs import read_price
from bot.jobs.repository.kept_pictures import read_kept_pictures
from bot.jobs.repository.late_attempts import forget_looks
from bot.jobs.repository.presses import note_press
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.request_rate import check_request_rate
from bot.jobs.repository.settled_pictures import is_in_doubt, read_picture_counts
from bot.jobs.repository.task_buttons import claim_button
from bot.quota.ledger import Ledger, Settlement
from bot.quota.picture_counts import PictureCounts


@dataclass(frozen=True, slots=True)
class Billing:
    """Opens a job's hold and closes it, each in one transaction.

    ``records_presses``: several processes may hear of the same press.
    """

    database: Database
    ledger: Ledger
    repository: JobRepository
    catalogue: Catalogue
    alerts: OperatorAlerts
    max_requests_per_minute: int
    records_presses: bool = False

    async def hold(
        self, job: Job, *, attached: AttachmentUrls | None, card: AnnouncedCard | None
    ) -> None:
        """Hold a job's credits and its highest price, and write it down, all or nothing.

        ``card`` is where it is about to be shown: a crash may hide whether it was.

        Raises:
            PressRepeated: another process has accepted it.
            Refusal: a limit, the operator's budget or the number of requests per minute does not
                allow it, or the database does not answer in time.
        """
        price = self.catalogue.highest_price(job.request)
        try:
            await self.database.write_soon(
                lambda tx: self._hold(tx, job, price=price, attached=attached, card=card),
                undo=lambda tx: self._cancel_unseen(tx, job),
            )
        except BudgetSpent:
            await alert_of_refusal(self.database, self.ledger, self.alerts, price)
            raise

    async def settle(
        self,
        job: Job,
        state: JobState,
        error: EaselError | None = None,
        *,
        delivered: int = 0,
        writer: JobWriter | None = None,
    ) -> Settlement | None:
        """End the job and settle its hold, both or neither; harmless twice.

        The person pays for the ``delivered`` pictures; what became of the others is in the rows of
        the attempts, and in what the ``writer`` was left.
        """
        writer = writer or self.writer_of(job)
        settled, reached = await writer.write(self._settle, job, state, error, delivered=delivered)
        for part in reached:
            self.alerts.budget(part)
        return settled

    async def settle_delivered(
        self,
        job: Job,
        shortfall: EaselError | None,
        *,
        delivered: int,
        messages: Sequence[CardAddress],
        writer: JobWriter,
    ) -> None:
        """End a job whose pictures were posted or kept: the person can get ``delivered`` of them.

        It is one transaction with which ``messages`` show them: a crash charges nothing else.
        """
        _, reached = await writer.write(self._settle_delivered, job, shortfall, delivered, messages)
        for part in reached:
            self.alerts.budget(part)

    async def close_attempts(self, job: Job, *, writer: JobWriter) -> None:
        """Put in doubt what a defect of this bot left under way."""
        await writer.write(self._close_attempts, job)

    async def settle_abandoned(
        self,
        job: Job,
        *,
        unsent: EaselError,
        sent: EaselError,
        lost: EaselError,
        writer: JobWriter | None = None,
    ) -> JobFailure | None:
        """End a job that no process works on, by what the database knows of it.

        It says ``lost`` where pictures arrived, and are not kept, and none is in doubt.
        What a death or a defect of this bot lost does not limit the person.

        Returns:
            What to tell the person, None if the pictures were posted before.
        """
        writer = writer or self.writer_of(job)
        failure, reached = await writer.write(self._settle_abandoned, job, unsent, sent, lost)
        for part in reached:
            self.alerts.budget(part)
        return failure

    async def set_aside(self, job_id: str) -> None:
        """End a job of which too little can be read to do more; its credits are released."""
        await self.database.write_when_possible(self._set_aside, job_id)

    def _set_aside(self, tx: Transaction, job_id: str) -> None:
        self.repository.ended(tx, job_id, JobState.UNKNOWN)
        self.repository.told(tx, job_id)
        forget_looks(tx, job_id)
        self.repository.close_attempts(tx, job_id, model="", price_at=lambda _: None)
        # How many credits each of its pictures costs is not known: all of them, or none.
        is_sent = read_picture_counts(tx, job_id, delivered=0).counted_for_operator > 0
        self.ledger.settle(
            tx,
            job_id,
            PictureCounts(missing=int(is_sent)),
            each=self.ledger.charged(tx, job_id),
            price=read_price(tx, job_id),
        )

    def _lock_person(self, tx: Transaction, job: Job) -> None:
        # Before the job's rows, as a hold and a deletion do: else two could wait for each other.
        tx.lock(self.ledger.person_lock(job.requester.user_id))

    def _cancel_unseen(self, tx: Transaction, job: Job) -> None:
        self._lock_person(tx, job)
        self.repository.not_placed(tx, job.id)
        self._settle(tx, job, JobState.CANCELLED, None, delivered=0)

    def _hold(
        self,
        tx: Transaction,
        job: Job,
        *,
        price: int,
        attached: AttachmentUrls | None,
        card: AnnouncedCard | None,
    ) -> None:
        press = job.requester.press
        if press is not None and self.records_presses:
            note_press(tx, press, at=job.created_at)
        # Before the rows of the minute: one round trip to a server brings both.
        question = self.ledger.ask(tx, job.requester)
        if not job.requester.is_operator:
            check_request_rate(
                tx, job.requester.user_id, at=job.created_at, most=self.max_requests_per_minute
            )
        self.ledger.hold(
            tx,
            job_id=job.id,
            requester=job.requester,
            credits=job.credits,
            price=price,
            question=question,
        )
        self.repository.queued(tx, job, attached=attached, card=card)
        claim_button(tx, job)

    def writer_of(self, job: Job) -> JobWriter:
        """Return a writer of a job's transactions."""
        return JobWriter(self.database, self.ledger.person_lock(job.requester.user_id))

    def _settle(
        self,
        tx: Transaction,
        job: Job,
        state: JobState,
        error: EaselError | None,
        *,
        delivered: int | None,
    ) -> tuple[Settlement | None, list[BudgetReached]]:
        """Return the settlement, and which parts of the operator's budget it has reached."""
        self._lock_person(tx, job)
        self.repository.ended(tx, job.id, state, error)
        price = read_price(tx, job.id)
        pictures = read_picture_counts(tx, job.id, delivered=delivered)
        each = credits_per_picture(job)
        settled = self.ledger.settle(tx, job.id, pictures, each=each, price=price)
        if settled is None or not price:
            return settled, []
        return settled, list(reached(self.ledger.budget_used(tx), price))

    def _settle_delivered(
        self,
        tx: Transaction,
        job: Job,
        shortfall: EaselError | None,
        delivered: int,
        messages: Sequence[CardAddress],
    ) -> tuple[Settlement | None, list[BudgetReached]]:
        self._lock_person(tx, job)
        self.repository.delivered(tx, job.id, messages)
        return self._settle(tx, job, JobState.DONE, shortfall, delivered=delivered)

    def _settle_abandoned(
        self,
        tx: Transaction,
        job: Job,
        unsent: EaselError,
        sent: EaselError,
        lost: EaselError,
    ) -> tuple[JobFailure | None, list[BudgetReached]]:
        self._lock_person(tx, job)
        self._close_attempts(tx, job)
        if self.repository.is_delivered(tx, job.id):
            _, reached = self._settle(tx, job, JobState.DONE, None, delivered=None)
            return None, reached
        kept = count_units(each.grid for each in read_kept_pictures(tx, job.id))
        state, error = JobState.CANCELLED, unsent
        if kept:
            state, error = JobState.DONE, PicturesKept()
        elif is_in_doubt(tx, job.id):
            state, error = JobState.UNKNOWN, sent
        elif read_picture_counts(tx, job.id, delivered=0).counted_for_operator:
            state, error = JobState.FAILED, lost
        settled, reached = self._settle(tx, job, state, error, delivered=kept)
        return JobFailure(error, state, settled.charged if settled else 0), reached

    def _close_attempts(self, tx: Transaction, job: Job) -> None:
        self.repository.close_attempts(
            tx,
            job.id,
            model=job.request.model,
            price_at=lambda gateway: self.catalogue.price_each(gateway, job.request),
        )
