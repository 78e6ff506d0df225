"""Structured logs for the operator, with secrets redacted.

Every record, discord.py's own included, passes one redactor: it hides known secrets by value, keys
and tokens by shape, and prompts by field name.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LogFormat = Literal["console", "json"]

_HIDDEN = "[hidden]"
_HIDDEN_FIELDS = frozenset(
    {"prompt", "negative", "token", "key", "authorization", "api_key", "revised_prompt"}
)
SECRET_SHAPES = re.compile(
    r"(?P<scheme>\bBearer\s+)[^\s\"',}]+"
    r"|\bsk-[A-Za-z0-9_-]{6,}"
    # Interaction and webhook tokens are in the path (discord-api-docs, resources/webhook).
    r"|(?P<path>/(?:webhooks|interactions)/\d+/)[\w.-]+"
    # A bot token: base64 of the id, a time stamp and a signature, joined with dots.
    r"|\b[\w-]{23,28}\.[\w-]{6}\.[\w-]{27,45}\b",
)
_SHORTEST_BOT_TOKEN = 23 + 1 + 6 + 1 + 27


class Redactor:
    """Remove secrets from text: those given by value, and whatever has the shape of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Remove these secrets, too, from now on."""
        known = {*self._secrets, *filter(None, secrets)}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def with_more(self, secrets: Iterable[str]) -> "Redactor":
        """Return a redactor that removes these secrets, too."""
        return Redactor((*self._secrets, *secrets))

    def clean(self, text: str) -> str:
        """Return the text with every secret replaced."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return SECRET_SHAPES.sub(_keep_prefix, text) if _may_have_shape(text) else text

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Clean a whole record: a structlog processor."""
        return {name: self._field(name, value) for name, value in event.items()}

    def _field(self, name: str, value: object) -> object:
        if name in _HIDDEN_FIELDS:
            return _HIDDEN
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.clean(value if isinstance(value, str) else repr(value))


def _may_have_shape(text: str) -> bool:
    """Tell whether the text has what each of the shapes needs; most values of a record do not.

    A search costs more than all else that is done with a value.
    """
    return (
        "sk-" in text
        or "Bearer" in text
        or "/webhooks/" in text
        or "/interactions/" in text
        or (len(text) >= _SHORTEST_BOT_TOKEN and text.count(".") >= 2)
    )


def _keep_prefix(found: re.Match[str]) -> str:
    return (found["scheme"] or found["path"] or "") + _HIDDEN


def configure(
    *,
    level: str,
    style: LogFormat,
    secrets: Iterable[str],
    gateway_level: str = "NOTSET",
    fields: Mapping[str, object] = MappingProxyType({}),
) -> Redactor:
    """Send every record of this process to standard error through the redactor that is returned.

    Every record has these ``fields``, which tell this process from others that write there.
    What happens at gateways can have a level of its own: the terminal says it in sentences.
    """
    redactor = Redactor(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        lambda _logger, _method, event: {**event, **fields},
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(style, shared, redactor))
    logging.getLogger().handlers = [handler]
    set_level(level)
    logging.getLogger("bot.gateways").setLevel(gateway_level)
    return redactor


def _formatter(
    style: LogFormat, shared: list[Processor], redactor: Redactor
) -> structlog.stdlib.ProcessorFormatter:
    last: Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    strip = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[strip, redactor, last]
    )


def set_level(level: str) -> None:
    """Log what has at least this level, from now on."""
    root = logging.getLogger()
    root.setLevel(level)
    # Below INFO these log every payload and lock, tokens included.
    for noisy in ("discord", "aiosqlite", "asyncio", "filelock"):
        logging.getLogger(noisy).setLevel(max(logging.INFO, root.level))
    # A lost connection is told once, as an outage; this one would tell of each transaction.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
