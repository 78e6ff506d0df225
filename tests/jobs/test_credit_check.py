"""Who could request nothing is told before they fill in a form; nothing stays held."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.core.errors.quotas import QuotaSpent
from bot.database.transaction import Transaction
from bot.jobs.credit_check import check_credits, most_affordable
from bot.quota.limits import parse_limits
from bot.services import open_services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import sqlite_only
from tests.database.test_outage import locked
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings


@pytest.fixture
async def harness(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[ServiceHarness]:
    """Open services where everybody has one credit a day."""
    changed = settings(tmp_path, gateway, default_quota=parse_limits("1/day"))
    async with open_services(changed, Clock()) as services:
        yield ServiceHarness(services, tmp_path)


async def check(harness: ServiceHarness, credits: int = 1) -> None:
    """Check Ada's credits as a form does."""
    services = harness.services
    await check_credits(services.database, services.ledger, ADA, credits=credits)


async def test_a_check_holds_nothing_and_says_what_a_request_would_hear(
    harness: ServiceHarness,
) -> None:
    """The limit that is spent is named, with when it frees; free models are open to all."""
    await check(harness)
    assert harness.rows("SELECT * FROM charges") == []
    await harness.submit(RecordingCourier())
    await harness.services.job_service.drained()
    with pytest.raises(QuotaSpent) as spent:
        await check(harness)
    assert (spent.value.limit, spent.value.left) == (1, 0)
    assert spent.value.frees_at is not None
    await check(harness, credits=0)
    await check_credits(harness.services.database, harness.services.ledger, BEN, credits=1)


@sqlite_only("one program locks the whole database")
async def test_a_locked_database_does_not_keep_a_form_closed(harness: ServiceHarness) -> None:
    """Discord waits three seconds: the form opens, and its request is checked later."""
    with sqlite3.connect(harness.folder / "easel.db") as other:
        other.execute("BEGIN IMMEDIATE")
        services = harness.services
        await check_credits(services.database, services.ledger, ADA, credits=1, within_s=0.01)


@sqlite_only("the pragma is SQLite's")
async def test_a_database_that_refuses_does_not_keep_a_form_closed(
    harness: ServiceHarness,
) -> None:
    """SQLite gave up waiting for the lock: no defect of the bot, and the form opens as well."""
    await harness.services.database.write(Transaction.query, "PRAGMA busy_timeout = 20")
    with locked(harness.folder / "easel.db"):
        await check(harness)


async def affordable(
    harness: ServiceHarness, *, below: int = 10, credits: int = 1, within_s: float = 5
) -> int:
    """Return how many pictures Ada could ask for."""
    services = harness.services
    return await most_affordable(
        services.database,
        services.ledger,
        ADA,
        below=below,
        credits_each=credits,
        price_each=0,
        within_s=within_s,
    )


async def test_what_is_affordable_is_tried_and_not_held(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Seven credits are seven pictures of one, or three of two, and stay seven."""
    changed = settings(tmp_path, gateway, default_quota=parse_limits("7/day"))
    async with open_services(changed, Clock()) as services:
        harness = ServiceHarness(services, tmp_path)
        assert await affordable(harness) == 7
        assert await affordable(harness, credits=2) == 3
        assert await affordable(harness, below=4) == 3
        assert await affordable(harness, credits=8) == 0
        assert await affordable(harness, below=1) == 0
        assert harness.rows("SELECT * FROM charges") == []
        assert harness.rows("SELECT * FROM meters WHERE credits <> 0") == []


@sqlite_only("one program locks the whole database")
async def test_a_locked_database_offers_nothing(harness: ServiceHarness) -> None:
    """The refusal goes out in time without its button."""
    with sqlite3.connect(harness.folder / "easel.db") as other:
        other.execute("BEGIN IMMEDIATE")
        assert await affordable(harness, within_s=0.01) == 0
