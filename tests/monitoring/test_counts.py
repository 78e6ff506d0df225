"""What is counted is what the database has, however a job ends and whatever happens between."""

import asyncio
import math
import sqlite3
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.errors.base import EaselError
from bot.core.metrics import JOBS
from bot.core.models import ImageOptions, Job
from bot.database.scheduled_copies import BACKUP_FOLDER, make_scheduled_copy
from bot.database.transaction import Transaction
from bot.jobs.courier import JobFailure
from bot.monitoring.exposition import Exposition
from bot.quota.limits import Limit, Period, parse_limits
from bot.settings.settings import GatewayKey
from tests.cogs.scripted_gateway import (
    KEY,
    ClosedConnection,
    ErrorReply,
    FewerPictures,
    ScriptedGateway,
    TaskReply,
)
from tests.database.engines import IS_POSTGRESQL, connected, sqlite_only
from tests.jobs.service_harness import ADA, BEN, RecordingCourier
from tests.jobs.test_recovery import fetch_gone
from tests.monitoring.monitored import Monitored, Scrape, monitored
from tests.quota.ledger_driver import ManualClock
from tests.waiting import quick_clock, until

SOON = quick_clock()
DECLINED = ErrorReply(400, "moderation_blocked")
NO_KEY = ErrorReply(401, "invalid_api_key")


def priced(folder: Path, gateway: ScriptedGateway) -> dict[str, object]:
    """Return the settings of an operator who states prices of two gateways."""
    table = "\n".join(
        f'[gateways.{name}]\nbase_url = "{gateway.url}"\nmodels = ["dall-e-3", "gpt-image-2"]\n'
        + "".join(
            f'[gateways.{name}.abilities."{model}"]\nprice = {price}\n'
            for model, price in (("dall-e-3", 0.04), ("gpt-image-2", 0.25))
        )
        for name in ("first", "second")
    )
    file = folder / "gateways.toml"
    file.write_text(table)
    keys = {name: GatewayKey(api_key=SecretStr(KEY)) for name in ("first", "second")}
    return {"gateways_file": file, "gateways": keys, "image_api_url": "", "image_models": ()}


def database_says(harness: Monitored) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the sums that an operator could make by hand."""
    model = "CAST(request AS JSON) ->> 'model'" if IS_POSTGRESQL else "request ->> 'model'"
    jobs = f"SELECT state, {model}, COUNT(*) FROM jobs WHERE ended_at IS NOT NULL GROUP BY 1, 2"
    attempts = (
        f"SELECT gateway, {model}, attempts.state, billed, COUNT(*) FROM attempts"
        " JOIN jobs ON jobs.id = job_id GROUP BY 1, 2, 3, 4"
    )
    sums = {
        "jobs": jobs,
        "attempts": attempts,
        "pictures": "SELECT model, SUM(pictures) FROM costs GROUP BY 1",
        "price": "SELECT gateway, SUM(price) / 1e6 FROM costs GROUP BY 1",
        "charged": "SELECT 'charged', SUM(credits) FROM charges WHERE state = 'settled'",
    }
    return {name: _sums(harness.rows(sql)) for name, sql in sums.items()}


def _sums(rows: list[tuple[object, ...]]) -> dict[tuple[str, ...], float]:
    return {tuple(map(str, row[:-1])): float(str(row[-1])) for row in rows if row[-1]}


def scrape_says(scrape: Scrape) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the same of a scrape."""
    labels = ("gateway", "model", "result", "billed")
    attempts: dict[tuple[str, ...], float] = {}
    for (gateway, model, result, billed), count in scrape.by(
        "easel_attempts_total", *labels
    ).items():
        state = {"received": "received"}.get(result, "refused" if billed == "no" else "unknown")
        key = (gateway, model, state, billed)
        attempts[key] = attempts.get(key, 0) + count
    charged = scrape.value("easel_credits_total", kind="charged") or 0
    return {
        "jobs": scrape.by("easel_jobs_total", "end", "model"),
        "attempts": attempts,
        "pictures": scrape.by("easel_pictures_total", "model"),
        "price": {
            key: round(sum_, 6) for key, sum_ in scrape.by("easel_price_total", "gateway").items()
        },
        "charged": {("charged",): charged} if charged else {},
    }


async def ask(harness: Monitored, model: str, *, n: int = 1, fails: str = "") -> None:
    """Submit a request and wait for its end, whatever it is."""
    request = harness.services.catalogue.build_request(
        ImageOptions(prompt="a fox", n=n, model=model)
    )
    courier = RecordingCourier(fails=fails)
    try:
        job = await harness.services.job_service.submit(request, ADA, courier)
    except EaselError:
        return
    await harness.services.job_service.wait_for_end(job.id)
    await harness.services.job_service.drained()


async def test_a_scrape_says_what_the_database_says(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """An operator who compares a graph with the bill must find the same sums."""
    given = {"default_quota": parse_limits("1000/day"), "max_doubtful_per_day": 100}
    async with monitored(tmp_path, gateway, SOON, **priced(tmp_path, gateway), **given) as harness:
        await ask(harness, "dall-e-3")
        await ask(harness, "gpt-image-2", n=3)
        gateway.replies.append(FewerPictures())
        await ask(harness, "gpt-image-2", n=2)
        gateway.replies.extend([DECLINED, ClosedConnection()])
        await ask(harness, "dall-e-3")
        await ask(harness, "dall-e-3")
        gateway.replies.append(NO_KEY)  # the second gateway is asked instead
        await ask(harness, "gpt-image-2")
        await ask(harness, "dall-e-3", fails="place")
        await ask(harness, "dall-e-3", fails="deliver")
        scrape = await harness.scrape()
        assert scrape_says(scrape) == database_says(harness)
    ends = scrape.by("easel_jobs_total", "end")
    assert ends == {("done",): 5, ("failed",): 1, ("unknown",): 1, ("cancelled",): 1}
    results = scrape.by("easel_attempts_total", "result")
    assert results.keys() == {("received",), ("moderation",), ("auth",), ("timeout-unknown",)}
    held, charged, released = (
        scrape.value("easel_credits_total", kind=kind) for kind in ("held", "charged", "released")
    )
    assert (held, charged, released) == (11, 7, 4)
    assert scrape.value("easel_moderation_total", reason="gateway") == 1
    assert scrape.value("easel_queue_wait_seconds_count") == 7
    assert scrape.value("easel_delivery_seconds_count") == 4
    assert scrape.total("easel_gateway_seconds_count") == 8
    assert scrape.total("easel_transaction_seconds_count", kind="write") > 20


async def test_a_job_that_a_process_left_is_counted_once_by_the_one_that_ends_it(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Counters begin at 0 with each process: the ends of both are the database's."""
    gateway.gate.clear()
    async with monitored(tmp_path, gateway, SOON) as dying:
        gateway.replies.append(TaskReply())
        await dying.submit(RecordingCourier())
        await until(lambda: gateway.polls > 0)
        await dying.submit(RecordingCourier(), BEN)
        await until(lambda: len(gateway.bodies) == 2)
        before = await dying.scrape()
    gateway.gate.set()
    assert before.by("easel_jobs_total", "end") == {}
    async with monitored(tmp_path, gateway, SOON) as harness:
        taken = await harness.services.recovery.take_over()
        courier = RecordingCourier()
        await harness.services.recovery.resume(taken, lambda _job, _card: courier, fetch_gone)
        await harness.services.job_service.drained()
        after = await harness.scrape()
        assert scrape_says(after) == database_says(harness)
    assert after.by("easel_jobs_total", "end") == {("done",): 1, ("unknown",): 1}
    assert after.by("easel_recoveries_total", "result") == {("resumed",): 1, ("ended",): 1}
    interrupted = after.total("easel_attempts_total", result="interrupted", billed="maybe")
    assert interrupted == 1


async def test_what_is_rolled_back_is_not_counted(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Nor what another transaction of the same COMMIT does afterwards."""
    async with monitored(tmp_path, gateway) as harness:
        database, metrics = harness.services.database, Exposition()

        def end(tx: Transaction, *, model: str, fails: bool) -> None:
            tx.on_commit(partial(metrics.count, JOBS, "done", model))
            if fails:
                raise EaselError

        writing = [database.write(end, model=str(number), fails=number == 1) for number in range(3)]
        ended = await asyncio.gather(*writing, return_exceptions=True)
        assert isinstance(ended[1], EaselError)
        text, _ = metrics.show(())
    assert Scrape.of(text.decode()).by("easel_jobs_total", "model") == {("0",): 1, ("2",): 1}


@sqlite_only("the pragma is SQLite's")
async def test_what_no_commit_holds_is_not_counted(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The disk refuses a COMMIT: every transaction of it is undone, and none has happened."""
    counted: list[str] = []

    def end(tx: Transaction) -> None:
        tx.on_commit(partial(counted.append, "end"))
        tx.query("PRAGMA defer_foreign_keys=ON")  # so that the COMMIT itself fails
        tx.write(
            "INSERT INTO attempts (job_id, slot, number, gateway, asked, state, billed,"
            " started_at) VALUES ('none', 0, 1, 'g', 1, 'sending', 'maybe', 0)"
        )

    async with monitored(tmp_path, gateway) as harness:
        with pytest.raises(sqlite3.IntegrityError):
            await harness.services.database.write(end)
        await harness.services.database.write(lambda tx: tx.on_commit(partial(counted.append, "2")))
    assert counted == ["2"]


async def test_a_grant_and_a_refusal_hold_nothing(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Credits that an admin gives are counted; a refused request holds none."""
    async with monitored(tmp_path, gateway) as harness:
        grant = partial(
            harness.services.ledger.grant,
            server_id=ADA.server_id,
            user_id=ADA.user_id,
            credits=7,
            reason="",
            actor_id=3,
        )
        await harness.services.database.write(grant)
        with pytest.raises(EaselError):
            await harness.submit(RecordingCourier(), BEN, n=6)
        scrape = await harness.scrape()
    assert scrape.value("easel_credits_total", kind="granted") == 7
    assert scrape.value("easel_credits_total", kind="held") == 0


@pytest.mark.parametrize("request_", ["'damaged'", "'[1]'", "CAST(X'7B22FF' AS TEXT)"])
async def test_a_damaged_row_is_counted_as_another_model(
    tmp_path: Path, gateway: ScriptedGateway, request_: str
) -> None:
    """One job that cannot be read must not end the recovery, nor be forgotten."""
    gateway.gate.clear()
    async with monitored(tmp_path, gateway) as dying:
        await dying.submit(RecordingCourier())
        await until(lambda: len(gateway.bodies) == 1)
    with connected(tmp_path) as database:
        database.execute(f"UPDATE jobs SET request = {request_}")
    async with monitored(tmp_path, gateway) as harness:
        await harness.services.recovery.take_over()
        scrape = await harness.scrape()
    assert scrape.value("easel_jobs_total", end="unknown", model="other") == 1
    assert scrape.value("easel_recoveries_total", result="unreadable") == 1


class UnreachableCourier(RecordingCourier):
    """A courier whose card cannot be edited any more."""

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Tell nobody."""
        return False


async def test_gauges_say_since_when_something_waits(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A job that hangs, a card that says nothing of its end, and backups that have stopped."""
    now = ManualClock()
    gateway.gate.clear()
    gateway.replies.append(DECLINED)
    async with monitored(tmp_path, gateway, Clock(now=now)) as harness:
        # Scheduled copies are of files: a server's operator copies it.
        never, young, old = (None, None, None) if IS_POSTGRESQL else (math.inf, 90, 100)
        assert (await harness.scrape()).value("easel_newest_backup_age_seconds") == never
        await harness.submit(UnreachableCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        if not IS_POSTGRESQL:
            make_scheduled_copy(tmp_path / BACKUP_FOLDER, tmp_path / "easel.db", now=now())
        now.ms += 90_000
        working = await harness.scrape()
        gateway.gate.set()
        await harness.services.job_service.drained()
        now.ms += 10_000
        ended = await harness.scrape()
    names = ("oldest_open_job_seconds", "oldest_untold_card_seconds", "newest_backup_age_seconds")
    assert [working.value(f"easel_{name}") for name in names] == [90, 0, young]
    assert [ended.value(f"easel_{name}") for name in names] == [0, 10, old]
    assert (working.value("easel_jobs_running"), ended.value("easel_jobs_running")) == (1, 0)


async def test_a_budget_of_nothing_is_used_up(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """It refuses everything: a division by it must not take the other gauges with it."""
    budget = (Limit(0, Period.MONTH), Limit(10_000_000, Period.DAY))
    given = {**priced(tmp_path, gateway), "operator_budget": budget}
    async with monitored(tmp_path, gateway, None, **given) as harness:
        scrape = await harness.scrape()
    assert scrape.by("easel_budget_used_ratio", "period") == {("month",): 1}
    assert scrape.value("easel_budget_used_ratio", period="day") == 0
    assert scrape.value("easel_oldest_open_job_seconds") == 0


async def test_a_gateway_without_money_rests(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Nobody is served then: half of its models would be half."""
    gateway.replies.append(ErrorReply(402, "insufficient_quota"))
    async with monitored(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
        scrape = await harness.scrape()
    assert scrape.value("easel_gateway_resting", gateway="default") == 1
    assert scrape.total("easel_attempts_total", result="quota", billed="no") == 1
