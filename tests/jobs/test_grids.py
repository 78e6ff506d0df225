"""Jobs whose gateway makes four pictures as one: one unit is paid, four files are delivered."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.errors.jobs import PicturesLate
from bot.images.content_store import ContentStore
from bot.settings.settings import GatewayKey
from tests.cogs.scripted_gateway import (
    KEY,
    ErrorReply,
    ScriptedGateway,
    TaskReply,
    UrlReply,
)
from tests.images.fake_s3 import fake_s3
from tests.jobs import test_late_tasks as late
from tests.jobs.service_harness import ADA, RecordingCourier
from tests.jobs.test_other_machines import machine
from tests.jobs.test_recovery import HangingCourier, process, recover
from tests.waiting import until

CHARGED = "SELECT credits, operator_credits, forgiven FROM charges"
COSTS = "SELECT billed, pictures, lost FROM costs ORDER BY slot"
KEPT = "SELECT number, grid, slot FROM pictures ORDER BY number"


def grids(folder: Path, gateway: ScriptedGateway) -> dict[str, Any]:
    """Return settings of a gateway whose pictures are grids, one for each request."""
    file = folder / "gateways.toml"
    file.write_text(f"""
[gateways.grids]
base_url = "{gateway.url}"
models = ["dall-e-3"]
[gateways.grids.calls.generate]
body = {{ prompt = "{{prompt}}", model = "{{model}}", size = "64x64", n = "1" }}
gives = "grid"
""")
    keys = {"grids": GatewayKey(api_key=SecretStr(KEY))}
    return {"gateways_file": file, "image_api_url": "", "gateways": keys}


async def test_two_units_are_eight_files(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Held, charged and counted is what was asked for; the files have numbers from 1 to 8."""
    async with process(tmp_path, gateway, **grids(tmp_path, gateway)) as harness:
        job = await harness.submit(courier := RecordingCourier(), n=2)
        await harness.services.job_service.drained()
        (past,) = await harness.services.retention.recent_jobs(ADA.user_id, most=9)
    (result,) = courier.results
    assert job.credits == 2
    assert [each.width for each in result.pictures] == [32] * 8
    assert [each.grid for each in result.pictures] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert (result.asked, result.charged, result.shortfall) == (8, 2, None)
    assert harness.rows(CHARGED) == [(2, 2, 0)]
    assert harness.rows(COSTS) == [("yes", 1, 0), ("yes", 1, 0)]
    assert harness.rows(KEPT) == [(n, (n + 3) // 4, (n - 1) // 4) for n in range(1, 9)]
    assert past.pictures == 8


async def test_a_unit_that_failed_is_four_pictures_less(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The card speaks of pictures, as people see them; the credits are those of one unit."""
    gateway.replies.append(ErrorReply(400, "content_policy_violation"))
    async with process(tmp_path, gateway, **grids(tmp_path, gateway)) as harness:
        await harness.submit(courier := RecordingCourier(), n=2)
        await harness.services.job_service.drained()
    (result,) = courier.results
    assert (len(result.pictures), result.asked, result.charged) == (4, 8, 1)
    assert result.shortfall is not None
    assert harness.rows(CHARGED) == [(1, 1, 0)]


@pytest.mark.parametrize(("lost", "charged"), [({2, 3, 4}, 2), ({5, 6, 7, 8}, 1), ({1, 5}, 2)])
async def test_a_unit_is_charged_if_one_of_its_pictures_can_be_had(
    tmp_path: Path,
    gateway: ScriptedGateway,
    monkeypatch: pytest.MonkeyPatch,
    lost: set[int],
    charged: int,
) -> None:
    """Where nothing is kept, what is posted counts."""
    async with process(tmp_path, gateway, **grids(tmp_path, gateway)) as harness:
        monkeypatch.setattr(ContentStore, "keep_synced_file", _refuse)
        courier = RecordingCourier(loses=frozenset(lost))
        await harness.submit(courier, n=2)
        await harness.services.job_service.drained()
    (result,) = courier.results
    shown = result.with_posted(set(range(1, 9)) - lost)
    assert (result.kept, shown.charged) == (False, charged)
    assert harness.rows(CHARGED) == [(charged, 2, 0)]


async def _refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("n", [1, 2])
async def test_grids_that_a_dead_process_received_are_delivered(
    tmp_path: Path, gateway: ScriptedGateway, n: int
) -> None:
    """They were cut before they were written down as received: it is not asked again."""
    changes = grids(tmp_path, gateway)
    async with process(tmp_path, gateway, **changes) as harness:
        await harness.submit(HangingCourier(), n=n)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    async with process(tmp_path, gateway, **changes) as harness:
        await recover(harness, courier := RecordingCourier())
    (result,) = courier.results
    assert [each.grid for each in result.pictures] == [1, 1, 1, 1, 2, 2, 2, 2][: 4 * n]
    assert len({each.path for each in result.pictures}) == 4 * n
    assert len(gateway.bodies) == n
    assert harness.rows(CHARGED) == [(n, n, 0)]
    assert harness.rows(KEPT) == [(k, (k + 3) // 4, (k - 1) // 4) for k in range(1, 4 * n + 1)]


@pytest.mark.parametrize("reply", [TaskReply(), UrlReply()])
async def test_a_grid_that_was_still_to_come_is_cut_by_the_next_process(
    tmp_path: Path, gateway: ScriptedGateway, reply: TaskReply | UrlReply
) -> None:
    """Killed while the task was polled, or while the address was downloaded."""
    changes = grids(tmp_path, gateway)
    gateway.replies.append(reply)
    gateway.gate.clear()
    async with process(tmp_path, gateway, **changes) as harness:
        await harness.submit(RecordingCourier())
        await until(lambda: gateway.polls + gateway.downloads > 0)
    gateway.gate.set()
    async with process(tmp_path, gateway, **changes) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [len(result.pictures) for result in courier.results] == [4]
    assert len(gateway.bodies) == 1
    assert (harness.rows(CHARGED), harness.rows(COSTS)) == ([(1, 1, 0)], [("yes", 1, 0)])


async def test_grids_of_another_machine_are_delivered(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Only their pictures are in the content store: each goes to its unit again."""
    changes = grids(tmp_path, gateway) | {"image_models": ("dall-e-3",)}
    async with fake_s3() as s3:
        async with machine("one", tmp_path, gateway, s3, **changes) as harness:
            await harness.submit(HangingCourier(), n=2)
            await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
        async with machine("two", tmp_path, gateway, s3, **changes) as harness:
            await recover(harness, courier := RecordingCourier())
    (result,) = courier.results
    assert [each.grid for each in result.pictures] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert len(gateway.bodies) == 2
    assert harness.rows(CHARGED) == [(2, 2, 0)]


async def test_grids_that_two_processes_died_delivering_are_charged_by_the_unit(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """They are in the history, for two credits."""
    changes = grids(tmp_path, gateway)
    async with process(tmp_path, gateway, **changes) as harness:
        await harness.submit(HangingCourier(), n=2)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    async with process(tmp_path, gateway, **changes) as harness:
        await recover(harness, HangingCourier(), waits=False)
        await until(lambda: harness.rows("SELECT deliveries FROM jobs") == [(2,)])
    async with process(tmp_path, gateway, **changes) as harness:
        await recover(harness, courier := RecordingCourier())
    (told,) = courier.failures
    assert (told.error.message_id, told.charged) == ("error-pictures-kept", 2)
    assert harness.rows(CHARGED) == [(2, 2, 0)]


async def test_a_grid_that_comes_late_is_one_unit(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """The person is told of four pictures, and pays for one."""
    time, courier = late.QuickTime(), RecordingCourier()
    async with late.process(tmp_path, gateway, time, **grids(tmp_path, gateway)) as harness:
        await late.unfinished_job(harness, gateway)
        gateway.gate.set()
        time.ms += late.HOUR_MS
        await harness.services.late_tasks.look(late.opening(courier), late.known)
    (told,) = courier.failures
    assert isinstance(told.error, PicturesLate)
    assert (told.error.count, told.error.credits) == (4, 1)
    assert (harness.rows(CHARGED), harness.rows(COSTS)) == ([(1, 1, 0)], [("yes", 1, 0)])
    assert harness.rows(KEPT) == [(1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 0)]
