"""Rows of PostgreSQL that are read by column name, as those of SQLite are."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from psycopg import Cursor


class NamedRow(tuple[Any, ...]):
    """A row: its values by column name, or in their order; one subclass for each set of columns."""

    __slots__ = ()
    names: tuple[str, ...] = ()
    places: dict[str, int] = {}  # noqa: RUF012 - of a subclass, which nobody changes

    def __getitem__(self, key: Any) -> Any:  # a wider type than that of a tuple
        """Return the value of a column; KeyError for a name that the row does not have."""
        return tuple.__getitem__(self, self.places[key] if isinstance(key, str) else key)

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        return list(self.names)


def named_rows(cursor: Cursor[Any]) -> Callable[[Sequence[Any]], NamedRow]:
    """Return what makes rows of a cursor's result; a row factory of psycopg."""
    result = cursor.pgresult
    if result is None:
        return NamedRow
    # Not from ``cursor.description``: it is made anew, with the type of each column, for a result.
    return _row_class(tuple(result.fname(column) for column in range(result.nfields)))


@lru_cache(maxsize=1024)
def _row_class(columns: tuple[bytes | None, ...]) -> type[NamedRow]:
    names = tuple((column or b"").decode() for column in columns)
    places = {name: place for place, name in enumerate(names)}
    return type("Row", (NamedRow,), {"__slots__": (), "names": names, "places": places})
