"""A bot that presses a button of a task, to be killed: ``python -m tests.crash.action_process``.

Its arguments are FOLDER URL FACE [SQL]. It takes over what dead processes left; the first one
paints a grid, then presses the button FACE of it, sees all through and exits. With SQL it kills
itself as ``service_process`` does.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.models import ImageOptions
from bot.database.transaction import Transaction
from bot.services import Services, open_services
from tests.crash.service_process import CrashPoint, FolderCourier, attachment, settings
from tests.jobs.service_harness import ADA
from tests.jobs.test_actions import actions


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
        if not found:
            await press(services, courier, face)


async def press(services: Services, courier: FolderCourier, face: str) -> None:
    """Paint a grid, and press a button of it."""
    request = services.catalogue.build_request(ImageOptions(prompt="a fox"))
    parent = await services.job_service.submit(request, ADA, courier)
    await services.job_service.drained()
    server_id = ADA.server_id
    shown = await services.actions.now_offered(parent, server_id=server_id)
    (one,) = (each for each in shown if each.face == face)
    found = await services.actions.pressed(parent, one.slot, one.place, server_id=server_id)
    acting = replace(parent.request, action=found.action)
    await services.job_service.submit(acting, ADA, courier)
    await services.job_service.drained()


if __name__ == "__main__":
    place, address, pressed, *when = sys.argv[1:]
    bot_logging.configure(level="ERROR", style="console", secrets=())
    home = Path(place)
    asyncio.run(run(home, address, pressed, CrashPoint(home / "easel.db", *when)))
