"""Settings, preferences and options as JSON in a column of the database."""

from typing import TypeVar

import msgspec
import structlog

from bot.core.models import ImageOptions
from bot.preferences.stored_preferences import PersonalPreferences, ServerSettings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

T = TypeVar("T")


def to_text(value: ServerSettings | PersonalPreferences | ImageOptions) -> str:
    """Return a value as JSON; None is left out, so that the default of a later version applies."""
    given = {name: each for name, each in msgspec.to_builtins(value).items() if each is not None}
    return msgspec.json.encode(given).decode()


def from_text(text: str, kind: type[T], otherwise: T) -> T:
    """Return a value from JSON, or another one if it is unreadable."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as broken:
        log.warning("preferences.unreadable", kind=kind.__name__, error=str(broken))
        return otherwise
