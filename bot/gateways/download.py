"""Download a picture from a URL into a file; private addresses are refused unless trusted."""

import socket
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import stamina
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.core.clock import Clock
from bot.gateways.connections import MAX_HEADER_BYTES
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.reply.download_spool import wrapping_disk_errors

MAX_DOWNLOAD_BYTES = 50_000_000
DOWNLOAD_TIMEOUT_S = 120
MAX_REDIRECTS = 3
DOWNLOAD_ATTEMPTS = 3

_GLOBAL_V6 = IPv6Network("2000::/3")
# Inside 2000::/3, but not public: Teredo and other tunnels, documentation, 6to4.
_NON_PUBLIC_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16")))
# Global by Python's tables, but used inside clouds: Oracle's metadata and Azure's wire server.
_CLOUD_V4 = tuple(map(IPv4Network, ("192.0.0.0/24", "168.63.129.16/32")))

NO_HEADERS: Mapping[str, str] = {}

TrustedHosts = Collection[tuple[str, int | None]]


class DownloadFailed(Exception):
    """The picture cannot be downloaded; the text gives the reason without the URL."""


class _RetryableFailure(DownloadFailed):
    """The server or the connection failed; another attempt may succeed."""


class _PrivateAddress(Exception):
    """A public gateway must not make the bot connect to its own network."""


class PublicAddressResolver(AbstractResolver):
    """Resolves names to addresses that may be connected to: exactly these are connected to."""

    def __init__(self, resolver: AbstractResolver, trusted: TrustedHosts) -> None:
        self._resolver = resolver
        self._trusted = trusted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve a name; raise when all of its addresses are private."""
        results = await self._resolver.resolve(host, port, family)
        if is_trusted(host, port, self._trusted):
            return results
        public = [result for result in results if is_public(result["host"])]
        if not public:
            raise _PrivateAddress
        return public

    async def close(self) -> None:
        """Close the wrapped resolver."""
        await self._resolver.close()


def is_trusted(host: str, port: int | None, trusted: TrustedHosts) -> bool:
    """Tell whether the operator allows private addresses for this host."""
    return (host, port) in trusted or (host, None) in trusted


def is_public(address: str) -> bool:
    """Tell whether an IP address is on the public internet and no tunnel."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not _is_in(ip, _CLOUD_V4)
    return ip in _GLOBAL_V6 and not _is_in(ip, _NON_PUBLIC_V6)


def _is_in(
    ip: IPv4Address | IPv6Address, networks: tuple[IPv4Network, ...] | tuple[IPv6Network, ...]
) -> bool:
    return any(ip in network for network in networks)


class Downloader:
    """Downloads the pictures of one gateway.

    Only the ``trusted`` hosts may have private addresses. ``headers`` are sent only to the
    gateway's ``origin``.
    """

    def __init__(
        self,
        trusted: TrustedHosts,
        *,
        clock: Clock,
        resolver: AbstractResolver | None = None,
        max_bytes: int = MAX_DOWNLOAD_BYTES,
        origin: URL | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        self._trusted = trusted
        self._max_bytes = max_bytes
        self._origin = origin
        self._headers = headers
        self._clock = clock
        self._base_resolver = resolver

    @classmethod
    def of(
        cls, gateway: Gateway, *, clock: Clock, resolver: AbstractResolver | None = None
    ) -> Self:
        """Return a downloader as the gateway's ``download`` table configures it."""
        with_key = gateway.download.auth == "same_origin"
        return cls(
            gateway.private_hosts,
            clock=clock,
            resolver=resolver,
            max_bytes=gateway.download.max_bytes,
            origin=gateway.url.origin() if with_key else None,
            headers=gateway.auth.headers(gateway.key),
        )

    async def __aenter__(self) -> Self:
        self._resolver = PublicAddressResolver(
            self._base_resolver or aiohttp.DefaultResolver(), self._trusted
        )
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver, use_dns_cache=False, force_close=True, limit=0
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
            max_field_size=MAX_HEADER_BYTES,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._session.close()
        await self._resolver.close()

    async def fetch(self, url: URL, part: Path, *, timeout_s: float) -> None:
        """Download a URL into a file; raise DownloadFailed or SpoolFailed."""
        limits = aiohttp.ClientTimeout(
            min(timeout_s, DOWNLOAD_TIMEOUT_S), sock_connect=CONNECT_TIMEOUT_S
        )
        async for attempt in stamina.retry_context(
            on=_RetryableFailure, attempts=DOWNLOAD_ATTEMPTS, wait_initial=0.2
        ):
            with attempt:
                await self._clock.wait(self._download(url, part, limits), "download")

    async def _download(self, url: URL, part: Path, limits: aiohttp.ClientTimeout) -> None:
        try:
            for _ in range(MAX_REDIRECTS + 1):
                async with self._get(url, limits) as response:
                    if not (target := _redirect(response)):
                        await _write(response, part, self._max_bytes)
                        return
                    url = target
        except _PrivateAddress:
            raise DownloadFailed("the address is private: see download_hosts") from None
        except (aiohttp.InvalidURL, ValueError):
            raise DownloadFailed("the address is no web address") from None
        except aiohttp.ClientError as failed:
            raise _RetryableFailure(type(failed).__name__) from None
        except TimeoutError:
            raise DownloadFailed("the download took too long") from None
        raise DownloadFailed("too many redirects")

    def _get(
        self, url: URL, limits: aiohttp.ClientTimeout
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        host = url.raw_host or ""
        if url.scheme not in ("http", "https"):
            raise DownloadFailed("the address is no web address")
        is_literal = ":" in host or host.replace(".", "").isdigit()
        if is_literal and not is_trusted(host, url.port, self._trusted) and not is_public(host):
            raise _PrivateAddress
        # Credentials in a URL would become an Authorization header, and a key that is sent to a
        # store of signed URLs makes it refuse them (open-webui #13557).
        headers = self._headers if url.origin() == self._origin else NO_HEADERS
        return self._session.get(
            url.with_user(None), headers=headers, timeout=limits, allow_redirects=False
        )


def _redirect(response: aiohttp.ClientResponse) -> URL | None:
    if response.status not in (301, 302, 303, 307, 308):
        return None
    return response.url.join(URL(response.headers.get("Location", "")))


async def _write(response: aiohttp.ClientResponse, part: Path, max_bytes: int) -> None:
    if response.status in (403, 404, 410):
        raise DownloadFailed(f"the address has expired (HTTP {response.status})")
    if response.status != HTTPStatus.OK:
        kind = (
            _RetryableFailure
            if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            else DownloadFailed
        )
        raise kind(f"HTTP {response.status}")
    left = max_bytes - (response.content_length or 0)
    with wrapping_disk_errors(), part.open("wb") as file:
        while left >= 0 and (chunk := await response.content.readany()):
            file.write(chunk)
            left = max_bytes - file.tell()
    if left < 0:
        raise DownloadFailed(f"the file is larger than {max_bytes / 1_000_000:g} MB")
