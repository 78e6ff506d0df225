"""What arrived before a connection broke is read, however late the bot comes to read it."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from bot.core.clock import Clock
from bot.gateways.reply.arrived_bytes import arrived_bytes, next_bytes
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.event_stream import EventStream
from bot.gateways.reply.reader import read_reply
from bot.gateways.reply.reply_body import ReplyBody
from tests.gateways import fake_sse as sse
from tests.gateways.replay_gateway import http_reply, loopback_server, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PNG = picture_bytes(width=120, height=100, noise=True)
BASE = URL("https://gw.example/")
BODIES = {
    "JSON": json.dumps({"data": [{"b64_json": b64(PNG)}]}).encode(),
    "the picture itself": PNG,
    "bare base64": b64(PNG).encode(),
}


class _BreakingGateway:
    """Sends one reply that is announced longer than it is, and breaks off when told to."""

    def __init__(self, *pieces: bytes, content_type: str = "") -> None:
        headers = {"Content-Length": "999999", "Content-Type": content_type or "application/json"}
        self._head = http_reply(200, b"", headers).data
        self._pieces = pieces
        self.go_on = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send the first piece, then the others at once."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._head + self._pieces[0])
        await self.go_on.wait()
        writer.write(b"".join(self._pieces[1:]))
        await writer.drain()


class _Gateway(_BreakingGateway):
    """Sends one reply as it should be."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._head = http_reply(200, b"", {"Content-Length": str(len(body))}).data
        self.go_on.set()


@asynccontextmanager
async def _asked(gateway: _BreakingGateway) -> AsyncIterator[aiohttp.ClientResponse]:
    async with (
        loopback_server(gateway.serve) as origin,
        aiohttp.ClientSession() as session,
        session.get(origin) as response,
    ):
        yield response


async def _broken(response: aiohttp.ClientResponse) -> None:
    """Wait until aiohttp knows that the connection broke."""
    with pytest.raises(aiohttp.ClientError):
        async with asyncio.timeout(5):
            await response.content.wait_eof()


def _pictures(body: ReplyBody) -> list[bytes]:
    found = [body.picture] if body.picture else []
    found += [one.source for one in read_reply(body.json, BASE).pictures]  # type: ignore[misc]  # files
    return [path.read_bytes() for path in found]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("is_open", [False, True])
async def test_a_reply_that_broke_before_it_was_read(
    body: bytes, is_open: bool, tmp_path: Path
) -> None:
    """Others were read first, or its first bytes were all that was looked at."""
    gateway = _BreakingGateway(body[:5000], body[5000:])
    async with _asked(gateway) as response:
        with DownloadSpool(tmp_path, "s", pictures=1) as spool:
            reply = ReplyBody(response, spool, asyncio.Lock())
            if is_open:
                await reply.open()
            gateway.go_on.set()
            await _broken(response)
            if not is_open:
                await reply.open()
            await reply.read()
            assert _pictures(reply) == [PNG]
            assert reply.connection_error


async def test_a_reply_that_broke_while_it_waited_for_its_turn(tmp_path: Path) -> None:
    """Many replies arrive at once, and one after another is decoded."""
    body, reading = BODIES["JSON"], asyncio.Lock()
    gateway = _BreakingGateway(body[:5000], body[5000:])
    async with _asked(gateway) as response:
        with DownloadSpool(tmp_path, "s", pictures=1) as spool:
            reply = ReplyBody(response, spool, reading)
            await reply.open()
            async with reading:
                task = asyncio.create_task(reply.read())
                gateway.go_on.set()
                await _broken(response)
            await task
            assert _pictures(reply) == [PNG]


async def test_of_two_replies_that_arrive_at_once_one_is_read_to_its_end_first(
    tmp_path: Path,
) -> None:
    """Side by side, both people would wait for both pictures."""
    picture = random.Random(1).randbytes(3 << 20)
    body = json.dumps({"data": [{"b64_json": b64(PNG + picture)}]}).encode()
    reading, ends = asyncio.Lock(), list[int]()

    async def read(reply: ReplyBody) -> None:
        await reply.read()
        ends.append(sum(file.stat().st_size for file in tmp_path.rglob("*.*")))

    async with _asked(_Gateway(body)) as first, _asked(_Gateway(body)) as second:
        await asyncio.sleep(0.2)  # both are on their way
        with DownloadSpool(tmp_path, "s", pictures=1) as spool:
            replies = [ReplyBody(response, spool, reading) for response in (first, second)]
            for reply in replies:
                await reply.open()
            await asyncio.gather(*map(read, replies))
    whole = len(PNG + picture)
    assert ends[0] < 1.5 * whole
    assert ends[1] == 2 * whole


async def test_a_stream_that_broke_while_its_preview_was_stored(tmp_path: Path) -> None:
    """The last picture had arrived by then."""
    gateway = _BreakingGateway(
        sse.partial_event(0), sse.completed_event(PNG), content_type="text/event-stream"
    )
    async with _asked(gateway) as response:
        with DownloadSpool(tmp_path, "s", pictures=1) as spool:
            stream = EventStream(response, spool, Clock(), base=BASE, pictures=1, opening=b"")
            assert await stream.next_update()
            gateway.go_on.set()
            await _broken(response)
            assert await stream.next_update() is None
            (found,) = stream.result.pictures
            assert isinstance(found.source, Path)
            assert found.source.read_bytes() == PNG


async def test_the_break_is_told_after_the_last_bytes() -> None:
    """Nobody waits for ever, and nothing is read twice."""
    gateway = _BreakingGateway(b"a", b"b")
    async with _asked(gateway) as response:
        gateway.go_on.set()
        await _broken(response)
        assert await next_bytes(response.content) == b"ab"
        with pytest.raises(aiohttp.ClientError):
            await next_bytes(response.content)


async def test_a_reply_without_a_body() -> None:
    """Another reader of aiohttp stands for it, which holds nothing."""
    async with (
        replay_gateway(http_reply(204)) as raw,
        aiohttp.ClientSession() as session,
        session.get(raw.origin) as response,
    ):
        assert arrived_bytes(response.content) == await next_bytes(response.content) == b""
