"""Several processes on one file, such as the bot and the terminal, keep every limit exactly."""

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.errors.quotas import QuotaSpent
from bot.core.job_ids import new_job_id
from bot.quota.levels import user_subject
from bot.quota.limits import parse_limits
from bot.services import Services, open_services
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.cli.process import environment, running
from tests.quota.holding_process import AT_ONCE, PEOPLE, PRICE, somebody
from tests.quota.ledger_driver import LedgerDriver, ManualClock

PROCESSES = 4
TIMEOUT_S = 120
# Five of the 25 people were granted 18 more credits.
GRANTED_PEOPLE, GRANTED = 5, 18


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Read the database as another program would."""
    with sqlite3.connect(folder / "easel.db") as database:
        return database.execute(sql).fetchall()


def prepare(folder: Path) -> None:
    """Make the database, with the grants of people whose own limit is low."""
    with LedgerDriver.open(folder) as driver:
        for user_id in range(1, GRANTED_PEOPLE + 1):
            driver.grant(user_id, GRANTED)
            driver.limit(user_subject(user_id), "2/day")


@asynccontextmanager
async def holders(
    folder: Path, *ends: str, quotas: tuple[str, str, str]
) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Start processes, and let all of them hold at the same moment."""
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(
                running(
                    "tests.quota.holding_process",
                    str(folder),
                    end,
                    *quotas,
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


def check_the_books(folder: Path) -> None:
    """Compare the meters with the charges, and the grants with what was given."""
    metered = rows(folder, "SELECT subject, CAST(SUM(credits) AS BIGINT) FROM meters GROUP BY 1")
    people = rows(folder, "SELECT user_id, SUM(own_credits) FROM charges GROUP BY 1")
    ((credits, spent, price),) = rows(
        folder, "SELECT SUM(credits), SUM(operator_credits), SUM(price) FROM charges"
    )
    assert dict(metered) == {
        **{f"user:10:{user_id}": own for user_id, own in people},
        "server:10": credits,
        "ceiling:10": spent,
        "operator": spent,
        "budget": price,
    }
    ((left,),) = rows(folder, "SELECT SUM(granted) FROM members")
    ((paid,),) = rows(folder, "SELECT SUM(credits - own_credits) FROM charges")
    assert left + paid == GRANTED_PEOPLE * GRANTED


@pytest.mark.parametrize(
    ("quotas", "allowed"),
    [
        (("5/day", "", ""), 20 * 5 + GRANTED_PEOPLE * (2 + GRANTED)),
        (("5/day", "160/month", ""), 160),
        (("5/day", "160/month", f"{150 * PRICE}/month"), 150),
    ],
    ids=["people and grants", "server", "budget"],
)
async def test_of_500_holds_in_four_processes_exactly_the_allowed_ones_succeed(
    tmp_path: Path, quotas: tuple[str, str, str], allowed: int
) -> None:
    """One more would be a credit that the bot and the terminal gave away together."""
    assert PROCESSES * AT_ONCE == 500
    prepare(tmp_path)
    async with holders(tmp_path, *["leave"] * PROCESSES, quotas=quotas) as started:
        jobs = [job for process in started for job in await granted(process)]
    assert len(set(jobs)) == len(jobs) == allowed
    assert set(jobs) == {job for (job,) in rows(tmp_path, "SELECT job_id FROM charges")}
    each = dict(rows(tmp_path, "SELECT user_id, SUM(own_credits) FROM charges GROUP BY user_id"))
    assert all(own <= (2 if user_id <= GRANTED_PEOPLE else 5) for user_id, own in each.items())
    check_the_books(tmp_path)


def settings(folder: Path) -> Settings:
    """Return the quotas of the processes, for all of them together."""
    return GivenSettings(
        image_api_url="http://127.0.0.1:9/v1",
        image_api_key=SecretStr("sk-nobody-listens"),
        image_models=("dall-e-3",),
        database_url=f"sqlite:///{folder / 'easel.db'}",
        data_dir=folder,
        default_quota=parse_limits("20/day"),
    )


async def more_holds(services: Services) -> int:
    """Return how many more holds of one credit succeed, by people of all kinds."""
    succeeded = 0
    for number in range(2 * PROCESSES * AT_ONCE):
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
    prepare(tmp_path)
    ends, quotas = ("leave", "settle", "settle", "settle"), ("20/day", "", "")
    async with holders(tmp_path, *ends, quotas=quotas) as (victim, *others):
        # Each person's third hold: more than the two credits of their own level.
        for _ in range(3 * PEOPLE):
            assert await said(victim)
        victim.kill()
        settled = [job for process in others for job in await granted(process)]
        assert await victim.wait() == -signal.SIGKILL
    held = rows(tmp_path, "SELECT credits - own_credits FROM charges WHERE state = 'held'")
    assert len(held) >= 3 * PEOPLE
    assert (1,) in held
    async with open_services(settings(tmp_path), Clock(now=ManualClock())) as services:
        await services.recovery.take_over()
        assert rows(tmp_path, "SELECT job_id FROM charges WHERE state = 'held'") == []
        charged = {job for (job,) in rows(tmp_path, "SELECT job_id FROM charges WHERE credits > 0")}
        assert charged == set(settled)
        check_the_books(tmp_path)
        assert len(settled) + await more_holds(services) == 20 * 20 + GRANTED_PEOPLE * (2 + GRANTED)
    check_the_books(tmp_path)
