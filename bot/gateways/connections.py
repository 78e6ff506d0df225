"""How much of a reply is received at once."""

from asyncio import selector_events, sslproto
from typing import Any

import aiohttp

MAX_HEADER_BYTES = 1 << 18
"""The longest header of a reply; aiohttp's own limit of 8 KiB loses paid replies."""

RECEIVE_BYTES = 1 << 16
READ_BUFFER_BYTES = 1 << 15
"""aiohttp stops receiving above twice this: not for each receive, which would cost more than it.

A reply that waits for its turn holds one receive more.
"""


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
