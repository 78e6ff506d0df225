"""The services with metrics, and what a scraper reads of them over HTTP."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bot.core.clock import Clock
from bot.monitoring.opening import open_metrics, open_traces, serve_monitoring
from bot.services import open_services
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.jobs.service_harness import ServiceHarness, settings

ANY_PORT = ("127.0.0.1", 0)


@dataclass(frozen=True)
class Scrape:
    """The samples of one scrape: each value by its name and labels."""

    values: Mapping[tuple[str, frozenset[tuple[str, str]]], float]

    @classmethod
    def of(cls, text: str) -> "Scrape":
        """Read what the client library's parser finds."""
        return cls(
            {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }
        )

    def value(self, name: str, **labels: str) -> float | None:
        """Return one sample, None where there is none."""
        return self.values.get((name, frozenset(labels.items())))

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the samples that have these labels."""
        wanted = set(labels.items())
        found = (
            value
            for (each, given), value in self.values.items()
            if each == name and wanted <= given
        )
        return sum(found)

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Return the sums by these labels, without those that are 0."""
        sums: dict[tuple[str, ...], float] = {}
        for (each, given), value in self.values.items():
            if each == name and value:
                key = tuple(dict(given)[label] for label in labels)
                sums[key] = sums.get(key, 0) + value
        return sums

    @property
    def names(self) -> set[str]:
        """Return the names of all samples."""
        return {name for name, _ in self.values}


@dataclass
class Monitored(ServiceHarness):
    """The services, and where they are scraped; ``latencies`` are those of the shards."""

    port: int = 0
    latencies: dict[int, float | None] = field(default_factory=lambda: {0: 0.05})

    async def get(self, path: str) -> tuple[int, str]:
        """Return the status and the text of an address."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status, await answer.text()

    async def scrape(self) -> Scrape:
        """Scrape as Prometheus does."""
        status, text = await self.get("/metrics")
        assert status == 200
        return Scrape.of(text)


@asynccontextmanager
async def monitored(
    folder: Path, gateway: ScriptedGateway, clock: Clock | None = None, **changes: object
) -> AsyncIterator[Monitored]:
    """Open the services of one process, and serve their metrics on any port."""
    clock = clock or Clock()
    chosen = settings(folder, gateway, metrics_address=ANY_PORT, **changes)
    metrics = open_metrics(chosen)
    async with (
        open_traces(chosen) as traces,
        open_services(chosen, clock, metrics, traces) as services,
    ):
        harness = Monitored(services, folder)
        serving = serve_monitoring(
            chosen, services, metrics, shards=lambda: harness.latencies, clock=clock
        )
        async with serving as port:
            assert port is not None
            harness.port = port
            yield harness
