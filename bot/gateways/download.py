"""Download a picture from a URL into a file; private addresses are refused unless trusted."""

import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.core.clock import Clock
from bot.core.proxies import NO_PROXIES, Proxies
from bot.gateways.addresses import AddressTrust, IpNetwork, TrustedHosts, exact_url
from bot.gateways.connections import MAX_HEADER_BYTES, open_connector
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.reply.arrived_bytes import next_bytes
from bot.gateways.reply.download_spool import wrapping_disk_errors
from bot.gateways.reply.error_classifier import retry_after_s

MAX_DOWNLOAD_BYTES = 50_000_000
DOWNLOAD_TIMEOUT_S = 120
MAX_REDIRECTS = 3
# A store may not have a picture yet whose address the gateway has just sent.
DOWNLOAD_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
MAX_DOWNLOAD_PAUSE_S = 10.0  # where the store itself says how long to wait
_NOT_YET = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_EARLY)
_EXPIRED = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

_PRIVATE = (
    "the address is private: if you trust it, add its host to DOWNLOAD_HOSTS or its network to "
    "DOWNLOAD_NETWORKS"
)

NO_HEADERS: Mapping[str, str] = {}
IsEnough = Callable[[Path], Awaitable[bool]]


class DownloadFailed(Exception):
    """The picture cannot be downloaded; the text gives the reason without the URL."""


class _RetryableFailure(DownloadFailed):
    """The server or the connection failed; another attempt may succeed."""

    def __init__(self, reason: str, *, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class _PrivateAddress(Exception):
    """A public gateway must not make the bot connect to its own network."""


async def _never_enough(_: Path) -> bool:
    return False


class PublicAddressResolver(AbstractResolver):
    """Resolves names to addresses that may be connected to: exactly these are connected to."""

    def __init__(self, resolver: AbstractResolver, trust: AddressTrust) -> None:
        self._resolver = resolver
        self._trust = trust

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve a name; raise when all of its addresses are private."""
        results = await self._resolver.resolve(host, port, family)
        if self._trust.trusts(host, port):
            return results
        allowed = [result for result in results if self._trust.allows(result["host"])]
        if results and not allowed:
            raise _PrivateAddress
        return allowed

    async def check_all(self, host: str, port: int) -> None:
        """Raise when any address of a name is private: a proxy may connect to each of them."""
        results = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        if not all(self._trust.allows(result["host"]) for result in results):
            raise _PrivateAddress

    async def close(self) -> None:
        """Close the wrapped resolver."""
        await self._resolver.close()


class Downloader:
    """Downloads the pictures of one gateway.

    Only the ``trusted`` hosts and ``networks`` may be private. ``headers`` are sent only to the
    gateway's ``origin``. What goes through a proxy is resolved and judged here first, unless the
    proxy is trusted.
    """

    def __init__(
        self,
        trusted: TrustedHosts,
        *,
        clock: Clock,
        networks: Collection[IpNetwork] = (),
        proxies: Proxies = NO_PROXIES,
        resolver: AbstractResolver | None = None,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
        origin: URL | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        self._trust = AddressTrust(trusted, networks)
        self._proxies = proxies
        self._max_bytes = max_bytes
        self._origin = origin
        self._headers = headers
        self._clock = clock
        self._base_resolver = resolver

    @classmethod
    def of(
        cls,
        gateway: Gateway,
        *,
        clock: Clock,
        proxies: Proxies = NO_PROXIES,
        resolver: AbstractResolver | None = None,
    ) -> Self:
        """Return a downloader as the gateway's ``download`` table configures it."""
        with_key = gateway.download.auth == "same_origin"
        return cls(
            gateway.private_hosts,
            clock=clock,
            networks=gateway.download.allowed_networks,
            proxies=proxies,
            resolver=resolver,
            max_bytes=gateway.download.max_bytes,
            origin=gateway.url.origin() if with_key else None,
            headers=gateway.auth.headers(gateway.key),
        )

    async def __aenter__(self) -> Self:
        base = self._base_resolver or aiohttp.DefaultResolver()
        self._resolver = PublicAddressResolver(base, self._trust)
        self._session = self._open_session(self._resolver)
        # The proxy itself may be private; what it is asked for was judged before.
        self._proxied_session = self._open_session(base)
        return self

    def _open_session(self, resolver: AbstractResolver) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=open_connector(self._clock, resolver),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
            max_field_size=MAX_HEADER_BYTES,
        )

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._proxied_session.close()
        await self._resolver.close()

    async def fetch(
        self,
        url: URL,
        part: Path,
        *,
        timeout_s: float,
        until_ms: int | None = None,
        is_enough: IsEnough = _never_enough,
    ) -> None:
        """Download a URL into a file; raise DownloadFailed or SpoolFailed.

        It is tried again at most four times, and neither after ``until_ms``, or else ``timeout_s``,
        nor if what arrived ``is_enough``.
        """
        end_ms = self._clock.now() + timeout_s * 1000 if until_ms is None else until_ms
        limits = aiohttp.ClientTimeout(
            min(timeout_s, DOWNLOAD_TIMEOUT_S), sock_connect=CONNECT_TIMEOUT_S
        )
        for pause_s in DOWNLOAD_PAUSES_S:
            try:
                await self._clock.wait(self._download(url, part, limits), "download")
            except _RetryableFailure as failed:
                wait_s = max(pause_s, min(failed.retry_after_s, MAX_DOWNLOAD_PAUSE_S))
                if self._clock.now() + wait_s * 1000 > end_ms or await is_enough(part):
                    raise
            else:
                return
            await self._clock.wait(self._clock.sleep(wait_s), "pause")
        await self._clock.wait(self._download(url, part, limits), "download")

    async def _download(self, url: URL, part: Path, limits: aiohttp.ClientTimeout) -> None:
        try:
            for _ in range(MAX_REDIRECTS + 1):
                proxy = await self._checked_proxy(url)
                async with self._get(url, limits, proxy) as response:
                    if not (target := _redirect(response)):
                        await self._keep(response, part)
                        return
                    url = target
        except _PrivateAddress:
            reason = _PRIVATE
        except (aiohttp.InvalidURL, ValueError):
            reason = "the address is no web address"
        except aiohttp.ClientError as failed:
            raise _RetryableFailure(type(failed).__name__) from None
        except TimeoutError:
            raise _RetryableFailure("the download took too long") from None
        else:
            reason = "too many redirects"
        raise DownloadFailed(reason)

    async def _checked_proxy(self, url: URL) -> URL | None:
        """Return the proxy for a URL, if any; raise if the URL leads to a private address."""
        host, port = url.raw_host or "", url.port or 0
        if url.scheme not in ("http", "https"):
            raise DownloadFailed("the address is no web address")
        proxy = self._proxies.proxy_of(url)
        if self._trust.trusts(host, port):
            return proxy
        if ":" in host or host.replace(".", "").isdigit():
            if not self._trust.allows(host):
                raise _PrivateAddress
        elif proxy and not self._proxies.are_trusted:
            await self._check_name(host, port)
        return proxy

    async def _check_name(self, host: str, port: int) -> None:
        try:
            await self._resolver.check_all(host, port)
        except OSError:
            raise DownloadFailed(
                "the host cannot be resolved here, so what the proxy would fetch cannot be judged: "
                "if your proxy refuses private addresses, set DOWNLOAD_PROXY_TRUSTED=true"
            ) from None

    def _get(
        self, url: URL, limits: aiohttp.ClientTimeout, proxy: URL | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        # Credentials in a URL would become an Authorization header, and a key that is sent to a
        # store of signed URLs makes it refuse them (open-webui #13557).
        headers = self._headers if url.origin() == self._origin else NO_HEADERS
        session = self._proxied_session if proxy else self._session
        return session.get(
            url.with_user(None),
            headers=headers,
            timeout=limits,
            allow_redirects=False,
            proxy=proxy,
        )

    async def _keep(self, response: aiohttp.ClientResponse, part: Path) -> None:
        """Write the picture of a response to a file."""
        _check_status(response, now_ms=self._clock.now())
        left = self._max_bytes - (response.content_length or 0)
        with wrapping_disk_errors(), part.open("wb") as file:
            while left >= 0 and (chunk := await next_bytes(response.content)):
                file.write(chunk)
                left = self._max_bytes - file.tell()
        if left < 0:
            raise DownloadFailed(f"the file is larger than {self._max_bytes / 1_000_000:g} MB")


def _redirect(response: aiohttp.ClientResponse) -> URL | None:
    if response.status not in (301, 302, 303, 307, 308):
        return None
    return response.url.join(exact_url(response.headers.get("Location", "")))


def _check_status(response: aiohttp.ClientResponse, *, now_ms: int) -> None:
    status = response.status
    if status == HTTPStatus.OK:
        return
    expired = f"the address has expired (HTTP {status})"
    reason = expired if status in _EXPIRED else f"HTTP {status}"
    if status in (*_NOT_YET, *_BUSY) or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        hint_s = retry_after_s(response.headers, "", now_ms=now_ms)
        raise _RetryableFailure(reason, retry_after_s=hint_s or 0.0)
    raise DownloadFailed(reason)
