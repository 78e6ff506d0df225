"""Stop waiting: nothing is sent while the card says that nothing will be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.models import Job
from bot.database.notifications import LocalNotifications
from bot.database.outage import DatabaseWaits
from bot.jobs.cancellation import Cancellation, DetachableCourier, RequesterDetached
from bot.jobs.courier import JobFailure
from bot.jobs.queue.waiting_list import Ticket
from bot.jobs.repository.repository import JobRepository
from bot.jobs.send_gate import SendGate
from bot.jobs.stop_requests import StopRequests
from bot.services import open_services
from bot.settings.settings import GatewayKey
from tests.cogs.scripted_gateway import KEY, ErrorReply, FewerPictures, ScriptedGateway
from tests.database.test_outage import locked
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness, settings
from tests.jobs.test_recovery import process
from tests.jobs.test_recovery_once import at_once
from tests.waiting import until


@asynccontextmanager
async def one_at_a_time(folder: Path, gateway: ScriptedGateway) -> AsyncIterator[ServiceHarness]:
    """Open services whose gateway takes one request at a time."""
    table = folder / "gateways.toml"
    table.write_text(
        f'[gateways.one]\nbase_url = "{gateway.url}"\nmodels = ["dall-e-3"]\nmax_at_once = 1\n'
    )
    keys = {"one": GatewayKey(api_key=SecretStr(KEY))}
    changed = settings(folder, gateway, image_api_url="", gateways_file=table, gateways=keys)
    async with open_services(changed, Clock()) as services:
        yield ServiceHarness(services, folder)


@dataclass(kw_only=True)
class CourierOfASlowCard(RecordingCourier):
    """A courier whose card takes so long that the first request ends before it is told."""

    gateway: ScriptedGateway
    harness: ServiceHarness
    can_tell: bool = True

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Wait until the next request would be out."""
        self.gateway.gate.set()
        await until(lambda: ("received",) in self.harness.rows("SELECT state FROM attempts"))
        for _ in range(200):
            await asyncio.to_thread(int)  # about as long as a step of the database
        await super().end(job, failure)
        return self.can_tell


@pytest.mark.parametrize("can_tell", [True, False])
async def test_nothing_is_sent_while_the_card_is_told(
    tmp_path: Path, gateway: ScriptedGateway, can_tell: bool
) -> None:
    """The card said that no further request is sent, and paid for one more."""
    gateway.gate.clear()
    async with one_at_a_time(tmp_path, gateway) as harness:
        courier = CourierOfASlowCard(gateway=gateway, harness=harness, can_tell=can_tell)
        job = await harness.submit(courier, n=2)
        await asyncio.wait_for(gateway.asked.wait(), 60)
        # Also where the card cannot say so, one picture is stopped: nobody is told otherwise.
        await harness.services.cancellation.cancel(job.id, ADA, moderates=False)
        await harness.services.job_service.drained()
    assert len(gateway.bodies) == 1
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(1, 1)]
    assert [type(failure.error) for failure in courier.failures] == [RequesterDetached]
    assert "error-rest-not-sent" in str(harness.rows("SELECT error FROM jobs"))


async def test_a_refusal_after_the_press_is_a_cancelled_job(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nothing failed: the other gateway would have been asked."""
    gateway.gate.clear()
    gateway.replies.append(ErrorReply(429, "rate_limit_exceeded"))
    table = tmp_path / "gateways.toml"
    table.write_text(
        "\n".join(
            f'[gateways.{name}]\nbase_url = "{gateway.url}"\nmodels = ["dall-e-3"]'
            for name in ("one", "two")
        )
    )
    key = GatewayKey(api_key=SecretStr(KEY))
    changes = {"gateways_file": table, "image_api_url": "", "gateways": {"one": key, "two": key}}
    async with process(tmp_path, gateway, **changes) as harness:
        job = await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.services.cancellation.cancel(job.id, ADA, moderates=False)
        gateway.gate.set()
        await harness.services.job_service.drained()
    assert len(gateway.bodies) == 1
    assert harness.rows("SELECT state FROM jobs") == [("cancelled",)]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(0, 0)]


async def test_what_a_gateway_left_out_is_not_called_stopped(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One request asked for all four and brought one: nothing was held back."""
    gateway.gate.clear()
    gateway.replies.append(FewerPictures())
    async with process(tmp_path, gateway, **at_once(tmp_path, gateway, 4)) as harness:
        job = await harness.submit(RecordingCourier(), n=4)
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.services.cancellation.cancel(job.id, ADA, moderates=False)
        gateway.gate.set()
        await harness.services.job_service.drained()
    assert "error-pictures-missing" in str(harness.rows("SELECT error FROM jobs"))


@dataclass
class LockingGate(SendGate):
    """A gate at whose closing another program locks the database."""

    lock: ExitStack
    harness: ServiceHarness

    def __post_init__(self) -> None:
        super().__init__()

    def close(self) -> None:
        """Lock it, until the test ends."""
        super().close()
        self.harness.services.database.waits = DatabaseWaits(answer_s=0.05)
        self.lock.enter_context(locked(self.harness.folder / "easel.db"))


async def test_a_lock_after_the_press_does_not_say_that_nothing_changed(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """What waited was stopped for good before the database stalled: the card says so."""
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        job = await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        services, courier = harness.services, RecordingCourier()
        cancellation = Cancellation(
            database=services.database,
            ledger=services.ledger,
            repository=JobRepository(owner="another", now=Clock().now),
            queue=services.queue,
            requests=StopRequests(LocalNotifications()),
            owner="another",
        )
        with ExitStack() as lock:
            gate = LockingGate(lock, harness)
            ticket = Ticket(server_id=10, user_id=1, model="m")
            with cancellation.tracked(job, DetachableCourier(courier), ticket, gate):
                await cancellation.cancel(job.id, ADA, moderates=False)
        gateway.gate.set()
        await services.job_service.drained()
    assert gate.is_closed
    assert [type(failure.error) for failure in courier.failures] == [RequesterDetached]
