"""Starts after a crash in every state of a job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.errors.jobs import InterruptedInDoubt
from bot.core.models import ImageOptions, Job
from bot.images.references import Attachments, FetchAttachment, Upload
from bot.jobs.courier import DeliveryReport, JobFailure, JobResult
from bot.jobs.recovery import CancelledByOperator, ResumableJob, UnreportedFailure, WaitedTooLong
from bot.services import open_services
from tests.cogs.scripted_gateway import (
    ClosedConnection,
    ErrorReply,
    ScriptedGateway,
    TaskReply,
    UrlReply,
)
from tests.database.engines import IS_POSTGRESQL, sqlite_only
from tests.images.test_content_store import mask_bytes, picture_bytes
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings
from tests.waiting import quick_clock, until


@asynccontextmanager
async def process(
    folder: Path, gateway: ScriptedGateway, **changes: object
) -> AsyncIterator[ServiceHarness]:
    """Run one process on the folder; it leaves whatever still runs to the next start."""
    clock = quick_clock()
    async with open_services(settings(folder, gateway, **changes), clock) as services:
        yield ServiceHarness(services, folder)


async def fetch_gone(_url: str) -> bytes:
    """Tell, as Discord does, that an attachment is kept no longer."""
    raise OSError


async def recover(
    harness: ServiceHarness,
    courier: RecordingCourier,
    read: FetchAttachment = fetch_gone,
    *,
    waits: bool = True,
) -> list[UnreportedFailure | ResumableJob]:
    """Let a new process take everything over, and ``waits`` until that is finished."""
    taken = await harness.services.recovery.take_over()
    await harness.services.recovery.resume(taken, lambda _job, _card: courier, read)
    if waits:
        await harness.services.job_service.drained()
    return taken


async def leave_task(folder: Path, gateway: ScriptedGateway) -> ServiceHarness:
    """Let a process end while the gateway works on a task for one of its jobs."""
    gateway.replies.append(TaskReply())
    gateway.gate.clear()
    async with process(folder, gateway) as harness:
        await harness.submit(RecordingCourier())
        await until(lambda: gateway.polls > 0)
    return harness


async def test_a_task_is_polled_on_without_a_new_request(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The gateway works on, whatever happens to us; the picture is paid once and delivered."""
    harness = await leave_task(tmp_path, gateway)
    assert harness.rows("SELECT state, task_id FROM attempts") == [("task", "task-1")]
    gateway.gate.set()
    async with process(tmp_path, gateway) as harness:
        (taken,) = await recover(harness, courier := RecordingCourier())
    assert isinstance(taken, ResumableJob)
    assert len(gateway.bodies) == 1
    assert [len(result.pictures) for result in courier.results] == [1]
    assert harness.rows("SELECT state FROM jobs") == [("done",)]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(1, 1)]
    assert harness.rows("SELECT billed, pictures FROM costs") == [("yes", 1)]


async def test_an_answer_is_downloaded_again(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """The addresses were written before the first download."""
    gateway.replies.append(UrlReply())
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await until(lambda: gateway.downloads > 0)
    assert harness.rows("SELECT state FROM attempts") == [("answered",)]
    gateway.gate.set()
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
    assert len(courier.results) == 1
    assert len(gateway.bodies) == 1
    assert harness.rows("SELECT state FROM jobs") == [("done",)]


@dataclass
class HangingCourier(RecordingCourier):
    """A courier whose delivery never ends."""

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Hang, as a Discord that does not answer."""
        await asyncio.Event().wait()
        return DeliveryReport()


async def test_pictures_that_were_received_are_delivered(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """They are files already: nothing is asked of the gateway again."""
    async with process(tmp_path, gateway) as harness:
        await harness.submit(HangingCourier(), n=2)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
    (result,) = courier.results
    assert [(p.format, p.width, p.height) for p in result.pictures] == [("png", 1024, 1024)] * 2
    assert len(gateway.bodies) == 2
    assert harness.rows("SELECT credits FROM charges") == [(2,)]
    assert not (tmp_path / "jobs").exists() or list((tmp_path / "jobs").iterdir()) == []


async def test_of_several_slots_what_is_there_is_delivered(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One slot has its picture, the other's connection hung: one is charged, one is in doubt."""
    gateway.replies.append(UrlReply())
    async with process(tmp_path, gateway) as harness:
        gateway.gate.clear()
        await harness.submit(RecordingCourier(), n=2)
        await until(lambda: gateway.downloads > 0 and len(gateway.bodies) == 2)
    gateway.gate.set()
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
    (result,) = courier.results
    assert (len(result.pictures), result.asked, result.charged) == (1, 2, 1)
    assert len(gateway.bodies) == 2
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(1, 2, 0)]


async def test_a_gateway_that_is_configured_no_more_ends_the_job_in_doubt(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator changed the gateways in between; nobody else can know the task."""
    await leave_task(tmp_path, gateway)
    file = tmp_path / "gateways.toml"
    file.write_text(f'[gateways.other]\nbase_url = "{gateway.url}"\nmodels = ["dall-e-3"]\n')
    changes = {"gateways_file": file, "image_api_url": ""}
    async with process(tmp_path, gateway, **changes) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [failure.error.message_id for failure in courier.failures] == ["error-gateway-task-lost"]
    assert harness.rows("SELECT state FROM jobs") == [("unknown",)]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(0, 1, 0)]


async def test_a_request_that_was_only_sent_is_never_sent_again(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nobody knows what became of it, but it was the bot that died: nothing counts for Ada."""
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
    async with process(tmp_path, gateway) as harness:
        (taken,) = await recover(harness, courier := RecordingCourier())
    assert isinstance(taken, UnreportedFailure)
    assert [type(failure.error) for failure in courier.failures] == [InterruptedInDoubt]
    assert (len(gateway.bodies), harness.rows("SELECT told FROM jobs")) == (1, [(1,)])
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(0, 1, 0)]


async def test_a_doubt_before_the_death_stays_a_doubt(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A lost connection and a restart are not counted twice."""
    gateway.replies.extend([ClosedConnection(), UrlReply()])
    async with process(tmp_path, gateway) as harness:
        gateway.gate.clear()
        await harness.submit(RecordingCourier(), n=2)
        await until(lambda: gateway.downloads > 0)
        await until(lambda: ("unknown",) in harness.rows("SELECT state FROM attempts"))
    gateway.gate.set()
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
    assert len(courier.results) == 1
    assert harness.rows("SELECT billed, pictures FROM costs ORDER BY billed") == [
        ("maybe", 0),
        ("yes", 1),
    ]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(1, 2, 1)]


# --- jobs whose request was never sent --------------------------------------------------------


@dataclass
class Attachment:
    """A picture at Discord, which hangs while the first process lives."""

    data: bytes
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    urls: list[str] = field(default_factory=list)

    async def hang(self) -> bytes:
        """Never answer."""
        self.asked.set()
        await asyncio.Event().wait()
        return b""

    async def read(self, url: str) -> bytes:
        """Answer, as Discord does for a while."""
        self.urls.append(url)
        return self.data

    def attached(self, *, mask: bool = False) -> Attachments:
        """Return two of it, and a third as a mask."""
        uploads = [Upload(1, self.hang, f"https://cdn.example/{name}") for name in "abm"]
        return Attachments(tuple(uploads[:2]), uploads[2] if mask else None)


async def submit_with(harness: ServiceHarness, attached: Attachments) -> Job:
    """Submit a request with attachments."""
    request = harness.services.catalogue.build_request(
        ImageOptions(prompt="a fox", n=1), references=len(attached.pictures)
    )
    return await harness.services.job_service.submit(
        request, ADA, RecordingCourier(), attached=attached
    )


MODEL_WITH_REFERENCES = {"image_models": ("gpt-image-2",)}


async def test_waiting_jobs_are_painted_oldest_first_within_the_limits(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nobody has to ask again, and a start with many jobs is no flood."""
    gateway.gate.clear()
    limits = {"max_concurrent_jobs": 1, "default_quota": ()}
    async with process(tmp_path, gateway, **limits) as harness:
        jobs = [await harness.submit(RecordingCourier(), n=n) for n in (1, 2, 3, 4)]
        await asyncio.wait_for(gateway.asked.wait(), 60)
    async with process(tmp_path, gateway, **limits) as harness:
        taken = await harness.services.recovery.take_over()
        courier = RecordingCourier()
        await harness.services.recovery.resume(taken, lambda _job, _card: courier, fetch_gone)
        await until(lambda: len(gateway.bodies) == 1 + 2)
        gateway.gate.set()
        await harness.services.job_service.drained()
    assert [each.job.id for each in taken] == [job.id for job in jobs]
    made = [len(result.pictures) for result in courier.results]
    # With a server, several read at once, and a later one may ask first.
    assert (sorted(made) if IS_POSTGRESQL else made) == [2, 3, 4]
    assert harness.rows("SELECT state FROM jobs ORDER BY id") == [("unknown",)] + [("done",)] * 3
    assert harness.rows("SELECT SUM(credits) FROM charges") == [(9,)]


async def test_a_job_that_waited_for_too_long_is_given_back(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A picture that nobody expects any more is not paid for; the card says why."""
    gateway.gate.clear()
    async with process(tmp_path, gateway, max_concurrent_jobs=1) as harness:
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.submit(RecordingCourier(), BEN)
    async with process(tmp_path, gateway, max_queue_age=0) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [type(failure.error) for failure in courier.failures] == [
        InterruptedInDoubt,
        WaitedTooLong,
    ]
    assert harness.rows("SELECT state FROM jobs ORDER BY id") == [("unknown",), ("cancelled",)]
    assert len(gateway.bodies) == 1


@pytest.mark.parametrize("mask", [False, True])
async def test_references_that_were_not_fetched_are_fetched_again(
    tmp_path: Path, gateway: ScriptedGateway, mask: bool
) -> None:
    """They come in their order, and their URLs are deleted from the database."""
    attachment = Attachment(mask_bytes())
    async with process(tmp_path, gateway, **MODEL_WITH_REFERENCES) as harness:
        await submit_with(harness, attachment.attached(mask=mask))
        await asyncio.wait_for(attachment.asked.wait(), 60)
    assert gateway.bodies == []
    async with process(tmp_path, gateway, **MODEL_WITH_REFERENCES) as harness:
        await recover(harness, courier := RecordingCourier(), attachment.read)
    assert attachment.urls == [f"https://cdn.example/{name}" for name in "abm"[: 2 + mask]]
    assert len(courier.results) == len(gateway.bodies) == 1
    assert harness.rows("SELECT state, attached FROM jobs") == [("done", None)]


async def test_references_that_are_gone_end_the_job_with_a_sentence(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A request is never painted without the pictures that belong to it."""
    attachment = Attachment(picture_bytes("png"))
    async with process(tmp_path, gateway, **MODEL_WITH_REFERENCES) as harness:
        await submit_with(harness, attachment.attached())
        await asyncio.wait_for(attachment.asked.wait(), 60)
    async with process(tmp_path, gateway, **MODEL_WITH_REFERENCES) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [failure.error.message_id for failure in courier.failures] == ["error-reference-lost"]
    assert gateway.bodies == []
    assert harness.rows("SELECT state, attached FROM jobs") == [("failed", None)]
    assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]


async def test_a_model_that_went_meanwhile_ends_the_waiting_job_with_a_sentence(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator changed IMAGE_MODELS; the person reads which models there are."""
    attachment = Attachment(picture_bytes("png"))
    async with process(tmp_path, gateway, **MODEL_WITH_REFERENCES) as harness:
        await submit_with(harness, attachment.attached())
        await asyncio.wait_for(attachment.asked.wait(), 60)
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier(), attachment.read)
    assert [failure.error.message_id for failure in courier.failures] == ["error-unknown-model"]
    assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]


# --- what a start clears away, and gives up ---------------------------------------------------


@sqlite_only("locks are files there only")
async def test_what_a_killed_process_left_behind_is_cleared_away(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Disks do not fill up with pictures of ended jobs, nor with locks of dead processes."""
    for left in ("jobs/an-ended-job/slot-0-1.png", "run/0123.lock", "vault/ab/0123.part"):
        (tmp_path / left).parent.mkdir(parents=True)
        (tmp_path / left).write_bytes(b"x")
    async with process(tmp_path, gateway), process(tmp_path, gateway) as harness:
        await harness.services.recovery.take_over()
        assert list((tmp_path / "vault").rglob("*.part"))  # the other process may write it
    async with process(tmp_path, gateway) as harness:
        assert await harness.services.recovery.take_over() == []
        assert list((tmp_path / "jobs").iterdir()) == []
        assert list((tmp_path / "vault").rglob("*.part")) == []
        assert len(list((tmp_path / "run").iterdir())) == 1
    assert list((tmp_path / "run").iterdir()) == []


@dataclass
class UnreachableCourier(RecordingCourier):
    """A courier whose card is gone for good."""

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Count the tries."""
        await super().end(job, failure)
        return False


async def test_a_card_that_cannot_be_told_is_left_in_peace_after_three_failures(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A deleted channel does not cost a request to Discord at every start for ever."""
    courier = UnreachableCourier()
    gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    async with process(tmp_path, gateway) as harness:
        await harness.submit(courier)
        await harness.services.job_service.drained()
    for _ in range(5):
        async with process(tmp_path, gateway) as harness:
            await recover(harness, courier)
    assert len(courier.failures) == 3
    assert {failure.error.message_id for failure in courier.failures} == {
        "error-gateway-moderation"
    }


async def test_a_job_that_another_process_cancelled_is_not_painted(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator's ``jobs cancel`` beside a running bot: its card says so in the end."""
    gateway.gate.clear()
    async with process(tmp_path, gateway, max_concurrent_jobs=1) as harness:
        await harness.submit(first := RecordingCourier())
        job = await harness.submit(waiting := RecordingCourier(), BEN)
        await asyncio.wait_for(gateway.asked.wait(), 60)
        async with process(tmp_path, gateway) as other:
            assert await other.services.cancellation.cancel_unsent(job, CancelledByOperator())
            assert not await other.services.cancellation.cancel_unsent(job, CancelledByOperator())
        gateway.gate.set()
        await harness.services.job_service.drained()
    assert (len(first.results), waiting.results) == (1, [])
    assert [failure.error.message_id for failure in waiting.failures] == [
        "error-cancelled-by-operator"
    ]
    ended = harness.rows("SELECT state, told FROM jobs ORDER BY id")
    assert ended == [("done", 1), ("cancelled", 1)]
    assert harness.rows("SELECT SUM(credits) FROM charges") == [(1,)]
