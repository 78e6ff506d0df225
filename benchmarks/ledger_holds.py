"""Holds in transactions of their own, as ``benchmarks.ledger`` measures them."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from bot.core.clock import wall_clock_ms
from bot.core.job_ids import new_job_id
from bot.core.models import Requester
from bot.core.pseudonyms import Pseudonyms
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.quota.ledger import Ledger
from bot.quota.levels import SERVER
from bot.quota.limits import Limit, Period, parse_limits

BUSY_SERVER = 1
SERVERS = 100
USERS = 20_000
USER_PER_DAY, SERVER_PER_MONTH, TOTAL_PER_MONTH = 500, 1_000_000, 5_000_000

Spend = Callable[[Transaction, str, Requester], None]
Write = Callable[..., Awaitable[Any]]  # Database.write, or what calls it


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast one round of one way of spending was."""

    per_second: float
    p50_ms: float
    p99_ms: float


async def limited_ledger(database: Database) -> Ledger:
    """Return a ledger with a limit of each level."""
    ledger = Ledger(
        default=parse_limits(f"{USER_PER_DAY}/day"),
        server_quota=(),
        total_quota=(Limit(TOTAL_PER_MONTH, Period.MONTH),),
        max_doubtful_per_day=3,
        pseudonym=Pseudonyms(b"benchmark").pseudonym,
        now=wall_clock_ms,
    )
    limit = Limit(SERVER_PER_MONTH, Period.MONTH)
    await database.write(
        ledger.set_limit, server_id=BUSY_SERVER, subject=SERVER, limit=limit, actor_id=1
    )
    return ledger


async def measured(
    write: Write, spend: Spend, holds: int, in_flight: int, *, servers: int = BUSY_SERVER
) -> Speed:
    """Hold so often, so many at once, in servers up to that id."""
    took: list[float] = []

    async def one_after_the_other() -> None:
        for _ in range(holds // in_flight):
            server_id = random.randint(BUSY_SERVER, servers)  # noqa: S311 - a benchmark
            requester = Requester(somebody(), server_id, "somebody")
            began = time.perf_counter()
            await write(spend_for_job, spend, requester)
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(in_flight)))
    return speed_of(took, time.perf_counter() - began)


def spend_for_job(tx: Transaction, spend: Spend, requester: Requester) -> None:
    """Insert a job, and spend for it."""
    job_id = new_job_id(wall_clock_ms())
    tx.write(JOB, job_id, requester.server_id, requester.user_id, wall_clock_ms())
    spend(tx, job_id, requester)


def somebody() -> int:
    """Return the id of one of many people."""
    return random.randrange(1, USERS)  # noqa: S311 - a benchmark


def checked(ledger: Ledger) -> Spend:
    """Return the hold of a request."""

    def spend(tx: Transaction, job_id: str, requester: Requester) -> None:
        ledger.hold(tx, job_id=job_id, requester=requester, credits=1)

    return spend


def speed_of(took: list[float], seconds: float) -> Speed:
    """Return what so many holds, and all of them together, took."""
    cuts = quantiles(took, n=100)
    return Speed(len(took) / seconds, cuts[49] * 1000, cuts[98] * 1000)


JOB = """
    INSERT INTO jobs (
        id, owner, state, server_id, user_id, user_name, locale, request, credits, created_at
    )
    VALUES ($1, 'bench', 'queued', $2, $3, 'somebody', 'en', '{"prompt": "a cat"}', 1, $4)
"""
