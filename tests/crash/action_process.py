"""A bot that presses a button of a task, to be killed: ``python -m tests.crash.action_process``.

Its arguments are FOLDER URL FACE [SQL]. It takes over what dead processes left; the first one
paints a grid, then presses the button FACE of it, sees all through and exits; with /blend as FACE
it blends two pictures instead. With SQL it kills itself as ``service_process`` does.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.models import ImageOptions, ImageRequest, Job
from bot.database.transaction import Transaction
from bot.images.references import NO_ATTACHMENTS, Attachments
from bot.services import Services, open_services
from tests.crash.service_process import CrashPoint, FolderCourier, attachment, settings
from tests.images.test_content_store import mask_bytes, picture_bytes, upload
from tests.jobs.service_harness import ADA
from tests.jobs.test_actions import actions

REGION = "🖌️"
MASK = mask_bytes(size=(32, 32))
BLEND = "/blend"
PICTURES = Attachments((upload(picture_bytes("png")), upload(picture_bytes("jpeg"))))


async def run(folder: Path, url: str, face: str, crash_point: CrashPoint) -> None:
    """Take over, or begin, and see all through."""
    cards = folder / "cards"
    cards.mkdir(parents=True, exist_ok=True)
    courier = FolderCourier(cards, crash_point)
    clock = Clock(now=crash_point.now, sleep=lambda seconds: asyncio.sleep(min(seconds, 0.02)))
    chosen = settings(folder, url).model_copy(update=actions(folder, url))
    async with open_services(chosen, clock) as services:
        taken = await services.recovery.take_over()
        await services.recovery.resume(taken, lambda _job, _card: courier, attachment)
        await services.job_service.drained()
        found = await services.database.read(Transaction.query, "SELECT id FROM jobs")
        if not found and face == BLEND:
            options = ImageOptions(operation="blend")
            request = services.catalogue.build_request(options, references=2)
            await submitted(services, courier, request, PICTURES)
        elif not found:
            await press(services, courier, face)


async def press(services: Services, courier: FolderCourier, face: str) -> None:
    """Paint a grid, and press a button of it; that of a region is below one of its pictures."""
    request = services.catalogue.build_request(ImageOptions(prompt="a fox"))
    parent = await submitted(services, courier, request)
    if face == REGION:
        parent = await submitted(services, courier, await acting(services, parent, "U1"))
        kept = await services.retention.kept_references(parent.id)
        masked = replace(await acting(services, parent, face), references=(kept[1],))
        await submitted(services, courier, masked, Attachments(mask=upload(MASK)))
    else:
        await submitted(services, courier, await acting(services, parent, face))


async def acting(services: Services, parent: Job, face: str) -> ImageRequest:
    """Return the request of a button."""
    server_id = ADA.server_id
    shown = await services.actions.now_offered(parent, server_id=server_id)
    (one,) = (each for each in shown if each.face == face)
    found = await services.actions.pressed(parent, one.slot, one.place, server_id=server_id)
    return replace(parent.request, action=found.action)


async def submitted(
    services: Services,
    courier: FolderCourier,
    request: ImageRequest,
    attached: Attachments = NO_ATTACHMENTS,
) -> Job:
    """Submit a request, and wait for its end."""
    job = await services.job_service.submit(request, ADA, courier, attached=attached)
    await services.job_service.drained()
    return job


if __name__ == "__main__":
    place, address, pressed, *when = sys.argv[1:]
    bot_logging.configure(level="ERROR", style="console", secrets=())
    home = Path(place)
    asyncio.run(run(home, address, pressed, CrashPoint(home / "easel.db", *when)))
