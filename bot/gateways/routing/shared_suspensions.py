"""Suspend in all processes the gateways that failed in one of them.

When a suspension ends, the process that saw the failure asks first: the others wait a little
longer, unless pictures arrive there before. So a gateway that is still down is asked by one.
"""

import asyncio
from collections.abc import Callable
from typing import Self

import msgspec
import structlog

from bot.core.background_task import OwnedTasks
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed
from bot.database.database import Database
from bot.database.errors import DATABASE_ERRORS
from bot.database.notifications import Notifications
from bot.database.server_time import server_now
from bot.database.transaction import Row, Transaction
from bot.gateways.routing.health import Health, HealthScope, Suspension

log: structlog.stdlib.BoundLogger = structlog.get_logger()

CHANNEL = "suspensions"
PROBE_MS = 5_000
"""So much longer the processes wait that did not see the failure."""
# After a rate limit the gateway has named the moment itself.
_PROBED_KINDS = (Kind.AUTH, Kind.QUOTA, Kind.UNREACHABLE, Kind.TIMEOUT_UNKNOWN)
_OLD_MS = 3_600_000


class _StoredFailure(msgspec.Struct):
    kind: Kind
    http_status: int | None
    request_id: str | None
    detail: str


class SharedSuspensions:
    """Tells the others of this process' suspensions, and it of theirs: an async context manager."""

    def __init__(
        self,
        database: Database,
        notifications: Notifications,
        *,
        owner: str,
        now: Callable[[], int],
    ) -> None:
        self._database = database
        self._notifications = notifications
        self._owner = owner
        self._now = now
        self._health: Health | None = None
        # One by one: a recovery stands behind its suspension, and what was read last counts.
        self._writing, self._reading = asyncio.Lock(), asyncio.Lock()
        self._tasks = OwnedTasks(_not_shared)

    def share(self, health: Health) -> None:
        """Share these suspensions; once."""
        self._health, health.listener = health, self
        self._notifications.subscribe(CHANNEL, lambda _: self._tasks.start(self._learn()))
        self._notifications.on_reconnect(lambda: self._tasks.start(self._learn()))
        self._tasks.start(self._learn())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._tasks.end()

    # --- what this process suspends -----------------------------------------------------------

    def suspended(self, scope: HealthScope, suspension: Suspension) -> None:
        """Suspend it in the other processes, too."""
        self._tasks.start(self._write(lambda tx: self._insert(tx, scope, suspension)))

    def recovered(self, scope: HealthScope) -> None:
        """Let the other processes ask it again."""
        self._tasks.start(self._write(lambda tx: self._delete(tx, scope)))

    def _insert(self, tx: Transaction, scope: HealthScope, suspension: Suspension) -> None:
        failure = suspension.failure
        stored = _StoredFailure(
            failure.kind, failure.http_status, failure.request_id, failure.detail
        )
        now = server_now(tx)
        tx.write(
            "INSERT INTO suspensions (gateway, model, owner, until, failure)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (gateway, model) DO UPDATE SET"
            " owner = excluded.owner, until = excluded.until, failure = excluded.failure"
            " WHERE suspensions.until < excluded.until",
            *scope,
            self._owner,
            now + suspension.left_ms(self._now()),
            msgspec.json.encode(stored).decode(),
        )
        tx.write("DELETE FROM suspensions WHERE until < $1", now - _OLD_MS)

    def _delete(self, tx: Transaction, scope: HealthScope) -> None:
        tx.write(
            "DELETE FROM suspensions WHERE gateway = $1 AND model = $2 AND owner = $3",
            *scope,
            self._owner,
        )

    async def _write(self, write: Callable[[Transaction], None]) -> None:
        async with self._writing:
            await self._database.write(write)
        await self._notifications.publish(CHANNEL, self._owner)

    # --- what the others suspend --------------------------------------------------------------

    async def _learn(self) -> None:
        async with self._reading:
            learnt = await self._database.read(self._read)
            if self._health is not None:
                self._health.learn(learnt)

    def _read(self, tx: Transaction) -> dict[HealthScope, Suspension]:
        passed, now = server_now(tx), self._now()
        rows = tx.query(
            "SELECT gateway, model, until, failure FROM suspensions"
            " WHERE owner <> $1 AND until > $2",
            self._owner,
            passed - PROBE_MS,
        )
        return {
            (row["gateway"], row["model"]): _suspension(row, now, row["until"] - passed)
            for row in rows
        }


def _not_shared(error: BaseException) -> None:
    # Without the database each process suspends for itself.
    is_outage = isinstance(error, DATABASE_ERRORS)
    log.warning("gateway.not_shared", exc_info=None if is_outage else error)


def _suspension(row: Row, now: int, left_ms: int) -> Suspension:
    stored = msgspec.json.decode(row["failure"], type=_StoredFailure)
    failure = GatewayFailure(
        kind=stored.kind,
        gateway=row["gateway"],
        billed=Billed.NO,
        http_status=stored.http_status,
        request_id=stored.request_id,
        detail=stored.detail,
    )
    more_ms = PROBE_MS if stored.kind in _PROBED_KINDS else 0
    return Suspension(now, now + left_ms + more_ms, failure)
