"""A transaction on its way: it waits for a connection, runs in its thread, or has ended."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, TypeVar

from bot.database.transaction import Transaction

T = TypeVar("T")


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


async def wait_for_end(running: RunningTransaction[T]) -> T:
    """Wait until a transaction has ended, and return its result or raise its error.

    Cancelling the caller rolls back what is not committed yet. The cancellation is raised after
    the transaction has ended, also when it was committed.
    """
    ended = running.ended
    cancelled: asyncio.CancelledError | None = None
    while not ended.done():
        try:
            await asyncio.wait((ended,))
        except asyncio.CancelledError as asked:
            cancelled = asked
            running.abandon()
    if cancelled:
        raise cancelled from ended.exception()
    return ended.result()
