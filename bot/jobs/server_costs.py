"""Stores the costs of pictures that servers set, in memory and in the database."""

from collections.abc import Callable
from functools import partial

from bot.database.database import Database
from bot.database.kept_rows import EVERYTHING, KeptRows
from bot.database.notifications import Notifications
from bot.database.transaction import Transaction
from bot.jobs.pricing import ServerCostCache
from bot.quota.ledger import Ledger


class ServerCostStore(KeptRows):
    """Keeps the costs of all servers in ``cache``, and writes changes to the database.

    The ledger locks those of a server before it changes one.

    A job carries the credits that it was accepted with, which its card shows and its hold has: a
    change that is not known here yet, for a moment, makes nobody pay another price than is shown.
    """

    channel = "costs"

    def __init__(self, database: Database, notifications: Notifications, ledger: Ledger) -> None:
        super().__init__(database, notifications)
        self._ledger = ledger
        self.cache = ServerCostCache({})

    async def set(
        self, server_id: int, model: str, quality: str | None, credits: int, *, actor_id: int
    ) -> None:
        """Set what a picture costs in a server; quality None is any. Raises CostOutOfRange."""

        def write(tx: Transaction) -> None:
            self._ledger.set_cost(
                tx,
                server_id=server_id,
                model=model,
                quality=quality,
                credits=credits,
                actor_id=actor_id,
            )
            keep = partial(self.cache.set, server_id, model, quality, credits)
            self._changed(tx, str(server_id), keep)

        await self._database.write_soon(write)

    async def remove(
        self, server_id: int, model: str, quality: str | None, *, actor_id: int
    ) -> None:
        """Remove a server's own cost of a picture; raises NoSuchCost."""

        def write(tx: Transaction) -> None:
            self._ledger.remove_cost(
                tx, server_id=server_id, model=model, quality=quality, actor_id=actor_id
            )
            self._changed(tx, str(server_id), partial(self.cache.remove, server_id, model, quality))

        await self._database.write_soon(write)

    def _read(self, rows: Transaction, key: str) -> Callable[[], None]:
        server_id = None if key == EVERYTHING else int(key)
        return partial(self.cache.replace, server_id, self._ledger.costs(rows, server_id))
