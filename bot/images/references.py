"""Load a job's reference pictures: fetched once, checked by content, kept in the content store."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.core.errors.base import EaselError, Refusal
from bot.core.models import AttachmentUrls, ImageRequest, Reference
from bot.images.content_store import ContentStore, StoredFile, reference_of
from bot.images.conversion import PictureTooLarge, PictureUnreadable, picture_size, read_upload

MAX_MEGABYTES = 20
# Decoded, this is 100 MB: what a machine with 512 MB can spare for a moment.
MAX_MEGAPIXELS = 25
# What OpenAI takes for a mask (images/edits).
MAX_MASK_BYTES = 4_000_000


@dataclass(eq=False, kw_only=True)
class ReferenceTooLarge(Refusal):
    """The ``number``-th reference has more than ``limit`` megabytes."""

    number: int
    limit: int
    message_id = "error-reference-too-large"


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


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture that somebody attached.

    ``size`` is in bytes, as declared; ``url`` is where others can fetch it for a while.
    """

    size: int
    read: Callable[[], Awaitable[bytes]]
    """Fetch the bytes; raise OSError when they are gone."""
    url: str | None = None


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
        return AttachmentUrls(tuple(picture.url or "" for picture in self.pictures), mask)


NO_ATTACHMENTS = Attachments()

FetchAttachment = Callable[[str], Awaitable[bytes]]
"""Fetch what a URL serves; raise OSError when it is gone."""


def attachments_at(urls: AttachmentUrls | None, read: FetchAttachment) -> Attachments:
    """Return the attachments that an earlier process did not fetch."""
    if urls is None:
        return Attachments()
    mask = None if urls.mask is None else _upload_at(urls.mask, read)
    return Attachments(tuple(_upload_at(url, read) for url in urls.pictures), mask)


def _upload_at(url: str, read: FetchAttachment) -> Upload:
    async def fetch() -> bytes:
        if not url:
            raise FileNotFoundError("it never had a URL")
        return await read(url)

    return Upload(0, fetch, url or None)


class ReferenceLoader:
    """Turns uploads into references; one picture is decoded at a time."""

    def __init__(self, content_store: ContentStore, *, now: Callable[[], int]) -> None:
        self._content_store = content_store
        self._now = now
        self._decoding = asyncio.Lock()

    def check(self, attached: Attachments, request: ImageRequest) -> None:
        """Refuse what is known to be wrong before anything is held.

        Raises:
            ReferenceTooLarge: an upload says that it is.
            ReferenceLost: a reference of an earlier job is kept no longer.
        """
        for number, upload in enumerate(attached.uploads, len(request.references) + 1):
            _check_size(number, upload.size)
        kept = (*request.references, request.mask) if request.mask else request.references
        for number, reference in enumerate(kept, 1):
            if not self._content_store.has(reference):
                raise ReferenceLost(number=number)

    async def fetch_and_keep(self, attached: Attachments, request: ImageRequest) -> ImageRequest:
        """Fetch, check and keep everything, and return the request with it.

        What the request has of an earlier job comes first.

        Raises:
            EaselError: something is gone, too large, no picture, or a mask that does not fit.
        """
        new: list[StoredFile] = []
        try:
            return await self._kept(attached, request, new)
        except EaselError:
            # No job refers to them, so that no deletion of personal data would find them.
            async with self._decoding:
                await asyncio.to_thread(self._remove, new)
            raise

    async def _kept(
        self, attached: Attachments, request: ImageRequest, new: list[StoredFile]
    ) -> ImageRequest:
        uploads = enumerate(attached.uploads, len(request.references) + 1)
        kept = [await self._keep(number, upload, new) for number, upload in uploads]
        references = (*request.references, *kept[: len(attached.pictures)])
        mask = kept[-1] if attached.mask else None
        if mask is not None:
            await asyncio.to_thread(self._check_mask, mask, references[0])
        return replace(request, references=references, mask=mask)

    def _remove(self, new: Sequence[StoredFile]) -> None:
        for file in new:
            self._content_store.remove(file)

    async def renew(self, request: ImageRequest) -> None:
        """Keep the references that come from an earlier job as long as if they were new."""
        kept = (*request.references, request.mask) if request.mask else request.references
        for reference in kept:
            await asyncio.to_thread(self._content_store.renew, reference)

    def _check_mask(self, mask: Reference, first: Reference) -> None:
        size = picture_size(self._content_store.path(first))
        fits = picture_size(self._content_store.path(mask)) == size and mask.format == "png"
        if not fits or mask.bytes > MAX_MASK_BYTES:
            raise MaskUnfit(width=size[0], height=size[1])

    async def _keep(self, number: int, upload: Upload, new: list[StoredFile]) -> Reference:
        try:
            data = await upload.read()
        except OSError as gone:
            raise ReferenceLost(number=number) from gone
        fetched_at = self._now()
        _check_size(number, len(data))
        async with self._decoding:
            kept = await asyncio.to_thread(self._check_and_keep, number, data, new)
        return replace(kept, url=upload.url, fetched_at=fetched_at)

    def _check_and_keep(self, number: int, data: bytes, new: list[StoredFile]) -> Reference:
        try:
            whole, format_ = read_upload(data, max_pixels=MAX_MEGAPIXELS * 1_000_000)
        except PictureTooLarge as bomb:
            raise ReferenceTooManyPixels(number=number, limit=MAX_MEGAPIXELS) from bomb
        except PictureUnreadable as wrong:
            raise ReferenceUnreadable(number=number) from wrong
        was_there = self._content_store.find(reference_of(whole, format_)) is not None
        reference = self._content_store.keep(whole, format_)
        if not was_there and (file := self._content_store.find(reference)) is not None:
            new.append(file)
        return reference


def _check_size(number: int, size: int) -> None:
    if size > MAX_MEGABYTES * 1_000_000:
        raise ReferenceTooLarge(number=number, limit=MAX_MEGABYTES)
