"""Group commit: transactions that wait at the same time share one COMMIT, the dearest part.

They run one after the other, each sees those before it, and nobody is answered before the COMMIT
that holds what they wrote. One that fails does not take the others with it; a COMMIT that fails
fails all of them.
"""

import copy
import sqlite3
from collections.abc import Iterable, Sequence

from bot.database.running import RunningTransaction
from bot.database.transaction import SqliteTransaction

_SAVEPOINT = "SAVEPOINT member"
_UNDO = "ROLLBACK TO member"
_FORGET = "RELEASE member"


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
    tx = SqliteTransaction(connection)
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
