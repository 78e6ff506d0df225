"""The ledger against a brute-force model, in any order of events."""

import os
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from bot.core.errors.base import Refusal
from bot.core.errors.quotas import Blocked, BudgetSpent, QuotaSpent, TooManyDoubtful
from bot.core.models import Requester
from bot.quota.allowances import Allowance
from bot.quota.levels import LimitLevel
from bot.quota.limits import Period
from tests.database.postgresql_server import Server
from tests.quota.admin_rules import AdminRules
from tests.quota.reference_ledger import (
    MAX_DOUBTFUL,
    Charge,
    Counts,
    same_person,
    same_server,
)
from tests.quota.state_machine import MEMBERS, LedgerStateMachine

# Person and server; 0 and 0 is the terminal.
PEOPLE = [(1, 10), (2, 10), (1, 10), (2, 10), (2, 10), (1, 11), (2, 0), (0, 0)]
SERVERS = [10, 11]
HoldArguments = tuple[tuple[int, int], int, int]
# What was delivered and what is in doubt; what it did cost.
PARTS = st.just((0, 0)) | st.tuples(*[st.integers(0, 5)] * 2)
PRICES = st.sampled_from([None, None, 0, 9, 40])
# Who asks, for how many credits, at what price.
HOLD_ARGUMENTS = st.tuples(
    st.sampled_from(PEOPLE), st.integers(0, 4), st.sampled_from([0, 0, 7, 30])
)


EXAMPLES = int(os.environ.get("EASEL_EXAMPLES", "40"))
# Each needs a database of its own, and a transaction takes ten times as long.
POSTGRESQL_EXAMPLES = EXAMPLES // 4


class LedgerMachine(AdminRules):
    """Holds and their ends, among crashes, clock steps and admins' words."""

    jobs = LedgerStateMachine.jobs

    @initialize(
        target=jobs, granted=st.integers(0, 6), arguments=st.lists(HOLD_ARGUMENTS, max_size=5)
    )
    def begin(self, granted: int, arguments: list[HoldArguments]) -> object:
        """Have some grants, and some jobs that run."""
        for person in MEMBERS[:2] if granted else ():
            self.grant(person, granted, "to begin with")
        return self.hold(arguments)

    @rule(target=jobs, arguments=st.lists(HOLD_ARGUMENTS, min_size=1, max_size=5))
    def hold(self, arguments: list[HoldArguments]) -> object:
        """Nothing is granted beyond a limit, and nothing refused below it."""
        held = [self.held(self.who(person), *options) for person, *options in arguments]
        return multiple(*(job_id for job_id in held if job_id))

    def held(self, who: Requester, credits: int, price: int) -> str | None:
        """Hold once, and return the job's id where it was granted."""
        now = self.clock.ms
        own = self.model.own_part(who, credits, price, now)
        try:
            job_id = self.driver.hold(who, credits, price)
        except Refusal as refusal:
            self.check_refusal(who, credits, price, refusal)
            return None
        assert own is not None
        assert self.model.member(who).block_reason is None
        assert who.is_operator or len(self.model.doubtful(who, now)) < MAX_DOUBTFUL
        self.model.charges[job_id] = Charge(who, now, credits, own, price, credits, credits)
        self.model.member(who).granted -= credits - own
        return job_id

    def check_refusal(self, who: Requester, credits: int, price: int, refusal: Refusal) -> None:
        """When the time comes that was told, and nothing else happened, there is room."""
        if isinstance(refusal, Blocked):
            assert refusal.reason == self.model.member(who).block_reason
            return
        if isinstance(refusal, TooManyDoubtful):
            doubtful = self.model.doubtful(who, self.clock.ms)
            assert refusal.frees_at == doubtful[-MAX_DOUBTFUL] + Period.DAY.ms
            return
        assert isinstance(refusal, QuotaSpent | BudgetSpent)
        assert not self.model.allows(who, credits, price, self.clock.ms)
        if isinstance(refusal, QuotaSpent):
            assert refusal.left < credits
            assert refusal.frees_at is not None or refusal.limit < credits
        if refusal.frees_at is None:
            return
        reset_at = self.model.member(who).reset_at
        if reset_at is None or reset_at <= self.clock.ms:  # a reset to come may free it sooner
            assert not self.model.allows(who, credits, price, refusal.frees_at - 1)
        assert self.model.allows(who, credits, price, refusal.frees_at)

    @rule(job_id=jobs, parts=PARTS, price=PRICES)
    def settle_again(self, job_id: str, parts: tuple[int, int], price: int | None) -> None:
        """End any job, perhaps for the second time."""
        self.settle(job_id, parts, price)

    @rule(job_id=consumes(jobs), parts=PARTS, price=PRICES)
    def settle(self, job_id: str, parts: tuple[int, int], price: int | None) -> None:
        """Every hold ends once, whatever is said the second time."""
        charge = self.model.charges[job_id]
        delivered = min(parts[0], charge.asked)
        doubtful = min(parts[1], charge.asked - delivered)
        settlement = self.driver.settle(job_id, delivered, doubtful, price)
        if not charge.held:
            assert settlement is None
            return
        assert settlement is not None
        charge.doubtful = doubtful > 0
        back = charge.settle(charged=delivered, made=delivered + doubtful, price=price)
        self.model.member(charge.who).granted += back
        assert settlement.charged == delivered
        assert settlement.returned == charge.asked - delivered
        assert settlement.granted_back == back

    @rule(person=st.sampled_from(PEOPLE))
    def usage(self, person: tuple[int, int]) -> None:
        """Tell what the next hold will find."""
        self.check_usage(self.who(person))

    def check_usage(self, who: Requester) -> None:
        """Compare every allowance with the model."""
        now = self.clock.ms
        for allowance in (*self.driver.allowances(who), *self.driver.budget()):
            used = allowance.used + allowance.held
            opens = now - allowance.period.ms
            assert (used, allowance.held) == self.expected(who, allowance, opens)
            assert allowance.left == max(0, allowance.limit - used)
        left = self.driver.left(who)
        if left is None:
            return
        assert self.model.own_part(who, left + 1, 0, now, grants=False) is None
        if self.model.total_allows(left, now):
            assert self.model.own_part(who, left, 0, now, grants=False) == left

    def expected(self, who: Requester, allowance: Allowance, opens: int) -> tuple[int, int]:
        """Return the model's sum for a level, and the part of it that is held."""
        found = self.model
        match allowance.level:
            case LimitLevel.BUDGET:
                return found.paid(opens), found.held(lambda charge: charge.price, opens)
            case LimitLevel.TOTAL:
                counts: Counts = lambda charge: charge.operator_credits  # noqa: E731
                return found.total(opens), found.held(counts, opens)
            case LimitLevel.SERVER_QUOTA:
                counts = lambda charge: charge.operator_credits * same_server(charge, who)  # noqa: E731
                return found.ceiling_used(who, opens), found.held(counts, opens)
            case LimitLevel.SERVER:
                counts = lambda charge: charge.credits * same_server(charge, who)  # noqa: E731
                return found.server_used(who, opens), found.held(counts, opens)
        counts = lambda charge: charge.own * same_person(charge, who)  # noqa: E731
        return found.own_used(who, opens, self.clock.ms), found.held(counts, opens)

    @invariant()
    def meters_equal_charges(self) -> None:
        """Keep the running sums from drifting off the charges, also those deleted since."""
        rows = self.driver.rows("SELECT subject, hour, credits FROM meters")
        meters = Counter[tuple[str, int]]()
        for row in rows:
            meters[self.model.known_subject(row["subject"]), row["hour"]] += row["credits"]
        assert +meters == +self.model.meters()

    @invariant()
    def charges_are_as_expected(self) -> None:
        """Every hold ends exactly once, and belongs to whom it should."""
        rows = self.driver.rows(
            "SELECT job_id, user_id, state, credits, own_credits, operator_credits, price"
            " FROM charges"
        )
        assert {
            (job_id, self.model.known_id(user_id), *rest) for job_id, user_id, *rest in rows
        } == {
            (
                job_id,
                self.model.known_as(charge.who),
                "held" if charge.held else "settled",
                charge.credits,
                charge.own,
                charge.operator_credits,
                charge.price,
            )
            for job_id, charge in self.model.charges.items()
            if not charge.forgotten
        }

    @invariant()
    def no_grant_is_lost_or_made(self) -> None:
        """Keep what is left of the grants and what they paid equal to what admins gave."""
        rows = self.driver.rows("SELECT server_id, user_id, granted FROM members")
        left = {(row["server_id"], row["user_id"]): row["granted"] for row in rows}
        for (server_id, user_id), member in self.model.members.items():
            who = Requester(user_id, server_id, "somebody")
            charges = self.model.charges.values()
            paid = sum(charge.granted for charge in charges if same_person(charge, who))
            assert left.get((server_id, user_id), 0) + paid == member.granted_in_all

    @invariant()
    def the_audit_tells_every_change(self) -> None:
        """Each change has one line, the newest first."""
        found = Counter[tuple[object, ...]]()
        for server_id in SERVERS:
            changes = self.driver.changes(server_id)
            times = [change.at for change in changes]
            assert times == sorted(times, reverse=True)
            found.update(
                (server_id, c.at, c.actor_id, c.action, c.subject, c.old, c.new, c.reason)
                for c in changes
            )
        assert found == self.model.audit
        assert self.driver.costs() == self.model.costs


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=EXAMPLES, stateful_step_count=50, deadline=None)


class PostgresqlLedgerMachine(LedgerMachine):
    """The same on a server, where totals are spread and their locks shared."""

    def __init__(self, server: Server) -> None:
        self.server = server
        super().__init__()

    def new_place(self) -> str:
        """Return the address of a new database."""
        return self.server.migrated_database()


@pytest.mark.slow
def test_a_server_has_the_same_books(postgresql: Server) -> None:
    """Whoever moves to PostgreSQL keeps every limit, refusal and report."""
    run_state_machine_as_test(
        lambda: PostgresqlLedgerMachine(postgresql),  # type: ignore[arg-type]  # it takes any callable
        settings=settings(max_examples=POSTGRESQL_EXAMPLES, stateful_step_count=50, deadline=None),
    )
