"""The services with a scripted gateway, a courier that records, and a look into the database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.core.errors.jobs import CardNotSent, NotDelivered
from bot.core.models import AnnouncedCard, CardAddress, ImageOptions, Job, Requester
from bot.jobs.courier import (
    DeliveryReport,
    JobFailure,
    JobProgress,
    JobResult,
    QueuePosition,
)
from bot.quota.limits import parse_limits
from bot.services import Services
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.database.engines import rows_of, url_of

ADA = Requester(user_id=1, server_id=10, name="Ada")
BEN = Requester(user_id=2, server_id=10, name="Ben")


@dataclass
class RecordingCourier:
    """A courier that keeps what it is given; ``fails`` names the verb at which it gives up.

    A delivery fails with ``error``.
    """

    fails: str = ""
    error: Exception = field(default_factory=NotDelivered)
    loses: frozenset[int] = frozenset()
    placed: list[Job] = field(default_factory=list)
    results: list[JobResult] = field(default_factory=list)
    failures: list[JobFailure] = field(default_factory=list)

    def announced(self, job: Job) -> AnnouncedCard | None:
        """Announce nothing."""
        return None

    async def place(self, job: Job, *, state: QueuePosition | JobProgress) -> CardAddress | None:
        """Keep the job."""
        if self.fails == "place":
            raise CardNotSent
        self.placed.append(job)
        return CardAddress(channel_id=5, message_id=len(self.placed), application_id=6, token="t")

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Fail as a courier with a defect does, if asked to."""
        if self.fails == "update":
            raise RuntimeError("a defect")

    async def deliver(self, job: Job, result: JobResult) -> DeliveryReport:
        """Keep the pictures' facts; of those that ``loses`` names nothing is posted."""
        assert all(picture.path.is_file() for picture in result.pictures)
        if self.fails == "deliver":
            raise self.error
        self.results.append(result)
        numbers = range(1, len(result.pictures) + 1)
        return DeliveryReport(posted=frozenset(numbers) - self.loses)

    async def after_delivery(self, job: Job, messages: Sequence[CardAddress]) -> None:
        """Fail as a courier with a defect does, if asked to."""
        if self.fails == "after_delivery":
            raise RuntimeError("a defect")

    async def end(self, job: Job, failure: JobFailure) -> bool:
        """Keep the failure."""
        self.failures.append(failure)
        return True

    async def find_file(self, file: str, messages: Sequence[CardAddress]) -> None:
        """Find nothing: there are no messages."""


@dataclass
class ServiceHarness:
    """The services with a gateway, and a view of their database."""

    services: Services
    folder: Path

    async def submit(self, courier: RecordingCourier, who: Requester = ADA, *, n: int = 1) -> Job:
        """Submit a request as a command does."""
        request = self.services.catalogue.build_request(ImageOptions(prompt="a fox", n=n))
        return await self.services.job_service.submit(request, who, courier)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database as another program would."""
        return rows_of(self.folder, sql)


def settings(folder: Path, gateway: ScriptedGateway, **changes: object) -> Settings:
    return GivenSettings(
        image_api_url=gateway.url,
        image_api_key=SecretStr(KEY),
        image_models=("dall-e-3",),
        database_url=url_of(folder),
        data_dir=folder,
        default_quota=parse_limits("5/day"),
        max_waiting_per_user=100,
        max_requests_per_minute=1000,
    ).model_copy(update={"shutdown_grace": 0} | changes)
