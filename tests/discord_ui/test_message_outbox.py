"""A job's message is announced with its hold, before Discord is asked, and in time for Discord."""

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.database.outage import DatabaseBusy
from bot.jobs.courier import JobProgress, QueuePosition
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import IS_POSTGRESQL, connected, rows_of
from tests.database.test_outage import commits_wait
from tests.jobs.service_harness import RecordingCourier, ServiceHarness
from tests.jobs.test_database_outage import hurry
from tests.jobs.test_recovery import process
from tests.waiting import until

# Deferred, it runs in the COMMIT of whoever inserts a job.
FUNCTION = """
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END'
"""
TRIGGER = """
CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON jobs
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()
"""
WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND NOT granted"


@asynccontextmanager
async def job_commit_waits(
    harness: ServiceHarness,
) -> AsyncIterator[tuple[Callable[[], bool], Callable[[], None]]]:
    """Stop the COMMIT of a job; yield what tells whether it has begun, and what lets it go."""
    if not IS_POSTGRESQL:
        async with commits_wait(harness.services.database) as (began, may_end):
            yield began.is_set, may_end.set
        return
    with connected(harness.folder) as database:
        database.execute(FUNCTION)
        database.execute(TRIGGER)
    with ExitStack() as held:
        held.enter_context(connected(harness.folder)).execute("SELECT pg_advisory_xact_lock(1)")
        yield lambda: bool(rows_of(harness.folder, WAITING)), held.close


@dataclass
class AnnouncingCourier(RecordingCourier):
    """A courier that announces its card as Discord's does, and notes what was written by then."""

    harness: ServiceHarness | None = None
    written: list[tuple[object, ...]] = field(default_factory=list)

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Announce the card."""
        return AnnouncedCard(channel_id=5, application_id=6, token="t")

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Note what the database knows before Discord is asked."""
        assert self.harness is not None
        self.written += self.harness.rows("SELECT channel_id, token, message_id FROM jobs")
        return await super().place(job, state=state)


async def test_a_card_is_announced_before_discord_is_asked(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A process that dies while Discord answers leaves where to look for the card."""
    async with process(tmp_path, gateway) as harness:
        courier = AnnouncingCourier(harness=harness)
        await harness.submit(courier)
        assert courier.written == [(5, "t", None)]


async def test_a_card_that_cannot_be_announced_in_time_is_not_sent(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nobody sees a job whose hold the database does not take within Discord's three seconds."""
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        courier = AnnouncingCourier(harness=harness)
        async with job_commit_waits(harness) as (has_begun, let_go):
            with pytest.raises(DatabaseBusy):
                await harness.submit(courier)
            assert has_begun()
            let_go()
            await until(lambda: harness.rows("SELECT state FROM jobs") == [("cancelled",)])
        assert harness.rows("SELECT credits, state FROM charges") == [(0, "settled")]
        assert harness.rows("SELECT channel_id, token, told FROM jobs") == [(None, None, 1)]
    assert not courier.placed
    assert not gateway.bodies
