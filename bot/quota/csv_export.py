"""Export a server's charges as CSV, page by page."""

import asyncio
import csv
import gzip
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.errors.base import Refusal
from bot.database.database import LONG_ROWS, Database
from bot.quota.ledger import Ledger
from bot.quota.limits import HOUR_MS
from bot.quota.reports import ChargePlace
from bot.quota.repository import Charge

COLUMNS = ("time", "user", "credits", "from_extra_credits", "in_doubt", "state", "job")
DELETED_USER = "deleted"


@dataclass(eq=False, kw_only=True)
class ExportTooLarge(Refusal):
    """The charges of ``days`` days do not fit into an attachment, even compressed."""

    days: int
    message_id = "error-export-too-large"


@dataclass(frozen=True, slots=True)
class Written:
    """The file and how many charges are in it."""

    path: Path
    count: int


class Statement:
    """Writes the charges of the ledger to a CSV file."""

    def __init__(self, database: Database, ledger: Ledger, *, now: Callable[[], int]) -> None:
        self._database = database
        self._ledger = ledger
        self._now = now

    async def write(self, folder: Path, *, server_id: int, days: int, max_bytes: int) -> Written:
        """Write the charges of the last days as CSV, compressed where it would be too large.

        Raises:
            ExportTooLarge: it has more than ``max_bytes`` even compressed.
        """
        now = datetime.fromtimestamp(self._now() / 1000, UTC)
        path = folder / f"easel-charges-{now:%Y-%m-%d}.csv"
        since = int((now - timedelta(days=days)).timestamp() * 1000)
        count = await self._write_rows(path, server_id, since)
        if path.stat().st_size > max_bytes:
            path = await asyncio.to_thread(_compressed, path)
        if path.stat().st_size > max_bytes:
            raise ExportTooLarge(days=days)
        return Written(path, count)

    async def _write_rows(self, path: Path, server_id: int, since: int) -> int:
        await asyncio.to_thread(_append, path, [COLUMNS])
        count, place, read = 0, None, list[Charge]()
        while True:
            page = await self._database.read_long(
                self._ledger.charges, server_id=server_id, since=since, place=place, most=LONG_ROWS
            )
            place, read = page.next, [*read, *page.charges]
            whole, read = _whole_hours(read, place)
            await asyncio.to_thread(_append, path, [_row(charge) for charge in whole])
            count += len(whole)
            if place is None:
                return count


def _whole_hours(
    charges: Sequence[Charge], place: ChargePlace | None
) -> tuple[list[Charge], list[Charge]]:
    """Return the charges of the hours before a place in the order of time, and the others."""
    end = math.inf if place is None else place.hour * HOUR_MS
    whole = sorted(
        (charge for charge in charges if charge.at < end),
        key=lambda charge: (charge.at, charge.job_id),
    )
    return whole, [charge for charge in charges if charge.at >= end]


def _row(charge: Charge) -> tuple[str | int, ...]:
    time = datetime.fromtimestamp(charge.at / 1000, UTC)
    return (
        f"{time:%Y-%m-%dT%H:%M:%SZ}",
        # Whoever deleted their data has a negative number in the ledger.
        charge.user_id if charge.user_id > 0 else DELETED_USER,
        charge.credits,
        charge.granted,
        int(charge.doubtful),
        charge.state,
        charge.job_id,
    )


def _append(path: Path, rows: Sequence[Sequence[str | int]]) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _compressed(path: Path) -> Path:
    target = path.with_suffix(".csv.gz")
    with path.open("rb") as source, gzip.open(target, "wb") as file:
        shutil.copyfileobj(source, file)
    return target
