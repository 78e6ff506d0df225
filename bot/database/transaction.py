"""A transaction: runs SQL statements in the thread of its connection."""

import re
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeVar

Value = str | int | float | bytes | None


class Row(Protocol):
    """A row of a result: its values by column name, or in their order."""

    def __getitem__(self, key: str | int, /) -> Any:
        """Return the value of a column."""

    def __iter__(self) -> Iterator[Any]:
        """Return the values in their order."""

    def keys(self) -> list[str]:
        """Return the names of the columns."""


T = TypeVar("T")

# Python's words, with the text behind them: SQLite itself does not look into it.
_NO_TEXT = "Could not decode to UTF-8"

# Quoted strings, quoted names and comments come first, so that a $1 inside them is left alone.
_PARAMETER = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/|\$(?P<number>\d+)""", re.DOTALL)


class Transaction(ABC):
    """A transaction; parameters are written ``$1, $2 …``, rows are read by column name."""

    most_at_once = 1
    """So many transactions write to the database at once, at most, in all processes together."""

    def __init__(self, *, is_again: bool = False) -> None:
        self.committed: list[Callable[[], object]] = []
        """What is called after the COMMIT."""
        self.owned: set[str] = set()
        """The jobs that this transaction has locked, and that belong to this process."""
        self.is_again = is_again
        """Whether the function has run before, and was rolled back because of another one."""

    def on_commit(self, function: Callable[[], object]) -> None:
        """Call a function after the COMMIT, in the event loop; never if it is rolled back."""
        self.committed.append(function)

    @abstractmethod
    def lock(self, *names: str, shared: Sequence[str] = ()) -> None:
        """Wait until no other transaction holds these names, and hold them until the end.

        Those of ``shared`` may be held by several that share them. Lock before the statement that
        reads what the lock protects: a statement does not see what was committed after its start.
        SQLite has one writer at a time, so there is nothing to do.
        """

    def has_lock(self, name: str) -> bool:  # noqa: ARG002 - a server's locks have names
        """Return whether nobody else can hold this name until the end."""
        return True

    @abstractmethod
    def _rows(self, sql: str, params: Sequence[Value]) -> list[Row]: ...

    @abstractmethod
    def _run(self, sql: str, params: Sequence[Value]) -> None: ...

    def query(self, sql: str, *params: Value) -> list[Row]:
        """Run a statement and return every row, also those of ``RETURNING``."""
        return self._rows(sql, params)

    def later(self, sql: str, *params: Value) -> Callable[[], list[Row]]:
        """Run a statement, and return what returns its rows: a server is not waited for before."""
        rows = self.query(sql, *params)
        return lambda: rows

    def write(self, sql: str, *params: Value) -> None:
        """Run a statement without reading its result."""
        self._run(sql, params)

    def one(self, sql: str, *params: Value) -> Row | None:
        """Return the first row, or None."""
        rows = self.query(sql, *params)
        return rows[0] if rows else None

    def one_locked(self, sql: str, *params: Value) -> Row | None:
        """Return the first row as ``one`` does; nobody else changes it until the end."""
        return self.one(sql, *params)


class SqliteTransaction(Transaction):
    """A transaction on a connection to SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    def lock(self, *names: str, shared: Sequence[str] = ()) -> None:
        """Do nothing: there is one writer at a time."""

    def _rows(self, sql: str, params: Sequence[Value]) -> list[Row]:
        """Replace letters that a damaged text lost, so that one row hides no other."""
        try:
            return self._connection.execute(rewritten(sql), params).fetchall()
        except sqlite3.OperationalError as error:
            if not (str(error).startswith(_NO_TEXT) and sql.lstrip().startswith("SELECT")):
                raise
        return self._query_damaged(sql, params)

    def _query_damaged(self, sql: str, params: Sequence[Value]) -> list[Row]:
        self._connection.text_factory = lambda text: text.decode(errors="replace")
        try:
            return self._connection.execute(rewritten(sql), params).fetchall()
        finally:
            self._connection.text_factory = str

    def _run(self, sql: str, params: Sequence[Value]) -> None:
        self._connection.execute(rewritten(sql), params)


def run_transaction(
    connection: sqlite3.Connection, begin: str, function: Callable[[Transaction], T]
) -> T:
    """Run BEGIN, the function and COMMIT; roll back on any exception."""
    tx = SqliteTransaction(connection)
    try:
        connection.execute(begin)
        result = function(tx)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    for each in tx.committed:
        each()
    return result


@lru_cache(maxsize=512)
def rewritten(sql: str) -> str:
    """Write ``$n`` as ``?n``: SQLite takes ``$n`` for a name and binds by first appearance."""
    return _PARAMETER.sub(lambda found: f"?{found['number']}" if found["number"] else found[0], sql)
