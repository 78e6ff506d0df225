"""Write what happens to one job in few commits: what may wait joins the job's next transaction."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from bot.database.database import Database
from bot.database.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")


class JobWriter:
    """Writes one job's transactions, each with everything that was left to join the next one.

    Only that is left which a process may die without: docs/decisions/021 says why for each. Each
    locks the job's person: ``lock`` is that of the ledger.
    """

    def __init__(self, database: Database, lock: str) -> None:
        self._database = database
        self._lock = lock
        self._left: list[Callable[[Transaction], object]] = []

    def leave(
        self,
        function: Callable[Concatenate[Transaction, P], object],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Leave something to the next transaction."""
        self._left.append(lambda tx: function(tx, *args, **kwargs))

    async def write_left(self) -> None:
        """Write now what was left, because the job is about to wait."""
        if self._left:
            await self.write(lambda _: None)

    async def write(
        self,
        function: Callable[Concatenate[Transaction, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Write as ``Database.write_when_possible`` does, behind what was left."""
        left, self._left = self._left, []

        def run(tx: Transaction) -> T:
            # Before the job's row, as a deletion does: else each would wait for the other.
            tx.lock(self._lock)
            tx.on_commit(left.clear)  # whose caller may be cancelled all the same
            for each in tuple(left):
                each(tx)
            return function(tx, *args, **kwargs)

        try:
            return await self._database.write_when_possible(run)
        except BaseException:
            self._left = left + self._left
            raise
