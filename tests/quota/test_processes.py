"""Several processes on one database, such as the bot and the terminal, keep every limit exactly."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.errors.quotas import QuotaSpent
from bot.core.job_ids import new_job_id
from bot.core.models import OPERATOR
from bot.database.transaction import Transaction
from bot.quota.levels import user_subject
from bot.quota.limits import parse_limits
from bot.services import Services, open_services
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.cli.process import environment, running
from tests.database.postgresql_server import Server
from tests.database.sync_database import SyncDatabase
from tests.quota.holding_process import PEOPLE, PRICE, somebody
from tests.quota.ledger_driver import LedgerDriver, ManualClock

PROCESSES = 4
HOLDS = int(os.environ.get("EASEL_HOLDS", "125"))  # of each process; at least 125
TIMEOUT_S = 120
# Five of the 25 people were granted 18 more credits.
GRANTED_PEOPLE, GRANTED = 5, 18
# What was held before: all but the last tenth of a total is shared by those who ask at once.
BEFORE, LEFT = 2700, 400
TOTAL = BEFORE + LEFT

Quotas = tuple[str, str, str, str]
PEOPLE_ONLY: Quotas = ("5/day", "", "", "")
ONE_SERVER: Quotas = ("5/day", "160/month", "", "")
ONE_TOTAL: Quotas = ("", "", f"{TOTAL}/month", "")
ONE_BUDGET: Quotas = ("", "", "", f"{TOTAL * PRICE}/month")
ALLOWED = {
    PEOPLE_ONLY: 20 * 5 + GRANTED_PEOPLE * (2 + GRANTED),
    ONE_SERVER: 160,
    ONE_TOTAL: LEFT,
    ONE_BUDGET: LEFT,
}
NAMES = ("people and grants", "server", "total", "budget")


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Read the database as another program would."""
    with SyncDatabase.open(url) as database:
        return [tuple(row) for row in database.read(Transaction.query, sql)]


def prepare(url: str, quotas: Quotas) -> None:
    """Make the database, with the grants of people whose own limit is low, and what was used."""
    with LedgerDriver.open(url) as driver:
        if quotas[0]:
            for user_id in range(1, GRANTED_PEOPLE + 1):
                driver.grant(user_id, GRANTED)
                driver.limit(user_subject(user_id), "2/day")
        if quotas[2] or quotas[3]:
            driver.hold(OPERATOR, BEFORE, BEFORE * PRICE)


@asynccontextmanager
async def holders(
    folder: Path, url: str, *ends: str, quotas: Quotas, kind: str = "exact", holds: int = HOLDS
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Start processes, and let all of them hold at the same moment."""
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(
                running(
                    "tests.quota.holding_process",
                    *(str(folder), url, kind, end, str(holds), *quotas),
                    folder=folder,
                    env=environment(folder),
                    listens=True,
                )
            )
            for end in ends
        ]
        for process in started:
            assert await said(process) == "ready"
        for process in started:
            assert process.stdin is not None
            process.stdin.write(b"\n")
        yield started


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), TIMEOUT_S)
    return line.decode().strip()


async def granted(process: asyncio.subprocess.Process) -> list[str]:
    """Return the jobs that a process holds or held, once it has ended well."""
    out, err = await asyncio.wait_for(process.communicate(b""), TIMEOUT_S)
    assert (process.returncode, err) == (0, b""), err.decode()
    return out.decode().split()


def check_the_books(url: str) -> None:
    """Compare the meters with the charges, and the grants with what was given."""
    metered = Counter[str]()
    for subject, credits in rows(url, "SELECT subject, credits FROM meters"):
        metered[subject if subject.startswith(("user:", "server:")) else _level(subject)] += credits
    people = rows(
        url,
        "SELECT user_id, CAST(SUM(own_credits) AS BIGINT) FROM charges WHERE user_id > 0"
        " GROUP BY user_id",
    )
    sums = "CAST(SUM(credits) AS BIGINT), CAST(SUM(operator_credits) AS BIGINT)"
    ((credits, ceiling),) = rows(url, f"SELECT {sums} FROM charges WHERE user_id > 0")
    ((spent, price),) = rows(
        url,
        "SELECT CAST(SUM(operator_credits) AS BIGINT), CAST(SUM(price) AS BIGINT) FROM charges",
    )
    assert metered == {
        **{f"user:10:{user_id}": own for user_id, own in people},
        "server:10": credits,
        "ceiling": ceiling,
        "operator": spent,
        "budget": price,
    }
    (given,) = rows(url, "SELECT COUNT(*), CAST(COALESCE(SUM(granted), 0) AS BIGINT) FROM members")
    ((paid,),) = rows(url, "SELECT CAST(SUM(credits - own_credits) AS BIGINT) FROM charges")
    assert given[1] + paid == given[0] * GRANTED


def _level(subject: str) -> str:
    return subject.split(":", maxsplit=1)[0]


async def held_by_four(
    folder: Path, url: str, quotas: Quotas, *, kind: str = "exact", holds: int = HOLDS
) -> list[str]:
    """Return the jobs whose holds succeeded in four processes at once."""
    prepare(url, quotas)
    ends = ["leave"] * PROCESSES
    async with holders(folder, url, *ends, quotas=quotas, kind=kind, holds=holds) as started:
        return [job for process in started for job in await granted(process)]


@pytest.mark.parametrize("quotas", ALLOWED, ids=NAMES)
async def test_of_the_holds_of_four_processes_exactly_the_allowed_ones_succeed(
    engine_url: str, tmp_path: Path, quotas: Quotas
) -> None:
    """One more would be a credit that the bot and the terminal gave away together."""
    jobs = await held_by_four(tmp_path, engine_url, quotas, holds=125)
    check_exact(engine_url, quotas, jobs)


@pytest.mark.slow
@pytest.mark.parametrize("quotas", ALLOWED, ids=NAMES)
async def test_of_many_holds_exactly_the_allowed_ones_succeed(
    postgresql: Server, tmp_path: Path, quotas: Quotas
) -> None:
    """What is right a hundred times may be wrong once in a thousand."""
    url = postgresql.migrated_database()
    check_exact(url, quotas, await held_by_four(tmp_path, url, quotas))


def check_exact(url: str, quotas: Quotas, jobs: list[str]) -> None:
    """Compare what was granted with the limits, and all books with each other."""
    assert len(set(jobs)) == len(jobs) == ALLOWED[quotas]
    written = rows(url, "SELECT job_id FROM charges WHERE user_id > 0")
    assert set(jobs) == {job for (job,) in written}
    if quotas[0]:
        each = "SELECT user_id, CAST(SUM(own_credits) AS BIGINT) FROM charges GROUP BY user_id"
        for user_id, own in rows(url, each):
            assert not user_id or own <= (2 if user_id <= GRANTED_PEOPLE else 5)
    check_the_books(url)


@pytest.mark.parametrize(
    ("kind", "quotas"),
    [
        ("no locks", PEOPLE_ONLY),
        ("no locks", ONE_SERVER),
        ("no locks", ONE_TOTAL),
        ("no locks", ONE_BUDGET),
        ("no margin", ONE_TOTAL),
    ],
    ids=[*(f"no locks, {name}" for name in NAMES), "no margin"],
)
async def test_the_count_finds_a_ledger_that_is_not_exact(
    postgresql: Server, tmp_path: Path, kind: str, quotas: Quotas
) -> None:
    """Else the tests above would prove nothing: locks and margin are what makes it exact."""
    for _ in range(5):
        url = postgresql.migrated_database()
        jobs = await held_by_four(tmp_path, url, quotas, kind=kind, holds=125)
        if len(jobs) > ALLOWED[quotas]:
            return
    pytest.fail("it was exact five times")


def settings(folder: Path, url: str) -> Settings:
    """Return the quotas of the processes, for all of them together."""
    return GivenSettings(
        image_api_url="http://127.0.0.1:9/v1",
        image_api_key=SecretStr("sk-nobody-listens"),
        image_models=("dall-e-3",),
        database_url=url,
        data_dir=folder,
        default_quota=parse_limits("20/day"),
    )


async def more_holds(services: Services) -> int:
    """Return how many more holds of one credit succeed, by people of all kinds."""
    succeeded = 0
    for number in range(1000):
        who, job_id = somebody(number), new_job_id(ManualClock().ms)
        try:
            await services.database.write(
                services.ledger.hold, job_id=job_id, requester=who, credits=1
            )
        except QuotaSpent:
            continue
        succeeded += 1
    return succeeded


async def test_a_process_that_is_killed_loses_and_leaks_nothing(tmp_path: Path) -> None:
    """What it held comes back at the next start, the grants' part to the grants."""
    url = f"sqlite:///{tmp_path / 'easel.db'}"
    quotas = ("20/day", "", "", "")
    prepare(url, quotas)
    ends = ("leave", "settle", "settle", "settle")
    async with holders(tmp_path, url, *ends, quotas=quotas, holds=125) as (victim, *others):
        # Each person's third hold: more than the two credits of their own level.
        for _ in range(3 * PEOPLE):
            assert await said(victim)
        victim.kill()
        settled = [job for process in others for job in await granted(process)]
        assert await victim.wait() == -signal.SIGKILL
    held = rows(url, "SELECT credits - own_credits FROM charges WHERE state = 'held'")
    assert len(held) >= 3 * PEOPLE
    assert (1,) in held
    async with open_services(settings(tmp_path, url), Clock(now=ManualClock())) as services:
        await services.recovery.take_over()
        assert rows(url, "SELECT job_id FROM charges WHERE state = 'held'") == []
        charged = {job for (job,) in rows(url, "SELECT job_id FROM charges WHERE credits > 0")}
        assert charged == set(settled)
        check_the_books(url)
        assert len(settled) + await more_holds(services) == 20 * 20 + GRANTED_PEOPLE * (2 + GRANTED)
    check_the_books(url)
