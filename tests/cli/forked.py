"""A process that the fork server starts, with the methods of asyncio's own."""

import asyncio
import atexit
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from signal import SIGKILL, SIGTERM

from tests.cli.forkserver import Start

ROOT = Path(__file__).parent.parent.parent


class Forked(asyncio.subprocess.Process):
    """What a test holds of it: its streams, its id and its end."""

    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader

    def __init__(self, pid: int, end: asyncio.Task[int]) -> None:
        self.pid = pid
        self.stdin = None
        self._end = end

    @property
    def returncode(self) -> int | None:
        """Return the exit code, or minus the signal that ended it; None while it runs."""
        return self._end.result() if self._end.done() else None

    async def wait(self) -> int:
        """Return the exit code when it has ended."""
        return await asyncio.shield(self._end)

    async def communicate(
        self,
        input: bytes | bytearray | memoryview | None = None,  # noqa: A002 - asyncio's name
    ) -> tuple[bytes, bytes]:
        """Write all of its input, read all that it says, and wait for its end."""
        if self.stdin is not None:
            self.stdin.write(input or b"")
            self.stdin.close()
        said = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return said

    def send_signal(self, signal: int) -> None:
        """Send a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(SIGTERM)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self.send_signal(SIGKILL)


def bare_environment() -> dict[str, str]:
    """Return what every process of a test needs, and nothing that an operator would set."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    # Nobody is reached outside of this machine, so the authorities of the web need not be read.
    return {**kept, **coverage, "PYTHONPATH": str(ROOT), "SSL_CERT_FILE": os.devnull}


async def fork(
    *arguments: str, folder: Path, env: Mapping[str, str], listens: bool = False
) -> Forked:
    """Run ``python -m …`` in a fork of the server."""
    (heard, tells), (out, says), (err, complains), (end, ends) = (os.pipe() for _ in range(4))
    start = Start(arguments, str(folder), dict(env))
    socket.send_fds(_server(), [start.to_bytes()], [heard, says, complains, ends])
    for fd in (heard, says, complains, ends):
        os.close(fd)
    told = await _reader(end)
    process = Forked(int(await told.readline()), asyncio.create_task(_code(told)))
    process.stdout, process.stderr = await _reader(out), await _reader(err)
    if listens:
        process.stdin = await _writer(tells)
    else:
        os.close(tells)
    return process


async def _code(told: asyncio.StreamReader) -> int:
    return int(await told.read())  # to its end, at which the loop closes the pipe


async def _reader(fd: int) -> asyncio.StreamReader:
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    pipe = os.fdopen(fd, "rb", 0)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


async def _writer(fd: int) -> asyncio.StreamWriter:
    loop, pipe = asyncio.get_running_loop(), os.fdopen(fd, "wb", 0)
    protocol = asyncio.StreamReaderProtocol(asyncio.StreamReader())
    transport, _ = await loop.connect_write_pipe(lambda: protocol, pipe)
    return asyncio.StreamWriter(transport, protocol, None, loop)


@cache
def _server() -> socket.socket:
    """Return the way to this process's fork server, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = (sys.executable, "-m", "tests.cli.forkserver")
    with theirs:
        server = subprocess.Popen(command, cwd=ROOT, env=bare_environment(), stdin=theirs.fileno())

    def close() -> None:
        ours.close()
        server.wait()

    atexit.register(close)
    return ours
