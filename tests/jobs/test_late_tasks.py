"""Tasks that outlive their budget: what comes late is kept, told once, and booked."""

import asyncio
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import PicturesLate
from bot.core.models import OPERATOR, Job, Requester
from bot.jobs.courier import JobFailure
from bot.jobs.recovery import OpenCourier
from bot.jobs.repository.late_attempts import claim_look, due_attempts
from bot.jobs.repository.repository import JobRepository
from bot.services import open_services
from tests.cogs.scripted_gateway import ScriptedGateway, TaskReply
from tests.database.engines import IS_POSTGRESQL, connected
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings
from tests.jobs.test_billing import DEAR, two_gateways
from tests.jobs.test_recovery import recover
from tests.waiting import until

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
SHORTEST_PAUSE_MS = 4 * MINUTE_MS
CHARGES = "SELECT credits, operator_credits, forgiven FROM charges"


@dataclass
class QuickTime:
    """A clock whose pauses take no time here and minutes there: few polls use up a budget."""

    ms: int = 1_700_000_000_000

    def now(self) -> int:
        """Return the time."""
        return self.ms

    async def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.ms += max(math.ceil(seconds * 1000), SHORTEST_PAUSE_MS)
        await asyncio.sleep(0)


@asynccontextmanager
async def process(
    folder: Path, gateway: ScriptedGateway, time: QuickTime, **changes: object
) -> AsyncIterator[ServiceHarness]:
    """Run one process on the folder."""
    clock = Clock(time.now, time.sleep)
    async with open_services(settings(folder, gateway, **changes), clock) as services:
        yield ServiceHarness(services, folder)


async def known(requester: Requester) -> Requester:
    """Return a person as Discord knows them."""
    return requester


async def unknown(_: Requester) -> None:
    """Return nobody, as where Discord does not answer."""


def opening(courier: RecordingCourier) -> OpenCourier:
    """Return what opens this courier for every card."""
    return lambda _job, _card: courier


async def unfinished_job(harness: ServiceHarness, gateway: ScriptedGateway) -> None:
    """Submit a job whose task outlives its budget."""
    gateway.replies.append(TaskReply())
    gateway.gate.clear()
    await harness.submit(courier := RecordingCourier())
    await harness.services.job_service.drained()
    (failure,) = courier.failures
    assert isinstance(failure.error, GatewayFailure)
    assert failure.error.kind is GatewayErrorKind.TASK_UNFINISHED
    assert harness.rows(CHARGES) == [(0, 1, 1)]


async def test_of_two_processes_one_looks_at_a_task(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A gateway is asked once for what every process finds in the database."""
    time = QuickTime()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        database, later = harness.services.database, time.ms + HOUR_MS
        (late,) = await database.read(due_attempts, later)
        assert await database.write(claim_look, late, later + HOUR_MS)
        assert not await database.write(claim_look, late, later + HOUR_MS)
        assert await database.read(due_attempts, later) == []
        gateway.gate.set()


async def test_what_comes_late_is_kept_told_once_and_charged(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The person was told that it may still come; it is paid for once, and asked for once."""
    time, courier = QuickTime(), RecordingCourier()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        look = harness.services.late_tasks.look
        await look(opening(courier), known)
        assert courier.failures == []
        gateway.gate.set()
        for _ in range(3):
            time.ms += HOUR_MS
            await look(opening(courier), known)
        (past,) = await harness.services.retention.recent_jobs(ADA.user_id, most=9)
    (told,) = courier.failures
    assert isinstance(told.error, PicturesLate)
    assert (told.error.count, told.error.credits) == (1, 1)
    assert (past.pictures, harness.rows("SELECT state, told FROM jobs")) == (1, [("done", 1)])
    assert harness.rows(CHARGES) == [(1, 1, 0)]
    assert harness.rows("SELECT billed, pictures FROM costs") == [("yes", 1)]
    found = harness.rows("SELECT subject, credits FROM meters WHERE subject NOT LIKE 'budget%'")
    # A server spreads a total over sixteen rows, operator:0 and so on.
    meters = {re.sub("^operator:.*", "operator", subject): credits for subject, credits in found}
    assert meters == {"user:10:1": 1, "server:10": 1, "ceiling:10": 1, "operator": 1}
    assert len(gateway.bodies) == 1


async def test_a_late_picture_never_exceeds_a_limit(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Whoever has spent the day's credits meanwhile gets it for nothing, as it is there."""
    time, courier = QuickTime(), RecordingCourier()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        gateway.gate.set()
        await harness.submit(RecordingCourier(), n=5)
        await harness.services.job_service.drained()
        time.ms += MINUTE_MS
        await harness.services.late_tasks.look(opening(courier), known)
    assert [failure.charged for failure in courier.failures] == [0]
    assert harness.rows("SELECT SUM(credits), SUM(operator_credits) FROM charges") == [(5, 6)]


async def test_what_comes_late_costs_what_it_cost_when_it_was_asked_for(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator's budget and metrics counted it then; another price now would not match them."""
    time, costs = QuickTime(), "SELECT billed, price FROM costs"
    chosen = two_gateways(tmp_path, gateway)
    async with open_services(chosen, Clock(time.now, time.sleep)) as services:
        harness = ServiceHarness(services, tmp_path)
        await unfinished_job(harness, gateway)
        assert harness.rows(costs) == [("maybe", DEAR)]
    chosen = two_gateways(tmp_path, gateway, dear="price = 0.9")
    async with open_services(chosen, Clock(time.now, time.sleep)) as services:
        harness = ServiceHarness(services, tmp_path)
        gateway.gate.set()
        time.ms += HOUR_MS
        await services.late_tasks.look(opening(RecordingCourier()), known)
        assert harness.rows(costs) == [("yes", DEAR)]
        assert harness.rows("SELECT price FROM charges") == [(DEAR,)]


async def test_nothing_is_charged_where_the_roles_are_not_known(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A role may have a smaller limit."""
    time, courier = QuickTime(), RecordingCourier()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        gateway.gate.set()
        time.ms += MINUTE_MS
        await harness.services.late_tasks.look(opening(courier), unknown)
    assert [failure.charged for failure in courier.failures] == [0]
    assert harness.rows(CHARGES) == [(0, 1, 0)]


async def test_it_is_looked_at_after_a_restart_and_told_by_the_next_start(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A crash after the booking must not leave the requester without a word."""

    class Dies(RecordingCourier):
        async def end(self, job: Job, failure: JobFailure) -> bool:
            raise ConnectionError("the process died")

    time = QuickTime()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
    gateway.gate.set()
    async with process(tmp_path, gateway, time) as harness:
        harness.services.late_tasks.begin(opening(Dies()), known)
        async with harness.services.late_tasks:
            await until(lambda: harness.rows("SELECT state, told FROM jobs") == [("done", 0)])
    async with process(tmp_path, gateway, time) as harness:
        await recover(harness, courier := RecordingCourier())
    (told,) = courier.failures
    assert told.error.message_id == PicturesLate.message_id
    assert harness.rows(CHARGES) == [(1, 1, 0)]
    assert harness.rows("SELECT told FROM jobs") == [(1,)]


async def test_a_late_job_that_another_process_takes_over_ends_no_other_look(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Its process was taken for dead while it told one card: the next late picture still comes."""
    time = QuickTime()
    async with process(tmp_path, gateway, time) as harness:
        database, repository = harness.services.database, harness.services.repository
        other = JobRepository(owner="another", now=time.now)

        class Outrun(RecordingCourier):
            async def end(self, job: Job, failure: JobFailure) -> bool:
                assert await database.write(other.adopt, job.id, owner=repository.owner)
                return await super().end(job, failure)

        await unfinished_job(harness, gateway)
        gateway.replies.append(TaskReply())
        await harness.submit(RecordingCourier(), BEN)
        await harness.services.job_service.drained()
        gateway.gate.set()
        time.ms += HOUR_MS
        courier = Outrun()
        await harness.services.late_tasks.look(opening(courier), known)
    assert [failure.error.message_id for failure in courier.failures] == ["error-pictures-late"] * 2
    assert harness.rows("SELECT owner, told FROM jobs") == [("another", 0)] * 2


async def test_data_that_is_deleted_meanwhile_stays_deleted(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Neither a job nor a picture comes back, and nobody is told."""
    time, courier = QuickTime(), RecordingCourier()
    async with process(tmp_path, gateway, time) as harness:

        async def deleting(requester: Requester) -> Requester:
            await harness.services.deletion.delete(requester.user_id)
            return requester

        await unfinished_job(harness, gateway)
        gateway.gate.set()
        time.ms += MINUTE_MS
        await harness.services.late_tasks.look(opening(courier), deleting)
    assert courier.failures == []
    assert harness.rows("SELECT * FROM jobs") == harness.rows("SELECT * FROM pictures") == []
    assert harness.rows(CHARGES) == [(0, 1, 1)]


async def test_after_a_day_nobody_looks_any_more(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """It is looked at ever more seldom, and not for ever."""
    time = QuickTime()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        polls, ended_at = gateway.polls, time.ms
        harness.services.late_tasks.begin(opening(RecordingCourier()), known)
        async with harness.services.late_tasks:
            await until(lambda: harness.rows("SELECT look_at FROM attempts") == [(None,)])
        assert time.ms - ended_at >= 24 * HOUR_MS
        assert 15 <= gateway.polls - polls <= 30
    assert harness.rows(CHARGES) == [(0, 1, 1)]


async def test_whatever_passes_is_looked_at_again(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """A store that has lost the file for an hour must not lose a picture that was paid for."""
    time, courier = QuickTime(), RecordingCourier()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        gateway.gate.set()
        gateway.url += "/gone"  # the addresses of its files
        time.ms += MINUTE_MS
        await harness.services.late_tasks.look(opening(courier), known)
        assert harness.rows("SELECT COUNT(*) FROM attempts WHERE look_at IS NOT NULL") == [(1,)]
        gateway.url = gateway.url.removesuffix("/gone")
        time.ms += HOUR_MS
        await harness.services.late_tasks.look(opening(courier), known)
    assert len(courier.failures) == 1


async def test_an_unreadable_job_does_not_keep_others_from_being_looked_at(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One broken row would else cost everybody's late pictures."""
    time, courier = QuickTime(), RecordingCourier()
    async with process(tmp_path, gateway, time) as harness:
        await unfinished_job(harness, gateway)
        with connected(tmp_path) as database:
            database.execute("UPDATE jobs SET request = 'no JSON'")
        gateway.replies.append(TaskReply())
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
        gateway.gate.set()
        time.ms += MINUTE_MS
        await harness.services.late_tasks.look(opening(courier), known)
    assert len(courier.failures) == 1


async def test_each_slot_that_comes_late_is_told(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Both are paid for, so both are said; the facts tell them apart."""
    time, courier = QuickTime(), RecordingCourier()
    async with process(tmp_path, gateway, time) as harness:
        gateway.replies.extend([TaskReply()] * 2)
        gateway.gate.clear()
        await harness.submit(RecordingCourier(), n=2)
        await harness.services.job_service.drained()
        gateway.gate.set()
        time.ms += MINUTE_MS
        await harness.services.late_tasks.look(opening(courier), known)
        (past,) = await harness.services.retention.recent_jobs(ADA.user_id, most=9)
    told = [failure.error.facts["slot"] for failure in courier.failures]
    # With a server, both slots are written at the same time.
    assert (sorted(told, key=str) if IS_POSTGRESQL else told) == [0, 1]
    assert past.pictures == 2
    assert harness.rows(CHARGES) == [(2, 2, 0)]


async def test_the_terminal_waits_for_no_late_picture(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Its operator has gone, and no history shows it."""
    time = QuickTime()
    async with process(tmp_path, gateway, time) as harness:
        gateway.replies.append(TaskReply())
        gateway.gate.clear()
        await harness.submit(RecordingCourier(), OPERATOR)
        await harness.services.job_service.drained()
    assert harness.rows("SELECT look_at FROM attempts") == [(None,)]
