"""The rows of the content store's files: their size, and when each was last needed.

Whoever deletes a file marks its row first and deletes it after the file. So a crash leaves a row
that is deleted later, and whoever needs the file meanwhile sees that it is leaving.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from secrets import randbits
from typing import TypeVar

from bot.core.models import PictureFormat, Reference
from bot.database.transaction import Row, Transaction, Value

_KEEP = (
    "INSERT INTO stored_files (sha256, format, bytes, kept_at, entry) VALUES ($1, $2, $3, $4, $6)"
    " ON CONFLICT (sha256, format) DO UPDATE SET leaving_since = NULL,"
    " bytes = excluded.bytes, kept_at = CASE WHEN stored_files.kept_at < excluded.kept_at"
    " THEN excluded.kept_at ELSE stored_files.kept_at + 1 END"
    " WHERE stored_files.leaving_since IS NULL OR stored_files.leaving_since < $5"
)
LEAVING_MS = 600_000
"""Whoever marked a file longer ago has died: deleting one takes less than a minute."""


@dataclass(frozen=True, slots=True, order=True)
class StoredFile:
    """A stored file, and when it was last needed, in milliseconds since the epoch.

    ``kept_at`` grows with every use, so that it also tells whether a file was needed since;
    ``entry``, a random number, whether it was deleted and stored again. A file that was found
    without its row has 0.
    """

    kept_at: int
    sha256: str
    format: PictureFormat
    bytes: int
    entry: int = 0

    @property
    def reference(self) -> Reference:
        """Return the reference under which the content store finds it."""
        return Reference(self.sha256, self.format, self.bytes)


_File = TypeVar("_File", Reference, StoredFile)
_COLUMNS = "sha256, format, bytes, kept_at, entry"


def keep(tx: Transaction, file: Reference, *, at: int) -> StoredFile | None:
    """Write that a file is needed; return None where it is being deleted."""
    found = tx.one(f"{_KEEP} RETURNING {_COLUMNS}", *_kept_values(file, at))
    return None if found is None else _stored(found)


def keep_all(tx: Transaction, files: Iterable[Reference], *, at: int) -> None:
    """Write that files are needed, but for those that are being deleted."""
    for file in _in_order(files):
        tx.write(_KEEP, *_kept_values(file, at))


def renew_all(tx: Transaction, files: Iterable[Reference], *, at: int) -> None:
    """Write that files are needed, if they are stored and stay."""
    for file in _in_order(files):
        tx.write(
            "UPDATE stored_files SET kept_at = CASE WHEN kept_at < $3 THEN $3 ELSE kept_at + 1 END"
            " WHERE sha256 = $1 AND format = $2 AND leaving_since IS NULL",
            file.sha256,
            file.format,
            at,
        )


def find(rows: Transaction, files: Sequence[Reference]) -> dict[str, StoredFile]:
    """Return those of some files that have a row, by their hashes."""
    if not files:
        return {}
    places = ", ".join(f"${number}" for number in range(1, len(files) + 1))
    found = rows.query(
        f"SELECT {_COLUMNS} FROM stored_files WHERE sha256 IN ({places})",
        *(file.sha256 for file in files),
    )
    wanted = {(file.sha256, file.format) for file in files}
    return {
        row["sha256"]: _stored(row) for row in found if (row["sha256"], row["format"]) in wanted
    }


def total_bytes(rows: Transaction) -> int:
    """Return the bytes of all files."""
    found = rows.one("SELECT COALESCE(SUM(bytes), 0) AS bytes FROM stored_files")
    return 0 if found is None else int(found["bytes"])


def oldest(rows: Transaction, *, behind: StoredFile | None, most: int) -> list[StoredFile]:
    """Return a page of all files, the one that was not needed for the longest time first."""
    at, sha256 = (-1, "") if behind is None else (behind.kept_at, behind.sha256)
    found = rows.query(
        f"SELECT {_COLUMNS} FROM stored_files"
        " WHERE (kept_at, sha256) > ($1, $2)"
        " ORDER BY kept_at, sha256 LIMIT $3",
        at,
        sha256,
        most,
    )
    return [_stored(row) for row in found]


@dataclass(frozen=True, slots=True)
class Removal:
    """Files that may be deleted now, and those that somebody else is deleting."""

    mine: Sequence[StoredFile]
    others: Sequence[StoredFile]


def begin_removal(tx: Transaction, files: Sequence[StoredFile], *, at: int) -> Removal:
    """Mark files that were not needed since they were found; the caller deletes them."""
    mine, others = [], []
    for file in _in_order(files):
        marked = tx.query(
            "UPDATE stored_files SET leaving_since = $1 WHERE sha256 = $2 AND format = $3"
            " AND kept_at = $4 AND (leaving_since IS NULL OR leaving_since < $5) AND entry = $6"
            " RETURNING sha256",
            at,
            file.sha256,
            file.format,
            file.kept_at,
            at - LEAVING_MS,
            file.entry,
        )
        if marked:
            mine.append(file)
        elif _is_leaving(tx, file):
            others.append(file)
    return Removal(mine, others)


def end_removal(
    tx: Transaction, *, deleted: Sequence[StoredFile], refused: Sequence[StoredFile], at: int
) -> None:
    """Delete the rows of files that were marked at a moment and deleted; unmark those that stay."""
    for file in _in_order(refused):
        tx.write(
            "UPDATE stored_files SET leaving_since = NULL"
            " WHERE sha256 = $1 AND format = $2 AND leaving_since = $3",
            file.sha256,
            file.format,
            at,
        )
    for file in _in_order(deleted):
        tx.write(
            "DELETE FROM stored_files WHERE sha256 = $1 AND format = $2 AND leaving_since = $3",
            file.sha256,
            file.format,
            at,
        )


def without_row(rows: Transaction, files: Sequence[StoredFile]) -> list[StoredFile]:
    """Return those of some files that have no row."""
    known = find(rows, [file.reference for file in files])
    return [file for file in files if file.sha256 not in known]


def adopt(tx: Transaction, files: Sequence[StoredFile]) -> None:
    """Write the rows of files that have none; harmless twice."""
    for file in _in_order(files):
        tx.write(
            "INSERT INTO stored_files (sha256, format, bytes, kept_at, entry)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (sha256, format) DO NOTHING",
            file.sha256,
            file.format,
            file.bytes,
            file.kept_at,
            _new_entry(),
        )


def _in_order(files: Iterable[_File]) -> list[_File]:
    """Return files in the order in which every transaction locks their rows."""
    return sorted(files, key=lambda file: (file.sha256, file.format))


def _kept_values(file: Reference, at: int) -> tuple[Value, ...]:
    return file.sha256, file.format, file.bytes, at, at - LEAVING_MS, _new_entry()


def _new_entry() -> int:
    return randbits(63)


def _is_leaving(tx: Transaction, file: StoredFile) -> bool:
    found = tx.one(
        "SELECT 1 FROM stored_files"
        " WHERE sha256 = $1 AND format = $2 AND leaving_since IS NOT NULL",
        file.sha256,
        file.format,
    )
    return found is not None


def _stored(row: Row) -> StoredFile:
    return StoredFile(row["kept_at"], row["sha256"], row["format"], row["bytes"], row["entry"])
