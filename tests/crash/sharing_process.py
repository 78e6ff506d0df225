"""A process with jobs beside others, without Discord: ``python -m tests.crash.sharing_process``.

Its arguments are FOLDER DATABASE_URL GATEWAY_URL NAME JOBS PEOPLE LIMIT. It says ``open``, submits
that many jobs of so many people at once, sees them through, says ``done`` and exits. Each prompt
names the process and its person. LIMIT jobs run at once, three of one person.
"""

import asyncio
import sys
from pathlib import Path

from pydantic import SecretStr

from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.models import ImageOptions, Requester
from bot.services import open_services
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.jobs.service_harness import RecordingCourier

PER_PERSON = 3


def settings(folder: Path, database: str, gateway: str, limit: int) -> Settings:
    """Return settings that refuse nothing."""
    return GivenSettings(
        image_api_url=gateway,
        image_api_key=SecretStr("sk-of-the-gateway"),
        image_models=("dall-e-3",),
        database_url=database,
        data_dir=folder,
        user_tags_key=SecretStr("ab" * 32),
        default_quota=(),
        max_concurrent_jobs=limit,
        max_running_per_user=PER_PERSON,
        max_waiting_per_user=1000,
        max_queued_jobs=10_000,
        shutdown_grace=60,
    ).model_copy(update={"max_requests_per_minute": 1_000_000})


async def run(given: Settings, name: str, jobs: int, people: int) -> None:
    """Submit the jobs, and see them through."""
    async with open_services(given, Clock()) as services:
        print("open", flush=True)  # noqa: T201 - the test waits for it
        for number in range(jobs):
            person = 1 + number % people
            who = Requester(person, hash(name) % 1000, "Somebody")
            prompt = f"{name} of {person}"
            request = services.catalogue.build_request(ImageOptions(prompt=prompt))
            await services.job_service.submit(request, who, RecordingCourier())
        await services.job_service.drained()
    print("done", flush=True)  # noqa: T201


if __name__ == "__main__":
    place, url, address, called, count, persons, most = sys.argv[1:]
    bot_logging.configure(level="WARNING", style="console", secrets=())
    given = settings(Path(place), url, address, int(most))
    asyncio.run(run(given, called, int(count), int(persons)))
