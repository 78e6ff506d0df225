"""What a scraper reads: the formats, and how many series there can be."""

from uuid import uuid4

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from bot.core import metrics
from bot.core.errors.gateway import GatewayErrorKind
from bot.core.metrics import ALL_METRICS, NO_METRICS, Metric
from bot.core.models import Billed
from bot.monitoring.exposition import MOST_SERIES, Exposition, Reading
from tests.monitoring.monitored import Scrape

GATEWAYS = ("first", "second")
MODELS = ("dall-e-3", "gpt-image-2")


def counting() -> Exposition:
    exposition = Exposition()
    exposition.know(gateways=GATEWAYS, models=MODELS)
    return exposition


def count_anything(exposition: Exposition, metric: Metric) -> None:
    """Count with labels that nobody has seen before."""
    labels = [uuid4().hex for _ in metric.labels]
    if metric.kind == "counter":
        exposition.count(metric, *labels)
    if metric.kind == "histogram":
        exposition.observe(metric, 1.0, *labels)


def series(exposition: Exposition) -> int:
    text, _ = exposition.show(())
    return len(Scrape.of(text.decode()).values)


def test_whatever_people_do_the_number_of_series_has_a_bound() -> None:
    """A series for each server, person or typed word would end Prometheus, not only the graph."""
    exposition, counts = counting(), []
    for _ in range(3):
        for _ in range(MOST_SERIES):
            for metric in ALL_METRICS:
                count_anything(exposition, metric)
        counts.append(series(exposition))
    assert counts[0] < 25 * MOST_SERIES
    assert counts[0] <= counts[1] == counts[2] <= counts[0] + len(ALL_METRICS)


def test_what_a_bot_really_counts_is_few_series() -> None:
    """Two gateways with two models, every kind of failure, and forty routes of Discord."""
    exposition = counting()
    for gateway in GATEWAYS:
        for model in MODELS:
            for kind in GatewayErrorKind:
                for billed in Billed:
                    exposition.count(metrics.ATTEMPTS, gateway, model, kind.value, billed.value)
        exposition.observe(metrics.GATEWAY_TIME, 3.0, gateway)
    for route in range(40):
        for status in ("200", "204", "404", "429", "500", "error"):
            exposition.count(metrics.DISCORD_REQUESTS, f"GET /route/{route}", status)
    assert series(exposition) < 700


@pytest.mark.parametrize("label", ["gateway", "model"])
def test_what_is_not_configured_is_counted_as_other(label: str) -> None:
    """A job of last year may name a gateway or model that is gone."""
    exposition = counting()
    known = {"gateway": "first", "model": "dall-e-3", label: "gone"}
    exposition.count(metrics.ATTEMPTS, known["gateway"], known["model"], "received", "yes")
    exposition.count(metrics.ATTEMPTS, known["gateway"], known["model"], "received", "yes")
    text, _ = exposition.show(())
    found = Scrape.of(text.decode())
    assert found.by("easel_attempts_total", label) == {("other",): 2}


def test_both_formats_of_prometheus_can_be_read() -> None:
    """The server asks for OpenMetrics, a person's browser and curl for plain text."""
    exposition = counting()
    exposition.count(metrics.JOBS, "done", "dall-e-3")
    exposition.observe(metrics.DELIVERY, 0.3)
    readings = [Reading(metrics.READY, 1), Reading(metrics.SHARD_CONNECTED, 0, ("3",))]
    plain, plain_type = exposition.show(readings)
    asked = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    modern, modern_type = exposition.show(readings, accept=asked)
    assert plain_type.startswith("text/plain; version=0.0.4")
    assert modern_type.startswith("application/openmetrics-text; version=1.0.0")
    old = {each.name: each.type for each in text_string_to_metric_families(plain.decode())}
    new = {each.name: each.type for each in read_openmetrics(modern.decode())}  # type: ignore[no-untyped-call]  # prometheus-client's
    assert old == new
    named = {metric.name.removesuffix("_total"): metric.kind for metric in ALL_METRICS}
    assert named.items() <= old.items()


def test_the_first_event_is_an_increase() -> None:
    """Prometheus does not see the step from no series to 1: a first failed job would be missed."""
    text, _ = counting().show(())
    found = Scrape.of(text.decode())
    assert found.value("easel_jobs_total", end="failed", model="gpt-image-2") == 0
    assert found.value("easel_price_total", gateway="second") == 0
    assert found.value("easel_credits_total", kind="charged") == 0


def test_the_metrics_have_different_names_and_say_what_they_are() -> None:
    """The names are what alerts and pages are written against."""
    names = [metric.name for metric in ALL_METRICS]
    assert len(set(names)) == len(names)
    assert all(metric.meaning.endswith(".") for metric in ALL_METRICS)
    defined = {value for value in vars(metrics).values() if isinstance(value, Metric)}
    assert defined == set(ALL_METRICS)
    for metric in ALL_METRICS:
        assert metric.name.startswith("easel_")
        assert metric.name.endswith("_total") is (metric.kind == "counter")
        assert bool(metric.buckets) is (metric.kind == "histogram")


def test_without_an_address_nothing_is_counted() -> None:
    """Most bots are not scraped: the calls must cost next to nothing, and take any label."""
    NO_METRICS.count(metrics.JOBS, "done", "any")
    NO_METRICS.observe(metrics.DELIVERY, 1.0)
    assert not NO_METRICS.is_on
