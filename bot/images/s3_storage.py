"""Keep the files of the content store in a bucket of S3, or of what speaks its protocol."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import obstore
import structlog
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from bot.core.errors.base import StartRefused
from bot.core.errors.jobs import PictureStorageAway
from bot.core.models import Reference
from bot.images.file_storage import FILES_PER_PAGE, file_name, stored_file
from bot.images.folder_storage import link_or_copy
from bot.images.stored_files import StoredFile

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_AT_ONCE = 16
_SHORT_S, _LONG_S = 25.0, 90.0
_FETCHED_S = 600
_CHUNK_BYTES = 1 << 20
_TRIES = 2  # of a download: what is cut in the middle is fetched anew
_CHECKED = "written-by-the-check"
_REQUEST: "ClientConfig" = {"timeout": "60s", "connect_timeout": "5s"}
_RETRY: "RetryConfig" = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}


class S3Storage:
    """The objects of a bucket below a prefix; what is fetched lies in ``part_folder`` for a while.

    ``values`` are named as in obstore's S3Config; it reads the rest from AWS_… variables.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str,
        values: Mapping[str, str],
        *,
        part_folder: Path,
        retry: "RetryConfig" = _RETRY,
        client: "ClientConfig" = _REQUEST,
    ) -> None:
        self._bucket = bucket
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            # Not every storage knows the deletion of several objects at once.
            config=cast("S3Config", {**values, "disable_bulk_delete": True}),
            client_options={**client, "allow_http": True},
            retry_config=retry,
        )
        self._requests = asyncio.Semaphore(_AT_ONCE)
        self.part_folder = part_folder

    async def put(self, source: Path, file: Reference, *, is_synced: bool) -> None:  # noqa: ARG002 - it is sent, not linked
        """Store a whole file; it has its name when the last byte has arrived."""
        try:
            async with self._request(_LONG_S):
                await obstore.put_async(self._store, file_name(file), source)
        except FileNotFoundError:  # of the bucket, or of its endpoint
            raise PictureStorageAway from None

    async def has(self, file: Reference) -> bool:
        """Tell whether a file is there, whole."""
        try:
            async with self._request(_SHORT_S):
                found = await obstore.head_async(self._store, file_name(file))
        except FileNotFoundError:
            return False
        return found["size"] == file.bytes

    async def fetch(self, file: Reference, *, folder: Path | None = None) -> Path:
        """Return a copy of a file: for ten minutes, or for as long as ``folder`` is there."""
        name = f"{file.sha256}.{file.format}"
        fetched = self.part_folder / name
        if not await asyncio.to_thread(_renewed, fetched, file.bytes):
            await asyncio.to_thread(self._remove_fetched)
            await self._download(file, fetched)
        if folder is None:
            return fetched
        await asyncio.to_thread(_link_once, fetched, folder / name)
        return folder / name

    async def _download(self, file: Reference, fetched: Path) -> None:
        for tries_left in reversed(range(_TRIES)):
            part = fetched.with_name(f"{uuid4().hex}.part")
            try:
                async with self._request(_LONG_S):
                    await self._download_part(file, part)
            except PictureStorageAway:
                if not tries_left:
                    raise
            else:
                part.replace(fetched)
                return
            finally:
                part.unlink(missing_ok=True)

    async def _download_part(self, file: Reference, part: Path) -> None:
        found = await obstore.get_async(self._store, file_name(file))
        with part.open("wb") as target:
            async for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
                await asyncio.to_thread(target.write, chunk)

    async def delete(self, file: Reference) -> None:
        """Delete a file, also its copy here; harmless twice."""
        with suppress(FileNotFoundError):  # S3 itself says that it was deleted
            async with self._request(_SHORT_S):
                await obstore.delete_async(self._store, file_name(file))
        copy = self.part_folder / f"{file.sha256}.{file.format}"
        await asyncio.to_thread(copy.unlink, missing_ok=True)

    async def pages(self) -> AsyncIterator[Sequence[StoredFile]]:
        """Yield all files in pages, and remove the copies here that nobody fetched lately."""
        await asyncio.to_thread(self._remove_fetched)
        listed = aiter(obstore.list(self._store, chunk_size=FILES_PER_PAGE))
        while True:
            try:
                async with self._request(_SHORT_S):
                    page = await anext(listed)
            except StopAsyncIteration:
                return
            files = (
                stored_file(each["path"], each["size"], _ms(each["last_modified"].timestamp()))
                for each in page
            )
            yield [file for file in files if file is not None]

    async def check(self) -> None:
        """Write, list and delete a small file."""
        try:
            with _refusals():
                async with asyncio.timeout(_SHORT_S):
                    await self._check()
        except (_Refused, FileNotFoundError) as refused:
            why = refused.why if isinstance(refused, _Refused) else "it does not exist"
            raise StartRefused(
                f"CONTENT_STORE_URL: the storage refuses the bucket {self._bucket} ({why}): "
                "correct its name, AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID or "
                "AWS_SECRET_ACCESS_KEY, and let that key list, read, write and delete objects."
            ) from None

    async def _check(self) -> None:
        name = f"{_CHECKED}-{uuid4().hex}"
        await obstore.put_async(self._store, name, b"written by the check")
        async for _ in obstore.list(self._store, prefix=name):
            pass
        await obstore.delete_async(self._store, name)

    @asynccontextmanager
    async def _request(self, limit_s: float) -> AsyncIterator[None]:
        """Wait until few others run, and raise PictureStorageAway for whatever fails in it."""
        try:
            with _refusals():
                async with self._requests, asyncio.timeout(limit_s):
                    yield
        except _Refused as refused:
            log.warning("content_store.refused", why=refused.why)
            raise PictureStorageAway from None

    def _remove_fetched(self) -> None:
        self.part_folder.mkdir(parents=True, exist_ok=True)
        until = time.time() - _FETCHED_S
        for path in self.part_folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < until and path.suffix != ".part":
                    path.unlink()


class _Refused(Exception):
    """The storage refused; ``why`` has nothing of its answer, which may repeat a key."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise what obstore raises without its text: this may hold keys and signatures."""
    try:
        yield
    except PermissionDeniedError:
        raise _Refused("access denied") from None
    except UnauthenticatedError:
        raise _Refused("unknown key") from None
    except PictureStorageAway:
        raise
    except (BaseError, TimeoutError, ValueError) as failed:
        log.warning("content_store.away", error=type(failed).__name__)
        raise PictureStorageAway from None


def _renewed(path: Path, size: int) -> bool:
    """Keep a copy that is there for longer; return False where it is not."""
    try:
        if path.stat().st_size != size:
            return False
        path.touch()
    except FileNotFoundError:
        return False
    return True


def _link_once(path: Path, name: Path) -> None:
    if not name.exists():
        link_or_copy(path, name)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
