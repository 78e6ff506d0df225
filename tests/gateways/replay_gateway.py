"""A gateway that replies with given bytes, or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from bot.gateways.gateway import Gateway
from tests.gateways.generation_harness import GATEWAY_KEY

RawHeaders = dict[str, str]


@dataclass(frozen=True)
class RawReply:
    """One raw reply; afterwards the connection is closed, reset, or left open.

    ``more`` is sent after ``data``, piece by piece; an event in it is waited for.
    """

    data: bytes = b""
    then: str = "close"
    more: tuple[bytes | asyncio.Event, ...] = ()


def http_reply(
    status: int, body: bytes | object = b"", headers: RawHeaders | None = None
) -> RawReply:
    """Return an HTTP reply; a body that is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": str(len(data)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return RawReply(f"HTTP/1.1 {status} Status\r\n{head}\r\n".encode() + data)


@dataclass
class ReplayGateway:
    """Sends the next of its replies to each request, and records the requests."""

    answers: list[RawReply | Callable[[str], RawReply]]
    requests: list[bytes] = field(default_factory=list)
    origin: str = ""
    all_asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def posts(self) -> int:
        """Return the number of POSTs: each may be paid."""
        return sum(request.startswith(b"POST") for request in self.requests)

    def gateway(self, **changes: object) -> Gateway:
        """Return the configuration of this gateway."""
        fields: dict[str, object] = {"name": "raw", "base_url": self.origin, "key": GATEWAY_KEY}
        return Gateway(**{"models": ("painter",), **fields, **changes})  # type: ignore[arg-type]  # by name

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line[15:])
                    for line in head.lower().split(b"\r\n")
                    if b"content-length" in line
                ),
                0,
            )
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.pop(0)
            if not self.answers:
                self.all_asked.set()
            await self._say(answer(self.origin) if callable(answer) else answer, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the bot hung up

    async def _say(
        self, says: RawReply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for piece in (says.data, *says.more):
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                writer.write(piece)
                await writer.drain()
        if says.then == "silence":
            await reader.read()
        if says.then == "reset":
            writer.transport.abort()


@asynccontextmanager
async def replay_gateway(
    *answers: RawReply | Callable[[str], RawReply],
) -> AsyncIterator[ReplayGateway]:
    """Open a replay gateway on loopback."""
    raw = ReplayGateway(list(answers))
    async with loopback_server(raw.serve) as raw.origin:
        yield raw


@asynccontextmanager
async def loopback_server(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """Serve connections on loopback; the exit waits for all of them."""
    serving: list[asyncio.Task[None]] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())  # type: ignore[arg-type]  # we are in a task
        try:
            await serve(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*serving)
