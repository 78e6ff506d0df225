"""The ledger: hold, settle and report credits.

Its methods run inside a transaction of their caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.core.errors.quotas import TooManyDoubtful
from bot.core.metrics import NO_METRICS, Metrics
from bot.core.models import Requester
from bot.database.errors import RunAgain
from bot.database.transaction import Transaction
from bot.quota.admin import Admin, refuse_blocked
from bot.quota.admin_repository import (
    add_granted,
    ask_requester_limits,
    read_member_ids,
    take_granted,
)
from bot.quota.allowances import Allowance, refusal, room, roomiest, tightest, used_of
from bot.quota.levels import (
    ChargeOrigin,
    Levels,
    LimitCheck,
    LimitLevel,
    RequesterLimits,
)
from bot.quota.limits import MAX_CREDITS, LimitSet, Period, split_charge, split_hold
from bot.quota.locks import LimitLocks, limits_lock, person_lock
from bot.quota.meters import Amounts
from bot.quota.picture_counts import PictureCounts
from bot.quota.reports import Reports
from bot.quota.repository import (
    Hold,
    move_meters,
    read_charges,
    read_hold,
    settle_hold,
    write_hold,
)
from bot.quota.stripes import fold_stripes, has_stripes


@dataclass(frozen=True, slots=True)
class Settlement:
    """The final cost of a job for its requester, in credits.

    ``granted_back`` is the part of ``returned`` that went back to the person's grants.
    """

    charged: int
    returned: int
    granted_back: int = 0


@dataclass(frozen=True, slots=True)
class DoubtfulRequests:
    """How many of a person's requests of the last day were in doubt, or paid for and lost.

    ``limit`` is MAX_DOUBTFUL_PER_DAY; once it is reached, ``frees_at`` (milliseconds since the
    epoch) is when they may ask again.
    """

    count: int
    limit: int
    frees_at: int | None


class Ledger(Admin, Reports):
    """Holds and charges of everybody's credits, in the caller's transaction.

    ``budget`` limits what the operator pays, in millionths of their currency; ``pseudonym`` turns
    a person's id into the negative one that their charges have after their data was deleted.
    """

    def __init__(
        self,
        *,
        default: LimitSet,
        server_quota: LimitSet,
        total_quota: LimitSet,
        budget: LimitSet = (),
        max_doubtful_per_day: int,
        pseudonym: Callable[[int], int],
        now: Callable[[], int],
        metrics: Metrics = NO_METRICS,
    ) -> None:
        Admin.__init__(self, server_quota=server_quota, now=now, metrics=metrics)
        Reports.__init__(self, pseudonym=pseudonym, now=now)
        self._levels = Levels(default, server_quota, total_quota, budget)
        self._levels_with_stripes = replace(self._levels, has_stripes=True)
        self._locks = LimitLocks(now)
        self._max_doubtful_per_day = max_doubtful_per_day

    def hold(
        self,
        tx: Transaction,
        *,
        job_id: str,
        requester: Requester,
        credits: int,
        price: int = 0,
        question: Callable[[], RequesterLimits] | None = None,
    ) -> None:
        """Hold the credits, and the price (in millionths) of the budget, if every limit has room.

        ``question`` is what ``ask`` has sent already. A grant pays what the person's own level has
        no room for. Raises Blocked, BlockedEverywhere,
        QuotaSpent, BudgetSpent or TooManyDoubtful, and changes nothing then.
        """
        limits = (question or self.ask(tx, requester))()
        refuse_blocked(limits.member.block_reason, everywhere=limits.everywhere)
        if not requester.is_operator:
            self._check_doubtful(limits)
        checks = self._levels_of(tx).checks(limits, credits=credits, price=price)
        amounts = Amounts(credits, credits, credits, price)
        hold = Hold(job_id, limits.origin, self._now(), amounts)
        hold = self._hold(tx, hold, checks, requester)
        move_meters(tx, hold, by=hold.amounts, now=hold.at)
        self._count(tx, "held", credits)

    def ask(self, tx: Transaction, requester: Requester) -> Callable[[], RequesterLimits]:
        """Lock a person, and ask for what a hold has to know of them; return what waits for it."""
        if tx.most_at_once > 1:
            tx.lock(self.person_lock(requester.user_id), shared=(limits_lock(requester.server_id),))
        return self._ask(tx, requester)

    def _ask(self, rows: Transaction, requester: Requester) -> Callable[[], RequesterLimits]:
        pseudonym = self._pseudonym(requester.user_id)
        since = self._now() - Period.DAY.ms
        return ask_requester_limits(rows, requester, pseudonym=pseudonym, since=since)

    def person_lock(self, user_id: int) -> str:
        """Return the lock of what a person holds, is charged and has deleted."""
        return person_lock(user_id, self._pseudonym)

    def _hold(
        self, tx: Transaction, hold: Hold, checks: Sequence[LimitCheck], requester: Requester
    ) -> Hold:
        """Write the hold, or one that a grant helps; raise what refuses it."""
        with_margins = self._locks.lock(tx, checks, server_id=hold.origin.server_id)
        if write_hold(tx, hold, with_margins):
            return hold
        if helped := _hold_with_grant(tx, hold, with_margins):
            granted = helped.amounts.granted
            if take_granted(tx, requester.server_id, requester.user_id, granted):
                return helped
        elif refused := refusal(tx, checks, hold.at):
            raise refused
        else:
            self._locks.ran_out()
        raise RunAgain

    def settle(
        self,
        tx: Transaction,
        job_id: str,
        pictures: PictureCounts,
        *,
        each: int,
        price: int | None = None,
    ) -> Settlement | None:
        """Turn a hold into a charge of ``each`` picture; the rest is returned in the hold's hour.

        The part that a grant paid is returned first. ``price`` is what the operator paid, in
        millionths; None is the share of what was paid for. Return None, changing nothing, when the
        job has no hold (any more).
        """
        hold = self._locked_hold(tx, job_id, "held")
        if hold is None:
            return None
        charged, counted = pictures.delivered * each, pictures.counted_for_operator * each
        amounts = Amounts(
            own_credits=split_charge(hold.amounts.own_credits, charged=charged),
            credits=charged,
            operator_credits=counted,
            price=_price_share(hold.amounts, made=counted) if price is None else price,
        )
        if not self._charge(tx, hold, amounts, pictures, state="held"):
            return None
        granted_back = hold.amounts.granted - amounts.granted
        if granted_back:
            add_granted(tx, hold.origin.server_id, self._real_id(tx, hold.origin), granted_back)
        returned = hold.amounts.credits - charged
        self._count(tx, "charged", charged)
        self._count(tx, "released", returned)
        return Settlement(charged, returned, granted_back)

    def charge_late(
        self,
        tx: Transaction,
        job_id: str,
        requester: Requester | None,
        *,
        late: int,
        each: int,
        pictures: PictureCounts,
        price: int,
    ) -> int:
        """Charge ``late`` pictures of a settled job as far as the person's limits have room now.

        The operator's limits counted them with the doubt. ``pictures`` is how all of the job ended,
        ``price`` what the operator paid for it. Nothing is charged to somebody whose roles are not
        known: ``requester`` is None then. Return the credits.
        """
        charge = self._locked_hold(tx, job_id, "settled")
        if charge is None:
            return 0
        credits = min(late * each, 0 if requester is None else self._room(tx, requester))
        credits -= credits % each if each else 0
        amounts = replace(
            charge.amounts,
            own_credits=charge.amounts.own_credits + credits,
            credits=charge.amounts.credits + credits,
            price=price,
        )
        if not self._charge(tx, charge, amounts, pictures, state="settled"):
            return 0
        self._count(tx, "charged", credits)
        return credits

    def _locked_hold(
        self, tx: Transaction, job_id: str, state: Literal["held", "settled"]
    ) -> Hold | None:
        """Read a job's hold under the lock of its person, whose data may just be deleted."""
        hold = read_hold(tx, job_id, state=state)
        if hold is None or tx.has_lock(lock := self.person_lock(hold.origin.user_id)):
            return hold
        tx.lock(lock)
        return read_hold(tx, job_id, state=state)

    def _charge(
        self,
        tx: Transaction,
        hold: Hold,
        amounts: Amounts,
        pictures: PictureCounts,
        *,
        state: Literal["held", "settled"],
    ) -> bool:
        """Charge these amounts for a hold and move its meters; return False if it is in no hold.

        ``pictures`` is how all of the job ended.
        """
        if not settle_hold(tx, hold, amounts, is_doubtful=pictures.limits_requester, state=state):
            return False
        move_meters(tx, hold, by=amounts - hold.amounts, now=self._now())
        return True

    def _room(self, tx: Transaction, requester: Requester) -> int:
        """Return what the limits of a person and of their server leave, the operator's aside."""
        tx.lock(shared=(limits_lock(requester.server_id),))
        checks = self._levels_of(tx).checks(self._limits_of(tx, requester), credits=1)
        theirs = [check for check in checks if check.meter.column in {"own_credits", "credits"}]
        self._locks.lock(tx, theirs, server_id=requester.server_id)
        least = tightest(tx, theirs, self._now())
        return MAX_CREDITS if least is None else least.left

    def doubtful(self, rows: Transaction, requester: Requester) -> DoubtfulRequests:
        """Return the person's requests of the last day that were in doubt, or paid for and lost."""
        return self._doubtful_of(self._limits_of(rows, requester))

    def _check_doubtful(self, limits: RequesterLimits) -> None:
        doubtful = self._doubtful_of(limits)
        if doubtful.frees_at is not None:
            raise TooManyDoubtful(limit=doubtful.limit, frees_at=doubtful.frees_at)

    def _doubtful_of(self, limits: RequesterLimits) -> DoubtfulRequests:
        times, reset_at = sorted(limits.doubtful), limits.member.reset_at
        if reset_at is not None and reset_at <= self._now():
            times = [at for at in times if at > reset_at]
        over = len(times) - self._max_doubtful_per_day
        frees_at = times[over] + Period.DAY.ms if over >= 0 else None
        return DoubtfulRequests(len(times), self._max_doubtful_per_day, frees_at)

    def allowances(self, rows: Transaction, requester: Requester) -> tuple[Allowance, ...]:
        """Return every limit that applies to the person now, the deciding personal ones first.

        Of several roles the roomiest one is returned; TOTAL_QUOTA only for the operator, the
        budget never (``budget`` returns it).
        """
        at = self._now()
        told = [roomiest(rows, check, at) for check in self._told_checks(rows, requester)]
        return tuple(allowance for allowances in told for allowance in allowances)

    def left(self, rows: Transaction, requester: Requester) -> Allowance | None:
        """Return the tightest of the allowances, None when nothing limits the person.

        ``frees_at`` is set only if nothing is left.
        """
        return tightest(rows, self._told_checks(rows, requester), self._now())

    def budget(self, rows: Transaction) -> tuple[Allowance, ...]:
        """Return what is left of OPERATOR_BUDGET by period, in millionths of the currency."""
        check = self._levels_of(rows).budget_check()
        return () if check.rule.is_free else tuple(roomiest(rows, check, self._now()))

    def budget_used(self, rows: Transaction) -> Sequence[Allowance]:
        """Return the same without ``frees_at``: every settlement asks."""
        check, at = self._levels_of(rows).budget_check(), self._now()
        return [used_of(rows, check, cap, at) for caps in check.rule.caps for cap in caps]

    def charged(self, rows: Transaction, job_id: str) -> int:
        """Return how many credits a job holds, or has cost once it has ended."""
        return sum(charge.credits for charge in read_charges(rows, [job_id]))

    def _told_checks(self, rows: Transaction, requester: Requester) -> list[LimitCheck]:
        untold = {LimitLevel.BUDGET, *(() if requester.is_operator else (LimitLevel.TOTAL,))}
        checks = self._levels_of(rows).checks(self._limits_of(rows, requester))
        return [check for check in checks if check.rule.level not in untold]

    def _limits_of(self, rows: Transaction, requester: Requester) -> RequesterLimits:
        return self._ask(rows, requester)()

    def _levels_of(self, rows: Transaction) -> Levels:
        return self._levels_with_stripes if has_stripes(rows) else self._levels

    def fold_stripes(self, tx: Transaction) -> None:
        """Fold what totals are spread over, as far as nobody adds to it any more."""
        fold_stripes(tx, now=self._now())

    def _real_id(self, rows: Transaction, origin: ChargeOrigin) -> int:
        """Return the real id of a charge's person: grants are stored without pseudonyms."""
        if origin.user_id >= 0:
            return origin.user_id
        members = read_member_ids(rows, origin.server_id)
        return next(id_ for id_ in members if self._pseudonym(id_) == origin.user_id)


def _hold_with_grant(tx: Transaction, hold: Hold, checks: list[LimitCheck]) -> Hold | None:
    """Write the hold so that a grant pays what the own level has no room for; None if it cannot."""
    mine = next((check for check in checks if check.granted), None)
    if mine is None:
        return None
    credits = hold.amounts.credits
    own = split_hold(credits, room=room(tx, mine, hold.at), granted=mine.granted)
    if own is None or own == credits:
        return None
    helped = replace(hold, amounts=replace(hold.amounts, own_credits=own))
    less = [replace(check, asked=own) if check is mine else check for check in checks]
    return helped if write_hold(tx, helped, less) else None


def _price_share(held: Amounts, *, made: int) -> int:
    """Return the share of the held price for the pictures that were made."""
    # A job of 0 credits has no share: its whole price counts.
    return -(-held.price * made // held.credits) if held.credits else held.price
