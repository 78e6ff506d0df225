"""Group commit: transactions that wait at the same time share one COMMIT, the dearest part.

They run one after the other, each sees those before it, and nobody is answered before the COMMIT
that holds what they wrote. One that fails does not take the others with it; a COMMIT that fails
fails all of them.
"""

import asyncio
import copy
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, TypeVar

from bot.database.transaction import Transaction

T = TypeVar("T")

_SAVEPOINT = "SAVEPOINT member"
_UNDO = "ROLLBACK TO member"
_FORGET = "RELEASE member"


class CallerGone(Exception):
    """The caller of the transaction had gone before its COMMIT."""


@dataclass(slots=True, eq=False)
class RunningTransaction(Generic[T]):
    """A transaction that waits for the thread of its connection, runs there, or has ended.

    ``ended`` has its result or its error.
    """

    function: Callable[[Transaction], T]
    ended: asyncio.Future[T]
    asked_at: float = field(default_factory=perf_counter)
    _is_abandoned: bool = False
    _result: T | None = None
    _error: BaseException | None = field(default=None, repr=False)
    _committed: list[Callable[[], object]] = field(default_factory=list, repr=False)

    def abandon(self) -> None:
        """Let it roll back, unless its COMMIT has begun."""
        self._is_abandoned = True

    def run(self, tx: Transaction) -> None:
        """Run in the thread of the connection; raise what the function raises, or CallerGone."""
        if not self._is_abandoned:
            self._committed = tx.committed
            self._result = self.function(tx)
        if self._is_abandoned:
            raise CallerGone

    def fail(self, error: BaseException) -> None:
        """Note the error with which it ends."""
        self._error = error

    def end(self) -> None:
        """Tell the caller, in the loop."""
        if self.ended.done():
            return
        if self._error is None:
            self.ended.set_result(self._result)  # type: ignore[arg-type]  # it ran, so it is a T
        else:
            self.ended.set_exception(self._error)

    @property
    def committed(self) -> Sequence[Callable[[], object]]:
        """Return what is to be called after its COMMIT: nothing if it was rolled back."""
        return self._committed if self._error is None else ()


def run_together(
    connection: sqlite3.Connection, begin: str, members: Sequence[RunningTransaction[object]]
) -> None:
    """Run BEGIN, the members and COMMIT; afterwards each knows how it ended."""
    waiting = list(members)
    while waiting:
        waiting = _run_group(connection, begin, waiting)


def _run_group(
    connection: sqlite3.Connection, begin: str, members: Sequence[RunningTransaction[object]]
) -> list[RunningTransaction[object]]:
    """Return the members that could not run, because an error ended the transaction of all."""
    try:
        connection.execute(begin)
    except sqlite3.Error as error:
        _fail(members, error)
        return []
    done: list[RunningTransaction[object]] = []
    is_alone = len(members) == 1
    for number, member in enumerate(members, 1):
        try:
            _run_member(connection, member, is_alone=is_alone)
        except BaseException as error:  # noqa: BLE001 - its caller raises it
            member.fail(error)
            if not connection.in_transaction:  # such as a full disk: SQLite undid everything
                _fail(done, error)
                return list(members[number:])
        else:
            done.append(member)
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        connection.rollback()
        _fail(done, error)
    return []


def _run_member(
    connection: sqlite3.Connection, member: RunningTransaction[object], *, is_alone: bool
) -> None:
    tx = Transaction(connection)
    if is_alone:
        try:
            member.run(tx)
        except BaseException:
            connection.rollback()
            raise
        return
    connection.execute(_SAVEPOINT)
    try:
        member.run(tx)
    except BaseException:
        if connection.in_transaction:
            connection.execute(_UNDO)
            connection.execute(_FORGET)
        raise
    connection.execute(_FORGET)


def _fail(members: Iterable[RunningTransaction[object]], error: BaseException) -> None:
    for member in members:
        member.fail(copy.copy(error))  # each task adds its own traceback
