"""The ledger against a brute-force model, in any order of events."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from bot.domain import OPERATOR, Requester
from bot.errors import NoSuchLimit, QuotaSpent
from bot.ledger import EVERYONE, SERVER, Limit, Period, role, user
from tests.ledger.till import ADMIN, DAY, HOUR, Clock, Till

T = TypeVar("T")

DEFAULT, SERVER_QUOTA, TOTAL_QUOTA = "4/hour, 9/day", "8/hour, 30/month", "14/hour, 70/month"
MAX_DOUBTFUL = 1
NO_ROLES, TWO_ROLES = Requester(1, 10, "no roles"), Requester(2, 10, "two roles", (7, 8))
ELSEWHERE, DIRECT = Requester(1, 11, "elsewhere", (7,)), Requester(2, 0, "direct messages")
PEOPLE = [NO_ROLES, TWO_ROLES, NO_ROLES, TWO_ROLES, TWO_ROLES, ELSEWHERE, DIRECT, OPERATOR]
SERVER_IDS = [10, 10, 10, 11]
SUBJECTS = [user(1), role(7), role(8), role(7), role(8), EVERYONE, SERVER]
LIMITS = st.builds(Limit, st.sampled_from([None, 0, 2, 3, 5, 8]), st.sampled_from(Period))


@dataclass
class Charge:
    """What the model remembers of a hold."""

    who: Requester
    at: int
    asked: int
    credits: int
    operator_credits: int
    held: bool = True
    forgiven: bool = False


class Model:
    """Every charge and limit in plain lists; every question asks all of them."""

    def __init__(self) -> None:
        self.charges: dict[str, Charge] = {}
        self.limits: dict[tuple[int, str], dict[Period, int | None]] = {}

    def allows(self, who: Requester, credits: int, now: int) -> bool:
        """Return whether every level has room, by the rules of the plan."""
        personal = who.is_operator or any(
            self._all_hold(limits, lambda charge: _same_person(charge, who), credits, now)
            for limits in self._personal(who)
        )
        return personal and self._server_allows(who, credits, now) and self._total(credits, now)

    def _personal(self, who: Requester) -> list[dict[Period, int | None]]:
        own = self._of(who, user(who.user_id))
        roles = [found for role_id in who.role_ids if (found := self._of(who, role(role_id)))]
        everyone = self._of(who, EVERYONE)
        return [own] if own else roles or [everyone or _parsed(DEFAULT)]

    def _server_allows(self, who: Requester, credits: int, now: int) -> bool:
        return who.is_operator or all(
            self._all_hold(limits, lambda charge: _same_server(charge, who), credits, now)
            for limits in (self._of(who, SERVER), _parsed(SERVER_QUOTA))
        )

    def _total(self, credits: int, now: int) -> bool:
        return all(
            limit is None or self.total(now - period.ms) + credits <= limit
            for period, limit in _parsed(TOTAL_QUOTA).items()
        )

    def _all_hold(
        self,
        limits: dict[Period, int | None],
        counts: Callable[[Charge], bool],
        credits: int,
        now: int,
    ) -> bool:
        return all(
            limit is None or self.used(counts, now - period.ms) + credits <= limit
            for period, limit in limits.items()
        )

    def used(self, counts: Callable[[Charge], bool], since: int) -> int:
        """Sum what the people that count were charged after a moment."""
        return sum(c.credits for c in self.charges.values() if counts(c) and c.at > since)

    def total(self, since: int) -> int:
        """Sum what the operator may have paid after a moment."""
        return sum(c.operator_credits for c in self.charges.values() if c.at > since)

    def meters(self) -> Counter[tuple[str, int]]:
        """Recompute every meter from the charges."""
        meters = Counter[tuple[str, int]]()
        for charge in self.charges.values():
            who, hour = charge.who, charge.at // HOUR
            if who.user_id:
                meters[f"user:{who.server_id}:{who.user_id}", hour] += charge.credits
                meters[f"server:{who.server_id}", hour] += charge.credits
            meters["operator", hour] += charge.operator_credits
        return meters

    def forgives(self, who: Requester, now: int) -> bool:
        """Return whether another job in doubt is free for them."""
        since = now - Period.DAY.ms
        forgiven = [
            charge
            for charge in self.charges.values()
            if charge.forgiven and _same_person(charge, who) and charge.at > since
        ]
        return len(forgiven) < MAX_DOUBTFUL

    def _of(self, who: Requester, subject: str) -> dict[Period, int | None]:
        return self.limits.get((who.server_id, subject), {})


def _same_server(charge: Charge, who: Requester) -> bool:
    return charge.who.server_id == who.server_id and not charge.who.is_operator


def _same_person(charge: Charge, who: Requester) -> bool:
    return _same_server(charge, who) and charge.who.user_id == who.user_id


def _parsed(text: str) -> dict[Period, int | None]:
    return {
        Period(period): int(number)
        for number, _, period in (part.strip().partition("/") for part in text.split(","))
    }


class LedgerMachine(RuleBasedStateMachine):
    """Holds, ends, crashes, clock steps and changes of limits, one after the other."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.model = Model()
        self.ended: set[str] = set()
        self.start()

    def run(self, work: Awaitable[T]) -> T:
        """Run to the end; nothing else goes on."""

        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def start(self) -> None:
        """Start a process: nothing is known but the database."""
        self.process = AsyncExitStack()
        till = Till.open(
            Path(self.folder.name),
            clock=self.clock,
            default=DEFAULT,
            server_quota=SERVER_QUOTA,
            total_quota=TOTAL_QUOTA,
            max_doubtful_per_day=MAX_DOUBTFUL,
        )
        self.till = self.run(self.process.enter_async_context(till))

    @rule(target=jobs, who=st.sampled_from(PEOPLE), credits=st.integers(1, 4))
    def hold(self, who: Requester, credits: int) -> object:
        """Nothing is granted beyond a limit, and nothing refused below it."""
        allowed = self.model.allows(who, credits, self.clock.ms)
        try:
            job_id = self.run(self.till.hold(who, credits))
        except QuotaSpent as spent:
            assert not allowed
            self.check_refusal(who, credits, spent)
            return multiple()
        assert allowed
        self.model.charges[job_id] = Charge(who, self.clock.ms, credits, credits, credits)
        return job_id

    def check_refusal(self, who: Requester, credits: int, spent: QuotaSpent) -> None:
        """When the time comes that was told, and nothing else happened, there is room."""
        assert spent.left < credits
        if spent.frees_at is None:
            assert spent.limit < credits
        else:
            assert not self.model.allows(who, credits, spent.frees_at - 1)
            assert self.model.allows(who, credits, spent.frees_at) or self.hopeless(who, credits)

    def hopeless(self, who: Requester, credits: int) -> bool:
        """Return whether a limit is smaller than the request, whatever time passes."""
        return not self.model.allows(who, credits, self.clock.ms + 10 * Period.MONTH.ms)

    @rule(job_id=consumes(jobs) | jobs, parts=st.tuples(*[st.integers(0, 5)] * 2))
    def settle(self, job_id: str, parts: tuple[int, int]) -> None:
        """Every hold ends once, whatever is said the second time."""
        charge = self.model.charges[job_id]
        delivered = min(parts[0], charge.asked)
        doubtful = min(parts[1], charge.asked - delivered)
        settlement = self.run(self.till.settle(job_id, delivered, doubtful))
        if job_id in self.ended:
            assert settlement is None
            return
        assert settlement is not None
        charged_doubt = doubtful > 0 and not self.model.forgives(charge.who, self.clock.ms)
        charge.held, charge.forgiven = False, doubtful > 0 and not charged_doubt
        charge.credits = delivered + doubtful * charged_doubt
        charge.operator_credits = delivered + doubtful
        self.ended.add(job_id)
        assert settlement.charged == charge.credits
        assert settlement.returned == charge.asked - charge.credits
        assert settlement.doubt_charged == charged_doubt

    @rule(job_id=jobs)
    def release(self, job_id: str) -> None:
        """Cancel a job, which costs nothing."""
        self.settle(job_id, (0, 0))

    @rule()
    def crash(self) -> None:
        """Start again: the process forgets, holds stay open."""
        self.run(self.process.aclose())
        self.start()

    @rule(minutes=st.integers(-90, 90) | st.sampled_from([-3 * DAY // 60_000, DAY // 60_000]))
    def step(self, minutes: int) -> None:
        """Let time pass, or set the clock back."""
        self.clock.ms += minutes * 60_000

    @rule(job_id=jobs, period=st.sampled_from(Period), early=st.booleans())
    def step_to_the_edge(self, job_id: str, period: Period, early: bool) -> None:
        """Go to the moment when a charge leaves a period, or to the last one before."""
        self.clock.ms = self.model.charges[job_id].at + period.ms - early

    @rule(server_id=st.sampled_from(SERVER_IDS), subject=st.sampled_from(SUBJECTS), limit=LIMITS)
    def set_limit(self, server_id: int, subject: str, limit: Limit) -> None:
        """Set a limit as an admin."""

        async def work() -> None:
            async with self.till.store.transaction() as tx:
                await self.till.ledger.set_limit(
                    tx, server_id=server_id, subject=subject, limit=limit, actor_id=ADMIN
                )

        self.run(work())
        self.model.limits.setdefault((server_id, subject), {})[limit.period] = limit.credits

    @rule(server_id=st.sampled_from(SERVER_IDS), subject=st.sampled_from(SUBJECTS))
    def remove_limits(self, server_id: int, subject: str) -> None:
        """Remove what is there as an admin."""

        async def work() -> None:
            async with self.till.store.transaction() as tx:
                await self.till.ledger.remove_limit(
                    tx, server_id=server_id, subject=subject, period=None, actor_id=ADMIN
                )

        try:
            self.run(work())
        except NoSuchLimit:
            assert not self.model.limits.get((server_id, subject))
        self.model.limits.pop((server_id, subject), None)

    @invariant()
    def meters_equal_charges(self) -> None:
        """Keep the running sums from drifting off the charges."""
        rows = self.run(self.till.rows("SELECT subject, hour, credits FROM meters"))
        meters = Counter({(row["subject"], row["hour"]): row["credits"] for row in rows})
        assert +meters == +self.model.meters()

    @rule(who=st.sampled_from(PEOPLE))
    def usage(self, who: Requester) -> None:
        """Tell what the next hold will find."""
        for allowance in self.run(self.till.allowances(who)):
            since = self.clock.ms - allowance.period.ms
            expected = self.expected(who, allowance.level, since)
            assert (allowance.used + allowance.held, allowance.held) == expected
            assert allowance.left == max(0, allowance.limit - allowance.used - allowance.held)
        left = self.run(self.till.left(who))
        if left and not who.is_operator and self.model._total(left, self.clock.ms):
            assert self.model.allows(who, left, self.clock.ms)
        if left is not None:
            assert not self.model.allows(who, left + 1, self.clock.ms)

    def expected(self, who: Requester, level: str, since: int) -> tuple[int, int]:
        """Return the model's sum for a level, and the part of it that is held."""
        counts = _same_server if level.startswith("server") else _same_person
        charges = [
            charge
            for charge in self.model.charges.values()
            if charge.at > since and (level == "total" or counts(charge, who))
        ]
        used = sum(c.operator_credits if level == "total" else c.credits for c in charges)
        return used, sum(charge.asked for charge in charges if charge.held)

    def teardown(self) -> None:
        """Close the database; the folder goes with it."""
        self.run(self.process.aclose())
        self.runner.close()
        self.folder.cleanup()


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
