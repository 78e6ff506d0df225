"""Record what happens to the attempts of one slot, each event before the exchange acts on it."""

from dataclasses import dataclass

from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed, Job
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import (
    Answered,
    GatewayEvent,
    ModalSending,
    Received,
    RequestRefused,
    Sending,
    TaskAccepted,
    Waiting,
)
from bot.jobs.job_writer import JobWriter
from bot.jobs.repository.job_counts import INTERRUPTED
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import Attempt, Cost
from bot.jobs.repository.task_buttons import delete_buttons, insert_buttons, note_modal


@dataclass(frozen=True, slots=True)
class AttemptRecorder:
    """Records the attempts of one slot of a job.

    Where it is the ``is_only`` slot, how it ends is left to the next transaction of the job, which
    comes at once: the delivery of the pictures, or the job's end.
    """

    repository: JobRepository
    catalogue: Catalogue
    writer: JobWriter
    job: Job
    slot: int
    asked: int
    is_only: bool

    async def record(self, attempt: Attempt | None, event: GatewayEvent) -> Attempt | None:
        """Write an event; return the attempt that is under way, None where none is."""
        write, repository = self.writer.write, self.repository
        match event, attempt:
            case Waiting(), _:
                await self.writer.write_left()
            case Sending(gateway=gateway), _:
                return await write(
                    repository.sending, self.job.id, self.slot, gateway=gateway, pictures=self.asked
                )
            case RequestRefused(failure=failure), Attempt():
                model = self.job.request.model
                await write(repository.refused, attempt, model, failure.kind)
                return None
            case TaskAccepted(task_id=task_id), Attempt():
                await write(repository.task, attempt, task_id)
            case ModalSending(), Attempt():
                await write(note_modal, attempt, owner=repository.owner)
            case Answered(urls=urls), Attempt():
                self.writer.leave(insert_buttons, attempt, event.task_id, event.buttons)
                await write(repository.answered, attempt, urls)
            case Received(), Attempt():
                await self._record_pictures(attempt, event)
        return attempt

    async def _record_pictures(self, attempt: Attempt, received: Received) -> None:
        pictures, lost = received.units, received.lost_by_gateway(self.asked)
        price = attempt_price(self.catalogue, self.job, attempt, self.asked)
        cost = Cost(self.job.request.model, pictures, lost, received.usage, price)
        self.writer.leave(self.repository.received, attempt, cost)
        await self._write_end()

    async def record_failure(
        self, attempt: Attempt | None, failure: GatewayFailure, *, by_us: bool = False
    ) -> None:
        """Write that an attempt brought no picture, perhaps because a process of this bot died."""
        if attempt is None:
            return
        if failure.billed is Billed.NO:
            action = self.job.request.action
            if action and failure.kind is GatewayErrorKind.ACTION_EXPIRED:
                self.writer.leave(delete_buttons, action)
            model = self.job.request.model
            self.writer.leave(self.repository.refused, attempt, model, failure.kind)
        else:
            kind = INTERRUPTED if by_us else failure.kind
            by_us = by_us or failure.is_ours
            is_lost = failure.billed is Billed.YES and not by_us
            lost = self.asked - failure.lost_by_us if is_lost else 0
            price = attempt_price(self.catalogue, self.job, attempt, self.asked)
            cost = Cost(self.job.request.model, lost=lost, price=price)
            # A full disk is no end of a task that was polled, either.
            is_task_left = failure.kind is GatewayErrorKind.TASK_UNFINISHED or (
                failure.is_ours and failure.billed is Billed.MAYBE
            )
            may_come = is_task_left and not self.job.requester.is_operator
            self.writer.leave(
                self.repository.lost,
                attempt,
                failure.billed,
                cost,
                kind,
                may_come_late=may_come,
                by_us=by_us,
            )
        await self._write_end()

    async def _write_end(self) -> None:
        if not self.is_only:
            await self.writer.write_left()


def attempt_price(catalogue: Catalogue, job: Job, attempt: Attempt, pictures: int) -> int | None:
    """Return what pictures cost at the gateway of an attempt, None where nobody says."""
    each = catalogue.price_each(attempt.gateway, job.request)
    return None if each is None else each * pictures
