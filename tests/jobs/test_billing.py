"""What a job costs the operator, whichever gateway serves it and however it ends."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.errors.jobs import PicturesLost
from bot.core.errors.quotas import BudgetSpent
from bot.gateways.reply import download_spool
from bot.gateways.routing.operator_alerts import BudgetReached, OperatorAlert, OperatorAlerts
from bot.images.inspection import inspect_picture
from bot.images.sniff import PictureInfo
from bot.services import open_services
from bot.settings.settings import GatewayKey, Settings
from bot.settings.value_types import parse_budget
from tests.cogs.scripted_gateway import (
    KEY,
    ClosedConnection,
    ErrorReply,
    ScriptedGateway,
    UrlReply,
)
from tests.gateways.router_harness import SteppedClock
from tests.jobs.service_harness import RecordingCourier, ServiceHarness, settings
from tests.waiting import quick_clock

DEAR, CHEAP = 300_000, 100_000


def two_gateways(
    folder: Path, gateway: ScriptedGateway, *, dear: str = "price = 0.3", **changes: object
) -> Settings:
    """Return settings of a dear gateway, and a cheap one behind it."""
    lines = []
    for name, price in (("dear", dear), ("cheap", "price = 0.1")):
        lines += [f"[gateways.{name}]", f'base_url = "{gateway.url}"', 'models = ["dall-e-3"]']
        lines += [f"[gateways.{name}.abilities.dall-e-3]", price]
    file = folder / "gateways.toml"
    file.write_text("\n".join(lines))
    keys = {name: GatewayKey(api_key=SecretStr(KEY)) for name in ("dear", "cheap")}
    described = {"gateways_file": file, "image_api_url": "", "gateways": keys}
    return settings(folder, gateway, **described | changes)


@asynccontextmanager
async def opened(chosen: Settings) -> AsyncIterator[ServiceHarness]:
    """Open the services."""
    async with open_services(chosen, Clock()) as services:
        yield ServiceHarness(services, chosen.data_dir)


async def test_the_gateway_that_served_tells_the_price(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Held is the dearest that may serve, settled is what the one that did costs."""
    async with opened(two_gateways(tmp_path, gateway)) as harness:
        gateway.replies.append(ErrorReply(401, "invalid_api_key"))
        await harness.submit(RecordingCourier(), n=1)
        await harness.services.job_service.drained()
        assert harness.rows("SELECT gateway, price FROM costs") == [("cheap", CHEAP)]
        assert harness.rows("SELECT price FROM charges") == [(CHEAP,)]
        await harness.submit(RecordingCourier(), n=1)
        assert harness.rows("SELECT price FROM charges WHERE state = 'held'") == [(DEAR,)]
        await harness.services.job_service.drained()


async def test_the_budget_is_never_exceeded_by_what_runs(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Twenty at once, room for three of the dearest: three run, whoever serves them."""
    chosen = two_gateways(tmp_path, gateway, operator_budget=parse_budget("1/day"))
    async with opened(chosen) as harness:
        couriers = [RecordingCourier() for _ in range(20)]
        asked = await asyncio.gather(*map(harness.submit, couriers), return_exceptions=True)
        await harness.services.job_service.drained()
        assert sum(isinstance(answer, BudgetSpent) for answer in asked) == 17
        assert harness.rows("SELECT SUM(price) FROM charges") == [(3 * DEAR,)]


async def test_an_expired_address_costs_the_operator_and_not_the_person(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Four addresses, one of them expired: four prices, three credits, and a word why."""
    chosen = two_gateways(tmp_path, gateway, dear="price = 0.3\nmax_n = 4")
    clock = quick_clock()
    async with open_services(chosen, clock) as services:
        harness = ServiceHarness(services, tmp_path)
        gateway.replies.append(UrlReply(made=4, expired=1))
        await harness.submit(courier := RecordingCourier(), n=4)
        await services.job_service.drained()
    (result,) = courier.results
    assert isinstance(result.shortfall, PicturesLost)
    assert (len(result.pictures), result.charged) == (3, 3)
    assert harness.rows("SELECT pictures, lost, price FROM costs") == [(3, 1, 4 * DEAR)]
    assert harness.rows("SELECT credits, operator_credits, price, forgiven FROM charges") == [
        (3, 4, 4 * DEAR, 1)
    ]


async def test_a_download_that_the_disk_refuses_does_not_limit_the_person(
    tmp_path: Path, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four downloads the disk had no room for one: the operator pays four, the person three."""
    inspected: list[Path] = []

    def full_at_the_second(path: Path) -> PictureInfo | None:
        inspected.append(path)
        if len(inspected) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return inspect_picture(path)

    monkeypatch.setattr(download_spool, "inspect_picture", full_at_the_second)
    chosen = two_gateways(tmp_path, gateway, dear="price = 0.3\nmax_n = 4")
    async with opened(chosen) as harness:
        gateway.replies.append(UrlReply(made=4))
        await harness.submit(courier := RecordingCourier(), n=4)
        await harness.services.job_service.drained()
    (result,) = courier.results
    assert (len(result.pictures), result.charged) == (3, 3)
    assert harness.rows("SELECT pictures, lost FROM costs") == [(3, 0)]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(3, 4, 0)]


async def test_a_dead_process_leaves_its_price_in_doubt(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The next start settles what was asked at the price of the gateway that was asked."""
    gateway.gate.clear()
    chosen = two_gateways(tmp_path, gateway, dear="price = 0.3\nmax_n = 4")
    async with opened(chosen) as harness:
        await harness.submit(RecordingCourier(), n=3)
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.services.job_service.close(grace_s=0)
    async with opened(chosen) as harness:
        await harness.services.recovery.take_over()
    assert harness.rows("SELECT gateway, billed, pictures, price FROM costs") == [
        ("dear", "maybe", 0, 3 * DEAR)
    ]
    assert harness.rows("SELECT state, credits, price FROM charges") == [("settled", 0, 3 * DEAR)]


async def test_without_a_price_nothing_is_counted(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Prices are the operator's choice: the cost row says that there was none."""
    async with opened(settings(tmp_path, gateway)) as harness:
        gateway.replies.append(ClosedConnection())
        await harness.submit(RecordingCourier(), n=2)
        await harness.services.job_service.drained()
        assert harness.rows("SELECT price FROM costs") == [(None,), (None,)]
        assert harness.rows("SELECT price FROM charges") == [(0,)]
        assert harness.rows("SELECT * FROM meters WHERE subject = 'budget' AND credits > 0") == []


async def test_a_price_is_counted_before_there_is_a_budget(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Whoever sets a budget on the 20th has spent something since the 1st."""
    async with opened(two_gateways(tmp_path, gateway)) as harness:
        await harness.submit(RecordingCourier(), n=3)
        await harness.services.job_service.drained()
    chosen = two_gateways(tmp_path, gateway, operator_budget=parse_budget("1/month"))
    async with opened(chosen) as harness:
        with pytest.raises(BudgetSpent):
            await harness.submit(RecordingCourier(), n=1)


@pytest.mark.parametrize("in_file", [True, False])
async def test_a_budget_without_a_price_stops_the_start(
    tmp_path: Path, gateway: ScriptedGateway, in_file: bool
) -> None:
    """A budget that cannot count is worse than none; the sentence says where to write."""
    budget = {"operator_budget": parse_budget("1/day")}
    chosen = settings(tmp_path, gateway, **budget)
    if in_file:
        chosen = two_gateways(tmp_path, gateway, dear="max_n = 1", **budget)
    with pytest.raises(StartRefused) as refused:
        async with opened(chosen):
            pass
    sentence, name = str(refused.value), "dear" if in_file else "default"
    assert f"the gateway {name} has none for dall-e-3" in sentence
    assert f'[gateways.{name}.abilities."dall-e-3"]' in sentence
    assert ("GATEWAYS_FILE" in sentence) is not in_file


async def test_the_same_part_of_the_budget_is_told_once_a_day() -> None:
    """The rolling window goes up and down; the owner's evening does not."""
    heard: list[OperatorAlert] = []

    async def listener(alarm: OperatorAlert) -> None:
        heard.append(alarm)

    clock = SteppedClock()
    most, whole = (BudgetReached(percent, 5, "day") for percent in (80, 100))
    async with OperatorAlerts(listener, now=clock.now) as alerts:
        for _ in range(5):
            alerts.budget(most)
            alerts.budget(whole)
            await asyncio.sleep(0)
            clock.advance(8 * 3600)
    assert heard == [most, whole] * 2
