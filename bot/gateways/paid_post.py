"""Send a paid POST once, and tell what is certain where no reply comes."""

from contextlib import ExitStack
from http import HTTPStatus

import aiohttp
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Billed
from bot.gateways.connections import limit_undecrypted, same_origin_target
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.reply.redaction import error_words
from bot.gateways.request.builder import HttpRequest

# Nothing was sent: not even the connection was made, here or by the proxy.
_UNREACHABLE = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
)
_MAX_POSTS = 2  # the first one, and one after a redirect
_FOLLOWED = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)


class PostFailed(Exception):
    """No reply to a POST came, or one that cannot be read; ``billed`` is what is certain."""

    def __init__(
        self, kind: GatewayErrorKind, billed: Billed, detail: str, http_status: int | None = None
    ) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.billed = billed
        self.detail = detail
        self.http_status = http_status


async def send_post(
    session: aiohttp.ClientSession,
    request: HttpRequest,
    gateway: Gateway,
    connection: ExitStack,
    *,
    timeout_s: float,
) -> aiohttp.ClientResponse:
    """Return the beginning of the reply, which is open until the ``connection`` closes it.

    Raises:
        PostFailed: no reply came, or a redirect that is not followed.
    """
    url = request.url
    for _ in range(_MAX_POSTS):
        response = await _sent(session, url, request, timeout_s)
        connection.callback(response.close)  # a stream stays open between its previews
        limit_undecrypted(response)
        if not HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
            return response
        url = _redirect_target(response, gateway)
    raise _redirected(HTTPStatus.PERMANENT_REDIRECT)


async def _sent(
    session: aiohttp.ClientSession, url: URL, request: HttpRequest, timeout_s: float
) -> aiohttp.ClientResponse:
    try:
        return await _response(session, url, request, timeout_s)
    except _UNREACHABLE as unreachable:
        failed = PostFailed(GatewayErrorKind.UNREACHABLE, Billed.NO, error_words(unreachable))
    except (aiohttp.ClientError, TimeoutError) as lost:
        failed = connection_lost(lost)
    # Outside of the handlers, because aiohttp's errors carry URLs into tracebacks.
    raise failed


def connection_lost(lost: Exception) -> PostFailed:
    """Return what a connection means that broke after the request may have left."""
    return PostFailed(GatewayErrorKind.TIMEOUT_UNKNOWN, Billed.MAYBE, error_words(lost))


async def _response(
    session: aiohttp.ClientSession, url: URL, request: HttpRequest, timeout_s: float
) -> aiohttp.ClientResponse:
    """Send the POST once: what ends or replies before the body has left concerns nothing."""
    while True:
        try:
            response = await session.post(
                url,
                data=request.body,
                headers=request.headers,
                timeout=aiohttp.ClientTimeout(timeout_s, connect=CONNECT_TIMEOUT_S),
                allow_redirects=False,
            )
        except aiohttp.ClientError:
            if not request.body.is_held:
                raise
        else:
            if not request.body.is_held:
                return response
            response.close()


def _redirect_target(response: aiohttp.ClientResponse, gateway: Gateway) -> URL:
    # Any other redirect turns the POST into a GET, or sends the key to another host.
    is_followed = response.status in _FOLLOWED and gateway.redirects != "none"
    if is_followed and (target := same_origin_target(response)):
        return target
    raise _redirected(response.status)


def _redirected(status: int) -> PostFailed:
    detail = (
        f"the gateway redirects (HTTP {status}): add or drop the trailing slash of the path, "
        "and check http or https and the host in the base URL"
    )
    billed = Billed.MAYBE if status == HTTPStatus.SEE_OTHER else Billed.NO
    return PostFailed(GatewayErrorKind.BAD_RESPONSE, billed, detail, status)
