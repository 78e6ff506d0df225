"""A job goes on on another machine: it has the database and the pictures, but no job files."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.core.errors.base import StartRefused
from bot.images.references import Attachments
from tests.cogs.scripted_gateway import ScriptedGateway, UrlReply
from tests.database.engines import sqlite_only
from tests.database.postgresql_server import Server
from tests.images.fake_s3 import BUCKET, KEY_ID, REGION, SECRET, FakeS3, fake_s3
from tests.images.test_content_store import picture_bytes, upload
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness
from tests.jobs.test_recovery import HangingCourier, process, recover
from tests.jobs.test_references_of_jobs import run
from tests.waiting import until

KEY = SecretStr("ab" * 32)
CHARGED = "SELECT credits, operator_credits, forgiven FROM charges"
COSTS = "SELECT billed, pictures, lost FROM costs"


@pytest.fixture
async def s3() -> AsyncIterator[FakeS3]:
    async with fake_s3() as s3:
        yield s3


@asynccontextmanager
async def machine(
    name: str, folder: Path, gateway: ScriptedGateway, s3: FakeS3, **more: object
) -> AsyncIterator[ServiceHarness]:
    """Run a process with a DATA_DIR of its own on the shared database and bucket."""
    changes: dict[str, object] = {
        "data_dir": folder / name,
        "user_tags_key": KEY,
        "content_store_url": f"s3://{BUCKET}/easel",
        "aws_access_key_id": SecretStr(KEY_ID),
        "aws_secret_access_key": SecretStr(SECRET),
        "aws_region": REGION,
        "aws_endpoint_url": s3.url,
        "image_models": ("gpt-image-2",),
        "default_quota": (),
        **more,
    }
    async with process(folder, gateway, **changes) as harness:
        yield harness


@pytest.mark.parametrize("n", [1, 3])
async def test_pictures_that_another_machine_received_are_delivered(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3, n: int
) -> None:
    """It died before Discord had them: they are paid, and kept where every machine finds them."""
    async with machine("one", tmp_path, gateway, s3) as harness:
        await harness.submit(HangingCourier(), n=n)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    asked = len(gateway.bodies)
    async with machine("two", tmp_path, gateway, s3) as harness:
        await recover(harness, courier := RecordingCourier())
    (result,) = courier.results
    assert len({picture.path for picture in result.pictures}) == n
    assert len(gateway.bodies) == asked
    assert harness.rows(CHARGED) == [(n, n, 0)]
    assert harness.rows("SELECT SUM(pictures), SUM(lost) FROM costs") == [(n, 0)]


async def test_what_is_kept_nowhere_is_downloaded_once_more(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3
) -> None:
    """The bucket was away when the first machine died; the gateway's address is not."""
    gateway.replies.append(UrlReply())
    async with machine("one", tmp_path, gateway, s3) as harness:
        await harness.submit(HangingCourier(), n=1)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    s3.objects.clear()
    downloads = gateway.downloads
    async with machine("two", tmp_path, gateway, s3) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [len(result.pictures) for result in courier.results] == [1]
    assert (len(gateway.bodies), gateway.downloads) == (1, downloads + 1)
    assert harness.rows(CHARGED) == [(1, 1, 0)]
    assert harness.rows(COSTS) == [("yes", 1, 0)]


async def test_what_is_lost_with_a_machine_costs_the_person_nothing(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3
) -> None:
    """The operator paid, the person has nothing; and nothing is sent again."""
    async with machine("one", tmp_path, gateway, s3) as harness:
        await harness.submit(HangingCourier(), n=1)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    s3.objects.clear()
    async with machine("two", tmp_path, gateway, s3) as harness:
        await recover(harness, courier := RecordingCourier())
    assert [failure.error.message_id for failure in courier.failures] == [
        "error-gateway-download-failed"
    ]
    assert len(gateway.bodies) == 1
    assert harness.rows(CHARGED) == [(0, 1, 0)]


async def test_a_bucket_that_is_away_at_the_takeover_leaves_the_pictures_in_history(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3
) -> None:
    """They are kept, so that they count; the card says where to look."""
    async with machine("one", tmp_path, gateway, s3) as harness:
        await harness.submit(HangingCourier(), n=1)
        await until(lambda: harness.rows("SELECT state FROM jobs") == [("received",)])
    async with machine("two", tmp_path, gateway, s3) as harness:
        s3.faults.extend([500] * 1000)
        await recover(harness, courier := RecordingCourier())
        s3.faults.clear()
        (past,) = await harness.services.retention.recent_jobs(ADA.user_id, most=5)
    assert [failure.error.message_id for failure in courier.failures] == ["error-pictures-kept"]
    assert past.pictures == 1
    assert harness.rows(CHARGED) == [(1, 1, 0)]


async def test_a_bucket_that_is_away_loses_no_picture(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3
) -> None:
    """It is posted and charged, only not kept; the next one is kept again."""
    async with machine("one", tmp_path, gateway, s3) as harness:
        s3.faults.extend([503] * 4)
        await harness.submit(courier := RecordingCourier(), n=1)
        await harness.services.job_service.drained()
        s3.faults.clear()
        await harness.submit(courier, n=1)
        await harness.services.job_service.drained()
    assert [(len(result.pictures), result.kept) for result in courier.results] == [(1, 0), (1, 1)]
    assert harness.rows("SELECT state FROM jobs") == [("done",), ("done",)]
    assert len(harness.rows("SELECT * FROM stored_files")) == len(s3.objects) == 1


async def test_a_second_machine_without_the_pictures_does_not_start(
    tmp_path: Path, gateway: ScriptedGateway, postgresql: Server
) -> None:
    """Each would keep its own pictures and delete the rows of the other's."""
    url = postgresql.migrated_database()
    shared = {"database_url": url, "user_tags_key": KEY}
    async with process(tmp_path, gateway, data_dir=tmp_path / "one", **shared) as harness:
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
    with pytest.raises(StartRefused, match="in DATA_DIR of another machine: move its vault"):
        async with process(tmp_path, gateway, data_dir=tmp_path / "two", **shared):
            pass
    (tmp_path / "two" / "vault").mkdir()
    async with process(tmp_path, gateway, data_dir=tmp_path / "two", **shared):
        pass


async def test_while_a_bucket_is_away_a_request_with_references_is_refused_kindly(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3
) -> None:
    """Nothing was sent, so nothing is paid; and lists still show what the rows say."""
    async with machine("one", tmp_path, gateway, s3) as harness:
        await run(harness, attached=Attachments((upload(picture_bytes("png")),)))
        s3.faults.extend([500] * 1000)
        courier = await run(harness, attached=Attachments((upload(picture_bytes("webp")),)))
        past = await harness.services.retention.recent_jobs(ADA.user_id, most=5)
        s3.faults.clear()
    assert [failure.error.message_id for failure in courier.failures] == ["error-storage-away"]
    assert [(each.written.state, each.pictures) for each in past] == [("failed", 0), ("done", 1)]
    assert past[0].written.error is not None
    assert past[0].written.error.message_id == "error-storage-away"
    assert len(gateway.bodies) == 1
    assert harness.rows("SELECT credits, operator_credits FROM charges") == [(1, 1), (0, 0)]
    assert list((tmp_path / "one" / "fetched").glob("*.part")) == []


async def test_a_reference_that_another_machine_kept_is_sent(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3
) -> None:
    """A re-roll may be asked of any process; of what it fetched for that, nothing stays."""
    data = picture_bytes("png")
    async with machine("one", tmp_path, gateway, s3) as harness:
        await run(harness, attached=Attachments((upload(data),)))
        (past,) = await harness.services.retention.recent_jobs(ADA.user_id, most=5)
    async with machine("two", tmp_path, gateway, s3) as harness:
        courier = await run(harness, *past.written.job.request.references)
    assert len(courier.results) == 1
    assert [body["image"] for body in gateway.bodies] == [[data], [data]]
    assert list((tmp_path / "two" / "jobs").glob("*")) == []


@sqlite_only("it looks into the file")
async def test_what_somebody_deleted_leaves_the_bucket_as_soon_as_it_answers(
    tmp_path: Path, gateway: ScriptedGateway, s3: FakeS3
) -> None:
    """They are told that it is deleted: the rows that name the files stay until it is."""
    async with machine("one", tmp_path, gateway, s3) as harness:
        await run(harness, attached=Attachments((upload(picture_bytes("png")),)))
        assert len(s3.objects) == 2
        s3.faults.extend([500] * 1000)
        assert await harness.services.deletion.delete(ADA.user_id) == 1
        s3.faults.clear()
        assert len(s3.objects) == 2
        assert harness.rows("SELECT user_id FROM jobs") == [(-1,)]
        await harness.services.deletion.complete()
        assert len(s3.objects) == 2  # whoever began to delete them may still be at it
        with closing(sqlite3.connect(tmp_path / "easel.db")) as later, later:
            later.execute("UPDATE stored_files SET leaving_since = 1")
        await harness.services.deletion.complete()
    assert s3.objects == {}
    assert harness.rows("SELECT * FROM jobs") == harness.rows("SELECT * FROM stored_files") == []
