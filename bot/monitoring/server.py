"""Serve /metrics, /livez and /readyz on METRICS_ADDRESS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bot.core.errors.base import StartRefused
from bot.monitoring.exposition import Exposition
from bot.monitoring.gauges import Gauges
from bot.monitoring.readiness import Readiness
from bot.settings.fixes import FIXES

_CLOSING_S = 1.0


@dataclass(frozen=True, slots=True)
class MonitoringServer:
    """Answers Prometheus, containers and load balancers."""

    exposition: Exposition
    gauges: Gauges
    readiness: Readiness

    @asynccontextmanager
    async def running(self, address: tuple[str, int]) -> AsyncIterator[int]:
        """Listen in this context; yield the port.

        Raises:
            StartRefused: the address cannot be used.
        """
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/livez", _live)
        app.router.add_get("/readyz", self._ready)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSING_S)
        await runner.setup()
        try:
            yield await _listen(runner, *address)
        finally:
            await runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        readings = await self.gauges.read()
        body, content_type = self.exposition.show(
            readings, accept=request.headers.get("Accept", "")
        )
        return web.Response(body=body, headers={"Content-Type": content_type})

    async def _ready(self, _request: web.Request) -> web.Response:
        health = await self.readiness.check()
        if health.is_ready:
            return web.Response(text="ready\n")
        said = "".join(f"{each}\n" for each in health.hindrances)
        return web.Response(status=503, text=said)


async def _live(_request: web.Request) -> web.Response:
    return web.Response(text="live\n")


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as refused:
        raise StartRefused(
            f"METRICS_ADDRESS cannot be used ({refused.strerror or refused}): "
            f"{FIXES['METRICS_ADDRESS']}, which no other program uses."
        ) from None
    return int(runner.addresses[0][1])
