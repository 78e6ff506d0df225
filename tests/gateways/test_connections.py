"""How much of a reply is received before somebody reads it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
import trustme
from aiohttp import web

from bot.gateways.connections import (
    READ_BUFFER_BYTES,
    RECEIVE_BYTES,
    limit_receives,
    limit_undecrypted,
)

REPLY = b"x" * (4 << 20)
MOST_BYTES = 2 * READ_BUFFER_BYTES + 2 * RECEIVE_BYTES


@asynccontextmanager
async def server(tls: ssl.SSLContext | None) -> AsyncIterator[str]:
    """Answer with a large reply; yield the address."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=REPLY)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        address, port = runner.addresses[0][:2]
        yield f"{'https' if tls else 'http'}://{address}:{port}/"
    finally:
        await runner.cleanup()


def tls_context() -> ssl.SSLContext:
    """Return a server's context with a new certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("is_tls", [False, True])
async def test_a_reply_that_waits_holds_little_memory(is_tls: bool) -> None:
    limit_receives()
    tls = tls_context() if is_tls else None
    async with (
        server(tls) as url,
        aiohttp.ClientSession(read_bufsize=READ_BUFFER_BYTES) as session,
        session.post(url, ssl=False) as response,
    ):
        limit_undecrypted(response)
        await asyncio.sleep(0.2)  # nobody reads
        pieces = [await response.content.readany()]
        assert 0 < len(pieces[0]) <= MOST_BYTES
        while piece := await response.content.readany():
            assert len(piece) <= MOST_BYTES
            pieces.append(piece)
    assert b"".join(pieces) == REPLY
