"""A process that asks a gateway for words, to be killed: ``python -m tests.crash.words_process``.

Its arguments are FOLDER DATABASE_URL GATEWAY_URL WHAT [SQL]. It takes over what dead processes
left, says ``open``, and then describes a picture, shortens a prompt, or does nothing. With SQL it
kills itself at the first look at the clock, or at an attachment, at which that query finds a row.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.errors.base import EaselError
from bot.images.references import Upload
from bot.services import open_services
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.crash.text_process import ADA, CREDITS, PRICE, CrashPoint
from tests.database.engines import SHORT_WAITS
from tests.images.test_content_store import picture_bytes
from tests.jobs.test_actions import actions


def settings(folder: Path, database: str, gateway: str) -> Settings:
    """Return settings without a chat model, whose gateway has the calls."""
    given = GivenSettings(
        database_url=database, data_dir=folder, default_quota=(), shutdown_grace=60
    )
    return given.model_copy(
        update={
            "text_credits": CREDITS,
            "text_price": PRICE,
            "text_requests_per_minute": 1000,
            **actions(folder, gateway),
        }
    )


async def run(given: Settings, what: str, crash_point: CrashPoint) -> None:
    """Take over, and ask for words."""
    clock = Clock(now=crash_point.now)

    async def read() -> bytes:
        crash_point.check()
        return picture_bytes("png")

    async with open_services(given, clock, session_waits=SHORT_WAITS) as services:
        await services.recovery.take_over()
        print("open", flush=True)  # noqa: T201 - the test waits for it
        assert services.text_requests is not None
        with suppress(EaselError):
            if what == "describe":
                await services.text_requests.describe(Upload(9, read), ADA, locale="en")
            elif what == "shorten":
                await services.text_requests.shorten("a fox", ADA, locale="en")
        crash_point.check()


if __name__ == "__main__":
    place, address, url, asked, *when = sys.argv[1:]
    bot_logging.configure(level="ERROR", style="console", secrets=())
    home = Path(place)
    asyncio.run(run(settings(home, address, url), asked, CrashPoint(home, *when)))
