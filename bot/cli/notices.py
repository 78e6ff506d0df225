"""What child processes say to their service manager, which is this process (sd_notify(3))."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path


class _Notices(asyncio.DatagramProtocol):
    def __init__(self, told: Callable[[str], object]) -> None:
        self._told = told

    def datagram_received(self, data: bytes, _addr: object) -> None:
        """Pass a message on."""
        for line in data.decode(errors="replace").splitlines():
            self._told(line)


class NoticeSockets:
    """A socket for each child, in a folder of this process."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder, self._stack = folder, stack

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["NoticeSockets"]:
        """Open none yet; at the end all are closed."""
        # A socket's path has room for some hundred bytes (unix(7)), and DATA_DIR may be longer.
        with tempfile.TemporaryDirectory(prefix="easel-") as folder:
            async with AsyncExitStack() as stack:
                yield cls(Path(folder), stack)

    async def add(self, number: int, told: Callable[[str], object]) -> str:
        """Pass on what one child says; return its NOTIFY_SOCKET."""
        address = str(self._folder / str(number))
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.ExitStack() as undo:
            undo.callback(listening.close)
            listening.setblocking(False)
            listening.bind(address)
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Notices(told), sock=listening
            )
            undo.pop_all()
        self._stack.callback(transport.close)
        return address
