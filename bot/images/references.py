"""Load a job's reference pictures: fetched once, checked by content, kept in the content store."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Protocol

from bot.core.errors.base import EaselError, Refusal
from bot.core.errors.jobs import PictureStorageAway, PictureStorageFull
from bot.core.models import AttachmentUrls, ImageRequest, Reference, ReferenceSource
from bot.database.outage import DatabaseBusy
from bot.images.content_store import ContentStore
from bot.images.conversion import picture_size
from bot.images.decoding import (
    PictureTooLarge,
    PictureUnreadable,
    can_read_heic,
    in_pixel_thread,
)
from bot.images.normal_form import NormalForm, write_mask, write_normal_form
from bot.images.same_pictures import check_different
from bot.images.stored_files import StoredFile

MAX_MEGABYTES = 20
# Decoded, this is 100 MB: what a machine with 512 MB can spare for a moment.
MAX_MEGAPIXELS = 25
# Attachments arrive whole in memory: so many of them at once in the whole process.
MAX_FETCHED_AT_ONCE = 2
FETCH_TIMEOUT_S = 60
_MAX_REMEMBERED = 10_000
# What OpenAI takes for a mask (images/edits).
MAX_MASK_BYTES = 4_000_000


@dataclass(eq=False, kw_only=True)
class ReferenceTooLarge(Refusal):
    """The ``number``-th reference has more than ``limit`` megabytes."""

    number: int
    limit: int
    message_id = "error-reference-too-large"


@dataclass(eq=False, kw_only=True)
class ReferenceNoPicture(Refusal):
    """Discord says of the ``number``-th reference that it is no picture, or it is empty."""

    number: int
    message_id = "error-reference-no-picture"


@dataclass(eq=False, kw_only=True)
class ReferenceHeic(Refusal):
    """The ``number``-th reference is a HEIC photo, and its decoder is not installed."""

    number: int
    message_id = "error-reference-heic"


@dataclass(eq=False, kw_only=True)
class ReferenceTooManyPixels(EaselError):
    """The ``number``-th reference has more than ``limit`` megapixels."""

    number: int
    limit: int
    message_id = "error-reference-too-many-pixels"


@dataclass(eq=False, kw_only=True)
class ReferenceUnreadable(EaselError):
    """The ``number``-th reference is no picture that can be read."""

    number: int
    message_id = "error-reference-unreadable"


@dataclass(eq=False, kw_only=True)
class ReferenceLost(EaselError):
    """The ``number``-th reference could not be fetched, or is kept no longer."""

    number: int
    message_id = "error-reference-lost"


@dataclass(eq=False, kw_only=True)
class MaskUnfit(EaselError):
    """The mask is no PNG of at most 4 MB with the first reference's pixels."""

    width: int
    height: int
    message_id = "error-mask-unfit"


@dataclass(eq=False, kw_only=True)
class MaskOpaque(EaselError):
    """The mask is transparent nowhere, so that nothing may change."""

    message_id = "error-mask-opaque"


class DeclaredType(Enum):
    """What a file is said to be, by its content type and name."""

    PERHAPS_PICTURE = "perhaps a picture"
    HEIC = "a HEIC photo"
    NO_PICTURE = "no picture"


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that somebody attached.

    ``size`` is in bytes, as declared; ``url`` is where others can fetch it for a while, and
    ``source`` where another address can be looked up later, None where no message has it.
    """

    size: int
    read: Callable[[], Awaitable[bytes]]
    """Fetch the bytes; raise OSError when they are gone."""
    url: str | None = None
    declared: DeclaredType = DeclaredType.PERHAPS_PICTURE
    source: ReferenceSource | None = None


@dataclass(frozen=True, slots=True)
class Attachments:
    """What came with a request: pictures to start from, and a mask over the first of them."""

    pictures: tuple[Upload, ...] = ()
    mask: Upload | None = None

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """Return everything that has to be fetched."""
        return (*self.pictures, self.mask) if self.mask else self.pictures

    @property
    def urls(self) -> AttachmentUrls | None:
        """Return the URLs where they can be fetched again for a while, None without attachments."""
        if not self.uploads:
            return None
        mask = (self.mask.url or "") if self.mask else None
        return AttachmentUrls(
            tuple(picture.url or "" for picture in self.pictures),
            mask,
            tuple(picture.source for picture in self.pictures),
        )


NO_ATTACHMENTS = Attachments()

FetchAttachment = Callable[[str], Awaitable[bytes]]
"""Fetch what a URL serves; raise OSError when it is gone."""


def attachments_at(urls: AttachmentUrls | None, read: FetchAttachment) -> Attachments:
    """Return the attachments that an earlier process did not fetch."""
    if urls is None:
        return Attachments()
    mask = None if urls.mask is None else _upload_at(urls.mask, read)
    sources = urls.sources or (None,) * len(urls.pictures)
    found = zip(urls.pictures, sources, strict=True)
    return Attachments(tuple(_upload_at(url, read, source) for url, source in found), mask)


def _upload_at(url: str, read: FetchAttachment, source: ReferenceSource | None = None) -> Upload:
    async def fetch() -> bytes:
        if not url:
            raise FileNotFoundError("it never had a URL")
        return await read(url)

    return Upload(0, fetch, url or None, source=source)


class WriteForm(Protocol):
    """Writes a picture from a file to another one, unless it is as wanted already."""

    def __call__(self, source: Path, target: Path, /, *, max_pixels: int) -> NormalForm:
        """Return the file to keep."""
        ...


class ReferenceLoader:
    """Turns uploads into references: fetched to a file, checked, kept in their normal form.

    ``reads_heic`` tells whether HEIC photos can be converted here; it is asked at the first one.
    """

    def __init__(
        self,
        content_store: ContentStore,
        *,
        now: Callable[[], int],
        reads_heic: Callable[[], bool] = can_read_heic,
    ) -> None:
        self._content_store = content_store
        self._reads_heic = reads_heic
        self._now = now
        self._fetching = asyncio.Semaphore(MAX_FETCHED_AT_ONCE)
        self._normal: set[str] = set()
        """Hashes of kept pictures that are known to be in their normal form."""

    async def check(self, attached: Attachments, request: ImageRequest) -> None:
        """Refuse what is known to be wrong before anything is held.

        Raises:
            ReferenceTooLarge, ReferenceNoPicture, ReferenceHeic: an upload says that it is.
            ReferenceLost: a reference of an earlier job is kept no longer.
            PictureStorageAway: nobody knows whether it is.
        """
        for number, upload in enumerate(attached.uploads, len(request.references) + 1):
            self.check_upload(number, upload)
        kept = (*request.references, request.mask) if request.mask else request.references
        for number, reference in enumerate(kept, 1):
            if not await self._content_store.has(reference):
                raise ReferenceLost(number=number)

    def check_upload(self, number: int, upload: Upload) -> None:
        """Refuse an upload that says itself what is wrong with it; it raises as ``check`` does."""
        check_size(number, upload.size)
        if upload.declared is DeclaredType.HEIC and not self._reads_heic():
            raise ReferenceHeic(number=number)
        if upload.declared is DeclaredType.NO_PICTURE:
            raise ReferenceNoPicture(number=number)

    async def fetch_and_keep(self, attached: Attachments, request: ImageRequest) -> ImageRequest:
        """Fetch, check and keep everything, and return the request with it.

        What the request has of an earlier job comes first. It is checked as well: it may be a
        picture as a gateway sent it.

        Raises:
            EaselError: something is gone, too large, no picture, or a mask that does not fit.
        """
        new: list[StoredFile] = []
        try:
            return await self._kept(attached, request, new)
        except EaselError:
            # No job refers to them, so that no deletion of personal data would find them.
            with suppress(DatabaseBusy):  # they are deleted when they have become old
                await self._content_store.remove(new)
            raise

    async def _kept(
        self, attached: Attachments, request: ImageRequest, new: list[StoredFile]
    ) -> ImageRequest:
        earlier = [
            await self._normal_form_of_kept(number, reference, new)
            for number, reference in enumerate(request.references, 1)
        ]
        uploads = enumerate(attached.pictures, len(earlier) + 1)
        fetched = [
            await self._keep(number, upload, new, write=write_normal_form)
            for number, upload in uploads
        ]
        references = (*earlier, *fetched)
        if request.operation:
            check_different(references)
        mask = request.mask
        if attached.mask is not None:
            number = len(references) + 1
            mask = await self._keep(number, attached.mask, new, write=_write_transparent_mask)
        if mask is not None and references:
            await self._check_mask(mask, references[0], number=len(references) + 1)
        return replace(request, references=references, mask=mask)

    async def is_served(self, reference: Reference, upload: Upload) -> bool:
        """Fetch what an address serves, and tell whether it is exactly what is kept.

        Raises:
            OSError: it is gone.
        """
        async with self._fetching:
            data = await upload.read()
            digest = await asyncio.to_thread(hashlib.sha256, data)
        return digest.hexdigest() == reference.sha256

    async def _check_mask(self, mask: Reference, first: Reference, *, number: int) -> None:
        path, mask_path = await self._path(1, first), await self._path(number, mask)
        size = await in_pixel_thread(picture_size, path)
        if await in_pixel_thread(picture_size, mask_path) != size or mask.bytes > MAX_MASK_BYTES:
            raise MaskUnfit(width=size[0], height=size[1])

    async def _keep(
        self, number: int, upload: Upload, new: list[StoredFile], *, write: WriteForm
    ) -> Reference:
        part = self._content_store.new_part()
        try:
            check_size(number, await self.fetch(number, upload, part))
            fetched_at = self._now()
            kept = await self._keep_form(number, part, new, write=write, upload=upload)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)
        return replace(kept, fetched_at=fetched_at)

    async def fetch(self, number: int, upload: Upload, part: Path) -> int:
        """Fetch an upload to a file; return its size, and keep nothing of it in memory."""
        async with self._fetching:
            try:
                async with asyncio.timeout(FETCH_TIMEOUT_S):
                    data = await upload.read()
            except OSError as gone:  # a TimeoutError is one, too
                raise ReferenceLost(number=number) from gone
            with disk_errors():
                return await asyncio.to_thread(part.write_bytes, data)

    async def _keep_form(
        self,
        number: int,
        source: Path,
        new: list[StoredFile],
        *,
        write: WriteForm = write_normal_form,
        upload: Upload | None = None,
    ) -> Reference:
        target = self._content_store.new_part()
        try:
            with naming(number), disk_errors():
                most = MAX_MEGAPIXELS * 1_000_000
                form = await in_pixel_thread(partial(write, source, target, max_pixels=most))
                kept = await self._stored(form, new)
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)
        if upload is None or form.path != source:
            return kept  # what is sent is what is kept: an address serves what was attached
        return replace(kept, url=upload.url, source=upload.source)

    async def _normal_form_of_kept(
        self, number: int, reference: Reference, new: list[StoredFile]
    ) -> Reference:
        path = await self._path(number, reference)
        if reference.sha256 in self._normal:
            return reference
        normal = await self._keep_form(number, path, new)
        return reference if normal == reference else normal

    async def _path(self, number: int, reference: Reference) -> Path:
        path = await self._content_store.fetch_intact(reference)
        if path is None:
            raise ReferenceLost(number=number)
        return path

    async def _stored(self, form: NormalForm, new: list[StoredFile]) -> Reference:
        """Keep a picture; add its file to ``new`` if it was not kept before."""
        kept = await self._content_store.keep_file(form.path, form.format)
        if kept.is_new:
            new.append(kept.file)
        reference = kept.file.reference
        if len(self._normal) >= _MAX_REMEMBERED:
            self._normal.clear()
        self._normal.add(reference.sha256)
        return reference


def _write_transparent_mask(source: Path, target: Path, *, max_pixels: int) -> NormalForm:
    form = write_mask(source, target, max_pixels=max_pixels)
    if form is None:
        raise MaskOpaque
    return form


@contextmanager
def naming(number: int) -> Iterator[None]:
    """Raise errors that name the ``number``-th reference."""
    try:
        yield
    except PictureTooLarge as bomb:
        limit = min(MAX_MEGAPIXELS, bomb.most_pixels // 1_000_000)
        raise ReferenceTooManyPixels(number=number, limit=limit) from bomb
    except PictureUnreadable as wrong:
        raise ReferenceUnreadable(number=number) from wrong


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise PictureStorageFull where the disk refuses."""
    try:
        yield
    except PictureStorageAway:
        raise
    except OSError as full:
        raise PictureStorageFull from full


def check_size(number: int, size: int) -> None:
    """Raise ReferenceTooLarge for too many bytes."""
    if size > MAX_MEGABYTES * 1_000_000:
        raise ReferenceTooLarge(number=number, limit=MAX_MEGABYTES)
