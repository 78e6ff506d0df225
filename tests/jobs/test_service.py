"""The job service: what must hold whatever a courier, a gateway or the clock does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from bot.core.clock import Clock
from bot.core.errors.jobs import (
    CardNotSent,
    NeitherPostedNorKept,
    NotDelivered,
    PicturesKept,
    PicturesMissing,
    ShuttingDown,
)
from bot.core.errors.quotas import QuotaSpent
from bot.core.models import CardAddress, Job, JobState
from bot.jobs.recovery import UnreportedFailure
from bot.services import open_services
from tests.cogs.scripted_gateway import ClosedConnection, ScriptedGateway
from tests.database.engines import connected, sqlite_only
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings


@pytest.fixture
async def harness(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[ServiceHarness]:
    async with open_services(settings(tmp_path, gateway), Clock()) as services:
        yield ServiceHarness(services, tmp_path)


async def test_twenty_requests_at_once_against_five_credits_grant_exactly_five(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """The race that every check-then-record quota loses."""
    courier = RecordingCourier()
    asked = await asyncio.gather(
        *(harness.submit(courier) for _ in range(20)), return_exceptions=True
    )
    await harness.services.job_service.drained()
    assert sum(isinstance(answer, Job) for answer in asked) == 5
    assert sum(isinstance(answer, QuotaSpent) for answer in asked) == 15
    assert len(courier.results) == len(gateway.bodies) == 5
    assert harness.rows("SELECT SUM(credits) FROM charges") == [(5,)]


async def test_what_is_sent_is_written_before(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """A crash while the gateway paints finds the attempt in the database."""
    gateway.gate.clear()
    await harness.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    assert harness.rows("SELECT slot, number, state, billed FROM attempts") == [
        (0, 1, "sending", "maybe")
    ]
    assert harness.rows("SELECT state FROM jobs") == [("working",)]
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert harness.rows("SELECT state, billed FROM attempts") == [("received", "yes")]


async def test_a_refused_placing_leaves_nothing_behind(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Nobody saw the job: no request, no hold, no place in the queue."""
    for _ in range(8):
        with pytest.raises(CardNotSent):
            await harness.submit(RecordingCourier(fails="place"))
    assert gateway.bodies == []
    assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]
    assert harness.rows("SELECT DISTINCT state FROM jobs") == [("cancelled",)]
    await harness.submit(courier := RecordingCourier(), n=5)
    await harness.services.job_service.drained()
    assert len(courier.results[0].pictures) == 5


async def test_a_request_cancelled_anywhere_holds_nothing_that_nobody_works_on(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Credits must not stay held, nor a place in the queue taken, until the next restart."""
    async with open_services(settings(tmp_path, gateway, default_quota=()), Clock()) as services:
        harness = ServiceHarness(services, tmp_path)
        for steps in range(30):
            asked = asyncio.create_task(harness.submit(RecordingCourier()))
            for _ in range(steps):
                await asyncio.to_thread(int)  # about as long as a step of the database
            asked.cancel()
            await asyncio.wait([asked])
            await services.job_service.drained()
        # A hold whose COMMIT came after its request had been cancelled is undone a moment later.
        ends = "SELECT jobs.state, charges.state FROM jobs JOIN charges ON job_id = id"
        settled = {("cancelled", "settled"), ("done", "settled")}
        async with asyncio.timeout(60):
            while not set(harness.rows(ends)) <= settled:  # noqa: ASYNC110 - another task's work
                await asyncio.sleep(0.005)


@sqlite_only("the trigger is written for SQLite")
async def test_a_defect_in_one_slot_waits_for_the_requests_of_the_others(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """What the others bring is delivered: one slot's defect must not lose it."""
    with connected(harness.folder) as database:
        database.execute(
            "CREATE TRIGGER defect BEFORE INSERT ON attempts WHEN NEW.slot = 1"
            " BEGIN SELECT RAISE(ABORT, 'a defect'); END"
        )
    gateway.gate.clear()
    await harness.submit(courier := RecordingCourier(), n=3)
    async with asyncio.timeout(60):
        while len(gateway.bodies) < 2:  # noqa: ASYNC110 - another program's view
            await asyncio.sleep(0.005)
    gateway.gate.set()
    await harness.services.job_service.drained()
    (result,) = courier.results
    assert (len(result.pictures), result.charged) == (2, 2)
    assert isinstance(result.shortfall, PicturesMissing)
    assert harness.rows("SELECT slot, state FROM attempts") == [
        (0, "received"),
        (2, "received"),
    ]
    assert harness.rows("SELECT billed, pictures FROM costs") == [("yes", 1), ("yes", 1)]
    assert harness.rows("SELECT state, credits, operator_credits FROM charges") == [
        ("settled", 2, 2)
    ]


@pytest.mark.parametrize("error", [NotDelivered(), KeyError("retry_after"), OSError(28, "full")])
async def test_what_is_kept_after_a_failed_delivery_is_charged_and_said(
    harness: ServiceHarness, error: Exception
) -> None:
    """Whatever is raised, /history has the pictures: the person pays for them and is told."""
    courier = RecordingCourier(fails="deliver", error=error)
    await harness.submit(courier, n=2)
    await harness.services.job_service.drained()
    assert [(type(f.error), f.state, f.charged) for f in courier.failures] == [
        (PicturesKept, JobState.DONE, 2)
    ]
    assert harness.rows("SELECT state, told FROM jobs") == [("done", 1)]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(2, 2)]
    (past,) = await harness.services.retention.recent_jobs(ADA.user_id, most=9)
    assert past.pictures == 2


async def test_what_a_courier_posted_nowhere_is_told_where_it_is(harness: ServiceHarness) -> None:
    """It was charged while the card said Painting for ever."""
    await harness.submit(courier := RecordingCourier(loses=frozenset({1, 2})), n=2)
    await harness.services.job_service.drained()
    ((failure, shown),) = [(failure.error, failure.kept) for failure in courier.failures]
    assert isinstance(failure, PicturesKept)
    assert shown is not None
    assert len(shown.pictures) == 2
    assert harness.rows("SELECT state, told FROM jobs") == [("done", 1)]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(2, 2)]


async def test_what_is_neither_posted_nor_kept_costs_the_person_nothing(
    harness: ServiceHarness,
) -> None:
    """The disk of this bot lost it: the operator paid, and nothing counts for the person."""
    (harness.folder / "vault").write_text("a file where a folder should be")
    courier = RecordingCourier(fails="deliver")
    await harness.submit(courier, n=2)
    await harness.services.job_service.drained()
    assert [type(failure.error) for failure in courier.failures] == [NotDelivered]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(0, 2, 0)]
    assert harness.rows("SELECT SUM(pictures) FROM costs") == [(2,)]


@pytest.mark.parametrize("kept", [False, True])
async def test_what_the_courier_could_not_post_is_charged_only_if_it_is_kept(
    harness: ServiceHarness, kept: bool
) -> None:
    """Two of three are posted: the third is paid for by nobody who cannot get it."""
    if not kept:
        (harness.folder / "vault").write_text("a file where a folder should be")
    await harness.submit(RecordingCourier(loses=frozenset({2})), n=3)
    await harness.services.job_service.drained()
    # Nothing could not be downloaded or read: the card says that one is left out.
    assert harness.rows("SELECT state, told, error FROM jobs") == [("done", 1, None)]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [
        (3 if kept else 2, 3, 0)
    ]


async def test_what_is_posted_nowhere_and_not_kept_is_said(harness: ServiceHarness) -> None:
    """A courier that raises nothing and posts nothing has delivered nothing."""
    (harness.folder / "vault").write_text("a file where a folder should be")
    await harness.submit(courier := RecordingCourier(loses=frozenset({1, 2})), n=2)
    await harness.services.job_service.drained()
    assert [type(failure.error) for failure in courier.failures] == [NeitherPostedNorKept]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(0, 2)]


async def test_whoever_stopped_waiting_does_not_pay_for_what_is_not_kept(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Nothing is posted then, and the disk had no room for the history."""
    (harness.folder / "vault").write_text("a file where a folder should be")
    gateway.gate.clear()
    job = await harness.submit(RecordingCourier())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    await harness.services.cancellation.cancel(job.id, ADA, moderates=False)
    gateway.gate.set()
    await harness.services.job_service.drained()
    assert harness.rows("SELECT state FROM jobs") == [("failed",)]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(0, 1, 0)]


async def test_a_courier_that_cannot_show_progress_still_delivers(harness: ServiceHarness) -> None:
    """A defect in a kindness must not cost a picture."""
    courier = RecordingCourier(fails="update")
    await harness.submit(courier)
    await harness.services.job_service.drained()
    assert len(courier.results) == 1


async def test_a_defect_of_ours_releases_and_frees_the_slot(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """A bug costs nobody anything and blocks nobody."""
    (harness.folder / "jobs").write_text("a file where a folder should be")
    courier = RecordingCourier()
    for _ in range(9):
        await harness.submit(courier)
        await harness.services.job_service.drained()
    assert gateway.bodies == []
    assert len(courier.failures) == 9
    assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]
    (harness.folder / "jobs").unlink()
    await harness.submit(courier)
    await harness.services.job_service.drained()
    assert courier.results


async def test_the_card_tells_what_is_left_after_this_job(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Credits used and left are right even when a part fails."""
    gateway.replies.append(ClosedConnection())
    courier = RecordingCourier()
    await harness.submit(courier, n=3)
    await harness.services.job_service.drained()
    (result,) = courier.results
    assert (len(result.pictures), result.charged) == (2, 2)
    assert result.remaining is not None
    assert (result.remaining.credits, result.remaining.limit) == (3, 5)


async def test_what_costs_nothing_may_be_in_doubt_as_well(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """The operator may have paid for it: the database must not say that it surely failed."""
    harness.services.server_costs.cache.set(ADA.server_id, "dall-e-3", None, 0)
    gateway.replies.append(ClosedConnection())
    await harness.submit(RecordingCourier())
    await harness.services.job_service.drained()
    assert harness.rows("SELECT state, credits FROM jobs") == [("unknown", 0)]
    assert harness.rows("SELECT billed FROM costs") == [("maybe",)]


async def test_what_a_gateway_does_is_logged_with_the_job(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """The operator finds the request of a complaint, also with several at once."""
    gateway.replies += [ClosedConnection(), ClosedConnection()]
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as logs:
        jobs = [await harness.submit(RecordingCourier()) for _ in range(2)]
        await harness.services.job_service.drained()
    told = [entry["job"] for entry in logs if entry["event"].startswith("gateway.")]
    assert sorted(told) == sorted(job.id for job in jobs)


async def test_a_persons_usage_is_their_own(harness: ServiceHarness) -> None:
    """Ben is not charged for Ada's evening."""
    await harness.submit(RecordingCourier(), n=5)
    await harness.submit(courier := RecordingCourier(), BEN, n=5)
    with pytest.raises(QuotaSpent):
        await harness.submit(RecordingCourier())
    await harness.services.job_service.drained()
    assert len(courier.results) == 1


async def test_closing_lets_jobs_finish_and_takes_no_new_ones(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """An update of the bot loses no picture that is nearly there."""
    gateway.gate.clear()
    await harness.submit(courier := RecordingCourier())
    closing = asyncio.create_task(harness.services.job_service.close(grace_s=5))
    await asyncio.sleep(0)
    with pytest.raises(ShuttingDown):
        await harness.submit(RecordingCourier())
    gateway.gate.set()
    await closing
    assert len(courier.results) == 1


async def test_what_does_not_finish_in_time_is_left_to_the_next_start(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The next start, not this one, says how the job ended; nothing is sent twice."""
    gateway.gate.clear()
    async with open_services(settings(tmp_path, gateway), Clock()) as services:
        harness = ServiceHarness(services, tmp_path)
        await harness.submit(courier := RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await services.job_service.close(grace_s=0)
    assert (courier.results, courier.failures) == ([], [])
    assert harness.rows("SELECT state FROM jobs") == [("working",)]
    async with open_services(settings(tmp_path, gateway), Clock()) as services:
        (unreported,) = await services.recovery.take_over()
        assert await services.recovery.take_over() == []
    assert isinstance(unreported, UnreportedFailure)
    assert (unreported.card.token, unreported.failure.charged) == ("t", 0)
    assert harness.rows("SELECT state FROM jobs") == [("unknown",)]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(0, 1)]
    assert len(gateway.bodies) == 1


@dataclass
class DecoratingCourier(RecordingCourier):
    """A courier whose reaction under a result waits, as Discord's rate limit makes it wait."""

    is_decorating: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Take time."""
        self.is_decorating.set()
        await self.goes_on.wait()


async def test_a_job_ends_when_its_pictures_are_posted(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Neither its end nor the next job waits until Discord accepts the bot's own reaction."""
    one_at_a_time = settings(tmp_path, gateway, max_concurrent_jobs=1)
    async with open_services(one_at_a_time, Clock()) as services:
        harness = ServiceHarness(services, tmp_path)
        first, second = DecoratingCourier(), DecoratingCourier()
        for courier in (first, second):
            job = await harness.submit(courier)
            await asyncio.wait_for(courier.is_decorating.wait(), 60)
            await asyncio.wait_for(services.job_service.wait_for_end(job.id), 60)
        assert harness.rows("SELECT state FROM jobs") == [("done",), ("done",)]
        assert harness.rows("SELECT state, credits FROM charges") == [("settled", 1)] * 2
        first.goes_on.set()
        second.goes_on.set()


async def test_who_waits_for_the_end_of_a_job_waits_for_its_delivery(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """A reaction to a picture that is just visible counts once the job has ended."""
    gateway.gate.clear()
    job = await harness.submit(RecordingCourier())
    waiting = asyncio.ensure_future(harness.services.job_service.wait_for_end(job.id))
    await asyncio.wait_for(gateway.asked.wait(), 60)
    assert not waiting.done()
    gateway.gate.set()
    await asyncio.wait_for(waiting, 60)
    assert harness.rows("SELECT state FROM jobs") == [("done",)]
    await asyncio.wait_for(harness.services.job_service.wait_for_end("unknown"), 60)


async def test_a_defect_after_the_delivery_changes_nothing(harness: ServiceHarness) -> None:
    """The pictures are posted and charged; only the log tells of it."""
    with structlog.testing.capture_logs() as logs:
        await harness.submit(courier := RecordingCourier("after_delivery"))
        await harness.services.job_service.drained()
    assert "job.after_delivery_failed" in {entry["event"] for entry in logs}
    assert courier.failures == []
    assert harness.rows("SELECT state FROM jobs") == [("done",)]
