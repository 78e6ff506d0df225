"""The base of the ledger's state machine: a driver that can crash, a clock, the reference."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from bot.core.errors.base import Refusal
from bot.core.models import Requester
from bot.database.transaction import Transaction
from bot.quota.limits import Period
from tests.quota import reference_ledger
from tests.quota.ledger_driver import ADMIN, DAY, HOUR, LedgerDriver, ManualClock
from tests.quota.reference_ledger import ReferenceLedger

T = TypeVar("T")

KEEP = 40 * DAY
MEMBERS = [(1, 10), (2, 10), (1, 11)]  # person and server
# Steps of the clock, in minutes: back by days, and over the ends of days and months.
STEPS = [-3 * 1440, 1440, 11 * 1440, 29 * 1440, 30 * 1440]


class LedgerStateMachine(RuleBasedStateMachine):
    """A process that may die, and time that passes."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.place = self.new_place()
        self.clock = ManualClock()
        self.forgotten_to = 0
        self.model = ReferenceLedger()
        self.roles: dict[tuple[int, int], tuple[int, ...]] = {(2, 10): (7, 8), (1, 11): (7,)}
        self.start()

    def change(self, work: Callable[[Transaction], T]) -> T:
        """Run in a transaction of its own."""
        return self.driver.database.write(work)

    def unless(self, refused: type[Refusal], work: Callable[[Transaction], object]) -> bool:
        """Run like ``change``, and return whether it was not refused."""
        try:
            self.change(work)
        except refused:
            return False
        return True

    def audited(
        self,
        server_id: int,
        action: str,
        subject: str,
        old: str | None,
        new: str | None,
        *,
        reason: str | None = None,
        actor_id: int = ADMIN,
    ) -> None:
        """Expect a line in the audit."""
        at = self.clock.ms
        self.model.audit[server_id, at, actor_id, action, subject, old, new, reason] += 1

    def check_usage(self, who: Requester) -> None:
        """Compare what somebody is told with the model."""
        raise NotImplementedError

    def new_place(self) -> Path | str:
        """Return where an empty database is, or will be."""
        return Path(self.folder.name)

    def start(self) -> None:
        """Start a process: nothing is known but the database."""
        self.process = ExitStack()
        driver = LedgerDriver.open(
            self.place,
            clock=self.clock,
            default=reference_ledger.DEFAULT,
            server_quota=reference_ledger.SERVER_QUOTA,
            total_quota=reference_ledger.TOTAL_QUOTA,
            budget=reference_ledger.BUDGET,
            max_doubtful_per_day=reference_ledger.MAX_DOUBTFUL,
        )
        self.driver = self.process.enter_context(driver)

    def who(self, person: tuple[int, int]) -> Requester:
        """Return somebody with the roles that they have now."""
        return Requester(*person, "somebody", self.roles.get(person, ()))

    @rule(minutes=st.integers(-90, 90) | st.sampled_from(STEPS), person=st.sampled_from(MEMBERS))
    def step(self, minutes: int, person: tuple[int, int]) -> None:
        """Let time pass, or set the clock back, and see what that means for somebody."""
        self.set_clock(self.clock.ms + minutes * 60_000)
        self.check_usage(self.who(person))

    @rule(job_id=jobs, period=st.sampled_from(Period), early=st.booleans())
    def step_to_the_edge(self, job_id: str, period: Period, early: bool) -> None:
        """Go to the moment when a charge leaves a period, or to the last one before."""
        self.set_clock(self.model.charges[job_id].at + period.ms - early)

    def set_clock(self, ms: int) -> None:
        """Set the clock, but not back to where charges that were forgotten would be missed."""
        self.clock.ms = max(ms, self.forgotten_to + Period.MONTH.ms + HOUR)

    @rule(
        event=st.sampled_from(
            ["crash", "fold", "forget_charges", "forget_charges", "make_anonymous", "move_one"]
        ),
        number=st.integers(1, 2),
    )
    def happen(self, event: str, number: int) -> None:
        """Let one of the rare things happen."""
        getattr(self, event)(number)

    def crash(self, _: int) -> None:
        """Start again: the process forgets, holds stay open."""
        self.process.close()
        self.start()

    def fold(self, _: int) -> None:
        """Fold old totals; nobody must notice."""
        self.change(self.driver.ledger.fold_stripes)

    def make_anonymous(self, user_id: int) -> None:
        """Begin to delete somebody's data."""
        self.change(lambda tx: self.driver.ledger.make_anonymous(tx, user_id))
        self.model.anonymous.add(user_id)

    def move_one(self, user_id: int) -> None:
        """Go on with a deletion; what moves must count neither twice nor not at all."""
        if user_id in self.model.anonymous:
            self.driver.move_one(user_id)

    def forget_charges(self, most: int) -> None:
        """Delete old charges; the meters must not notice."""
        before = self.clock.ms - KEEP
        old = [
            charge
            for charge in self.model.charges.values()
            if charge.at // HOUR < before // HOUR and not charge.held and not charge.forgotten
        ]
        gone = self.change(
            lambda tx: self.driver.ledger.forget_charges(tx, before=before, most=most)
        )
        assert gone == min(most, len(old))
        if gone:
            self.forgotten_to = max(self.forgotten_to, before)
            left = {row["job_id"] for row in self.driver.rows("SELECT job_id FROM charges")}
            for job_id, charge in self.model.charges.items():
                charge.forgotten = job_id not in left
            assert sum(charge.forgotten for charge in old) == gone

    def teardown(self) -> None:
        """Close the database; the folder goes with it."""
        self.process.close()
        self.folder.cleanup()
