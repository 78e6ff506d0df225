"""Decide which of several processes tells the operator: the first to write so."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.database.database import Database
from bot.database.errors import DATABASE_ERRORS
from bot.database.transaction import Transaction

ONCE_MS = 400 * 24 * 3_600_000
"""For what is told once: it is over before the rows are deleted."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an alert is about; within ``interval_ms`` after one there is no other."""

    subject: str
    interval_ms: int


@dataclass(frozen=True, slots=True)
class AlertClaims:
    """Claims alerts in the database; ``now`` is in milliseconds since the epoch."""

    database: Database
    now: Callable[[], int]

    async def is_ours(self, claim: Claim) -> bool:
        """Return whether this process is to tell; it is where the database cannot say."""
        try:
            return await self.database.write(self._claim, claim)
        except DATABASE_ERRORS:
            return True  # twice is better than never

    async def forget(self, kind: str) -> None:
        """Let whatever begins with this word be told again."""
        await self.database.write(
            lambda tx: tx.write("DELETE FROM operator_alerts WHERE subject LIKE $1", f"{kind} %")
        )

    def _claim(self, tx: Transaction, claim: Claim) -> bool:
        at = self.now()
        tx.write("DELETE FROM operator_alerts WHERE at < $1", at - ONCE_MS)
        row = tx.one(
            "INSERT INTO operator_alerts (subject, at) VALUES ($1, $2) ON CONFLICT (subject)"
            " DO UPDATE SET at = excluded.at WHERE operator_alerts.at <= $3 RETURNING subject",
            claim.subject,
            at,
            at - claim.interval_ms,
        )
        return row is not None
