"""A process that asks a chat model, to be killed: ``python -m tests.crash.text_process``.

Its arguments are FOLDER DATABASE_URL GATEWAY_URL ASKS [SQL]. It takes over what dead processes
left, says ``open``, describes a picture ASKS times and exits. With SQL it kills itself at the first
look at the clock, or at an attachment, at which that query finds a row.
"""

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from pydantic import SecretStr

from bot.core import logging as bot_logging
from bot.core.clock import Clock, wall_clock_ms
from bot.core.errors.base import EaselError
from bot.core.models import Requester
from bot.images.references import Upload
from bot.services import open_services
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.crash.invariants import rows
from tests.database.engines import SHORT_WAITS
from tests.gateways.fake_text_chat import KEY, MODEL
from tests.images.test_content_store import picture_bytes

ADA = Requester(user_id=1, server_id=10, name="Ada")
CREDITS = 2
PRICE = 2_000


@dataclass(frozen=True)
class CrashPoint:
    """When to die: as soon as the query finds a row; never without one."""

    folder: Path
    sql: str = ""

    def now(self) -> int:
        """Return the time, if there is any left."""
        self.check()
        return wall_clock_ms()

    def check(self) -> None:
        """Die, if it is now."""
        if self.sql:
            with suppress(sqlite3.OperationalError, psycopg.Error):  # there is no table yet
                if rows(self.folder, self.sql):
                    os.kill(os.getpid(), signal.SIGKILL)


def settings(folder: Path, database: str, gateway: str) -> Settings:
    """Return settings that refuse nothing."""
    return GivenSettings(
        image_api_url=gateway,
        image_api_key=SecretStr(KEY),
        image_models=("dall-e-3",),
        database_url=database,
        data_dir=folder,
        default_quota=(),
        shutdown_grace=60,
    ).model_copy(
        update={
            "text_model": MODEL,
            "text_credits": CREDITS,
            "text_price": PRICE,
            "text_requests_per_minute": 1000,
        }
    )


async def run(given: Settings, asks: int, crash_point: CrashPoint) -> None:
    """Take over, and describe pictures one after another."""
    clock = Clock(now=crash_point.now)

    async def read() -> bytes:
        crash_point.check()
        return picture_bytes("png")

    async with open_services(given, clock, session_waits=SHORT_WAITS) as services:
        await services.recovery.take_over()
        print("open", flush=True)  # noqa: T201 - the test waits for it
        assert services.text_requests is not None
        for _ in range(asks):
            with suppress(EaselError):
                await services.text_requests.describe(Upload(9, read), ADA, locale="en")
            crash_point.check()


if __name__ == "__main__":
    place, address, url, count, *when = sys.argv[1:]
    bot_logging.configure(level="ERROR", style="console", secrets=())
    home = Path(place)
    asyncio.run(run(settings(home, address, url), int(count), CrashPoint(home, *when)))
