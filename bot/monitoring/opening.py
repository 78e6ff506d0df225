"""Open what METRICS_ADDRESS and TRACES_URL ask for, and load it only then: it costs 30 to 75 ms."""
# ruff: noqa: PLC0415 - that is why

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from bot.core.clock import Clock
from bot.core.metrics import NO_METRICS, Metrics
from bot.core.traces import NO_TRACES, Traces
from bot.monitoring.event_loop import LoopLag
from bot.services import Services
from bot.settings.cluster_settings import metrics_address
from bot.settings.settings import Settings, lock_folders

if TYPE_CHECKING:
    from bot.monitoring.readiness import ShardLatencies

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def open_metrics(settings: Settings) -> Metrics:
    """Return what the bot counts in: nothing where METRICS_ADDRESS is empty."""
    if settings.metrics_address is None:
        return NO_METRICS
    from bot.monitoring.exposition import Exposition

    return Exposition()


@asynccontextmanager
async def open_traces(settings: Settings) -> AsyncIterator[Traces]:
    """Yield what jobs are traced with: nothing where TRACES_URL is empty."""
    if not settings.traces_url:
        yield NO_TRACES
        return
    from bot.monitoring.otlp import OtlpTraces

    async with OtlpTraces.open(settings.traces_url) as traces:
        yield traces


@asynccontextmanager
async def serve_monitoring(
    settings: Settings,
    services: Services,
    metrics: Metrics,
    *,
    shards: "ShardLatencies",
    clock: Clock,
) -> AsyncIterator[int | None]:
    """Serve metrics and health in this context, where METRICS_ADDRESS is set; yield the port.

    Raises:
        StartRefused: the address cannot be used.
    """
    address = metrics_address(settings)
    if address is None:
        yield None
        return
    from bot.monitoring.exposition import Exposition
    from bot.monitoring.gauges import Gauges
    from bot.monitoring.readiness import Readiness
    from bot.monitoring.server import MonitoringServer

    assert isinstance(metrics, Exposition)  # noqa: S101 - as open_metrics returned it
    async with AsyncExitStack() as stack:
        readiness = await stack.enter_async_context(
            Readiness.open(
                services.database,
                data_dir=settings.data_dir,
                shards=shards,
                is_stopping=lambda: services.job_service.is_closing,
                resting=services.router.resting,
                is_server=settings.has_server,
            )
        )
        gauges = await stack.enter_async_context(
            Gauges.open(
                services,
                readiness,
                files=lock_folders(settings),
                now=clock.now,
                backup_every=settings.copied_every,
            )
        )
        server = MonitoringServer(metrics, gauges, readiness)
        port = await stack.enter_async_context(server.running(address))
        lag = await stack.enter_async_context(LoopLag(metrics))
        lag.begin()
        log.info("monitoring.serving", host=address[0], port=port)
        yield port
