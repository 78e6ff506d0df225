"""A TCP proxy whose server is a round trip away, in a process of its own.

    python -m benchmarks.distant_server PORT ROUND_TRIP_MS

It prints its port and serves until its input ends. Each way takes half of the time, however many
connections there are; nothing waits for what was sent before it.
"""

import argparse
import asyncio
import selectors
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LOOPBACK = "127.0.0.1"


class DelayedLine(asyncio.Protocol):
    """One end of a connection: what it receives, the ``other`` end sends after a while."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()
        self._early: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._other: DelayedLine | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what writes to this end."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def join(self, other: "DelayedLine") -> None:
        """Send to the other end from now on."""
        self._other = other
        for data in self._early:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        """Let the other end have it after the delay."""
        if self._other is None:
            self._early.append(data)
        elif self._other._transport is not None:
            self._loop.call_later(self._delay_s, self._other._transport.write, data)

    def connection_lost(self, _: Exception | None) -> None:
        """Close the other end after what is on its way."""
        if self._other is not None and self._other._transport is not None:
            self._loop.call_later(self._delay_s, self._other._transport.close)


class NearEnd(DelayedLine):
    """The end of a client, which opens one to the server."""

    def __init__(self, port: int, delay_s: float) -> None:
        super().__init__(delay_s)
        self._port = port
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the server."""
        super().connection_made(transport)
        self._opening = self._loop.create_task(self._open())

    async def _open(self) -> None:
        _, far = await self._loop.create_connection(
            lambda: DelayedLine(self._delay_s), LOOPBACK, self._port
        )
        far.join(self)
        self.join(far)


async def serve(port: int, delay_s: float) -> None:
    """Serve until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: NearEnd(port, delay_s), LOOPBACK, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    # A daemon: a thread of the loop's executor would be waited for.
    threading.Thread(
        target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True
    ).start()
    await ended.wait()


@contextmanager
def distant_server(port: int, round_trip_ms: float) -> Iterator[int]:
    """Yield the port of a proxy before the server of another port."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.distant_server", str(port), str(round_trip_ms)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield int(next(iter(process.stdout or ()), "0"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Delay what is sent to a server and back.")
    parser.add_argument("port", type=int)
    parser.add_argument("round_trip_ms", type=float)
    given = parser.parse_args()
    # epoll waits for whole milliseconds, select for microseconds (selectors, asyncio).
    with asyncio.Runner(
        loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())
    ) as runner:
        runner.run(serve(given.port, given.round_trip_ms / 2000))
