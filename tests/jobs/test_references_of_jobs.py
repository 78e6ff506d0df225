"""References on the way to the gateway: what is sent is what was kept, checked before."""

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.core.clock import Clock
from bot.core.models import ImageOptions, PictureFormat, Reference
from bot.gateways.catalogue import Catalogue
from bot.images.references import NO_ATTACHMENTS, Attachments, DeclaredType
from bot.services import open_services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.gateways.sample_pictures import picture_bytes as noisy_picture
from tests.images.kept_files import keep_bytes, path_in
from tests.images.picture_collection import HAS_HEIC, encoded, turned
from tests.images.test_content_store import mask_bytes, picture_bytes, png_bomb, upload
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness, settings


@pytest.fixture
async def harness(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[ServiceHarness]:
    changes = {"image_models": ("gpt-image-2",), "default_quota": ()}
    async with open_services(settings(tmp_path, gateway, **changes), Clock()) as services:
        yield ServiceHarness(services, tmp_path)


async def submit(
    harness: ServiceHarness,
    courier: RecordingCourier,
    *references: Reference,
    attached: Attachments = NO_ATTACHMENTS,
) -> None:
    """Submit a job with references that were kept before, and with attachments."""
    request = harness.services.catalogue.build_request(
        ImageOptions(prompt="a fox", n=1),
        references=len(references) + len(attached.pictures),
        mask=attached.mask is not None,
    )
    await harness.services.job_service.submit(
        replace(request, references=references), ADA, courier, attached=attached
    )


async def run(
    harness: ServiceHarness, *references: Reference, attached: Attachments = NO_ATTACHMENTS
) -> RecordingCourier:
    """Submit such a job and wait for its end."""
    courier = RecordingCourier()
    await submit(harness, courier, *references, attached=attached)
    await harness.services.job_service.drained()
    return courier


@pytest.mark.parametrize(
    ("data", "kind", "error"),
    [
        (png_bomb(13_000, 13_000), "png", "error-reference-too-many-pixels"),
        (png_bomb(16_000, 16_000), "png", "error-reference-too-many-pixels"),
        (picture_bytes("png")[:60], "png", "error-reference-unreadable"),
    ],
)
async def test_a_result_that_hurts_is_no_reference(
    harness: ServiceHarness, gateway: ScriptedGateway, data: bytes, kind: PictureFormat, error: str
) -> None:
    """*Use* on a gateway's bomb or broken picture costs nothing and ends in a sentence."""
    result = await keep_bytes(harness.services.content_store, data, kind)
    courier = await run(harness, result)
    assert [failure.error.message_id for failure in courier.failures] == [error]
    assert gateway.bodies == []
    assert harness.rows("SELECT SUM(credits) FROM meters") == [(0,)]


@pytest.mark.parametrize("side", [1, 3, 7])
async def test_a_tiny_jpeg_is_a_reference(
    harness: ServiceHarness, gateway: ScriptedGateway, side: int
) -> None:
    """A decoder that scales by eight divides by nothing."""
    data = encoded("JPEG", Image.new("RGB", (side, side)))
    courier = await run(harness, attached=Attachments((upload(data),)))
    assert len(courier.results) == 1
    assert gateway.bodies[0]["image"] == [data]


@pytest.mark.skipif(not HAS_HEIC, reason="there is no wheel for this machine")
async def test_a_heic_photo_is_sent_as_a_jpeg(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """Telephones make it, and no image model reads it."""
    photo = replace(upload(turned("HEIC", 6)), declared=DeclaredType.HEIC)
    assert len((await run(harness, attached=Attachments((photo,)))).results) == 1
    images = gateway.bodies[0]["image"]
    assert isinstance(images, list)
    with Image.open(io.BytesIO(images[0])) as sent:
        assert (sent.format, sent.size) == ("JPEG", (32, 48))


async def test_photo_and_mask_go_out_in_one_orientation(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """The stored job has what was sent, so that a re-roll sends the same."""
    mask = mask_bytes(size=(32, 48))
    attached = Attachments((upload(turned("JPEG", 6)),), upload(mask))
    assert len((await run(harness, attached=attached)).results) == 1
    (body,) = gateway.bodies
    images, masks = body["image"], body["mask"]
    assert isinstance(images, list)
    assert masks == [mask]
    with Image.open(io.BytesIO(images[0])) as sent:
        assert sent.size == (32, 48)


async def test_a_mask_is_as_large_as_a_reference_that_was_made_smaller(
    harness: ServiceHarness, gateway: ScriptedGateway
) -> None:
    """A model that takes small files gets both in the same size."""
    catalogue = harness.services.catalogue
    model = catalogue.default
    assert model.references is not None
    small = replace(model, references=replace(model.references, max_bytes=2000))
    catalogue.replace(Catalogue([model.name], {model.name: small}))
    photo = noisy_picture(width=100, height=80, noise=True)
    attached = Attachments((upload(photo),), upload(mask_bytes(size=(100, 80))))
    assert len((await run(harness, attached=attached)).results) == 1
    (body,) = gateway.bodies
    sizes = []
    for files in (body["image"], body["mask"]):
        assert isinstance(files, list)
        with Image.open(io.BytesIO(files[0])) as sent:
            sizes.append(sent.size)
    assert sizes[0] == sizes[1] < (100, 80)


@pytest.mark.parametrize("waiting", [False, True])
async def test_a_reference_that_changed_after_it_was_kept_is_not_paid_for(
    tmp_path: Path, gateway: ScriptedGateway, waiting: bool
) -> None:
    """A disk that returns other bytes, also while the job waits, must not cost a picture."""
    changes = {"image_models": ("gpt-image-2",), "default_quota": (), "max_concurrent_jobs": 1}
    async with open_services(settings(tmp_path, gateway, **changes), Clock()) as services:
        harness, courier = ServiceHarness(services, tmp_path), RecordingCourier()
        kept = await keep_bytes(services.content_store, picture_bytes("png"), "png")
        if waiting:
            gateway.gate.clear()
            await submit(harness, courier)
            await asyncio.wait_for(gateway.asked.wait(), 60)
            await submit(harness, courier, kept)
        path_in(services.content_store.part_folder, kept).write_bytes(bytes(kept.bytes))
        if not waiting:
            await submit(harness, courier, kept)
        gateway.gate.set()
        await services.job_service.drained()
    assert [failure.error.message_id for failure in courier.failures] == ["error-reference-lost"]
    assert len(gateway.bodies) == len(courier.results) == int(waiting)
    assert harness.rows("SELECT SUM(credits) FROM charges WHERE credits > 0") == [
        (waiting or None,)
    ]
