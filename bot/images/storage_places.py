"""Where CONTENT_STORE_URL says that pictures are kept, and the storage for it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from bot.core.errors.base import StartRefused
from bot.images.file_storage import FileStorage
from bot.images.folder_storage import FolderStorage

if TYPE_CHECKING:
    from bot.images.s3_storage import S3Storage

VAULT = "vault"
"""The folder in DATA_DIR of the pictures, where CONTENT_STORE_URL names no other place."""
FETCHED = "fetched"
"""The folder in DATA_DIR of unfinished files, and of copies from another place."""
_BUCKET = re.compile(r"s3://(?P<bucket>[A-Za-z0-9][A-Za-z0-9._-]{1,254})(?:/(?P<prefix>[^?#]*))?")


def checked_place(url: str) -> str:
    """Return the URL of a place as it was written.

    Raises:
        ValueError: it is neither an absolute path nor a bucket.
    """
    url = url.strip()
    if url and _folder(url) is None and not _BUCKET.fullmatch(url):
        raise ValueError("it is neither the absolute path of a folder nor s3://BUCKET/PREFIX")
    return url


def open_storage(url: str, data_dir: Path, s3_values: Mapping[str, str]) -> FileStorage:
    """Return the storage for a checked URL; ``s3_values`` are names of obstore's S3Config.

    Raises:
        StartRefused: the package for S3 is missing.
    """
    if found := _BUCKET.fullmatch(url):
        prefix = (found["prefix"] or "").strip("/")
        return _s3(found["bucket"], prefix, s3_values, data_dir / FETCHED)
    if folder := _folder(url):
        return FolderStorage(folder, part_folder=data_dir / FETCHED)
    return FolderStorage(data_dir / VAULT, part_folder=data_dir / VAULT)


def _folder(url: str) -> Path | None:
    path = unquote(url.removeprefix("file://")) if url.startswith("file:///") else url
    return Path(path) if path.startswith("/") else None


def _s3(bucket: str, prefix: str, values: Mapping[str, str], fetched: Path) -> "S3Storage":
    try:
        from bot.images.s3_storage import S3Storage  # noqa: PLC0415 - of the extra [s3]
    except ImportError:
        raise StartRefused(
            "CONTENT_STORE_URL names a bucket, and the package for it is missing: install "
            "easel-bot[s3], or leave CONTENT_STORE_URL empty."
        ) from None
    return S3Storage(bucket, prefix, values, part_folder=fetched)
