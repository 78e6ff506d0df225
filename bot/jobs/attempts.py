"""One slot of a job: one paid POST, whose every step is written before it is taken.

A job of four fanned-out pictures has four slots. The gateway's events arrive one by one, and the
exchange goes on only when the journal holds what it is about to do.
"""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed, ImageRequest, Job, Picture, Reference
from bot.core.pseudonyms import Pseudonyms
from bot.database.database import Database
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import (
    Answered,
    Event,
    GatewayRequest,
    Preview,
    Progress,
    Received,
    Refused,
    Sending,
    Task,
)
from bot.gateways.model_abilities import References
from bot.gateways.routing.router import Router
from bot.images.content_store import ContentStore
from bot.images.conversion import convert_picture, picture_size
from bot.images.sniff import sniff
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import Attempt, Cost, WrittenAttempt

SlotEvent = Progress | Preview | Received


@dataclass(frozen=True, slots=True)
class SlotResult:
    """What one paid POST brought: pictures, or the failure that stands in their place."""

    asked: int
    pictures: tuple[Picture, ...] = ()
    failure: GatewayFailure | None = None

    @property
    def doubtful(self) -> int:
        """How many pictures may have been made and paid for although none came."""
        in_doubt = self.failure is not None and self.failure.billed is Billed.MAYBE
        return self.asked if in_doubt else 0


class AttemptRunner:
    """Paints slots; ``folder`` holds one folder of pictures for each open job."""

    def __init__(
        self,
        *,
        database: Database,
        repository: JobRepository,
        catalogue: Catalogue,
        router: Router,
        content_store: ContentStore,
        pseudonyms: Pseudonyms,
        folder: Path,
    ) -> None:
        self._database = database
        self._repository = repository
        self._catalogue = catalogue
        self._router = router
        self._content_store = content_store
        self._pseudonyms = pseudonyms
        self._folder = folder

    def pictures_per_slot(
        self, request: ImageRequest, begun: Mapping[int, WrittenAttempt]
    ) -> dict[int, int]:
        """Return how many pictures each slot asks for.

        What a dead process has ``begun`` stays as it was, whatever a model takes at once by now;
        the other slots ask for the rest.
        """
        portions = {index: attempt.asked for index, attempt in begun.items()}
        rest = max(0, request.n - sum(portions.values()))
        free = (index for index in count() if index not in begun)
        for asked in self._catalogue.fan_out(replace(request, n=rest)):
            portions[next(free)] = asked
        return portions

    async def generate(
        self, job: Job, index: int, asked: int, *, report: Callable[[SlotEvent], None]
    ) -> SlotResult:
        """Ask for ``asked`` pictures, as the ``index``-th slot of the job.

        ``report`` hears of progress, previews and pictures as they come.
        """
        events = self._router.paint(await self._order(job, index, asked))
        return await self._follow(job, index, asked, events, report=report)

    async def resume(
        self, job: Job, attempt: WrittenAttempt, *, report: Callable[[SlotEvent], None]
    ) -> SlotResult:
        """Go on with an attempt of a dead process, without a new request."""
        order = await self._order(job, attempt.key.slot, attempt.asked)
        match attempt.state:
            case "task":
                task_id = attempt.task_id or ""
                events = self._router.resume(order, gateway=attempt.key.gateway, task_id=task_id)
            case "answered" if attempt.urls:
                events = self._router.fetch(order, gateway=attempt.key.gateway, urls=attempt.urls)
            case "received":
                return await asyncio.to_thread(_received, order, attempt)
            case _:
                return await self._lost(job, attempt)
        return await self._follow(
            job, attempt.key.slot, attempt.asked, events, attempt=attempt.key, report=report
        )

    async def _follow(
        self,
        job: Job,
        index: int,
        asked: int,
        events: AsyncGenerator[Event, None],
        *,
        report: Callable[[SlotEvent], None],
        attempt: Attempt | None = None,
    ) -> SlotResult:
        pictures: tuple[Picture, ...] = ()
        try:
            async with aclosing(events):
                async for event in events:
                    attempt = await self._note(job, index, asked, attempt, event)
                    if isinstance(event, SlotEvent):
                        report(event)
                    if isinstance(event, Received):
                        pictures = event.pictures[:asked]
        except GatewayFailure as failure:
            await self._note_failure(job, attempt, failure, asked=asked)
            return SlotResult(asked, failure=failure)
        return SlotResult(asked, pictures)

    async def _order(self, job: Job, index: int, asked: int) -> GatewayRequest:
        folder = self._folder / job.id
        folder.mkdir(parents=True, exist_ok=True)
        request = job.request
        taken = self._catalogue.model(request.model).references
        references = [await self._fitted(kept, taken, folder) for kept in request.references]
        return GatewayRequest(
            request=replace(request, references=tuple(kept for kept, _ in references)),
            n=asked,
            folder=folder,
            stem=f"slot-{index}",
            references=tuple(path for _, path in references),
            mask=self._content_store.path(request.mask) if request.mask else None,
            user_tag=self._pseudonyms.of(job.requester.user_id),
        )

    async def _fitted(
        self, kept: Reference, taken: References | None, folder: Path
    ) -> tuple[Reference, Path]:
        """Return a reference as the model takes it: smaller, or in another format."""
        path = self._content_store.path(kept)
        if taken is None or taken.take(kept):
            return kept, path
        original = Picture(
            path, kept.format, *await asyncio.to_thread(picture_size, path), kept.bytes
        )
        wanted = next(name for name in ("webp", "jpeg", "png") if name in taken.formats)
        made = await asyncio.to_thread(
            convert_picture, original, wanted, max_bytes=taken.max_bytes, folder=folder
        )
        return replace(kept, format=made.format, bytes=made.bytes, url=None), made.path

    async def _lost(self, job: Job, attempt: WrittenAttempt) -> SlotResult:
        failure = GatewayFailure(
            kind=GatewayErrorKind.TIMEOUT_UNKNOWN,
            gateway=attempt.key.gateway,
            billed=Billed.MAYBE,
            detail="the process died while the request was under way",
        )
        if attempt.state != "unknown":
            await self._note_failure(job, attempt.key, failure, asked=attempt.asked)
        return SlotResult(attempt.asked, failure=failure)

    async def _note(
        self, job: Job, index: int, asked: int, attempt: Attempt | None, event: Event
    ) -> Attempt | None:
        """Write what the exchange is about to act on; it goes on when this returns."""
        match event, attempt:
            case Sending(gateway=gateway), _:
                return await self._database.write(
                    self._repository.sending, job.id, index, gateway=gateway, pictures=asked
                )
            case Refused(), Attempt():
                await self._database.write(self._repository.refused, attempt)
                return None
            case Task(task_id=task_id), Attempt():
                await self._database.write(self._repository.task, attempt, task_id)
            case Answered(urls=urls), Attempt():
                await self._database.write(self._repository.answered, attempt, urls)
            case Received(pictures=pictures, usage=usage), Attempt():
                price = self._price(job, attempt, len(pictures))
                cost = Cost(job.request.model, len(pictures), usage, price)
                await self._database.write(self._repository.received, attempt, cost)
        return attempt

    async def _note_failure(
        self, job: Job, attempt: Attempt | None, failure: GatewayFailure, *, asked: int
    ) -> None:
        if attempt is None:
            return
        if failure.billed is Billed.NO:
            await self._database.write(self._repository.refused, attempt)
        else:
            cost = Cost(job.request.model, price=self._price(job, attempt, asked))
            await self._database.write(self._repository.lost, attempt, failure.billed, cost)

    def _price(self, job: Job, attempt: Attempt, pictures: int) -> int | None:
        each = self._catalogue.price_each(attempt.gateway, job.request)
        return None if each is None else each * pictures

    def remove_files(self, job: Job) -> None:
        """Remove the job's picture files; it blocks, so call it in a thread."""
        shutil.rmtree(self._folder / job.id, ignore_errors=True)


def _received(order: GatewayRequest, attempt: WrittenAttempt) -> SlotResult:
    """Return what an earlier process received, and has written the cost of; it blocks."""
    if pictures := _kept(order):
        return SlotResult(attempt.asked, pictures)
    gone = GatewayFailure(
        kind=GatewayErrorKind.DOWNLOAD_FAILED,
        gateway=attempt.key.gateway,
        billed=Billed.YES,
        detail="the picture files of an earlier process are gone",
    )
    return SlotResult(attempt.asked, failure=gone)


def _kept(order: GatewayRequest) -> tuple[Picture, ...]:
    """Return the pictures that an earlier process received; it blocks.

    Only what is named STEM-NUMBER is one: previews and parts carry a token in their names.
    """
    found = {path.stem.removeprefix(f"{order.stem}-"): path for path in order.folder.iterdir()}
    numbered = [found[number] for number in sorted(filter(str.isdecimal, found), key=int)]
    return tuple(picture for path in numbered if (picture := _picture(path)))[: order.n]


def _picture(path: Path) -> Picture | None:
    looks = sniff(path)
    if looks is None:
        return None
    return Picture(path, looks.format, looks.width, looks.height, path.stat().st_size)
