"""Database rows of requests for words; each has a charge under the same id."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import msgspec

from bot.core.job_ids import first_job_id
from bot.core.models import Requester
from bot.database.transaction import Row, Transaction
from bot.jobs.repository.personal_data import PlacedJob, placeholders

TextKind = Literal["describe", "improve", "shorten"]


class TextOutcome(StrEnum):
    """How a request for words ended."""

    ANSWERED = "answered"
    """The person has suggestions."""
    REFUSED = "refused"
    """It is certain that no work began, or nothing was sent."""
    DECLINED = "declined"
    """The model would not, or its words are forbidden here."""
    UNUSABLE = "unusable"
    """A reply came that holds no suggestion."""
    UNKNOWN = "unknown"
    """It was sent, and nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A request for words with what it holds: ``price`` is in millionths.

    ``model`` is the chat model, or the name of the call.
    """

    id: str
    kind: TextKind
    requester: Requester
    model: str
    credits: int
    price: int
    created_at: int

    @property
    def held(self) -> "HeldText":
        """Return what is held for it."""
        return HeldText(self.id, self.requester.user_id, self.credits, self.price)


@dataclass(frozen=True, slots=True)
class HeldText:
    """What a request holds, and whose it is: ``price`` is in millionths."""

    id: str
    user_id: int
    credits: int
    price: int


@dataclass(frozen=True, slots=True)
class KeptSuggestions:
    """What was suggested to a person."""

    user_id: int
    kind: TextKind
    prompts: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonalTextRequest:
    """A request as its person may read it."""

    id: str
    kind: TextKind
    state: str
    server_id: int
    credits: int
    created_at: int
    suggestions: tuple[str, ...] = field(repr=False)


# --- their life -------------------------------------------------------------------------------


def insert_held(tx: Transaction, request: TextRequest, *, owner: str) -> None:
    """Write down a request of which nothing was sent."""
    tx.write(
        "INSERT INTO text_requests (id, owner, kind, state, server_id, user_id, model, credits,"
        " price, created_at) VALUES ($1, $2, $3, 'held', $4, $5, $6, $7, $8, $9)",
        request.id,
        owner,
        request.kind,
        request.requester.server_id,
        request.requester.user_id,
        request.model,
        request.credits,
        request.price,
        request.created_at,
    )


def note_sending(tx: Transaction, request_id: str, gateway: str) -> bool:
    """Write down that a request is about to be sent; return False if it may not be any more."""
    noted = tx.query(
        "UPDATE text_requests SET state = 'sending', gateway = $2"
        " WHERE id = $1 AND state = 'held' RETURNING id",
        request_id,
        gateway,
    )
    return bool(noted)


def note_task(tx: Transaction, request_id: str, task_id: str) -> None:
    """Write down the task that the gateway has accepted for a request."""
    tx.write("UPDATE text_requests SET task_id = $2 WHERE id = $1", request_id, task_id)


def end_text_request(
    tx: Transaction, request_id: str, outcome: TextOutcome, *, at: int, suggestions: Sequence[str]
) -> str | None:
    """Write down how a request ended, and what was suggested; return the gateway it was sent to."""
    text = msgspec.json.encode(suggestions).decode() if suggestions else None
    ended = tx.one(
        "UPDATE text_requests SET state = $2, ended_at = $3, suggestions = $4 WHERE id = $1"
        " RETURNING gateway",
        request_id,
        outcome.value,
        at,
        text,
    )
    return None if ended is None else ended["gateway"]


def is_under_way(rows: Transaction, request_id: str) -> bool:
    """Tell whether a request has not ended; nobody else ends it in this transaction."""
    found = rows.one_locked(
        "SELECT id FROM text_requests WHERE id = $1 AND ended_at IS NULL", request_id
    )
    return found is not None


def was_sent(rows: Transaction, request_id: str) -> bool:
    """Tell whether a request is, or was, about to be sent."""
    sent = "SELECT id FROM text_requests WHERE id = $1 AND state <> 'held' AND gateway IS NOT NULL"
    return rows.one(sent, request_id) is not None


def owners_of_open(rows: Transaction) -> list[str]:
    """Return the processes that have requests under way, living or dead."""
    found = rows.query("SELECT DISTINCT owner FROM text_requests WHERE ended_at IS NULL")
    return [row["owner"] for row in found]


def open_of(rows: Transaction, owners: Sequence[str]) -> list[HeldText]:
    """Return the requests that some processes have under way."""
    if not owners:
        return []
    found = rows.query(
        "SELECT id, user_id, credits, price FROM text_requests"
        f" WHERE ended_at IS NULL AND owner IN ({placeholders(owners)}) ORDER BY id",
        *owners,
    )
    return [HeldText(*row) for row in found]


def read_suggestions(rows: Transaction, request_id: str) -> KeptSuggestions | None:
    """Return what was suggested, None where nothing was, or it is kept no longer."""
    found = rows.one(
        "SELECT user_id, kind, suggestions FROM text_requests WHERE id = $1", request_id
    )
    if found is None or not (prompts := _suggestions(found)):
        return None
    return KeptSuggestions(found["user_id"], found["kind"], prompts)


# --- retention, and one person's data ---------------------------------------------------------


def delete_old_text_requests(tx: Transaction, *, before: int, most: int) -> int:
    """Delete at most ``most`` ended requests from before a moment; return how many."""
    deleted = tx.query(
        "DELETE FROM text_requests WHERE id IN (SELECT id FROM text_requests"
        " WHERE id < $1 AND ended_at IS NOT NULL ORDER BY id LIMIT $2) RETURNING id",
        first_job_id(before),
        most,
    )
    return len(deleted)


def placed_text_requests(
    rows: Transaction, user_id: int, *, behind: PlacedJob | None, most: int
) -> list[PlacedJob]:
    """Return a page of a person's requests with their servers as ``placed_jobs`` does."""
    found = rows.query(
        "SELECT id, server_id, created_at FROM text_requests"
        " WHERE user_id = $1 AND (created_at, id) > ($2, $3) ORDER BY created_at, id LIMIT $4",
        user_id,
        -(2**62) if behind is None else behind.created_at,
        "" if behind is None else behind.id,
        most,
    )
    return [PlacedJob(*row) for row in found]


def delete_text_requests_of(tx: Transaction, *, user_id: int, until: int, most: int) -> int:
    """Delete at most ``most`` ended requests of a person up to a moment; return how many."""
    deleted = tx.query(
        "DELETE FROM text_requests WHERE id IN (SELECT id FROM text_requests"
        " WHERE user_id = $1 AND created_at <= $2 AND ended_at IS NOT NULL"
        " ORDER BY created_at LIMIT $3) RETURNING id",
        user_id,
        until,
        most,
    )
    return len(deleted)


def text_requests_of(
    rows: Transaction, user_id: int, *, before: PersonalTextRequest | None, most: int
) -> list[PersonalTextRequest]:
    """Return a page of a person's requests, the newest first, from behind ``before``."""
    found = rows.query(
        "SELECT id, kind, state, server_id, credits, created_at, suggestions FROM text_requests"
        " WHERE user_id = $1 AND (created_at, id) < ($2, $3)"
        " ORDER BY created_at DESC, id DESC LIMIT $4",
        user_id,
        2**62 if before is None else before.created_at,
        "" if before is None else before.id,
        most,
    )
    return [
        PersonalTextRequest(
            id=row["id"],
            kind=row["kind"],
            state=row["state"],
            server_id=row["server_id"],
            credits=row["credits"],
            created_at=row["created_at"],
            suggestions=_suggestions(row),
        )
        for row in found
    ]


def count_text_requests_of(rows: Transaction, user_id: int) -> int:
    """Count a person's requests."""
    found = rows.one("SELECT COUNT(*) AS texts FROM text_requests WHERE user_id = $1", user_id)
    return int(found["texts"]) if found else 0


def _suggestions(row: Row) -> tuple[str, ...]:
    try:
        return tuple(msgspec.json.decode(row["suggestions"] or "[]", type=list[str]))
    except (msgspec.MsgspecError, ValueError):
        return ()
