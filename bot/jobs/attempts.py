"""Send the paid requests of a job, one for each slot, and record every step before it is taken.

A **slot** is the part of a job's pictures that one request asks for: a job of four pictures at a
gateway that makes one at a time has four slots. An **attempt** is one paid POST for a slot. The
gateway's events arrive one by one, and the exchange goes on only when the database holds what it
is about to do.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import PictureStorageAway
from bot.core.errors.options import UnknownModel
from bot.core.liveness import Liveness
from bot.core.models import Billed, ImageRequest, Job, Picture, Reference
from bot.core.pseudonyms import Pseudonyms
from bot.core.units import first_units, joined_units, units_of_slot
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import (
    GatewayEvent,
    GatewayRequest,
    Preview,
    Received,
    RenewAddresses,
    RequestRefused,
    Sending,
    TaskProgress,
)
from bot.gateways.reference_limits import ReferenceLimits
from bot.gateways.routing.router import Router
from bot.images.content_store import ContentStore
from bot.images.conversion import convert_picture, picture_size, resize_mask
from bot.images.decoding import in_pixel_thread
from bot.images.inspection import inspect_picture
from bot.images.references import ReferenceLost
from bot.jobs.attempt_recorder import AttemptRecorder
from bot.jobs.job_writer import JobWriter
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import Attempt, WrittenAttempt
from bot.jobs.send_gate import SendGate

_LOST_BY_WAITING = frozenset({GatewayErrorKind.DOWNLOAD_FAILED, GatewayErrorKind.TASK_LOST})

_LATE = "-late"
_NUMBERS = re.compile(r"(?P<stem>slot-\d+)-(?P<unit>\d+)(?:-(?P<cell>\d))?")

SlotEvent = Sending | RequestRefused | TaskProgress | Preview | Received


@dataclass(frozen=True, slots=True)
class SlotResult:
    """What a slot brought: pictures, or the failure that stands in their place.

    ``lost`` more were paid for, but could not be downloaded or read. It has neither where nothing
    was sent, because the job was stopped before.
    """

    asked: int
    pictures: tuple[Picture, ...] = ()
    failure: GatewayFailure | None = None
    lost: int = 0

    @property
    def is_in_doubt(self) -> bool:
        """Whether pictures may have been made and paid for although none came."""
        return self.failure is not None and self.failure.billed is Billed.MAYBE


def worst_failure(slots: Sequence[SlotResult]) -> GatewayFailure:
    """Return the failure to report of those that failed: one in doubt first, as it is never resent.

    It knows whether another one is that moderation declined the prompt.
    """
    failures = [slot.failure for slot in slots if slot.failure is not None]
    worst = min(failures, key=lambda failure: failure.billed is not Billed.MAYBE)
    kinds = {failure.kind for failure in failures}
    return replace(worst, declined=GatewayErrorKind.MODERATION in kinds - {worst.kind})


@dataclass(frozen=True, slots=True)
class SlotContext:
    """What the slots of one job share.

    While a slot waits at the ``gate``, nothing of it is out. ``report`` receives requests,
    progress, previews and pictures as they come.
    """

    gate: SendGate
    writer: JobWriter
    report: Callable[[SlotEvent], None]
    renew_addresses: RenewAddresses


@dataclass(frozen=True, slots=True)
class AttemptRunner:
    """Runs the slots of jobs; ``folder`` holds one folder of pictures for each open job."""

    repository: JobRepository
    catalogue: Catalogue
    router: Router
    content_store: ContentStore
    pseudonyms: Pseudonyms
    folder: Path
    liveness: Liveness

    def pictures_per_slot(
        self, request: ImageRequest, begun: Mapping[int, WrittenAttempt]
    ) -> dict[int, int]:
        """Return how many units each slot asks for.

        What a dead process has ``begun`` stays as it was, whatever a model takes at once by now;
        the other slots ask for the rest.
        """
        slots = {slot: attempt.asked for slot, attempt in begun.items()}
        rest = max(0, request.n - sum(slots.values()))
        free = (slot for slot in count() if slot not in begun)
        try:
            fan_out = self.catalogue.fan_out(replace(request, n=rest)) if rest else ()
        except UnknownModel:
            if not slots:
                raise
            fan_out = ()  # what was begun goes on also when its model is no longer offered
        for asked in fan_out:
            slots[next(free)] = asked
        return slots

    async def run_slot(
        self,
        job: Job,
        slot: int,
        asked: int,
        *,
        begun: WrittenAttempt | None,
        is_only: bool,
        shared: SlotContext,
    ) -> SlotResult:
        """Ask for ``asked`` pictures, or go on with what a dead process has ``begun``.

        The pictures of the ``is_only`` slot of a job are its result at once: that they are files is
        left to the job's next transaction.
        """
        request = self._gateway_request(job, slot, asked)
        recorder = AttemptRecorder(
            self.repository, self.catalogue, shared.writer, job, slot, asked, is_only
        )
        follow = partial(self._follow, recorder, shared)
        if begun is None:
            request = await self._with_references(request)
            shared.gate.wait()
            events = self.router.generate(request, renew_addresses=shared.renew_addresses)
            return await follow(events)
        match begun.state:
            case "task":
                gateway, task_id = begun.key.gateway, begun.task_id or ""
                request = replace(request, modal_sent=begun.modal_sent)
                # What is under way may be paid: it goes on, unless it asks for a mask that is gone.
                if request.image_request.mask and not begun.modal_sent:
                    with suppress(ReferenceLost, PictureStorageAway):
                        request = await self._with_references(request)
                events = self.router.resume(request, gateway=gateway, task_id=task_id)
            case "answered" if begun.urls:
                events = self.router.fetch(request, gateway=begun.key.gateway, urls=begun.urls)
            case "received":
                return await self._received_before(request, begun, shared)
            case _:
                return await self._lost(recorder, begun)
        return await follow(events, attempt=begun.key)

    async def _follow(
        self,
        recorder: AttemptRecorder,
        shared: SlotContext,
        events: AsyncGenerator[GatewayEvent, None],
        *,
        attempt: Attempt | None = None,
    ) -> SlotResult:
        asked = recorder.asked
        result, is_resumed = SlotResult(asked), attempt is not None
        try:
            async with aclosing(events):
                async for event in events:
                    is_sending = isinstance(event, Sending)
                    if is_sending and not await self._may_send(shared.gate):
                        return SlotResult(asked)
                    attempt = await recorder.record(attempt, event)
                    if is_sending and attempt is None:  # the job has ended meanwhile
                        return SlotResult(asked)
                    if is_sending:  # whoever takes the job over cancels it here
                        await self.liveness.until_may_send()
                    if isinstance(event, RequestRefused):
                        shared.gate.wait()
                    if isinstance(event, SlotEvent):
                        shared.report(event)
                    if isinstance(event, Received):
                        pictures = units_of_slot(event.pictures, recorder.slot, most=asked)
                        result = SlotResult(asked, pictures, lost=event.lost(asked))
        except GatewayFailure as failure:
            # What cannot be had any more could be had while the dead process lived.
            by_us = is_resumed and failure.kind in _LOST_BY_WAITING
            await recorder.record_failure(attempt, failure, by_us=by_us)
            return SlotResult(asked, failure=failure)
        return result

    async def _may_send(self, gate: SendGate) -> bool:
        """Wait until this process may send anything; return whether the job may, too."""
        await self.liveness.until_may_send()
        return gate.pass_through()

    async def _received_before(
        self, request: GatewayRequest, attempt: WrittenAttempt, shared: SlotContext
    ) -> SlotResult:
        """Return what a dead process received, whose end and cost are recorded.

        Where its files are gone, or on another machine, they are downloaded once more.
        """
        gateway, slot, asked = attempt.key.gateway, attempt.key.slot, attempt.asked
        if pictures := await asyncio.to_thread(_received_files, request, slot):
            return SlotResult(asked, pictures)
        if attempt.urls:
            events = self.router.fetch(request, gateway=gateway, urls=attempt.urls)
            with suppress(GatewayFailure):
                async with aclosing(events):
                    async for event in events:
                        if isinstance(event, Received):
                            shared.report(event)
                            pictures = units_of_slot(event.pictures, slot, most=asked)
                            return SlotResult(asked, pictures, lost=event.lost(asked))
        return SlotResult(asked, failure=_files_gone(gateway))

    def received_pictures(
        self, job: Job, attempts: Sequence[WrittenAttempt]
    ) -> tuple[Picture, ...]:
        """Return the pictures that dead processes received for a job; it blocks."""
        received = [
            _received_files(self._gateway_request(job, slot, attempt.asked), slot)
            for attempt in attempts
            if attempt.state == "received"
            for slot in [attempt.key.slot]
        ]
        return first_units(joined_units(received), job.request.n)

    def _gateway_request(self, job: Job, slot: int, asked: int) -> GatewayRequest:
        folder = self.folder / job.id
        folder.mkdir(parents=True, exist_ok=True)
        return GatewayRequest(
            image_request=replace(job.request, seed=self.catalogue.seed_of_slot(job.request, slot)),
            n=asked,
            folder=folder,
            stem=f"slot-{slot}",
            user_tag=self.pseudonyms.of(job.requester.user_id),
        )

    async def _with_references(self, request: GatewayRequest) -> GatewayRequest:
        """Add the files of the references, and of the mask over the first of them.

        Raises:
            ReferenceLost: one is gone, or not what was kept.
        """
        wanted, folder = request.image_request, request.folder
        kept = (*wanted.references, wanted.mask) if wanted.mask else wanted.references
        found = [
            await self._intact(number, reference, folder)
            for number, reference in enumerate(kept, 1)
        ]
        # The picture of an action is not sent: its mask has the size that it has at the gateway.
        # Nor need its model be offered any more.
        accepted = None if wanted.action else self._reference_limits(wanted)
        fitted = [
            await self._fitted(each, path, accepted, folder)
            for each, path in zip(wanted.references, found, strict=False)
        ]
        paths = tuple(path for _, path in fitted)
        mask = await self._fitted_mask(found[-1], paths, folder) if wanted.mask else None
        bytes_of_mask = mask.stat().st_size if mask else 0
        return replace(
            request,
            image_request=replace(
                wanted,
                references=tuple(each for each, _ in fitted),
                mask=wanted.mask and replace(wanted.mask, bytes=bytes_of_mask),
            ),
            references=paths,
            mask=mask,
        )

    def _reference_limits(self, wanted: ImageRequest) -> ReferenceLimits | None:
        return self.catalogue.model(wanted.model).reference_limits_of(wanted)

    async def _intact(self, number: int, reference: Reference, folder: Path) -> Path:
        path = await self.content_store.fetch_intact(reference, folder=folder)
        if path is None:
            raise ReferenceLost(number=number)
        return path

    async def _fitted_mask(self, mask: Path, over: Sequence[Path], folder: Path) -> Path:
        """Return the mask with as many pixels as the first reference has when it is sent."""
        size = await in_pixel_thread(picture_size, over[0])
        if size == await in_pixel_thread(picture_size, mask):
            return mask
        return await in_pixel_thread(resize_mask, mask, size, folder=folder)

    async def _fitted(
        self, kept: Reference, path: Path, accepted: ReferenceLimits | None, folder: Path
    ) -> tuple[Reference, Path]:
        """Return a reference as the model accepts it: smaller, or in another format."""
        if accepted is None or accepted.accepts(kept):
            return kept, path
        size = await in_pixel_thread(picture_size, path)
        wanted = next(name for name in ("webp", "jpeg", "png") if name in accepted.formats)
        made = await in_pixel_thread(
            convert_picture,
            Picture(path, kept.format, *size, kept.bytes),
            wanted,
            max_bytes=accepted.max_bytes,
            folder=folder,
        )
        fitted = replace(kept, format=made.format, bytes=made.bytes, url=None, source=None)
        return fitted, made.path

    async def _lost(self, recorder: AttemptRecorder, attempt: WrittenAttempt) -> SlotResult:
        failure = GatewayFailure(
            kind=GatewayErrorKind.TIMEOUT_UNKNOWN,
            gateway=attempt.key.gateway,
            billed=Billed.MAYBE,
            detail="the process died while the request was under way",
        )
        if attempt.state != "unknown":
            await recorder.record_failure(attempt.key, failure, by_us=True)
        return SlotResult(attempt.asked, failure=failure)

    def late_folder(self, job: Job) -> Path:
        """Return the folder for what comes after a job's end."""
        return self.folder / f"{job.id}{_LATE}"

    def remove_files(self, job: Job) -> None:
        """Remove the job's picture files; it blocks, so call it in a thread."""
        shutil.rmtree(self.folder / job.id, ignore_errors=True)


def is_of_late_task(folder: Path) -> bool:
    """Return whether a folder is one of ``AttemptRunner.late_folder``."""
    return folder.name.endswith(_LATE)


def _files_gone(gateway: str) -> GatewayFailure:
    return GatewayFailure(
        kind=GatewayErrorKind.DOWNLOAD_FAILED,
        gateway=gateway,
        billed=Billed.YES,
        detail="the picture files of an earlier process are gone",
    )


def _received_files(request: GatewayRequest, slot: int) -> tuple[Picture, ...]:
    """Return the picture files that a dead process received; it blocks.

    Only what is named STEM-UNIT or STEM-UNIT-CELL is one: previews and parts carry a token.
    """
    names = ((_NUMBERS.fullmatch(path.stem), path) for path in request.folder.iterdir())
    numbered = sorted(
        (int(name["unit"]), int(name["cell"] or 0), path)
        for name, path in names
        if name and name["stem"] == request.stem
    )
    found = (_picture(path, grid=unit if cell else 0) for unit, cell, path in numbered)
    return units_of_slot([picture for picture in found if picture], slot, most=request.n)


def _picture(path: Path, *, grid: int) -> Picture | None:
    looks = inspect_picture(path)
    if looks is None:
        return None
    size = path.stat().st_size
    return Picture(path, looks.format, looks.width, looks.height, size, grid=grid)
