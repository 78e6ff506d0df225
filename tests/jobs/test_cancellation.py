"""Cancelling and detaching: in any race a job ends once, and its card shows that end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock, await_directly
from bot.core.errors.jobs import NotDelivered
from bot.core.models import OPERATOR, CardAddress, ImageOptions, ImageRequest, Job, JobState
from bot.database.notifications import LocalNotifications
from bot.images.references import Attachments, Upload
from bot.jobs.cancellation import (
    AlreadyCancelled,
    AlreadyDetached,
    Cancellation,
    DetachableCourier,
    JobCancelled,
    NothingToCancel,
    NotYoursToCancel,
    RequesterDetached,
)
from bot.jobs.courier import (
    DeliveryReport,
    JobFailure,
    JobProgress,
    JobResult,
    QueuePosition,
)
from bot.jobs.queue.queue import Queue, QueueLimits
from bot.jobs.repository.repository import JobRepository
from bot.jobs.stop_requests import StopRequests
from bot.services import open_services
from bot.settings.settings import GatewayKey
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings
from tests.waiting import until

JOB = Job("j", ImageRequest("a fox", "m", "auto", 1), OPERATOR, 1, 0)
UNREACHABLE = "http://127.0.0.1:9/v1"
RESULT = JobResult((), 1, 0, 0, None, None)
WORK = JobProgress(0, 0, 1)


@pytest.fixture
async def harness(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[ServiceHarness]:
    """Open services that run one job at a time."""
    changed = settings(tmp_path, gateway, max_concurrent_jobs=1, default_quota=())
    async with open_services(changed, Clock()) as services:
        yield ServiceHarness(services, tmp_path)


@dataclass
class SlowCourier(RecordingCourier):
    """A courier whose every edit waits for the test; ``said`` holds what was shown, in order."""

    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    delivers: asyncio.Event = field(default_factory=asyncio.Event)
    said: list[str] = field(default_factory=list)
    can_end: bool = True

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Take time."""
        self.asked.set()
        await self.goes_on.wait()
        self.said.append("update")

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Take time, and fail if asked to."""
        self.delivers.set()
        await self.goes_on.wait()
        self.said.append("deliver")
        if self.fails == "deliver":
            raise NotDelivered
        return DeliveryReport((CardAddress(1, 2, 3),), frozenset({1}))

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Say so, where the card can."""
        self.said.append(failure.error.message_id)
        return self.can_end


async def test_a_click_at_the_very_moment_of_the_start_is_decided_once(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Either it was cancelled, free and never sent, or it was sent, goes on and is paid."""
    for pause in range(12):
        sent = len(gateway.bodies) + 1  # with the first one
        gateway.gate.clear()
        await harness.submit(first := SlowCourier())
        first.goes_on.set()
        job = await harness.submit(courier := RecordingCourier(), BEN)
        gateway.gate.set()
        await asyncio.wait_for(first.delivers.wait(), 60)  # the next job starts at the same time
        for _ in range(pause * 8):
            await asyncio.to_thread(int)  # about as long as a step of the database
        with suppress(NothingToCancel):
            await harness.services.cancellation.cancel(job.id, BEN, moderates=False)
        await harness.services.job_service.drained()
        ((state, told, credits),) = harness.rows(
            "SELECT jobs.state, told, charges.credits FROM jobs"
            f" JOIN charges ON job_id = id WHERE id = '{job.id}'"
        )
        assert (len(gateway.bodies) - sent, credits) == {"cancelled": (0, 0), "done": (1, 1)}[state]
        assert (told, len(courier.failures) + len(courier.results)) == (1, 1)


async def waiting(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> tuple[Job, RecordingCourier]:
    """Return Ben's job behind Ada's, which the gateway works on."""
    gateway.gate.clear()
    await harness.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    return await harness.submit(courier := RecordingCourier(), BEN), courier


async def test_who_cancels_in_line_does_not_wait_for_a_slot_to_hear_of_it(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Its own task tells the card, so nothing older can follow."""
    job, courier = await waiting(harness, gateway)
    await harness.services.cancellation.cancel(job.id, BEN, moderates=False)
    assert harness.rows(f"SELECT credits FROM charges WHERE job_id = '{job.id}'") == [(0,)]
    await until(lambda: bool(courier.failures))
    assert courier.failures[0].error.message_id == JobCancelled.message_id
    with pytest.raises(AlreadyCancelled):
        await harness.services.cancellation.cancel(job.id, BEN, moderates=False)
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert len(gateway.bodies) == 1


async def test_six_presses_at_once_tell_the_truth(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """One cancels for free; the others must not say that painting had begun and is charged."""
    job, courier = await waiting(harness, gateway)
    cancel = harness.services.cancellation.cancel
    told = await asyncio.gather(
        *(cancel(job.id, BEN, moderates=False) for _ in range(6)), return_exceptions=True
    )
    assert sorted(map(type, told), key=str) == [type(None), *[AlreadyCancelled] * 5]
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert [failure.error.message_id for failure in courier.failures] == [JobCancelled.message_id]
    assert harness.rows(f"SELECT credits FROM charges WHERE job_id = '{job.id}'") == [(0,)]


async def test_who_stopped_waiting_before_is_told_so(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """The second press changes nothing, and says that a picture is kept and charged."""
    gateway.gate.clear()
    job = await harness.submit(courier := RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    cancel = harness.services.cancellation.cancel
    told = await asyncio.gather(
        *(cancel(job.id, ADA, moderates=False) for _ in range(3)), return_exceptions=True
    )
    assert sorted(map(type, told), key=str) == [type(None), *[AlreadyDetached] * 2]
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert len(courier.failures) == 1
    assert harness.rows(
        "SELECT jobs.state, charges.credits FROM jobs JOIN charges ON job_id = id"
    ) == [("done", 1)]
    with pytest.raises(NothingToCancel):
        await cancel(job.id, ADA, moderates=False)


async def test_while_a_gateway_rests_a_job_is_cancelled_for_free(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nothing is out: the credits come back at once, the place is free, and nothing follows."""
    rests, over = asyncio.Event(), asyncio.Event()

    async def sleep(_: float) -> None:
        rests.set()
        await over.wait()

    changed = settings(tmp_path, gateway, max_concurrent_jobs=1, image_api_url=UNREACHABLE)
    async with open_services(changed, Clock(sleep=sleep)) as services:
        harness = ServiceHarness(services, tmp_path)
        job = await harness.submit(courier := RecordingCourier())
        await asyncio.wait_for(rests.wait(), 60)
        await until(lambda: harness.rows("SELECT state FROM attempts") == [("refused",)])
        await services.cancellation.cancel(job.id, ADA, moderates=False)
        await services.job_service.drained()
        with pytest.raises(AlreadyCancelled):
            await services.cancellation.cancel(job.id, ADA, moderates=False)
        over.set()
    assert [failure.error.message_id for failure in courier.failures] == [JobCancelled.message_id]
    assert harness.rows(
        "SELECT jobs.state, charges.credits FROM jobs JOIN charges ON job_id = id"
    ) == [("cancelled", 0)]
    assert len(harness.rows("SELECT * FROM attempts")) == 1


async def test_after_stop_waiting_no_further_request_is_sent(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One of two is out and is paid for; the other waits for the gateway and is never sent."""
    table = tmp_path / "gateways.toml"
    table.write_text(
        f'[gateways.one]\nbase_url = "{gateway.url}"\nmodels = ["dall-e-3"]\nmax_at_once = 1\n'
    )
    changed = settings(
        tmp_path,
        gateway,
        image_api_url="",
        gateways_file=table,
        gateways={"one": GatewayKey(api_key=SecretStr(KEY))},
    )
    gateway.gate.clear()
    async with open_services(changed, Clock()) as services:
        harness = ServiceHarness(services, tmp_path)
        job = await harness.submit(RecordingCourier(), n=2)
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await services.cancellation.cancel(job.id, ADA, moderates=False)
        gateway.gate.set()
        await services.job_service.drained()
    assert len(gateway.bodies) == 1
    assert harness.rows(
        "SELECT jobs.state, charges.credits FROM jobs JOIN charges ON job_id = id"
    ) == [("done", 1)]


async def test_a_job_that_has_ended_sends_nothing_more(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Another process cancelled it between two requests: the database says no."""
    gateway.gate.clear()
    job = await harness.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    repository, write = harness.services.repository, harness.services.database.write
    assert await write(repository.ended, job.id, JobState.CANCELLED)
    assert await write(repository.sending, job.id, 1, gateway="one", pictures=1) is None
    gateway.gate.set()


async def test_only_the_requester_and_moderators_stop_a_job(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """A stranger cannot take another person's picture away."""
    job, courier = await waiting(harness, gateway)
    cancellation = harness.services.cancellation
    with pytest.raises(NotYoursToCancel):
        await cancellation.cancel(job.id, ADA, moderates=False)
    await cancellation.cancel(job.id, ADA, moderates=True)
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert len(courier.failures) == 1


async def test_a_job_that_another_process_cancelled_is_not_sent(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """The database, not this process's memory, says whether a job may begin."""
    job, courier = await waiting(harness, gateway)
    elsewhere = Cancellation(
        database=harness.services.database,
        ledger=harness.services.ledger,
        repository=JobRepository(owner="another", now=Clock().now),
        queue=Queue(
            QueueLimits(
                max_running=1, max_running_per_user=1, max_waiting=1, max_waiting_per_user=1
            ),
            usual_s=lambda _: 1.0,
            now=Clock().now,
            wait=await_directly,
        ),
        requests=StopRequests(LocalNotifications()),
        owner="another",
    )
    await elsewhere.cancel(job.id, BEN, moderates=False)
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert [failure.error.message_id for failure in courier.failures] == [JobCancelled.message_id]
    assert len(gateway.bodies) == 1


async def test_a_job_cancelled_while_its_references_come_says_so_and_nothing_else(
    harness: ServiceHarness,
) -> None:
    """An attachment that is lost afterwards changes nothing any more."""
    fetched = asyncio.Event()

    async def lose() -> bytes:
        await fetched.wait()
        raise OSError("gone")

    order = harness.services.catalogue.build_request(ImageOptions(prompt="a fox", n=1))
    job = await harness.services.job_service.submit(
        order,
        ADA,
        courier := RecordingCourier(),
        attached=Attachments(pictures=(Upload(10, lose),)),
    )
    await harness.services.cancellation.cancel(job.id, ADA, moderates=False)
    assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]
    fetched.set()
    await harness.services.job_service.drained()
    assert [failure.error.message_id for failure in courier.failures] == [JobCancelled.message_id]
    assert harness.rows("SELECT state, told FROM jobs") == [("cancelled", 1)]


async def test_a_strange_id_has_nothing_to_stop(harness: ServiceHarness) -> None:
    """A card of another bot's database, or of a row that was deleted."""
    with pytest.raises(NothingToCancel):
        await harness.services.cancellation.cancel("no-such-job", ADA, moderates=True)


async def test_an_edit_under_way_is_not_the_last_word() -> None:
    """A late "painting" would bring the button back."""
    courier = DetachableCourier(slow := SlowCourier())
    shown = asyncio.create_task(courier.update(JOB, WORK))
    await asyncio.sleep(0)
    parted = asyncio.create_task(courier.detach(JOB))
    await asyncio.sleep(0)
    slow.goes_on.set()
    assert await parted
    await shown
    await courier.update(JOB, WORK)
    assert await courier.deliver(JOB, RESULT) == DeliveryReport()
    assert await courier.end(JOB, JobFailure(NotDelivered()))
    assert slow.said == ["update", RequesterDetached.message_id]
    assert not await courier.detach(JOB)


@pytest.mark.parametrize("fails", ["", "deliver"])
async def test_a_result_under_way_is_not_stopped(fails: str) -> None:
    """The pictures are there: "stopped" over them would hide what was paid."""
    courier = DetachableCourier(slow := SlowCourier(fails=fails))
    delivered = asyncio.create_task(courier.deliver(JOB, RESULT))
    await asyncio.sleep(0)
    assert not await courier.detach(JOB)
    slow.goes_on.set()
    with suppress(NotDelivered):
        await delivered
    assert await courier.end(JOB, JobFailure(NotDelivered()))
    assert slow.said == ["deliver", NotDelivered.message_id]


async def test_a_card_that_cannot_say_so_goes_on_as_if_nobody_had_asked() -> None:
    """Better a picture that nobody waits for than a card that is painting for ever."""
    courier = DetachableCourier(slow := SlowCourier(can_end=False))
    assert not await courier.detach(JOB)
    slow.goes_on.set()
    assert len((await courier.deliver(JOB, RESULT)).messages) == 1


async def test_a_delivery_ahead_of_a_card_that_cannot_say_so_shows_the_pictures() -> None:
    """It was left out, although the card did not say that nobody waits."""
    courier = DetachableCourier(slow := SlowCourier(can_end=False))
    shown = asyncio.create_task(courier.update(JOB, WORK))
    await asyncio.sleep(0)
    delivered = asyncio.create_task(courier.deliver(JOB, RESULT))
    await asyncio.sleep(0)
    parted = asyncio.create_task(courier.detach(JOB))
    await asyncio.sleep(0)
    slow.goes_on.set()
    await shown
    assert len((await delivered).messages) == 1
    assert not await parted


@dataclass
class FailingCourier(SlowCourier):
    """A courier with a defect in what it says last."""

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Fail."""
        raise RuntimeError


async def test_a_defect_while_stopping_hides_no_picture() -> None:
    """The card does not say that nobody waits, so it must show what is paid."""
    courier = DetachableCourier(slow := FailingCourier())
    with pytest.raises(RuntimeError):
        await courier.detach(JOB)
    slow.goes_on.set()
    assert len((await courier.deliver(JOB, RESULT)).messages) == 1
