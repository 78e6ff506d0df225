"""The gateways in use with their connections, and those that a reload has replaced."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver

from bot.core.clock import Clock
from bot.core.proxies import Proxies
from bot.gateways.connections import (
    MAX_HEADER_BYTES,
    READ_BUFFER_BYTES,
    HeldRequest,
    open_connector,
)
from bot.gateways.download import Downloader
from bot.gateways.gateway import Gateway
from bot.gateways.routing.request_limit import RequestLimit

NewLimit = Callable[[str, int], RequestLimit]
"""Makes the limit of a gateway: its name, and how many requests it takes at once."""


def limit_here(_gateway: str, at_once: int) -> RequestLimit:
    """Return a limit for the requests of this process."""
    return asyncio.Semaphore(at_once)


@dataclass(frozen=True, slots=True, eq=False)
class OpenGateway:
    """A gateway as it is, or was, configured; ``limit`` is of its concurrent requests."""

    gateway: Gateway
    session: aiohttp.ClientSession
    downloader: Downloader
    limit: RequestLimit | None

    @property
    def is_full(self) -> bool:
        """Whether a further request has to wait for another one."""
        return self.limit is not None and self.limit.locked()

    @asynccontextmanager
    async def limited(self, clock: Clock) -> AsyncIterator[None]:
        """Keep to the gateway's limit of concurrent requests, if it has one."""
        limit = self.limit
        if limit is None:
            yield
            return
        if limit.locked():
            await clock.wait(limit.acquire(), "gateway's limit")
        else:
            await limit.acquire()
        try:
            yield
        finally:
            limit.release()


@dataclass(frozen=True, slots=True)
class _Replaced:
    opened: OpenGateway
    at: int


class OpenGateways:
    """Opens gateways and owns their connections until it is closed.

    Requests go to those in use. A task that was sent to a replaced one is looked at there, with the
    key that it was sent with.
    """

    def __init__(
        self, clock: Clock, proxies: Proxies, resolver: AbstractResolver | None = None
    ) -> None:
        self.new_limit: NewLimit = limit_here
        self._clock = clock
        self._proxies = proxies
        self._resolver = resolver
        self._in_use: dict[str, OpenGateway] = {}
        self._replaced: list[_Replaced] = []  # oldest first
        self._open = AsyncExitStack()

    async def close(self) -> None:
        """Close every connection."""
        await self._open.aclose()

    async def open(self, gateways: Sequence[Gateway]) -> tuple[OpenGateway, ...]:
        """Open connections for these; a gateway that is in use unchanged keeps its own."""
        return tuple([await self._opened(gateway) for gateway in gateways])

    async def _opened(self, gateway: Gateway) -> OpenGateway:
        known = self._in_use.get(gateway.name)
        if known is not None and known.gateway == gateway:
            return known
        at_once = gateway.max_at_once
        limit = self.new_limit(gateway.name, at_once) if at_once else None
        if known is not None and known.gateway.max_at_once == gateway.max_at_once:
            limit = known.limit  # what is under way counts
        downloader = Downloader.of(
            gateway, clock=self._clock, proxies=self._proxies, resolver=self._resolver
        )
        return OpenGateway(
            gateway,
            await self._open.enter_async_context(self._session(gateway)),
            await self._open.enter_async_context(downloader),
            limit,
        )

    def _session(self, gateway: Gateway) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=open_connector(self._clock),
            request_class=HeldRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=self._proxies.proxy_of(gateway.url),  # every request is to this origin
            read_bufsize=READ_BUFFER_BYTES,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )

    def use(self, opened: Sequence[OpenGateway]) -> tuple[str, ...]:
        """Use these from now on; return the names of those that were changed or removed."""
        before, self._in_use = self._in_use, {one.gateway.name: one for one in opened}
        gone = [one for one in before.values() if not self.is_in_use(one)]
        self._replaced += (_Replaced(one, self._clock.now()) for one in gone)
        return tuple(one.gateway.name for one in gone)

    def is_in_use(self, opened: OpenGateway) -> bool:
        """Tell whether no reload has replaced it."""
        return self._in_use.get(opened.gateway.name) is opened

    def renewed(self, opened: OpenGateway) -> OpenGateway | None:
        """Return what has replaced a gateway at its address, None where nothing has."""
        known = self._in_use.get(opened.gateway.name)
        if known is None or known is opened:
            return None
        return known if known.gateway.base_url == opened.gateway.base_url else None

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """Return the gateways in use, in order."""
        return tuple(one.gateway for one in self._in_use.values())

    def in_use(self, name: str) -> OpenGateway:
        """Return a gateway in use."""
        return self._in_use[name]

    def find(self, name: str) -> OpenGateway | None:
        """Return a gateway in use, the first one without a name; None where it is no more."""
        return self._in_use.get(name) if name else next(iter(self._in_use.values()), None)

    def of_task(self, name: str, sent_at: int | None) -> OpenGateway | None:
        """Return the gateway as it was when a task was sent, or the newest that had this name."""
        former = [one for one in self._replaced if one.opened.gateway.name == name]
        if sent_at is not None:
            for one in former:
                if sent_at < one.at:
                    return one.opened
        return self._in_use.get(name) or (former[-1].opened if former else None)
