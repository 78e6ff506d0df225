"""Whether the requests of one job may still be sent."""

import asyncio


class SendGate:
    """Lets the slots of one job send their requests, until it is closed.

    A slot that waits for its gateway is stopped at once; one whose request is out is left alone.
    """

    def __init__(self) -> None:
        self.is_closed = False
        self._waiting: set[asyncio.Task[object]] = set()

    def wait(self) -> None:
        """Note that the calling task waits until it may send, and may be cancelled until then."""
        if task := asyncio.current_task():
            self._waiting.add(task)
            if self.is_closed:
                task.cancel()

    def pass_through(self) -> bool:
        """Note that the calling task is about to send; return False if it must not."""
        if task := asyncio.current_task():
            self._waiting.discard(task)
        return not self.is_closed

    def close(self) -> None:
        """Let no further request be sent."""
        self.is_closed = True
        for task in self._waiting:
            task.cancel()
        self._waiting.clear()
