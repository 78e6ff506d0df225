"""Every metric by name, and how the code counts: it costs next to nothing where none are asked for.

Only ``bot/monitoring/exposition.py`` imports the client library, whose import a bot without
METRICS_ADDRESS does not pay for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

OTHER: Final = "other"
"""The value of a label that is not among those that are known."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its full name, what it says, its labels in order; a histogram's buckets."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def _counter(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, "counter", meaning, labels)


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(name, "gauge", meaning, labels)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name, "histogram", meaning, labels, buckets)


_WAITS_S = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
_GATEWAYS_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0)
# Discord drops an interaction after 3 seconds (receiving-and-responding).
_RESPONSES_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0)
_DELIVERIES_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_TRANSACTIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LAGS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

# --- counters: from the start of the process ------------------------------------------------------

JOBS = _counter(
    "easel_jobs_total",
    "Jobs that ended, by state: done, failed, cancelled or unknown (nobody knows what was paid).",
    "end",
    "model",
)
ATTEMPTS = _counter(
    "easel_attempts_total",
    "Paid requests that ended: received, interrupted (a process of the bot died), or the kind of "
    "failure; billed is yes, no or maybe.",
    "gateway",
    "model",
    "result",
    "billed",
)
PICTURES = _counter(
    "easel_pictures_total", "Pictures that gateways made and the bot received.", "model"
)
CREDITS = _counter(
    "easel_credits_total",
    "Credits that were held, charged or released at the end of a job, or granted by an admin.",
    "kind",
)
PRICE = _counter(
    "easel_price_total",
    "What was, or may have been, paid to a gateway, in the operator's currency.",
    "gateway",
)
REFUSALS = _counter(
    "easel_refusals_total",
    "Requests and commands that were answered with an error, by the id of its sentence.",
    "reason",
)
MODERATION = _counter(
    "easel_moderation_total",
    "Prompts that were declined by the gateway, the operator's or a server's words, or because "
    "the check was too_slow.",
    "reason",
)
DISCORD_REQUESTS = _counter(
    "easel_discord_requests_total",
    "Requests to Discord by route and HTTP status; the status error is no answer at all.",
    "route",
    "status",
)
RECOVERIES = _counter(
    "easel_recoveries_total",
    "Jobs of dead processes: resumed, ended, or unreadable.",
    "result",
)

TEXT_REQUESTS = _counter(
    "easel_text_requests_total",
    "Requests for words that ended: answered, refused (nothing was paid), declined, "
    "unusable, or unknown (nobody knows whether it was paid).",
    "outcome",
)

# --- histograms, in seconds -----------------------------------------------------------------------

QUEUE_WAIT = _histogram(
    "easel_queue_wait_seconds", "From a request to the start of its job.", _WAITS_S
)
GATEWAY_TIME = _histogram(
    "easel_gateway_seconds",
    "From sending a paid request to its pictures or its failure.",
    _GATEWAYS_S,
    "gateway",
)
FIRST_RESPONSE = _histogram(
    "easel_first_response_seconds",
    "From a command, button or form in Discord to its first response.",
    _RESPONSES_S,
)
DELIVERY = _histogram(
    "easel_delivery_seconds", "From pictures being files to their messages.", _DELIVERIES_S
)
TRANSACTIONS = _histogram(
    "easel_transaction_seconds",
    "From asking for a transaction to its end, read or write.",
    _TRANSACTIONS_S,
    "kind",
)
LOOP_LAG = _histogram(
    "easel_event_loop_lag_seconds", "How late a timer of the event loop came.", _LAGS_S
)

# --- gauges: read when they are asked for ---------------------------------------------------------

JOBS_WAITING = _gauge("easel_jobs_waiting", "Jobs that wait for their start.")
JOBS_RUNNING = _gauge("easel_jobs_running", "Jobs that are being painted.")
GATEWAY_RESTING = _gauge(
    "easel_gateway_resting",
    "The part of a gateway's models for which nothing is sent there now; 1 is all of them.",
    "gateway",
)
SHARD_LATENCY = _gauge(
    "easel_shard_latency_seconds", "How long Discord takes to answer a heartbeat.", "shard"
)
SHARD_CONNECTED = _gauge(
    "easel_shard_connected", "Whether a shard is connected to Discord: 1 or 0.", "shard"
)
CONTENT_STORE_BYTES = _gauge(
    "easel_content_store_bytes",
    "The size of all kept pictures and references, of all processes, counted at most a minute ago.",
)
DISK_FREE = _gauge("easel_disk_free_bytes", "Free space of the disk that holds DATA_DIR.")
BUDGET_USED = _gauge(
    "easel_budget_used_ratio",
    "The part of OPERATOR_BUDGET that is spent or held in the period that runs; 1 is all of it.",
    "period",
)
OLDEST_UNTOLD_CARD = _gauge(
    "easel_oldest_untold_card_seconds",
    "Since when the longest-ended job has a card that does not say so; 0 without one.",
)
OLDEST_OPEN_JOB = _gauge(
    "easel_oldest_open_job_seconds", "Since when the oldest open job is open; 0 without one."
)
NEWEST_BACKUP_AGE = _gauge(
    "easel_newest_backup_age_seconds",
    "The age of the newest scheduled copy of the database; +Inf where BACKUP_EVERY is set and "
    "there is none; missing with PostgreSQL.",
)
BACKUP_INTERVAL = _gauge(
    "easel_backup_interval_seconds",
    "BACKUP_EVERY in seconds; missing where that is empty, and with PostgreSQL.",
)
DATABASE_WRITABLE = _gauge(
    "easel_database_writable", "Whether the database can be written: 1 or 0."
)
READY = _gauge("easel_ready", "Whether /readyz says so: 1 or 0.")
BUILD_INFO = _gauge(
    "easel_build_info", "Always 1, with the versions as labels.", "version", "python"
)

ALL_METRICS: Final = (
    JOBS,
    ATTEMPTS,
    PICTURES,
    CREDITS,
    PRICE,
    REFUSALS,
    MODERATION,
    DISCORD_REQUESTS,
    RECOVERIES,
    TEXT_REQUESTS,
    QUEUE_WAIT,
    GATEWAY_TIME,
    FIRST_RESPONSE,
    DELIVERY,
    TRANSACTIONS,
    LOOP_LAG,
    JOBS_WAITING,
    JOBS_RUNNING,
    GATEWAY_RESTING,
    SHARD_LATENCY,
    SHARD_CONNECTED,
    CONTENT_STORE_BYTES,
    DISK_FREE,
    BUDGET_USED,
    OLDEST_UNTOLD_CARD,
    OLDEST_OPEN_JOB,
    NEWEST_BACKUP_AGE,
    BACKUP_INTERVAL,
    DATABASE_WRITABLE,
    READY,
    BUILD_INFO,
)


class Metrics:
    """Counts nothing: what the code is given where METRICS_ADDRESS is empty.

    Values of labels are in the order of ``Metric.labels``. What concerns a transaction is counted
    after its COMMIT (``Transaction.on_commit``).
    """

    is_on = False

    def count(self, counter: Metric, /, *labels: str, by: float = 1) -> None:
        """Add to a counter."""

    def observe(self, histogram: Metric, seconds: float, /, *labels: str) -> None:
        """Add a duration to a histogram."""

    def know(self, *, gateways: Collection[str], models: Collection[str]) -> None:
        """Name gateways and models that are counted apart, too; any other is ``OTHER``."""


NO_METRICS: Final = Metrics()
