"""Stop waiting: nothing is sent while the card says that nothing will be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.models import Job
from bot.jobs.cancellation import NothingToCancel, RequesterDetached
from bot.jobs.courier import JobFailure
from bot.services import open_services
from bot.settings import GatewayKey
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness, settings
from tests.jobs.test_cancellation import until


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
        cancelling = harness.services.cancellation.cancel(job.id, ADA, moderates=False)
        if can_tell:
            await cancelling
        else:
            with pytest.raises(NothingToCancel):
                await cancelling
        await harness.services.job_service.drained()
    assert len(gateway.bodies) == 1
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(1, 1)]
    assert [type(failure.error) for failure in courier.failures] == [RequesterDetached]
    assert "error-rest-not-sent" in str(harness.rows("SELECT error FROM jobs"))
