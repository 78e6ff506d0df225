"""Hold and settle the credits and the price of requests for words, each with its row.

Nothing is held for longer than its process lives: what a dead one left is settled by the next
start, or by another process, and never sent again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from bot.core.clock import Clock
from bot.core.errors.quotas import BudgetSpent
from bot.core.liveness import Liveness
from bot.core.metrics import PRICE, TEXT_REQUESTS, Metrics
from bot.core.models import Requester
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.gateways.routing.operator_alerts import BudgetReached, OperatorAlerts
from bot.jobs.budget_alerts import alert_of_refusal, reached
from bot.jobs.repository.presses import note_press
from bot.jobs.repository.request_rate import check_request_rate
from bot.jobs.repository.text_requests import (
    HeldText,
    TextOutcome,
    TextRequest,
    end_text_request,
    insert_held,
    is_under_way,
    note_sending,
    note_task,
    open_of,
    owners_of_open,
    was_sent,
)
from bot.quota.ledger import Ledger
from bot.quota.picture_counts import PictureCounts

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_MICROS = 1_000_000

_CHARGED = PictureCounts(delivered=1)
# As a picture that this bot or a gateway lost: the operator's limits count it, nobody else's do.
_LOST = PictureCounts(missing=1)
_UNPAID = PictureCounts()


@dataclass(frozen=True, slots=True)
class TextBilling:
    """Opens the hold of a request and closes it, each in one transaction.

    ``records_presses``: several processes may hear of the same press.
    """

    database: Database
    ledger: Ledger
    alerts: OperatorAlerts
    liveness: Liveness
    clock: Clock
    metrics: Metrics
    max_requests_per_minute: int
    records_presses: bool = False

    async def hold(self, request: TextRequest) -> None:
        """Hold a request's credits and its price, and write it down, all or nothing.

        Raises:
            PressRepeated: another process has accepted it.
            Refusal: a limit, the operator's budget or the number of requests per minute does not
                allow it, or the database does not answer in time.
        """
        try:
            await self.database.write_soon(
                partial(self._hold, request=request),
                undo=partial(self._end_open, request.held),
            )
        except BudgetSpent:
            await alert_of_refusal(self.database, self.ledger, self.alerts, request.price)
            raise

    async def check_blocked(self, requester: Requester) -> None:
        """Raise Blocked or BlockedEverywhere for who may ask nothing."""
        await self.database.read(self.ledger.check_blocked, requester.server_id, requester.user_id)

    async def sending(self, request: TextRequest, gateway: str) -> bool:
        """Write down that it is about to be sent; return False if it must not be any more."""
        if not self.liveness.may_send:
            return False
        return await self.database.write_when_possible(note_sending, request.id, gateway)

    async def on_task(self, request: TextRequest, task_id: str) -> None:
        """Write down which task has the words; it is not sent again, whoever polls it."""
        await self.database.write_when_possible(note_task, request.id, task_id)

    async def settle(
        self,
        request: TextRequest,
        outcome: TextOutcome,
        *,
        is_paid: bool,
        suggestions: Sequence[str] = (),
    ) -> None:
        """End a request: the person pays for an answer only, the operator for what is paid."""
        await self._write(
            partial(self._settle, request.held, outcome, is_paid=is_paid, suggestions=suggestions)
        )

    async def end_open(self, held: HeldText) -> None:
        """End a request that nobody works on any more by what is written of it; harmless twice."""
        await self._write(partial(self._end_open, held))

    async def end_abandoned(self) -> None:
        """End what dead processes left; harmless twice, and beside others that do it."""
        owners = await self.database.read(owners_of_open)
        are_dead = await asyncio.gather(*(self.liveness.is_dead(owner) for owner in owners))
        dead = [owner for owner, is_dead in zip(owners, are_dead, strict=True) if is_dead]
        for left in await self.database.read(open_of, dead):
            log.info("text.recovered", text=left.id)
            await self.end_open(left)

    # --- transactions ---------------------------------------------------------------------------

    def _hold(self, tx: Transaction, request: TextRequest) -> None:
        requester, at = request.requester, request.created_at
        if requester.press is not None and self.records_presses:
            note_press(tx, requester.press, at=at)
        question = self.ledger.ask(tx, requester)
        most = self.max_requests_per_minute
        check_request_rate(tx, requester.user_id, at=at, most=most, table="text_requests")
        self.ledger.hold(
            tx,
            job_id=request.id,
            requester=requester,
            credits=request.credits,
            price=request.price,
            question=question,
        )
        insert_held(tx, request, owner=self.liveness.owner)

    def _end_open(self, held: HeldText, tx: Transaction) -> list[BudgetReached]:
        # Before the row, as a deletion does: else each would wait for the other.
        tx.lock(self.ledger.person_lock(held.user_id))
        if not is_under_way(tx, held.id):
            return []
        is_sent = was_sent(tx, held.id)
        outcome = TextOutcome.UNKNOWN if is_sent else TextOutcome.REFUSED
        return self._settle(held, outcome, tx, is_paid=is_sent)

    def _settle(
        self,
        held: HeldText,
        outcome: TextOutcome,
        tx: Transaction,
        *,
        is_paid: bool,
        suggestions: Sequence[str] = (),
    ) -> list[BudgetReached]:
        """Return which parts of the operator's budget the settlement has reached."""
        tx.lock(self.ledger.person_lock(held.user_id))
        at = self.clock.now()
        gateway = end_text_request(tx, held.id, outcome, at=at, suggestions=suggestions)
        price = held.price if is_paid else 0
        counts = _CHARGED if outcome is TextOutcome.ANSWERED else _LOST if is_paid else _UNPAID
        settled = self.ledger.settle(tx, held.id, counts, each=held.credits, price=price)
        if settled is None:
            return []
        tx.on_commit(partial(self._count, gateway, outcome, price))
        return list(reached(self.ledger.budget_used(tx), price)) if price else []

    def _count(self, gateway: str | None, outcome: TextOutcome, price: int) -> None:
        self.metrics.count(TEXT_REQUESTS, outcome.value)
        if price and gateway is not None:
            self.metrics.count(PRICE, gateway, by=price / _MICROS)

    async def _write(self, settle: Callable[[Transaction], list[BudgetReached]]) -> None:
        for part in await self.database.write_when_possible(settle):
            self.alerts.budget(part)
