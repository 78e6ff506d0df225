"""A driver of the ledger for tests, with a real database and a clock that tests set."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.core.errors.quotas import QuotaSpent
from bot.core.job_ids import new_job_id
from bot.core.models import Requester
from bot.core.pseudonyms import Pseudonyms
from bot.database.transaction import Row, Transaction
from bot.quota.allowances import Allowance
from bot.quota.audit import Change
from bot.quota.ledger import DoubtfulRequests, Ledger, Settlement
from bot.quota.levels import Member
from bot.quota.limits import Limit, parse_limits
from bot.quota.picture_counts import PictureCounts
from tests.database.sync_database import SyncDatabase

HOUR = 3_600_000
DAY = 24 * HOUR
# Somewhere inside an hour, so that every window cuts one.
NOON = 1_700_000_000_000

SERVER_ID = 10
ADMIN = 99
TAGS = Pseudonyms(b"secret of a test")


def requester(user_id: int = 1, server_id: int = SERVER_ID, *roles: int) -> Requester:
    """Return a person in a server, with roles."""
    return Requester(user_id, server_id, f"person {user_id}", roles)


@dataclass
class ManualClock:
    """The time, in milliseconds; a test moves it."""

    ms: int = NOON

    def __call__(self) -> int:
        """Return the time."""
        return self.ms


def ledger_of(
    clock: ManualClock,
    *,
    default: str = "",
    server_quota: str = "",
    total_quota: str = "",
    budget: str = "",
    max_doubtful_per_day: int = 3,
    kind: type[Ledger] = Ledger,
) -> Ledger:
    """Return a ledger with the operator's quotas."""
    return kind(
        default=parse_limits(default),
        server_quota=parse_limits(server_quota),
        total_quota=parse_limits(total_quota),
        budget=parse_limits(budget),
        max_doubtful_per_day=max_doubtful_per_day,
        pseudonym=TAGS.pseudonym,
        now=clock,
    )


@dataclass
class LedgerDriver:
    """The ledger's methods, each in a transaction of its own."""

    database: SyncDatabase
    ledger: Ledger
    clock: ManualClock

    @classmethod
    @contextmanager
    def open(
        cls,
        place: Path | str | None = None,
        *,
        clock: ManualClock | None = None,
        default: str = "",
        server_quota: str = "",
        total_quota: str = "",
        budget: str = "",
        max_doubtful_per_day: int = 3,
    ) -> Iterator[Self]:
        """Open a ledger in that folder or DATABASE_URL, or in memory, with operator's quotas."""
        clock = clock or ManualClock()
        ledger = ledger_of(
            clock,
            default=default,
            server_quota=server_quota,
            total_quota=total_quota,
            budget=budget,
            max_doubtful_per_day=max_doubtful_per_day,
        )
        if isinstance(place, Path):
            place /= "easel.db"
        with SyncDatabase.open(place) as database:
            yield cls(database, ledger, clock)

    def make_anonymous(self, user_id: int) -> None:
        """Move everything of a person to their pseudonym, one row at a time."""
        self.database.write(self.ledger.make_anonymous, user_id)
        while self.move_one(user_id):
            pass

    def move_one(self, user_id: int) -> bool:
        """Move a charge and some meters of a person; return False, and end it, if none is left."""
        charges = self.rows(f"SELECT job_id FROM charges WHERE user_id = {user_id} LIMIT 1")
        if charges:
            self.database.write(self.ledger.move_charges, user_id, [charges[0]["job_id"]])
        servers = {row["server_id"] for row in self.rows("SELECT server_id FROM charges")}
        moved = [
            self.database.write(self.ledger.move_old_meters, user_id, server_id, most=1)
            for server_id in servers
        ]
        if charges or any(moved):
            return True
        self.database.write(self.ledger.end_move, user_id)
        return False

    def hold(self, who: Requester, credits: int = 1, price: int = 0) -> str:
        """Hold the credits and return the job's id."""
        job_id = new_job_id(self.clock.ms)
        self.database.write(
            self.ledger.hold, job_id=job_id, requester=who, credits=credits, price=price
        )
        return job_id

    def refused(self, who: Requester, credits: int = 1) -> QuotaSpent:
        """Return why the hold is refused; it must be."""
        try:
            self.hold(who, credits)
        except QuotaSpent as spent:
            return spent
        raise AssertionError(f"{credits} credits were granted")

    def settle(
        self, job_id: str, delivered: int, doubtful: int = 0, price: int | None = None
    ) -> Settlement | None:
        """Settle the job, whose pictures cost one credit each."""
        return self.database.write(
            self.ledger.settle, job_id, PictureCounts(delivered, doubtful), each=1, price=price
        )

    def settle_pictures(self, job_id: str, pictures: PictureCounts) -> Settlement | None:
        """Settle the job by what became of its pictures, which cost one credit each."""
        return self.database.write(self.ledger.settle, job_id, pictures, each=1)

    def doubtful(self, who: Requester) -> DoubtfulRequests:
        """Return the person's doubtful requests of the last day."""
        return self.database.read(self.ledger.doubtful, who)

    def limit(self, subject: str, text: str, server_id: int = SERVER_ID) -> None:
        """Set a subject's limits as an admin does; ``unlimited/day`` too."""
        for limit in _limits(text):
            self.database.write(
                self.ledger.set_limit,
                server_id=server_id,
                subject=subject,
                limit=limit,
                actor_id=ADMIN,
            )

    def grant(self, user_id: int, credits: int, reason: str = "") -> int:
        """Grant credits as an admin does, and return what is left of all grants."""
        return self.database.write(
            self.ledger.grant,
            server_id=SERVER_ID,
            user_id=user_id,
            credits=credits,
            reason=reason,
            actor_id=ADMIN,
        )

    def reset(self, user_id: int) -> None:
        """Reset a person as an admin does."""
        self.database.write(self.ledger.reset, server_id=SERVER_ID, user_id=user_id, actor_id=ADMIN)

    def block(self, user_id: int, reason: str) -> None:
        """Block a person as an admin does."""
        self.database.write(
            self.ledger.block, server_id=SERVER_ID, user_id=user_id, reason=reason, actor_id=ADMIN
        )

    def unblock(self, user_id: int) -> None:
        """Lift a block as an admin does."""
        self.database.write(
            self.ledger.unblock, server_id=SERVER_ID, user_id=user_id, actor_id=ADMIN
        )

    def member(self, user_id: int) -> Member:
        """Return what was decided about a person."""
        return self.database.read(self.ledger.member, SERVER_ID, user_id)

    def changes(self, server_id: int = SERVER_ID) -> list[Change]:
        """Return every change in a server, the newest first."""
        return self.database.read(self.ledger.changes, server_id, most=10_000)

    def costs(self) -> dict[tuple[int, str, str], int]:
        """Return every server's own costs."""
        return self.database.read(self.ledger.costs, None)

    def budget(self) -> tuple[Allowance, ...]:
        """Return what is left of the operator's budget."""
        return self.database.read(self.ledger.budget)

    def allowances(self, who: Requester) -> tuple[Allowance, ...]:
        """Return the person's allowances."""
        return self.database.read(self.ledger.allowances, who)

    def left(self, who: Requester) -> int | None:
        """Return what the tightest limit leaves."""
        tightest = self.database.read(self.ledger.left, who)
        return tightest.left if tightest else None

    def rows(self, sql: str) -> Sequence[Row]:
        """Read the database."""
        return self.database.read(Transaction.query, sql)


def _limits(text: str) -> tuple[Limit, ...]:
    parsed = parse_limits(text.replace("unlimited", "0"))
    return tuple(Limit(None, limit.period) for limit in parsed) if "unlimited" in text else parsed
