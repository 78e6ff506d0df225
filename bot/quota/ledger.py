"""Hold and settle credits, and say what is left.

The ledger never opens a transaction: its caller does, and passes it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.errors.quotas import Blocked, LimitLevel
from bot.core.models import Requester
from bot.database.transaction import Transaction
from bot.quota.admin import Admin
from bot.quota.allowance import Allowance, Claim, refusal, roomiest, tightest
from bot.quota.history import History
from bot.quota.holds import Hold, charge, placed, placed_with_grant, read_hold
from bot.quota.members import add_granted, members_of, take_granted
from bot.quota.meters import budget, meters_of, move, person, server, total
from bot.quota.outlays import Outlay, read_outlays
from bot.quota.rules import (
    EVERYONE,
    SERVER,
    LimitSet,
    Period,
    Rule,
    personal_rule,
    role,
    server_rules,
    user,
)
from bot.quota.standing import Standing, read_standing


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a job cost its requester in the end, in credits.

    ``doubt_charged`` says that pictures in doubt were charged, because too many were forgiven.
    Of what ``returned``, ``granted_back`` went to the person's grants.
    """

    charged: int
    returned: int
    doubt_charged: bool
    granted_back: int = 0


class Ledger(Admin, History):
    """The credits of everybody; the database decides, in the caller's transaction.

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
    ) -> None:
        Admin.__init__(self, server_quota=server_quota, now=now)
        History.__init__(self, pseudonym=pseudonym, now=now)
        self._default = default
        self._server_quota = server_quota
        self._total_quota = total_quota
        self._budget = budget
        self._max_doubtful_per_day = max_doubtful_per_day

    def hold(
        self, tx: Transaction, *, job_id: str, requester: Requester, credits: int, price: int = 0
    ) -> None:
        """Hold the credits, and the price (in millionths) of the budget, if all have room.

        What the person's own level has no room for is taken from their grants. Raises Blocked,
        QuotaSpent or BudgetSpent, having changed nothing.
        """
        meters = meters_of(requester.server_id, requester.user_id)
        tx.lock(*(meter.subject for meter in meters))
        standing = self._standing(tx, requester)
        if standing.member.block_reason is not None:
            raise Blocked(reason=standing.member.block_reason)
        claims = self._claims(standing, requester, credits=credits, price=price)
        hold = Hold(
            job_id=job_id,
            server_id=requester.server_id,
            user_id=standing.user_id,
            at=self._now(),
            credits=credits,
            own_credits=credits,
            price=price,
        )
        if not placed(tx, hold, claims):
            helped = placed_with_grant(tx, hold, claims)
            if helped is None:
                raise refusal(tx, claims, hold.at)
            hold = helped
            take_granted(tx, hold.server_id, requester.user_id, hold.granted)
        meters = meters_of(hold.server_id, hold.user_id)
        move(tx, meters, hour=hold.hour, by=hold.charged)

    def settle(
        self,
        tx: Transaction,
        job_id: str,
        *,
        delivered: int,
        doubtful: int = 0,
        price: int | None = None,
    ) -> Settlement | None:
        """Turn a hold into a charge of what was delivered; the rest returns at the hold's hour.

        What a grant paid returns first. What is in doubt returns to the person and the server but
        stays in the operator's total; it is charged once the person had ``max_doubtful_per_day``
        forgiven jobs in this server. ``price`` is what the operator did pay, in millionths; None
        is the share of what was made. Return None, changing nothing, when the job holds nothing
        (any more).
        """
        hold = read_hold(tx, job_id)
        if hold is None:
            return None
        meters = meters_of(hold.server_id, hold.user_id)
        tx.lock(*(meter.subject for meter in meters))
        doubt_charged = doubtful > 0 and not self.forgives(tx, job_id)
        made = delivered + doubtful
        charged = made if doubt_charged else delivered
        settled = charge(tx, hold, charged=charged, made=made, price=price)
        if settled is None:
            return None
        move(tx, meters, hour=hold.hour, by=settled.change(hold))
        granted_back = hold.granted - settled.granted
        if granted_back:
            user_id = self._real_id(tx, hold)
            add_granted(tx, hold.server_id, user_id, granted_back)
        return Settlement(charged, hold.credits - charged, doubt_charged, granted_back)

    def forgives(self, rows: Transaction, job_id: str) -> bool:
        """Return whether the job's requester may have another one in doubt for nothing."""
        forgiven = rows.query(
            """
            SELECT other.job_id
            FROM charges AS mine
            JOIN charges AS other
            ON other.server_id = mine.server_id AND other.user_id = mine.user_id
            WHERE mine.job_id = $1 AND other.forgiven = 1 AND other.at > $2
            """,
            job_id,
            self._now() - Period.DAY.ms,
        )
        return len(forgiven) < self._max_doubtful_per_day

    def allowances(self, rows: Transaction, requester: Requester) -> tuple[Allowance, ...]:
        """Return every limit that applies to the person now, the deciding personal ones first.

        Of several roles the one that leaves most is told; TOTAL_QUOTA only to the operator, and
        the budget by itself.
        """
        return self._told(rows, self._told_claims(rows, requester))

    def left(self, rows: Transaction, requester: Requester) -> Allowance | None:
        """Return the tightest of the allowances, None when nothing limits the person.

        It says when more frees only if nothing is left.
        """
        return tightest(rows, self._told_claims(rows, requester), self._now())

    def budget(self, rows: Transaction) -> tuple[Allowance, ...]:
        """Return what is left of OPERATOR_BUDGET by period, in millionths of the currency."""
        return self._told(rows, [claim for claim in (self._paid(0),) if not claim.rule.is_free])

    def charged(self, rows: Transaction, job_id: str) -> int:
        """Return how many credits a job holds, or has cost once it has ended."""
        charge = rows.one("SELECT credits FROM charges WHERE job_id = $1", job_id)
        return 0 if charge is None else int(charge["credits"])

    def outlays(self, rows: Transaction) -> tuple[Outlay, ...]:
        """Return what of OPERATOR_BUDGET is spent and held, without saying when it frees."""
        return read_outlays(rows, self._budget, at=self._now())

    def _told(self, rows: Transaction, claims: list[Claim]) -> tuple[Allowance, ...]:
        at = self._now()
        told = [roomiest(rows, claim, at) for claim in claims]
        return tuple(allowance for allowances in told for allowance in allowances)

    def _told_claims(self, rows: Transaction, requester: Requester) -> list[Claim]:
        untold = {LimitLevel.BUDGET, *(() if requester.is_operator else (LimitLevel.TOTAL,))}
        claims = self._claims(self._standing(rows, requester), requester)
        return [claim for claim in claims if claim.rule.level not in untold]

    def _standing(self, rows: Transaction, requester: Requester) -> Standing:
        pseudonym = self._pseudonym(requester.user_id)
        return read_standing(rows, requester, pseudonym=pseudonym)

    def _claims(
        self, standing: Standing, requester: Requester, *, credits: int = 0, price: int = 0
    ) -> list[Claim]:
        """Return what the request asks of each level that limits it, the person's own first."""
        spends = Claim(total(), Rule(LimitLevel.TOTAL, (self._total_quota,)), credits)
        claims = [spends, self._paid(price)]
        if not requester.is_operator:
            claims = [*self._member_claims(standing, requester, credits), *claims]
        return [claim for claim in claims if not claim.rule.is_free]

    def _member_claims(self, standing: Standing, requester: Requester, credits: int) -> list[Claim]:
        limits, member = standing.limits, standing.member
        personal = personal_rule(
            own=limits[user(requester.user_id)],
            roles=[limits[role(role_id)] for role_id in requester.role_ids],
            everyone=limits[EVERYONE],
            default=self._default,
        )
        here = server_rules(own=limits[SERVER], quota=self._server_quota)
        mine = person(requester.server_id, standing.user_id, reset_at=member.reset_at)
        return [
            Claim(mine, personal, credits, member.granted),
            *(Claim(server(requester.server_id), rule, credits) for rule in here),
        ]

    def _paid(self, price: int) -> Claim:
        return Claim(budget(), Rule(LimitLevel.BUDGET, (self._budget,)), price)

    def _real_id(self, rows: Transaction, hold: Hold) -> int:
        """Return whom a grant returns to: admins' decisions know no pseudonyms."""
        if hold.user_id >= 0:
            return hold.user_id
        members = members_of(rows, hold.server_id)
        return next(id_ for id_ in members if self._pseudonym(id_) == hold.user_id)
