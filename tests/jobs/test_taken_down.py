"""Pictures that are taken down: what leaves the content store, when, and what survives a crash."""

import asyncio
import signal
from pathlib import Path

import pytest

from bot.core.models import CardAddress
from bot.database.opening import open_file
from bot.database.transaction import Transaction
from bot.discord_ui import message_outbox
from bot.jobs.job_lookup import ResultUnknown
from bot.jobs.repository.outbox_messages import OutboxMessage, announce, confirm
from bot.jobs.repository.posted_messages import is_posted
from bot.jobs.repository.taken_down import mark_removed, take_down
from bot.jobs.taken_down_files import TakenDownFiles
from tests.cli.process import environment, running
from tests.cogs.scripted_gateway import ErrorReply, ScriptedGateway
from tests.images.kept_files import store_in
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness
from tests.jobs.test_personal_data import query
from tests.jobs.test_recovery import process


def kept_files(folder: Path) -> list[str]:
    """Return the names of the files in the content store."""
    return sorted(path.name for path in (folder / "vault").glob("*/*"))


async def painted(harness: ServiceHarness, *people: object) -> list[str]:
    """Let people paint the same picture; return the jobs."""
    ids = []
    for who in people:
        job = await harness.submit(RecordingCourier(), who)  # type: ignore[arg-type]  # ADA or BEN
        ids.append(job.id)
    await harness.services.job_service.drained()
    return ids


async def test_a_picture_that_nothing_else_shows_leaves_with_its_row(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """What a moderator removed is on no disk that the bot serves from."""
    async with process(tmp_path, gateway) as harness:
        (job_id,) = await painted(harness, ADA)
        assert len(kept_files(tmp_path)) == 1
        left: list[str] = []
        harness.services.taken_down_files.listener = left.extend
        await harness.services.database.write(mark_removed, job_id)
        await harness.services.taken_down_files.delete()
        assert kept_files(tmp_path) == []
        assert harness.rows("SELECT * FROM pictures") == []
        assert harness.rows("SELECT * FROM leaving_files") == []
        assert harness.rows("SELECT removed FROM jobs") == [(1,)]
        assert len(left) == 1


async def test_a_picture_that_another_job_has_leaves_with_the_last_one(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Ben's picture is not Ada's to lose, and Ada's does not stay for ever for that."""
    async with process(tmp_path, gateway) as harness:
        services = harness.services
        ada, ben = await painted(harness, ADA, BEN)
        await services.database.write(take_down, ada)
        await services.taken_down_files.delete()
        assert len(kept_files(tmp_path)) == 1
        assert len(harness.rows("SELECT * FROM leaving_files")) == 1
        await services.database.write(take_down, ben)
        await services.taken_down_files.delete()
        assert kept_files(tmp_path) == []
        assert harness.rows("SELECT * FROM leaving_files") == []


async def test_what_a_crash_left_on_the_disk_is_deleted_by_the_daily_maintenance(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The rows went first: nothing shows the picture, and the file follows."""
    async with process(tmp_path, gateway) as harness:
        (job_id,) = await painted(harness, ADA)
        await harness.services.database.write(mark_removed, job_id)
    assert len(kept_files(tmp_path)) == 1
    async with process(tmp_path, gateway) as harness:
        await harness.services.taken_down_files.delete()
    assert kept_files(tmp_path) == []


async def test_a_file_that_cannot_be_deleted_is_tried_again(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A read-only disk passes; a picture that was taken down must not come back with it."""
    async with process(tmp_path, gateway) as harness:
        (job_id,) = await painted(harness, ADA)
        (file,) = (tmp_path / "vault").glob("*/*")
        content = file.read_bytes()
        file.unlink()
        file.mkdir()  # a folder cannot be unlinked
        await harness.services.database.write(mark_removed, job_id)
        await harness.services.taken_down_files.delete()
        assert len(harness.rows("SELECT * FROM leaving_files")) == 1
        file.rmdir()
        file.write_bytes(content)
        await harness.services.taken_down_files.delete()
        assert kept_files(tmp_path) == []
        assert harness.rows("SELECT * FROM leaving_files") == []


async def test_several_take_downs_at_once_are_harmless(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Two moderators press at the same moment."""
    async with process(tmp_path, gateway) as harness:
        services = harness.services
        (job_id,) = await painted(harness, ADA)
        await asyncio.gather(*(services.database.write(mark_removed, job_id) for _ in range(3)))
        await asyncio.gather(*(services.taken_down_files.delete() for _ in range(3)))
        assert kept_files(tmp_path) == []
        assert services.content_store.total_bytes == 0


async def test_a_notice_is_no_message_with_pictures(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The reply that mentions its requester stays when the result is deleted."""
    async with process(tmp_path, gateway) as harness:
        (job_id,) = await painted(harness, ADA)
        repository, database = harness.services.repository, harness.services.database
        parts = (message_outbox.NOTICE, message_outbox.ENDING, message_outbox.LATE)
        for number, part in enumerate(
            (*parts, *(message_outbox.DIRECT_MESSAGE + each for each in parts)), 100
        ):
            entry = OutboxMessage(f"n{number}", job_id, part, 5, 0)
            await database.write(announce, entry)
            await database.write(confirm, entry.nonce, number)
            await database.write(repository.posted, job_id, CardAddress(5, number, 6))
        ((card,),) = harness.rows("SELECT message_id FROM messages WHERE message_id < 100")
        assert await database.read(is_posted, job_id)
        await harness.services.deleted_messages.messages_gone([card])
        assert not await database.read(is_posted, job_id)
        part = message_outbox.DIRECT_MESSAGE + message_outbox.FIRST_RESULT
        await database.write(announce, OutboxMessage("result", job_id, part, 5, 0))
        await database.write(confirm, "result", 200)
        await database.write(repository.posted, job_id, CardAddress(5, 200, 6))
        assert await database.read(is_posted, job_id)


async def test_a_removed_result_needs_no_references(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """It cannot be painted again, so it keeps nobody's removed picture on the disk."""
    async with process(tmp_path, gateway) as harness:
        services = harness.services
        (ada,) = await painted(harness, ADA)
        gateway.replies.append(ErrorReply(400, "wrong_size"))
        (ben,) = await painted(harness, BEN)
        ((sha256,),) = harness.rows("SELECT sha256 FROM pictures")
        await services.database.write(
            Transaction.write, "INSERT INTO request_files VALUES ($1, $2)", ben, sha256
        )
        await services.database.write(mark_removed, ada)
        await services.taken_down_files.delete()
        assert len(kept_files(tmp_path)) == 1
        await services.database.write(mark_removed, ben)
        await services.taken_down_files.delete()
        assert kept_files(tmp_path) == []


async def test_a_card_that_is_gone_takes_no_pictures_of_a_job_that_still_delivers(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """They are about to be posted in a new message, and /history has them then."""
    async with process(tmp_path, gateway, forget_deleted=True) as harness:
        (job_id,) = await painted(harness, ADA)
        deleted, database = harness.services.deleted_messages, harness.services.database
        ((message_id,),) = harness.rows("SELECT message_id FROM messages")
        await database.write(Transaction.write, "UPDATE jobs SET ended_at = NULL")
        await deleted.messages_gone([message_id])
        assert harness.rows("SELECT job_id FROM pictures") == [(job_id,)]
        await database.write(Transaction.write, "UPDATE jobs SET ended_at = 1")
        await database.write(
            harness.services.repository.posted, job_id, CardAddress(5, message_id, 6)
        )
        await deleted.messages_gone([message_id])
        assert harness.rows("SELECT job_id FROM pictures") == []
        assert kept_files(tmp_path) == []


async def test_a_killed_process_leaves_no_file_that_the_next_start_does_not_take(
    tmp_path: Path,
) -> None:
    """SIGKILL in the middle of the files of a server that removed the bot."""
    module, env = "tests.crash.take_down_process", environment(tmp_path)
    async with running(module, str(tmp_path), folder=tmp_path, env=env) as killed:
        assert killed.stdout is not None
        await asyncio.wait_for(killed.stdout.readline(), 60)
        killed.send_signal(signal.SIGKILL)
        assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    path = tmp_path / "easel.db"
    assert 0 < len(kept_files(tmp_path)) < 200
    async with open_file(path, backup_dir=tmp_path / "backup", now=lambda: 0) as database:
        store = store_in(tmp_path / "vault", database, lambda: 10**15)
        await TakenDownFiles(database, store).delete()
    assert kept_files(tmp_path) == []
    assert query(path, "SELECT COUNT(*) FROM pictures") == [(0,)]
    assert query(path, "SELECT COUNT(*) FROM leaving_files") == [(0,)]


async def test_reports_of_what_was_deleted_meanwhile_are_refused_in_words(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Its requester may delete their data while others write, or decide, why it should go."""
    async with process(tmp_path, gateway) as harness:
        place = CardAddress(5, 6, application_id=0)
        with pytest.raises(ResultUnknown):
            await harness.services.reports.add("gone", 10, place, "a reason")
        for decide in (harness.services.reports.remove, harness.services.reports.dismiss):
            with pytest.raises(ResultUnknown):
                await decide("gone", 10, actor_id=3)
