"""Remember which servers were greeted, so that each is greeted once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from bot.database.database import Database
from bot.database.transaction import Transaction

AGAIN_AFTER_MS = timedelta(days=1) // timedelta(milliseconds=1)
"""A server that removed the bot and invites it again later is greeted again."""


class Greetings:
    """Decides whether a server is greeted now."""

    def __init__(self, database: Database, *, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now

    async def claim(self, server_id: int) -> bool:
        """Note that a server is greeted now; False where it was within the last day.

        Raises:
            DatabaseBusy, DatabaseLost
        """
        return await self._database.write_soon(
            partial(_claim, server_id=server_id, now_ms=self._now())
        )


def _claim(tx: Transaction, *, server_id: int, now_ms: int) -> bool:
    claimed = tx.query(
        """
        INSERT INTO greetings (server_id, at)
        VALUES ($1, $2)
        ON CONFLICT (server_id) DO UPDATE SET at = excluded.at
        WHERE greetings.at <= excluded.at - $3
        RETURNING server_id
        """,
        server_id,
        now_ms,
        AGAIN_AFTER_MS,
    )
    return bool(claimed)
