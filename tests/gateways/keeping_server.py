"""A server that keeps connections alive, as long and as honestly as a test wants."""

import asyncio
import json
import re
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiohttp
import trustme

from bot.gateways.gateway import Gateway
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import b64, picture_bytes

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PICTURE = picture_bytes()


def picture_reply() -> bytes:
    """Return the body of a reply with one picture."""
    return json.dumps({"data": [{"b64_json": b64(PICTURE)}]}).encode()


@dataclass
class KeepingServer:
    """Answers each request with ``reply``, and keeps the connection for ``idle_s()`` seconds.

    ``asked`` is its answer to ``Expect: 100-continue``: after another one than 100 it closes, and
    ``b""`` means silence. Then it blocks the whole process for ``busy_s``. The requests whose
    numbers are in ``silent`` get no reply: after their body the connection closes. ``unasked``
    follows every reply.
    """

    reply: Callable[[bytes], bytes] = lambda _: picture_reply()
    idle_s: Callable[[], float] = lambda: 60.0
    asked: bytes = CONTINUE
    busy_s: float = 0.0
    silent: frozenset[int] = frozenset()
    unasked: bytes = b""
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    origin: str = ""

    def gateway(self, **changes: object) -> Gateway:
        """Return the configuration of this gateway."""
        fields: dict[str, object] = {"name": "keeping", "base_url": self.origin, "key": GATEWAY_KEY}
        return Gateway(**{"models": ("painter",), **fields, **changes})  # type: ignore[arg-type]  # by name

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until one side closes it."""
        self.connections += 1
        idle_s = 60.0  # a new connection is waited for
        with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            while await self._answer(reader, writer, idle_s):
                idle_s = self.idle_s()
        writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, idle_s: float
    ) -> bool:
        async with asyncio.timeout(idle_s):
            head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if b"100-continue" in head:
            writer.write(self.asked)
            time.sleep(self.busy_s)  # noqa: ASYNC251 - it blocks
            if self.asked not in {CONTINUE, b""}:
                return False
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
        self.bodies.append(body)
        if len(self.bodies) in self.silent:
            return False
        reply = self.reply(head)
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(reply)}\r\n\r\n".encode() + reply)
        writer.write(self.unasked)
        await writer.drain()
        return b"connection: close" not in head.lower()


def trusted_tls() -> ssl.SSLContext:
    """Return a server's context with a new certificate, which this process trusts from now on."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    # aiohttp has no other way for connectors that somebody else makes.
    authority.configure_trust(aiohttp.connector._SSL_CONTEXT_VERIFIED)
    return server


@asynccontextmanager
async def keeping(
    server: KeepingServer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[KeepingServer]:
    """Open the server on loopback; the exit waits for its connections."""
    serving: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())  # type: ignore[arg-type]  # we are in a task
        await server.serve(reader, writer)

    async with await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls) as opened:
        port = opened.sockets[0].getsockname()[1]
        server.origin = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield server
        await asyncio.gather(*serving)
