"""Operations as jobs: held, paid once, kept with their pictures, and resumed by another process."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.models import ImageOptions, ImageRequest
from bot.images.references import Attachments
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.gateways import fake_midjourney as mj
from tests.images.test_content_store import picture_bytes, upload
from tests.jobs.service_harness import ADA, BEN, RecordingCourier
from tests.jobs.test_actions import CHARGED, Actions, actions, opened, proxy
from tests.jobs.test_recovery import HangingCourier, recover
from tests.waiting import until

PICTURES = Attachments(
    (upload(picture_bytes("png", size=(40, 30))), upload(picture_bytes("jpeg", size=(30, 40))))
)


def blend(at: Actions) -> ImageRequest:
    """Return the request of a blend."""
    options = ImageOptions(operation="blend", size="1:1")
    return at.harness.services.catalogue.build_request(options, references=2)


async def leave(folder: Path, fake: mj.FakeButtons, gateway: ScriptedGateway, state: str) -> None:
    """Let a process end when the attempt of a blend is in this state."""
    async with opened(folder, fake, gateway) as at:
        fake.gate.clear()
        await at.harness.services.job_service.submit(
            blend(at), ADA, HangingCourier(), attached=PICTURES
        )
        await until(lambda: at.rows("SELECT state FROM attempts") == [(state,)])


async def test_a_blend_is_held_paid_once_and_kept(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """A grid of four files is one unit; the job keeps both pictures for a repetition."""
    async with proxy() as fake, opened(tmp_path, fake, gateway) as at:
        service, courier = at.harness.services.job_service, RecordingCourier()
        job = await service.submit(blend(at), ADA, courier, attached=PICTURES)
        await service.drained()
        (result,) = courier.results
        assert len(result.pictures) == 4
        assert at.rows(CHARGED) == [(1, 1)]
        kept = await service.find(job.id)
        assert kept is not None
        assert (kept.request.operation, len(kept.request.references)) == ("blend", 2)
        await service.submit(kept.request.repeated(), BEN, RecordingCourier(), parent=job.id)
        await service.drained()
        one, two = fake.sent("blend")
        assert one == two
        assert (one["dimensions"], fake.paid) == ("SQUARE", 2)


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_blend_that_was_under_way_is_polled_on(
    tmp_path: Path, gateway: ScriptedGateway, is_gone: bool
) -> None:
    """Its task is known: nothing is sent again, also where the call is there no more."""
    async with proxy() as fake:
        await leave(tmp_path, fake, gateway, "task")
        fake.gate.set()
        changes = actions(tmp_path, fake.url)
        if is_gone:
            text = changes["gateways_file"].read_text()
            start = text.index("[gateways.midjourney.calls.blend]")
            end = text.index("# People get /swap", start)
            changes["gateways_file"].write_text(text[:start] + text[end:])
        async with opened(tmp_path, fake, gateway, **changes) as at:
            await recover(at.harness, courier := RecordingCourier())
            assert [bool(result.pictures) for result in courier.results] == [True]
            assert at.rows(CHARGED) == [(1, 1)]
        assert (len(fake.sent("blend")), fake.paid) == (1, 1)


async def test_another_gateway_that_only_paints_is_never_asked(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """It would paint something from no words, and be paid for it."""
    async with proxy() as fake:
        changes = actions(tmp_path, fake.url)
        async with opened(tmp_path, fake, gateway, **changes) as at:
            request = replace(blend(at), operation="upscale")
            service, courier = at.harness.services.job_service, RecordingCourier()
            await service.submit(request, ADA, courier, attached=PICTURES)
            await service.drained()
            assert [failure.charged for failure in courier.failures] == [0]
            assert at.rows(CHARGED) == [(0, 0)]
        assert fake.orders == []
