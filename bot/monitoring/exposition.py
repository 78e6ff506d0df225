"""Count for Prometheus: the one module that imports the client library."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bot.core.metrics import (
    ALL_METRICS,
    CREDITS,
    JOBS,
    OTHER,
    PICTURES,
    PRICE,
    TEXT_REQUESTS,
    Metric,
    Metrics,
)
from bot.core.models import JobState
from bot.jobs.repository.text_requests import TextOutcome

_ENDS = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.UNKNOWN)
_CREDIT_KINDS = ("held", "charged", "released", "granted")

MOST_SERIES = 1000
"""So many combinations of labels a metric has; any further one is counted as OTHER."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a gauge is now."""

    gauge: Metric
    value: float
    labels: tuple[str, ...] = ()


class Exposition(Metrics):
    """Counts, and shows what was counted in the formats of Prometheus."""

    is_on = True

    def __init__(self) -> None:
        # They would be a second series for each, that says when it began.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus-client's
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._gauges = _Gauges()
        self._registry.register(self._gauges)
        self._counters = {
            metric.name: Counter(
                metric.name, metric.meaning, metric.labels, registry=self._registry
            )
            for metric in ALL_METRICS
            if metric.kind == "counter"
        }
        self._histograms = {
            metric.name: Histogram(
                metric.name,
                metric.meaning,
                metric.labels,
                buckets=metric.buckets,
                registry=self._registry,
            )
            for metric in ALL_METRICS
            if metric.kind == "histogram"
        }
        self._counting: dict[tuple[str, tuple[str, ...]], Counter] = {}
        self._observing: dict[tuple[str, tuple[str, ...]], Histogram] = {}
        self._allowed: dict[str, frozenset[str]] = {}
        self._series: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)

    def count(self, counter: Metric, /, *labels: str, by: float = 1) -> None:
        """Add to a counter; by 0 makes its series, so that the first event is an increase."""
        key = (counter.name, labels)
        child = self._counting.get(key)
        if child is None:
            bounded = self._bounded(counter, labels)
            family = self._counters[counter.name]
            child = family.labels(*bounded) if bounded else family
            if bounded == labels:  # others would grow the dictionary without a bound
                self._counting[key] = child
        child.inc(by)

    def observe(self, histogram: Metric, seconds: float, /, *labels: str) -> None:
        """Add a duration to a histogram."""
        key = (histogram.name, labels)
        child = self._observing.get(key)
        if child is None:
            bounded = self._bounded(histogram, labels)
            family = self._histograms[histogram.name]
            child = family.labels(*bounded) if bounded else family
            if bounded == labels:
                self._observing[key] = child
        child.observe(seconds)

    def know(self, *, gateways: Collection[str], models: Collection[str]) -> None:
        """Name gateways and models that are counted apart, too; any other is ``OTHER``.

        What a reload has removed may still run, so its name stays.
        """
        for label, names in (("gateway", gateways), ("model", models)):
            self._allowed[label] = self._allowed.get(label, frozenset()).union(names)
        # Prometheus sees an increase only of a series that was there before.
        for end, model in product(_ENDS, models):
            self.count(JOBS, end, model, by=0)
        for model in models:
            self.count(PICTURES, model, by=0)
        for gateway in gateways:
            self.count(PRICE, gateway, by=0)
        for kind in _CREDIT_KINDS:
            self.count(CREDITS, kind, by=0)
        for outcome in TextOutcome:
            self.count(TEXT_REQUESTS, outcome.value, by=0)

    def show(self, readings: Iterable[Reading], *, accept: str = "") -> tuple[bytes, str]:
        """Return everything with these gauges, and its content type, as a scraper accepts it."""
        self._gauges.readings = tuple(readings)
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    def _bounded(self, metric: Metric, labels: tuple[str, ...]) -> tuple[str, ...]:
        named = tuple(
            value if value in self._allowed.get(label, (value,)) else OTHER
            for label, value in zip(metric.labels, labels, strict=True)
        )
        series = self._series[metric.name]
        if len(series) < MOST_SERIES:
            series.add(named)
        return named if named in series else (OTHER,) * len(named)


class _Gauges(Collector):
    """Shows gauges as they were last read; one that could not be read is missing."""

    def __init__(self) -> None:
        self.readings: tuple[Reading, ...] = ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for metric in ALL_METRICS:
            if metric.kind == "gauge":
                family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
                for reading in self.readings:
                    if reading.gauge is metric:
                        family.add_metric(reading.labels, reading.value)
                yield family
