"""What several processes know of the gateways together: limits, suspensions, alerts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from bot.core.clock import wall_clock_ms
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed
from bot.database.database import Database
from bot.database.notifications import Notifications
from bot.database.opening import open_database, open_notifications
from bot.database.postgresql.permits import Permits
from bot.database.postgresql.session import open_session
from bot.gateways.routing.alert_claims import AlertClaims
from bot.gateways.routing.health import DOWN_SUSPENSION_S, Health
from bot.gateways.routing.operator_alerts import (
    BackupFailed,
    BudgetReached,
    OperatorAlert,
    OperatorAlerts,
    Retirement,
)
from bot.gateways.routing.request_limit import SharedLimit
from bot.gateways.routing.shared_suspensions import PROBE_MS, SharedSuspensions
from tests.database.postgresql_server import Server
from tests.database.test_session import QUICK

SOON_S = 5.0
GONE = GatewayFailure(
    kind=Kind.AUTH, gateway="a", billed=Billed.NO, http_status=401, detail="no such key"
)


@dataclass
class FleetClock:
    """The clock of one process, which a test moves."""

    behind_ms: int = 0

    def now(self) -> int:
        """Return the time."""
        return wall_clock_ms() - self.behind_ms


@dataclass
class Process:
    """What one process has for its gateways."""

    owner: str
    database: Database
    notifications: Notifications
    clock: FleetClock
    stack: AsyncExitStack
    alerts_sent: list[OperatorAlert] = field(default_factory=list)

    async def health(self) -> Health:
        """Open suspensions that are shared."""
        shared = SharedSuspensions(
            self.database, self.notifications, owner=self.owner, now=self.clock.now
        )
        health = Health(self.clock.now)
        (await self.stack.enter_async_context(shared)).share(health)
        return health

    async def alerts(self) -> OperatorAlerts:
        """Open alerts of which one process is to tell."""

        async def send(alert: OperatorAlert) -> None:
            self.alerts_sent.append(alert)

        claims = AlertClaims(self.database, self.clock.now)
        opening = OperatorAlerts(send, now=self.clock.now, claims=claims)
        return await self.stack.enter_async_context(opening)

    async def limit(self, url: str, at_once: int) -> SharedLimit:
        """Open a limit of gateway ``a``."""
        session = await self.stack.enter_async_context(open_session(url, waits=QUICK))
        permits = await self.stack.enter_async_context(Permits(session, self.notifications))
        return SharedLimit(permits, "a", at_once)


@dataclass
class Fleet:
    """Opens processes on one database."""

    url: str
    folder: Path
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def process(self, owner: str, *, behind_ms: int = 0) -> Process:
        """Open one more process."""
        clock = FleetClock(behind_ms)
        opening = open_database(self.url, backup_dir=self.folder, now=clock.now)
        database = await self.stack.enter_async_context(opening)
        listening = open_notifications(self.url, database)
        notifications = await self.stack.enter_async_context(listening)
        return Process(owner, database, notifications, clock, self.stack)


@pytest.fixture
async def fleet(postgresql: Server, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet(postgresql.migrated_database(), tmp_path)
    async with fleet.stack:
        yield fleet


async def until_rests(health: Health, rests: bool, *, model: str = "m") -> None:
    """Wait until a process has heard whether gateway ``a`` is asked."""
    async with asyncio.timeout(SOON_S):
        while (health.suspended_s("a", model) > 0) is not rests:  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.01)


async def test_a_gateway_that_failed_is_asked_by_no_process(fleet: Fleet) -> None:
    """Each process would send its people into the same failure."""
    first, second = await fleet.process("1"), await fleet.process("2", behind_ms=7_200_000)
    mine, yours = await first.health(), await second.health()
    assert mine.failed(GONE, "m")
    await until_rests(yours, True, model="another")
    reason = yours.reason("a", "m")
    assert reason is not None
    assert (reason.kind, reason.detail, reason.billed) == (Kind.AUTH, "no such key", Billed.NO)
    assert not yours.failed(GONE, "m")  # the operator is told by the first
    latest = await (await fleet.process("3")).health()  # one that starts later
    await until_rests(latest, True)


async def test_what_was_written_and_read_last_counts(fleet: Fleet) -> None:
    """A read that was overtaken, or a recovery before its suspension, would suspend for minutes."""
    first, second = await fleet.process("1"), await fleet.process("2")
    mine, yours = await first.health(), await second.health()
    for _ in range(20):
        mine.failed(GONE, "m")
        first.clock.behind_ms -= DOWN_SUSPENSION_S * 1000 + 1
        mine.succeeded("a", "m")
    async with asyncio.timeout(PROBE_MS / 1000 - 1):
        calm = 0
        while calm < 50:
            await asyncio.sleep(0.01)
            calm = 0 if yours.suspended_s("a", "m") else calm + 1


async def test_the_process_that_saw_the_failure_asks_first(fleet: Fleet) -> None:
    """All of them would ask a gateway that is still down at the same moment."""
    first, second = await fleet.process("1"), await fleet.process("2")
    mine, yours = await first.health(), await second.health()
    mine.failed(GONE, "m")
    await until_rests(yours, True)
    more_ms = 1000 * (yours.suspended_s("a", "m") - mine.suspended_s("a", "m"))
    assert more_ms == pytest.approx(PROBE_MS, abs=1000)
    first.clock.behind_ms -= DOWN_SUSPENSION_S * 1000 + 1
    assert mine.suspended_s("a", "m") == 0
    mine.succeeded("a", "m")
    await until_rests(yours, False)


async def test_a_gateway_that_is_another_one_now_rests_nowhere(fleet: Fleet) -> None:
    """The operator has renewed its key, and reloaded: the others need not wait either."""
    first, second = await fleet.process("1"), await fleet.process("2")
    mine, yours = await first.health(), await second.health()
    mine.failed(GONE, "m")
    await until_rests(yours, True)
    mine.forget("a")
    await until_rests(yours, False)


async def test_the_operator_is_told_once_by_all_processes(fleet: Fleet) -> None:
    """A direct message from each of ten processes is nine too many."""
    processes = [await fleet.process(str(number)) for number in range(3)]
    told = [await process.alerts() for process in processes]
    retirement = Retirement("a", "m", date(2026, 1, 31))
    budget = BudgetReached(80, 1_000_000, "day")

    async def say() -> int:
        for alerts in told:
            alerts.down(GONE)
            alerts.budget(budget)
            alerts.retires(retirement, days_left=7)
            alerts.backup_failed(BackupFailed("full"))
            await alerts.idle()
        return sum(len(process.alerts_sent) for process in processes)

    assert await say() == 4
    for process in processes:
        process.clock.behind_ms -= 3_600_000
    assert await say() == 5  # the gateway is still down, an hour later
    for alerts in told:
        alerts.backup_made()
        await alerts.idle()
    told[1].backup_failed(BackupFailed("full"))
    await told[1].idle()
    assert processes[1].alerts_sent[-1] == BackupFailed("full")


async def test_a_fault_that_comes_back_at_once_is_told_again(fleet: Fleet) -> None:
    """Its claim could be written before the end of the earlier one, and nobody would hear of it."""
    process = await fleet.process("1")
    alerts, failed = await process.alerts(), BackupFailed("full")
    for _ in range(10):
        alerts.backup_failed(failed)
        alerts.backup_made()
    await alerts.idle()
    assert process.alerts_sent == [failed] * 10


async def test_a_gateways_limit_counts_the_requests_of_all_processes(fleet: Fleet) -> None:
    """A small gateway refuses what is too much, or is paid for what it drops."""
    first, second = await fleet.process("1"), await fleet.process("2")
    limits = [await each.limit(fleet.url, 2) for each in (first, second)]
    await limits[0].acquire()
    await limits[1].acquire()
    under_way = most = 0

    async def ask(limit: SharedLimit) -> None:
        nonlocal under_way, most
        await limit.acquire()
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        limit.release()

    asking = [asyncio.create_task(ask(limit)) for limit in limits for _ in range(15)]
    await asyncio.sleep(0.1)
    assert all(limit.locked() for limit in limits)
    assert most == 0
    for limit in limits:
        limit.release()
    async with asyncio.timeout(30):
        await asyncio.gather(*asking)
    assert 1 <= most <= 2


async def test_a_cancelled_request_leaves_its_place(fleet: Fleet) -> None:
    """Somebody stops a job that waits for the gateway: the next one must still get its turn."""
    limit = await (await fleet.process("1")).limit(fleet.url, 1)
    await limit.acquire()
    waiting = [asyncio.create_task(limit.acquire()) for _ in range(2)]
    await asyncio.sleep(0.1)
    assert limit.locked()
    waiting[0].cancel()
    limit.release()
    async with asyncio.timeout(SOON_S):
        assert await waiting[1]
    limit.release()
    async with asyncio.timeout(SOON_S):
        await limit.acquire()
