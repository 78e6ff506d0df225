"""What the log says at the start, in one line: what runs, what it may cost, who may use it."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from bot import __version__
from bot.core.models import money_to_text
from bot.quota.limits import Limit, caps
from bot.settings.settings import Settings

_MAX_NAMES = 10
_NONE = "none"


def summarize(
    settings: Settings,
    *,
    models: Sequence[str],
    gateways: Sequence[str],
    forbidden: int,
    is_public: bool,
) -> dict[str, str]:
    """Return the fields of the line; ``is_public``: anybody may invite the application.

    ``forbidden`` is how many words and expressions MODERATION_FILE has.
    """
    return {
        "version": __version__,
        "models": _names(models),
        "gateways": _names(gateways),
        "default_quota": _limits(settings.default_quota),
        "server_quota": _limits(settings.server_quota),
        "total_quota": _limits(settings.total_quota),
        "operator_budget": _budget(settings.operator_budget),
        "open_to_strangers": ", ".join(_doors(settings, is_public)) or "nothing",
        "forbidden": f"{forbidden} words and expressions" if forbidden else _NONE,
        "backups": _backups(settings),
    }


def _names(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMES
    shown = ", ".join(names[:_MAX_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def _limits(limits: Sequence[Limit]) -> str:
    return ", ".join(map(str, limits)) or _NONE


def _budget(limits: Sequence[Limit]) -> str:
    """Return a budget, whose limits are in micros, as the operator wrote it."""
    amounts = (f"{money_to_text(micros)}/{period}" for micros, period in caps(tuple(limits)))
    return ", ".join(amounts) or _NONE


def _doors(settings: Settings, is_public: bool) -> Iterator[str]:
    if is_public and not settings.limits_strangers:
        yield "every server that invites this public bot, without a limit"
    if settings.allow_direct_messages:
        yield "direct messages"
    if settings.allow_user_install:
        yield "the user install"
    if settings.metrics_address and not _is_loopback(settings.metrics_address[0]):
        yield "METRICS_ADDRESS"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _backups(settings: Settings) -> str:
    if settings.copied_every is None:
        return _NONE
    hours = settings.copied_every.total_seconds() / 3600
    return f"every {hours:g} h, {settings.backup_keep} kept"
