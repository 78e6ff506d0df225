"""Hold and settle credits, say what is left, and keep the limits that admins set.

The ledger never opens a transaction: its caller does, and passes it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain import Requester
from bot.errors import LimitAboveCeiling, LimitLevel, LimitOutOfRange, NoSuchLimit
from bot.ledger.allowance import Allowance, MeteredRule, all_hold, refusal, roomiest
from bot.ledger.limits import Change, erase_limit, read_limits, record, write_limit
from bot.ledger.meters import Meter, Values, count, give_back, meters_of, person, server, total
from bot.ledger.rules import (
    EVERYONE,
    HOUR_MS,
    MAX_CREDITS,
    SERVER,
    Limit,
    LimitSet,
    Period,
    Rule,
    caps,
    personal_rule,
    role,
    user,
)
from bot.store import Tx


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a job cost its requester in the end, in credits.

    ``doubt_charged`` says that pictures in doubt were charged, because too many were forgiven.
    """

    charged: int
    returned: int
    doubt_charged: bool


class Ledger:
    """The credits of everybody; the database decides, in the caller's transaction."""

    def __init__(
        self,
        *,
        default: LimitSet,
        server_quota: LimitSet,
        total_quota: LimitSet,
        max_doubtful_per_day: int,
        now: Callable[[], int],
    ) -> None:
        self._default = default
        self._server_quota = server_quota
        self._total_quota = total_quota
        self._max_doubtful_per_day = max_doubtful_per_day
        self._now = now

    def subjects(self, requester: Requester) -> tuple[str, ...]:
        """Return whose sums a hold or settlement moves, for ``store.transaction(exclusive=…)``."""
        return tuple(meter.subject for meter in _meters(requester))

    async def hold(self, tx: Tx, *, job_id: str, requester: Requester, credits: int) -> None:
        """Hold the credits if every limit that applies has room for them.

        Raises QuotaSpent, having changed nothing.
        """
        at, asked = self._now(), credits
        rules = await self._rules(tx, requester)
        if not await _inserted(tx, job_id, requester, asked, at, rules):
            raise await refusal(tx, rules, asked, at)
        await count(tx, _meters(requester), hour=at // HOUR_MS, asked=asked)

    async def settle(
        self, tx: Tx, job_id: str, *, delivered: int, doubtful: int = 0
    ) -> Settlement | None:
        """Turn a hold into a charge of what was delivered; the rest returns at the hold's hour.

        What is in doubt returns to the person and the server but stays in the operator's total;
        it is charged once the person had ``max_doubtful_per_day`` forgiven jobs in this server.
        Return None, changing nothing, when the job holds nothing (any more).
        """
        doubt_charged = doubtful > 0 and not await self.forgives(tx, job_id)
        made = delivered + doubtful
        charged = made if doubt_charged else delivered
        charge = await tx.one(
            """
            UPDATE charges
            SET state = 'settled', credits = $2, operator_credits = $3, forgiven = $4
            WHERE job_id = $1 AND state = 'held'
            RETURNING server_id, user_id, hour, asked
            """,
            job_id,
            charged,
            made,
            int(charged < made),
        )
        if charge is None:
            return None
        asked = charge["asked"]
        await give_back(
            tx,
            meters_of(charge["server_id"], charge["user_id"]),
            hour=charge["hour"],
            back={"credits": asked - charged, "operator_credits": asked - made},
        )
        return Settlement(charged, asked - charged, doubt_charged)

    async def forgives(self, rows: Tx, job_id: str) -> bool:
        """Return whether the job's requester may have another one in doubt for nothing."""
        forgiven = await rows.all(
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

    async def allowances(self, rows: Tx, requester: Requester) -> tuple[Allowance, ...]:
        """Return every limit that applies to the person now, the deciding personal ones first.

        Of several roles the one that leaves most is told; TOTAL_QUOTA only to the operator.
        """
        at = self._now()
        told = [
            await roomiest(rows, meter, rule, at)
            for meter, rule in await self._rules(rows, requester)
            if rule.level is not LimitLevel.TOTAL or requester.is_operator
        ]
        return tuple(allowance for allowances in told for allowance in allowances)

    async def left(self, rows: Tx, requester: Requester) -> Allowance | None:
        """Return the tightest of the allowances, None when nothing limits the person."""
        allowances = await self.allowances(rows, requester)
        return min(allowances, key=lambda allowance: allowance.left, default=None)

    async def charged(self, rows: Tx, job_id: str) -> int:
        """Return how many credits a job holds, or has cost once it has ended."""
        charge = await rows.one("SELECT credits FROM charges WHERE job_id = $1", job_id)
        return 0 if charge is None else int(charge["credits"])

    async def set_limit(
        self, tx: Tx, *, server_id: int, subject: str, limit: Limit, actor_id: int
    ) -> None:
        """Set a subject's limit for one period.

        Raises LimitOutOfRange, or LimitAboveCeiling when SERVER_QUOTA allows less per period.
        """
        self._check(limit)
        old = (await read_limits(tx, server_id, subject))[subject]
        replaced = next((was for was in old if was.period == limit.period), None)
        await write_limit(tx, server_id, subject, limit)
        change = Change(server_id, actor_id, subject, old=replaced, new=limit)
        await record(tx, change, at=self._now())

    async def remove_limit(
        self, tx: Tx, *, server_id: int, subject: str, period: Period | None, actor_id: int
    ) -> None:
        """Remove a subject's limit of that period, or all of them; raises NoSuchLimit."""
        old = (await read_limits(tx, server_id, subject))[subject]
        removed = [limit for limit in old if period in {None, limit.period}]
        if not removed:
            raise NoSuchLimit
        for limit in removed:
            await erase_limit(tx, server_id, subject, limit)
            change = Change(server_id, actor_id, subject, old=limit, new=None)
            await record(tx, change, at=self._now())

    async def limits(self, rows: Tx, server_id: int) -> dict[str, LimitSet]:
        """Return the limits that the admins of a server have set, by subject."""
        return dict(await read_limits(rows, server_id))

    async def _rules(self, rows: Tx, requester: Requester) -> list[MeteredRule]:
        """Return what limits the requester, each rule with the meter that it caps."""
        roles = [role(role_id) for role_id in requester.role_ids]
        own = user(requester.user_id)
        found = await read_limits(rows, requester.server_id, own, *roles, EVERYONE, SERVER)
        personal = personal_rule(
            own=found[own],
            roles=[found[name] for name in roles],
            everyone=found[EVERYONE],
            default=self._default,
        )
        here = server(requester.server_id)
        rules = (
            (person(requester.server_id, requester.user_id), personal),
            (here, Rule(LimitLevel.SERVER, (found[SERVER],))),
            (here, Rule(LimitLevel.SERVER_QUOTA, (self._server_quota,))),
            (total(), Rule(LimitLevel.TOTAL, (self._total_quota,))),
        )
        metered = _meters(requester)
        return [(meter, rule) for meter, rule in rules if meter in metered and not rule.is_free]

    def _check(self, limit: Limit) -> None:
        if limit.credits is None:
            return
        if not 0 <= limit.credits <= MAX_CREDITS:
            raise LimitOutOfRange(credits=limit.credits, limit=MAX_CREDITS)
        for ceiling, period in caps(self._server_quota):
            if period == limit.period and limit.credits > ceiling:
                raise LimitAboveCeiling(credits=limit.credits, limit=ceiling, period=period)


def _meters(requester: Requester) -> tuple[Meter, ...]:
    return meters_of(requester.server_id, requester.user_id)


async def _inserted(
    tx: Tx, job_id: str, requester: Requester, asked: int, at: int, rules: list[MeteredRule]
) -> bool:
    """Write the hold where every rule has room for it: the database decides."""
    values = Values()
    job, number = values.add(job_id), values.add_number(asked)
    held = await tx.one(
        f"""
        INSERT INTO charges (
            job_id, server_id, user_id, at, hour, state, asked, credits, operator_credits
        )
        SELECT {job},
               {values.add_number(requester.server_id)},
               {values.add_number(requester.user_id)},
               {values.add_number(at)},
               {values.add_number(at // HOUR_MS)},
               'held',
               {number},
               {number},
               {number}
        WHERE {all_hold(rules, asked, at, values)}
        RETURNING job_id
        """,
        *values.all,
    )
    return held is not None
