"""A transaction on PostgreSQL, in the pipeline of its connection."""

import hashlib
from collections.abc import Callable, Sequence

from bot.database.postgresql.connect import ServerConnection
from bot.database.transaction import Row, Transaction, Value

_LOCK, _LOCK_SHARED = "pg_advisory_xact_lock", "pg_advisory_xact_lock_shared"


class PostgresqlTransaction(Transaction):
    """A transaction: statements are sent at once, and only those with a result are waited for."""

    def __init__(self, connection: ServerConnection, *, is_again: bool = False) -> None:
        super().__init__(is_again=is_again)
        self._connection = connection
        self._locked: set[str] = set()

    @property
    def most_at_once(self) -> int:  # type: ignore[override]  # others have a number
        """Return how many connections the server lets be, those of other programs included."""
        return self._connection.most_at_once

    def lock(self, *names: str, shared: Sequence[str] = ()) -> None:
        """Wait for the locks of these names, in the order in which they are given."""
        alone = [name for name in names if name not in self._locked]
        self._locked.update(alone)
        functions = [_LOCK] * len(alone) + [_LOCK_SHARED] * len(shared)
        if functions:
            # One statement: the server evaluates the columns of a row from the left.
            columns = (f"{function}(${n})" for n, function in enumerate(functions, 1))
            keys = [lock_key(name) for name in (*alone, *shared)]
            self._connection.execute(f"SELECT {', '.join(columns)}", keys)

    def has_lock(self, name: str) -> bool:
        """Return whether this transaction has locked the name, not shared."""
        return name in self._locked

    def later(self, sql: str, *params: Value) -> Callable[[], list[Row]]:
        """Send a statement, and return what waits for its rows."""
        return self._connection.execute(sql, _storable(params)).fetchall

    def _rows(self, sql: str, params: Sequence[Value]) -> list[Row]:
        rows: list[Row] = self._connection.execute(sql, _storable(params)).fetchall()
        return rows

    def one_locked(self, sql: str, *params: Value) -> Row | None:
        """Return the first row, which nobody else changes until the end."""
        return self.one(f"{sql} FOR UPDATE", *params)

    def _run(self, sql: str, params: Sequence[Value]) -> None:
        """Send it only: if it fails, the next one with rows, or the COMMIT, raises that."""
        self._connection.execute(sql, _storable(params))


def lock_key(name: str) -> int:
    """Return the number of an advisory lock: 64 bits with a sign."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)


def _storable(params: Sequence[Value]) -> Sequence[Value]:
    # PostgreSQL's texts hold every character but this one (datatype-character).
    return [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in params]
