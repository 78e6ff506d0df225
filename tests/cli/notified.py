"""A service manager that notes what its service says (sd_notify(3))."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Notified:
    """What was said so far."""

    address: str
    _socket: socket.socket
    _heard: list[str] = field(default_factory=list)

    def heard(self) -> list[str]:
        """Return all messages."""
        while True:
            try:
                self._heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self._heard


@contextmanager
def notified() -> Iterator[Notified]:
    """Open it; a path below tmp_path may be longer than a socket's may be (unix(7))."""
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening,
    ):
        address = str(Path(folder) / "notify")
        listening.bind(address)
        listening.setblocking(False)
        yield Notified(address, listening)
