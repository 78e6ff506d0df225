"""What a query in PromQL names, held against the metrics that the bot has."""

import re
from collections.abc import Iterator, Mapping

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.metrics import ALL_METRICS
from bot.core.models import Billed, JobState

_STRING = r'"(?:[^"\\]|\\.)*"'
_WORD = re.compile(r"[a-zA-Z_:][\w:]*")
_SELECTOR = re.compile(rf"([a-zA-Z_:][\w:]*)\{{((?:[^}}\"]|{_STRING})*)\}}")
_MATCHER = re.compile(rf"(\w+)\s*(?:=~|!~|!=|=)\s*({_STRING})")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_DURATION = re.compile(r"\[[^\]]*\]")
_NUMBER = re.compile(r"\b\d[\w.]*")
_LANGUAGE = _WORD.findall(
    "absent and avg by changes histogram_quantile increase max min or rate sum topk unless"
)
_ANY = ('"$instance"', '"Easel.*"')
OF_PROMETHEUS = frozenset({"instance", "job"})
"""Labels that it adds to what it reads."""


def _metrics() -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each series as Prometheus stores it, with its labels."""
    yield "up", frozenset()
    yield "ALERTS", frozenset({"alertname", "alertstate", "severity"})
    for name in ("resident_memory_bytes", "start_time_seconds", "cpu_seconds_total"):
        yield f"process_{name}", frozenset()  # of the client library's ProcessCollector
    for metric in ALL_METRICS:
        if metric.kind == "histogram":
            yield f"{metric.name}_bucket", frozenset({*metric.labels, "le"})
            yield f"{metric.name}_sum", frozenset(metric.labels)
            yield f"{metric.name}_count", frozenset(metric.labels)
        else:
            yield metric.name, frozenset(metric.labels)


SERIES: Mapping[str, frozenset[str]] = dict(_metrics())

VALUES: Mapping[str, frozenset[str]] = {
    "alertstate": frozenset({"pending", "firing"}),
    "billed": frozenset(Billed),
    "end": frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.UNKNOWN}),
    "job": frozenset({"easel"}),
    "result": frozenset({*GatewayErrorKind, "received", "interrupted"}),
    "status": frozenset({*map(str, (200, 204, 400, 403, 404, 429, 500, 503)), "error"}),
}
"""The values of labels that a query may name; there is no query for one gateway or model."""


def mistakes(query: str) -> list[str]:
    """Return what a query names that does not exist."""
    return [*_unknown_names(query), *_unknown_labels(query), *_unknown_values(query)]


def labels_of(query: str) -> frozenset[str]:
    """Return the labels that what a query finds may have."""
    groups = [_words(group) for group in _GROUPING.findall(query)]
    if groups:
        return frozenset().union(*groups) - {"le"}
    return OF_PROMETHEUS.union(*(SERIES[name] for name in _names(query)))


def _unknown_names(query: str) -> list[str]:
    return [f"no metric {name}" for name in _names(query) if name not in SERIES]


def _names(query: str) -> frozenset[str]:
    """Return all words that are neither labels nor of the language."""
    plain = re.sub(r"\{[^}]*\}", "", re.sub(_STRING, "", query))
    plain = _NUMBER.sub("", _DURATION.sub("", _GROUPING.sub("", plain)))
    return _words(plain).difference(_LANGUAGE)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _unknown_labels(query: str) -> Iterator[str]:
    known = OF_PROMETHEUS.union(*(SERIES.get(name, frozenset()) for name in _names(query)))
    for group in _GROUPING.findall(query):
        yield from (f"no label {label}" for label in _words(group) - known)
    for name, selector in _SELECTOR.findall(query):
        labels = {label for label, _ in _MATCHER.findall(selector)}
        unknown = labels - SERIES.get(name, frozenset()) - OF_PROMETHEUS
        yield from (f"no label {label} of {name}" for label in unknown)


def _unknown_values(query: str) -> Iterator[str]:
    for name, selector in _SELECTOR.findall(query):
        for label, quoted in _MATCHER.findall(selector):
            if label not in SERIES.get(name, ()) and label not in OF_PROMETHEUS:
                continue
            for value in () if quoted in _ANY else quoted.strip('"').split("|"):
                if not any(re.fullmatch(value, known) for known in VALUES.get(label, ())):
                    yield f"no {label} {value}"
