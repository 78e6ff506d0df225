"""The reports of results: one entry for each result in a server, however many people report it."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from bot.core.models import CardAddress
from bot.database.transaction import Row, Transaction

ReportState = Literal["open", "removed", "dismissed"]
EntryReader = Literal["log", "owner"]

MOST_REASONS = 5


@dataclass(frozen=True, slots=True)
class Report:
    """What was reported: ``message`` shows the result of the job in the server.

    ``count`` is how often that was; ``reasons`` are the first ones that people gave. ``log`` and
    ``owner`` are the entries that tell the moderators and the owner.
    """

    job_id: str
    server_id: int
    message: CardAddress
    count: int
    reasons: tuple[str, ...]
    state: ReportState = "open"
    log: CardAddress | None = None
    owner: CardAddress | None = None


def add_report(
    tx: Transaction, job_id: str, server_id: int, message: CardAddress, reason: str, *, at: int
) -> Report:
    """Write a report, or count it with those of the same result; return all of them as one."""
    tx.lock(f"report:{job_id}")
    before = read_report(tx, job_id, server_id)
    reasons = () if before is None else before.reasons
    if reason and len(reasons) < MOST_REASONS:
        reasons = (*reasons, reason)
    row = tx.one(
        "INSERT INTO reports (job_id, server_id, channel_id, message_id, at, count, reasons, state)"
        " VALUES ($1, $2, $3, $4, $5, 1, $6, 'open') ON CONFLICT (job_id, server_id)"
        " DO UPDATE SET count = reports.count + 1, reasons = excluded.reasons RETURNING *",
        job_id,
        server_id,
        message.channel_id,
        message.message_id,
        at,
        msgspec.json.encode(reasons).decode(),
    )
    assert row is not None  # noqa: S101 - an upsert always returns its row
    return _report(row)


def read_report(rows: Transaction, job_id: str, server_id: int) -> Report | None:
    """Return the reports of a result in a server as one, None where there is none."""
    row = rows.one("SELECT * FROM reports WHERE job_id = $1 AND server_id = $2", job_id, server_id)
    return None if row is None else _report(row)


def write_entry(tx: Transaction, report: Report, reader: EntryReader, entry: CardAddress) -> None:
    """Write which message tells of a report."""
    tx.write(
        f"UPDATE reports SET {reader}_channel_id = $1, {reader}_message_id = $2"
        " WHERE job_id = $3 AND server_id = $4",
        entry.channel_id,
        entry.message_id,
        report.job_id,
        report.server_id,
    )


def close_report(tx: Transaction, job_id: str, server_id: int, state: ReportState) -> Report | None:
    """Write what was decided; return None, and change nothing, if it was decided before."""
    row = tx.one(
        "UPDATE reports SET state = $1 WHERE job_id = $2 AND server_id = $3 AND state = 'open'"
        " RETURNING *",
        state,
        job_id,
        server_id,
    )
    return None if row is None else _report(row)


def _report(row: Row) -> Report:
    return Report(
        row["job_id"],
        row["server_id"],
        CardAddress(row["channel_id"], row["message_id"], application_id=0),
        row["count"],
        msgspec.json.decode(row["reasons"], type=tuple[str, ...]),
        row["state"],
        _entry(row["log_channel_id"], row["log_message_id"]),
        _entry(row["owner_channel_id"], row["owner_message_id"]),
    )


def _entry(channel_id: int | None, message_id: int | None) -> CardAddress | None:
    if channel_id is None or message_id is None:
        return None
    return CardAddress(channel_id, message_id, application_id=0)
