"""What a start asks, charges and tells for dead processes' jobs: once, whatever happens to it."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
import structlog
from pydantic import SecretStr

from bot.core.errors.jobs import NeitherPostedNorKept, PicturesKept
from bot.core.models import Job, JobState
from bot.database.database import Connections, Database
from bot.database.errors import PostgresqlError
from bot.database.running import RunningTransaction
from bot.database.transaction import Transaction
from bot.jobs.courier import JobFailure
from bot.jobs.recovery import ResumableJob
from bot.settings.settings import GatewayKey
from tests.cogs.scripted_gateway import (
    KEY,
    FewerPictures,
    ScriptedGateway,
    TaskReply,
    UrlReply,
)
from tests.database.engines import connected, sqlite_only
from tests.jobs.service_harness import ADA, BEN, RecordingCourier
from tests.jobs.test_recovery import (
    HangingCourier,
    UnreachableCourier,
    leave_task,
    process,
    recover,
)
from tests.waiting import until

T = TypeVar("T")


def at_once(folder: Path, gateway: ScriptedGateway, max_n: int) -> dict[str, object]:
    """Return settings of a gateway whose model takes so many pictures at once."""
    file = folder / "gateways.toml"
    file.write_text(
        f'[gateways.one]\nbase_url = "{gateway.url}"\nmodels = ["dall-e-3"]\n'
        f"[gateways.one.abilities.dall-e-3]\nmax_n = {max_n}\n"
    )
    keys = {"one": GatewayKey(api_key=SecretStr(KEY))}
    return {"gateways_file": file, "image_api_url": "", "gateways": keys}


@pytest.mark.parametrize(("before", "after", "requests"), [(4, 1, 1), (1, 4, 4), (3, 2, 2)])
async def test_what_was_asked_is_not_asked_again_in_other_portions(
    tmp_path: Path, gateway: ScriptedGateway, before: int, after: int, requests: int
) -> None:
    """The operator changed what a model takes at once in between."""
    gateway.replies.extend([UrlReply()] * requests)
    gateway.gate.clear()
    async with process(tmp_path, gateway, **at_once(tmp_path, gateway, before)) as harness:
        await harness.submit(RecordingCourier(), n=4)
        await until(lambda: gateway.downloads == requests)
    gateway.gate.set()
    async with process(tmp_path, gateway, **at_once(tmp_path, gateway, after)) as harness:
        await recover(harness, courier := RecordingCourier())
    assert len(gateway.bodies) == requests
    assert [len(result.pictures) for result in courier.results] == [requests]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(requests, 4)]


@sqlite_only("the trigger is written for SQLite")
async def test_what_never_came_is_not_charged_after_a_death_at_the_settlement(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One of four pictures came, for certain: dying after its delivery makes nothing doubtful.

    It is posted in the same transaction that settles, so the next start delivers it once more: an
    edit, or a nonce that Discord knows.
    """
    gateway.replies.append(FewerPictures())
    changes = at_once(tmp_path, gateway, 4) | {"max_doubtful_per_day": 1}
    async with process(tmp_path, gateway, **changes) as harness:
        with connected(tmp_path) as database:
            database.execute(
                "CREATE TRIGGER death BEFORE UPDATE OF ended_at ON jobs"
                " BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END"
            )
        with structlog.testing.capture_logs() as logs:
            await harness.submit(RecordingCourier(), n=4)
            await harness.services.job_service.drained()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "job.defect",
        "job.unfinished",
    ]
    assert harness.rows("SELECT state FROM jobs") == [("received",)]
    with connected(tmp_path) as database:
        database.execute("DROP TRIGGER death")
    async with process(tmp_path, gateway, **changes) as harness:
        await recover(harness, RecordingCourier())
    assert harness.rows("SELECT state FROM jobs") == [("done",)]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(1, 4, 0)]


@sqlite_only("with a server, such a start is refused")
async def test_received_pictures_whose_files_are_gone_are_given_back(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The bot lost them: the operator's limits count them, and nothing counts for the person."""
    async with process(tmp_path, gateway) as harness:
        await harness.submit(HangingCourier(), n=1)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    shutil.rmtree(tmp_path / "jobs")
    shutil.rmtree(tmp_path / "vault")
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [failure.error.message_id for failure in courier.failures] == [
        "error-gateway-download-failed"
    ]
    assert len(gateway.bodies) == 1
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(0, 1, 0)]
    assert harness.rows("SELECT billed, pictures FROM costs") == [("yes", 1)]


async def test_an_address_that_expired_while_the_bot_was_away_counts_for_nobody(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Three of them refused a person for a day, who had done nothing for it."""
    gateway.replies.append(UrlReply())
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await until(lambda: gateway.downloads > 0)
    with connected(tmp_path) as database:
        database.execute("UPDATE attempts SET urls = REPLACE(urls, '1.png', 'gone.png')")
    gateway.gate.set()
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [failure.error.message_id for failure in courier.failures] == [
        "error-gateway-download-failed"
    ]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [(0, 1, 0)]


async def test_a_task_of_a_model_that_is_offered_no_more_is_polled_to_its_end(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator removed the model while its task ran: the picture was paid for."""
    await leave_task(tmp_path, gateway)
    gateway.gate.set()
    async with process(tmp_path, gateway, image_models=("gpt-image-1",)) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [len(result.pictures) for result in courier.results] == [1]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(1, 1)]


async def test_what_was_begun_goes_on_also_where_the_rest_cannot_be_sent_any_more(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One of two requests was refused, the other is a task; then the model was removed."""
    gateway.replies.extend([TaskReply()] * 2)
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier(), n=2)
        await until(lambda: harness.rows("SELECT state FROM attempts") == [("task",)] * 2)
    with connected(tmp_path) as database:
        database.execute("UPDATE attempts SET state = 'refused', billed = 'no' WHERE slot = 1")
    gateway.gate.set()
    async with process(tmp_path, gateway, image_models=("gpt-image-1",)) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [len(result.pictures) for result in courier.results] == [1]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(1, 1)]


async def test_pictures_that_two_processes_died_delivering_are_only_kept(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A picture that kills the bot at its delivery must not do so at every start."""
    async with process(tmp_path, gateway) as harness:
        await harness.submit(HangingCourier(), n=1)
        await until(lambda: harness.rows("SELECT deliveries FROM jobs") == [(1,)])
    async with process(tmp_path, gateway) as harness:
        await recover(harness, HangingCourier(), waits=False)
        await until(lambda: harness.rows("SELECT deliveries FROM jobs") == [(2,)])
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
        kept = await harness.services.retention.recent_jobs(ADA.user_id, most=9)
    assert courier.results == []
    assert [(type(f.error), f.charged) for f in courier.failures] == [(PicturesKept, 1)]
    assert harness.rows("SELECT state, told FROM jobs") == [("done", 1)]
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(1, 1)]
    assert [each.pictures for each in kept] == [1]
    assert len(gateway.bodies) == 1


async def test_that_pictures_are_kept_is_told_by_the_next_start_where_nobody_could_be_told(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Discord failed for a minute: the person was charged, and the card said Painting for ever."""
    async with process(tmp_path, gateway) as harness:
        await harness.submit(UnreachableCourier(fails="deliver"))
        await harness.services.job_service.drained()
        assert harness.rows("SELECT state, told FROM jobs") == [("done", 0)]
        assert harness.rows("SELECT credits FROM charges") == [(1,)]
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [failure.error.message_id for failure in courier.failures] == [PicturesKept.message_id]
    assert harness.rows("SELECT state, told FROM jobs") == [("done", 1)]
    assert harness.rows("SELECT credits FROM charges") == [(1,)]


@pytest.mark.parametrize("has_space", [True, False])
async def test_what_could_not_be_kept_before_is_kept_at_the_last_start_or_not_charged(
    tmp_path: Path, gateway: ScriptedGateway, has_space: bool
) -> None:
    """The disk was full while both processes lived; the files of the pictures are still there."""
    full = tmp_path / "vault"
    full.write_text("a file where a folder should be")
    async with process(tmp_path, gateway) as harness:
        await harness.submit(HangingCourier(), n=2)
        await until(lambda: harness.rows("SELECT deliveries FROM jobs") == [(1,)])
    async with process(tmp_path, gateway) as harness:
        await recover(harness, HangingCourier(), waits=False)
        await until(lambda: harness.rows("SELECT deliveries FROM jobs") == [(2,)])
    if has_space:
        full.unlink()
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
        kept = await harness.services.retention.recent_jobs(ADA.user_id, most=9)
    ((error, state, charged),) = [(type(f.error), f.state, f.charged) for f in courier.failures]
    if has_space:
        assert (error, state, charged) == (PicturesKept, JobState.DONE, 2)
    else:
        assert (error, state, charged) == (NeitherPostedNorKept, JobState.FAILED, 0)
    assert [each.pictures for each in kept] == [charged]
    assert harness.rows("SELECT credits, operator_credits, forgiven FROM charges") == [
        (charged, 2, 0)
    ]


async def test_a_defect_at_one_card_leaves_the_others_to_be_told(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A connection that breaks at the first card must not leave the later ones as they are."""
    gateway.gate.clear()
    async with process(tmp_path, gateway) as harness:
        for who in (ADA, BEN):
            await harness.submit(RecordingCourier(), who)
        await until(lambda: len(gateway.bodies) == 2)

    class Breaks(RecordingCourier):
        async def end(self, job: Job, failure: JobFailure) -> bool:
            await super().end(job, failure)
            if job.requester.user_id == ADA.user_id:
                raise OSError("the connection broke")
            return True

    async with process(tmp_path, gateway) as harness:
        await recover(harness, breaks := Breaks())
    assert len(breaks.failures) == 2
    assert harness.rows("SELECT user_id, told FROM jobs ORDER BY user_id") == [(1, 0), (2, 1)]


async def test_a_process_with_another_data_folder_takes_no_living_jobs(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A terminal job with its own DATA_DIR on the bot's database paid for the bot's jobs again."""
    gateway.gate.clear()
    key = SecretStr("ab" * 32)  # a second machine has the key of the first
    async with process(tmp_path, gateway, user_tags_key=key) as living:
        await living.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        there = tmp_path / "elsewhere"
        async with process(tmp_path, gateway, data_dir=there, user_tags_key=key) as other:
            assert await other.services.recovery.take_over() == []
            gateway.gate.set()
            await living.services.job_service.drained()
    assert living.rows("SELECT state FROM jobs") == [("done",)]
    assert len(gateway.bodies) == 1


@dataclass
class RefusedReads:
    """Connections that read: the server accepts none of them after so many transactions."""

    reader: Connections
    left: int

    def start(
        self, function: Callable[[Transaction], T], *, is_urgent: bool = False
    ) -> RunningTransaction[T]:
        """Start one."""
        return self.reader.start(function, is_urgent=is_urgent)

    async def transaction(self, function: Callable[[Transaction], T]) -> T:
        """Run one, or raise what the server says."""
        self.left -= 1
        if self.left < 0:
            raise PostgresqlError("too many clients", state="53300", is_passing=True)
        return await self.reader.transaction(function)


async def test_a_job_that_was_adopted_goes_on_although_the_server_reads_no_more(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Its new owner lives, so nobody else would ever take it: its card and its hold would stay."""
    await leave_task(tmp_path, gateway)
    async with process(tmp_path, gateway) as harness:
        recovery, database = harness.services.recovery, harness.services.database
        looks = RefusedReads(database._reader, 2)  # for the owners, and for their jobs
        away = Database(database._writer, looks, looks, database.waits)
        (taken,) = await replace(recovery, deps=replace(recovery.deps, database=away)).take_dead()
    assert isinstance(taken, ResumableJob)
