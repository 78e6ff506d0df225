"""Replies of a strict fake, recorded once, and a server that sends them again with faults."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from tests.gateways.replay_gateway import RawReply, http_reply, loopback_server

Stage = Literal["submit", "modal", "poll", "download"]
"""What a request is: the first paid POST, the second one of an action, or a GET."""

_HOST = b"the.host.that.replays"
_FILES = (b"/files/", b"/fox.png")


@dataclass(frozen=True)
class Reply:
    """A reply as the strict fake sent it, without HTTP's framing; ``origin`` sends it again."""

    status: int
    content_type: str
    body: bytes
    origin: str = ""

    def raw(self, **headers: str) -> RawReply:
        """Return it with a length, and with more headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return http_reply(self.status, self.body, {"Content-Type": self.content_type, **named})

    def holding(self, body: bytes) -> "Reply":
        """Return it with another body."""
        return replace(self, body=body)


Fault = Callable[[Reply], RawReply]
"""Makes of the reply that would be good what the server sends instead."""

Recording = Mapping[Stage, Sequence[Reply]]


def stage_of(request: bytes) -> Stage:
    """Tell which step of an exchange a request is."""
    method, path = request.split(b" ", 2)[:2]
    if method == b"POST":
        return "modal" if path.endswith(b"/modal") else "submit"
    return "download" if any(one in path for one in _FILES) else "poll"


async def _request_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    return head + (await reader.readexactly(lengths[0]) if lengths else b"")


# --- recording ------------------------------------------------------------------------------------


@dataclass
class Recorder:
    """Passes requests on to the fake at a port, and keeps its replies."""

    port: int
    origin: str = ""
    replies: dict[Stage, list[Reply]] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one request on."""
        request = await _request_of(reader)
        reply = await self._relayed(request)
        writer.write(reply)
        with suppress(ConnectionError):
            await writer.drain()
        own = self.origin.partition("//")[2].encode()
        kept = _parsed(reply.replace(own, _HOST))
        self.replies.setdefault(stage_of(request), []).append(kept)

    async def _relayed(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        reply = await reader.read()
        writer.close()
        await writer.wait_closed()
        return reply


def _parsed(reply: bytes) -> Reply:
    head, _, body = reply.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (ln.partition(":") for ln in lines)
    }
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(body)
    return Reply(int(first.split(" ")[1]), headers.get("content-type", ""), body)


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole


@asynccontextmanager
async def recorder(port: int) -> AsyncIterator[Recorder]:
    """Open a recorder in front of a port."""
    one = Recorder(port)
    async with loopback_server(one.serve) as one.origin:
        yield one


# --- sending again --------------------------------------------------------------------------------


@dataclass
class FaultyServer:
    """Sends recorded replies; the first requests of a stage meet ``faults`` before.

    The last recorded reply of a stage is repeated, and so is the last fault if ``forever``.
    """

    recording: Recording
    faults: Mapping[Stage, Sequence[Fault]]
    forever: bool = False
    origin: str = ""
    requests: list[bytes] = field(default_factory=list)
    asked: Counter[Stage] = field(default_factory=Counter)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            request = await _request_of(reader)
            self.requests.append(request)
            says = self._reply(stage_of(request))
            for piece in (says.data, *says.more):
                assert isinstance(piece, bytes)
                writer.write(piece)
                await writer.drain()
            if says.then == "silence":
                await reader.read()
            if says.then == "reset":
                writer.transport.abort()

    def _reply(self, stage: Stage) -> RawReply:
        faults = self.faults.get(stage, ())
        number = self.asked[stage]
        self.asked[stage] += 1
        if faults and (self.forever or number < len(faults)):
            return faults[min(number, len(faults) - 1)](self._recorded(stage, -1))
        return self._recorded(stage, number - len(faults)).raw()

    def _recorded(self, stage: Stage, number: int) -> Reply:
        """Return a recorded reply: of -1, and of more than there are, the last one."""
        replies = self.recording[stage]
        one = replies[min(number, len(replies) - 1)]
        body = one.body.replace(_HOST, self.origin.partition("//")[2].encode())
        return replace(one, body=body, origin=self.origin)


@asynccontextmanager
async def faulty_server(
    recording: Recording,
    faults: Mapping[Stage, Sequence[Fault]],
    *,
    forever: bool = False,
) -> AsyncIterator[FaultyServer]:
    """Open such a server on loopback."""
    one = FaultyServer(recording, faults, forever)
    async with loopback_server(one.serve) as one.origin:
        yield one
