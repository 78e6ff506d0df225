"""Connections to gateways: how long they are kept, and how much of a reply is received at once."""

import asyncio
from asyncio import selector_events, sslproto
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from bot.core.clock import Clock
from bot.gateways.addresses import exact_url
from bot.gateways.request.body import RequestBody

if TYPE_CHECKING:
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.tracing import Trace

MAX_HEADER_BYTES = 1 << 18
"""The longest header of a reply; aiohttp's own limit of 8 KiB loses paid replies."""

RECEIVE_BYTES = 1 << 16
READ_BUFFER_BYTES = 1 << 15
"""aiohttp stops receiving above twice this: not for each receive, which would cost more than it.

A reply that waits for its turn holds one receive more.
"""

IDLE_S = 15.0
"""How long an idle connection is kept."""

CONTINUE_TIMEOUT_S = 1.0
"""How long a server may take to ask for the body of a paid request on a kept connection."""

_PAUSE_S = 600.0  # without reuse, after a kept connection was of no use


class KeptConnector(aiohttp.TCPConnector):
    """Keeps connections, and loses no paid request to one that the server is about to close.

    A server may close an idle connection while a request is on its way: then nobody can tell
    whether it was read, and a paid one is never sent again. So on a kept connection its body waits
    until the server asks for it (``Expect: 100-continue``, RFC 9110, 10.1.1). As long as the body
    ``is_held``, the request may be sent again: this connector then takes a new connection.
    """

    def __init__(self, *, resolver: AbstractResolver | None = None) -> None:
        # A name that somebody else's resolver resolves is resolved for each connection.
        is_cached = resolver is None
        super().__init__(
            resolver=resolver, use_dns_cache=is_cached, keepalive_timeout=IDLE_S, limit=0
        )
        self._used: WeakSet[ResponseHandler] = WeakSet()
        self._paused_until = 0.0

    async def connect(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: "ClientTimeout",  # noqa: ASYNC109 - aiohttp's signature
    ) -> Connection:
        """Return a connection that is new, or on which the request is harmless."""
        body, loop = req.body, asyncio.get_running_loop()
        if isinstance(body, RequestBody) and body.is_held:
            body.let_go()
            self._paused_until = loop.time() + _PAUSE_S
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if protocol is None or not self._was_used(protocol):
                return connection
            if protocol.should_close:  # something came unasked, which is no reply to this request
                connection.close()
                continue
            if not isinstance(body, RequestBody):  # of a GET, which is harmless twice
                return connection
            if loop.time() >= self._paused_until:
                body.hold()
                req.update_expect_continue(expect=True)
                loop.call_later(CONTINUE_TIMEOUT_S, _give_up, body, protocol)
                return connection
            connection.close()

    def _was_used(self, protocol: ResponseHandler) -> bool:
        if protocol in self._used:
            return True
        self._used.add(protocol)
        return False


class HeldRequest(aiohttp.ClientRequest):
    """A request whose body may be held.

    Where the connection ends before the body, waiting for the reply tells it: aiohttp leaves it in
    a task of its own besides, which asyncio logs as an error that nobody looked at.
    """

    async def write_bytes(self, *args: Any, **options: Any) -> None:  # as in any version of aiohttp
        """Send the body."""
        with suppress(aiohttp.ClientConnectionResetError):
            await super().write_bytes(*args, **options)


def _give_up(body: RequestBody, protocol: ResponseHandler) -> None:
    """Close a connection whose server has not asked for the body; most know how to."""
    if body.is_held and protocol.is_connected():
        protocol.abort()


def open_connector(clock: Clock, resolver: AbstractResolver | None = None) -> aiohttp.TCPConnector:
    """Return a connector that keeps connections, where a timer of theirs disturbs nobody."""
    if not clock.is_simulated:
        return KeptConnector(resolver=resolver)
    return aiohttp.TCPConnector(
        resolver=resolver, use_dns_cache=resolver is None, force_close=True, limit=0
    )


def limit_receives() -> None:
    """Let new connections of this process receive and decrypt ``RECEIVE_BYTES`` at once.

    asyncio's 256 KiB were most of the memory of 50 replies under way; the throughput is the same.
    Neither asyncio nor aiohttp has an option for it.
    """
    receivers: tuple[Any, ...] = (
        selector_events._SelectorSocketTransport,  # type: ignore[attr-defined]
        sslproto.SSLProtocol,
    )
    for receiver in receivers:
        receiver.max_size = RECEIVE_BYTES


def limit_undecrypted(response: aiohttp.ClientResponse) -> None:
    """Let a TLS connection hold at most ``RECEIVE_BYTES`` and one receive that wait for a reader.

    asyncio decrypts nothing while the reader pauses, and receives 256 KiB more.
    """
    transport: Any = response.connection and response.connection.transport
    if isinstance(transport, sslproto._SSLProtocolTransport):
        transport.set_read_buffer_limits(RECEIVE_BYTES)


def same_origin_target(response: aiohttp.ClientResponse) -> URL | None:
    """Return where a reply redirects to, None unless that is another URL of the same origin."""
    if not HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        return None
    with suppress(ValueError):
        target = response.url.join(exact_url(response.headers.get("Location", "")))
        if target.origin() == response.url.origin() and target != response.url:
            return target
    return None
