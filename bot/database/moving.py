"""Move every row of a database to one of the other engine, and compare both before the COMMIT."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Protocol

Tell = Callable[[str], None]
Columns = Sequence[str]
Values = tuple[object, ...]

_TELL_EVERY = 200_000
_MASK = (1 << 64) - 1
_DEFECT = "stay with the old database, and report this sentence as a defect of Easel"
# What must be the same by the arithmetic of each engine, too: credits of each subject and person,
# and everything that the next start goes on with.
_CONTROLS = {
    "the meters of each subject": "SELECT subject, COUNT(*), CAST(SUM(credits) AS BIGINT)"
    " FROM meters GROUP BY subject",
    "the charges of each person": "SELECT server_id, user_id, COUNT(*),"
    " CAST(SUM(credits) AS BIGINT), CAST(SUM(own_credits) AS BIGINT),"
    " CAST(SUM(operator_credits) AS BIGINT), CAST(SUM(price) AS BIGINT)"
    " FROM charges GROUP BY server_id, user_id",
    "the open jobs": "SELECT id, owner, state, credits FROM jobs"
    " WHERE ended_at IS NULL OR told = 0",
}


class Side(Protocol):
    """One of the two databases, in a transaction."""

    def columns(self) -> Mapping[str, Columns]:
        """Return the tables with the names of their columns."""

    def rows(self, select: str) -> Iterator[Values]:
        """Yield what a SELECT finds, a few rows at a time."""


class Target(Side, Protocol):
    """The one that gets the rows."""

    def clear(self, table: str) -> None:
        """Delete what the migrations themselves have put into a table."""

    def insert(self, table: str, columns: Columns, rows: Iterable[Values]) -> None:
        """Insert rows."""


class MoveRefused(Exception):
    """The databases do not fit, or differ afterwards; the text says in what."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many rows were moved, and which tables of the source stay: Easel has none there."""

    rows: int
    left: Sequence[str]


@dataclass(slots=True)
class _Fingerprint:
    """The number of rows, and a sum of their hashes: the same rows in any order have the same."""

    count: int = 0
    total: int = 0

    def of(self, rows: Iterable[Values]) -> Iterator[Values]:
        """Yield the rows, and take each into account."""
        for row in rows:
            self.count += 1
            self.total = (self.total + hash(row)) & _MASK
            yield row


def move_rows(
    source: Side, target: Target, references: Mapping[str, Iterable[str]], tell: Tell
) -> Moved:
    """Move all rows; ``references`` are the tables whose rows those of a table name.

    Raises:
        MoveRefused: the target must be rolled back.
    """
    ours, theirs = source.columns(), target.columns()
    order = [table for table in TopologicalSorter(references).static_order() if table in theirs]
    tables = [*order, *(table for table in theirs if table not in order)]
    shared = [table for table in tables if table in ours]
    for table in reversed(tables):
        target.clear(table)
    count = 0
    for table in shared:
        if missing := set(ours[table]) - set(theirs[table]):
            raise MoveRefused(f"only one of the two has {table}.{min(missing)}: {_DEFECT}")
        count += _move_table(source, target, table, ours[table], tell)
    _compare_controls(source, target, tell)
    return Moved(count, sorted(ours.keys() - theirs.keys()))


def _move_table(source: Side, target: Target, table: str, columns: Columns, tell: Tell) -> int:
    # Names of tables and columns, as the database tells them.
    names = ", ".join(f'"{column}"' for column in columns)
    select = f'SELECT {names} FROM "{table}"'  # noqa: S608
    sent = _Fingerprint()
    target.insert(table, columns, sent.of(_told(table, source.rows(select), tell)))
    if sent != _fingerprint(target, select):
        raise MoveRefused(f"the rows of {table} differ: {_DEFECT}")
    tell(f"{table}: {sent.count} rows, compared")
    return sent.count


def _told(table: str, rows: Iterable[Values], tell: Tell) -> Iterator[Values]:
    for number, row in enumerate(rows, 1):
        if number % _TELL_EVERY == 0:
            tell(f"{table}: {number} rows …")
        yield row


def _compare_controls(source: Side, target: Side, tell: Tell) -> None:
    for what, select in _CONTROLS.items():
        if _fingerprint(source, select) != (found := _fingerprint(target, select)):
            raise MoveRefused(f"{what} differ: {_DEFECT}")
        tell(f"{what}: {found.count}, the same")


def _fingerprint(side: Side, select: str) -> _Fingerprint:
    found = _Fingerprint()
    for _ in found.of(side.rows(select)):
        pass
    return found
