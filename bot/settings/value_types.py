"""What a setting may look like: parsers of single values, as types of the fields of Settings."""

import re
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from bot.core.models import parse_money
from bot.gateways.addresses import parse_network
from bot.gateways.gateway import host_and_port
from bot.quota.limits import Limit, Period, parse_limits

T = TypeVar("T")

_UNITS = {"": 1, "M": 10**6, "G": 10**9, "T": 10**12}
_MAX_PORT = 65535
_DURATIONS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MIN_BYTES = 100 * 10**6
# Without the characters that would end a link in Discord's markdown.
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#@()<>\\]+(?:[/?#][^\s()<>\\]*)?", re.IGNORECASE)
_LONGEST_ADDRESS = 400
_OUR_FIELDS = frozenset({"model", "messages", "stream"})


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _limits(value: object) -> object:
    return parse_limits(value) if isinstance(value, str) else value


def empty_is_none(value: object) -> object:
    """Return None for an empty text, which stands for a setting that is not set."""
    return None if value == "" else value


CommaList = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_comma_list)]
QuotaSetting = Annotated[tuple[Limit, ...], NoDecode, BeforeValidator(_limits)]


def parse_bytes(text: str) -> int:
    """Read ``5GB``, ``500 MB`` or a number of bytes.

    Raises:
        ValueError: it is something else, or less than one picture needs.
    """
    found = re.fullmatch(r"([0-9]{1,15})\s*([MGT]?)B?", text.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError("it is not a size")
    size = int(found[1]) * _UNITS[found[2].upper()]
    if size < _MIN_BYTES:
        raise ValueError("it is less than 100MB")
    return size


def _bytes(value: object) -> object:
    return parse_bytes(value) if isinstance(value, str) else value


def parse_budget(text: str) -> tuple[Limit, ...]:
    """Read a budget such as ``5/day, 50.00/month`` as limits in micros.

    Raises:
        ValueError: it is something else; the sentence says what is wrong.
    """
    limits = tuple(_parse_budget(part.strip()) for part in text.split(",") if part.strip())
    if len({limit.period for limit in limits}) < len(limits):
        raise ValueError(f"{text!r} contains a period twice: write one amount for each period")
    return limits


def _parse_budget(text: str) -> Limit:
    amount, _, period = (part.strip() for part in text.partition("/"))
    if period not in set(Period):
        raise ValueError(
            f"{text!r} is not a budget: write an amount, a slash, and hour, day, week or month"
        )
    return Limit(parse_money(amount), Period(period))


def _budget(value: object) -> object:
    return parse_budget(value) if isinstance(value, str) else value


def _is_host(entry: str) -> str:
    if not host_and_port(entry)[0]:
        raise ValueError(f"{entry!r} is no host")
    return entry


def _web_address(value: str) -> str:
    address = value.strip()
    if address and (len(address) > _LONGEST_ADDRESS or not _WEB_ADDRESS.fullmatch(address)):
        raise ValueError("it is no web address")
    return address


def _key(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if text and not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise ValueError("it is no key of 64 letters from 0 to f")
    return SecretStr(text)


def _is_network(entry: str) -> str:
    parse_network(entry)
    return entry


def _money(value: object) -> object:
    if not isinstance(value, str):
        return value
    return parse_money(value.strip()) if value.strip() else None


def _json_object(value: object) -> object:
    return parse_json_object(value) if isinstance(value, str) else value


def parse_json_object(text: str) -> dict[str, object]:
    """Read a JSON object with constant fields of a request; an empty text is an empty one.

    Raises:
        ValueError: it is something else, or has a field that the bot itself writes.
    """
    try:
        fields = msgspec.json.decode(text.strip() or "{}", type=dict[str, object])
    except msgspec.MsgspecError:
        raise ValueError("it is no JSON object") from None
    if ours := _OUR_FIELDS.intersection(fields):
        raise ValueError(f"the bot itself writes the field {min(ours)}")
    return fields


MoneySetting = Annotated[int | None, NoDecode, BeforeValidator(_money)]
JsonSetting = Annotated[dict[str, object], NoDecode, BeforeValidator(_json_object)]
HostSetting = Annotated[str, AfterValidator(_is_host)]
WebAddressSetting = Annotated[str, AfterValidator(_web_address)]
KeySetting = Annotated[SecretStr, AfterValidator(_key)]
NetworkSetting = Annotated[str, AfterValidator(_is_network)]
BudgetSetting = Annotated[tuple[Limit, ...], NoDecode, BeforeValidator(_budget)]
BytesSetting = Annotated[int, BeforeValidator(_bytes)]


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def parse_duration(text: str) -> timedelta | None:
    """Read ``24h``, ``30m`` or ``7d``; an empty text is None.

    Raises:
        ValueError: it is something else, or less than a minute or more than a year.
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"([0-9]{1,6})\s*([mhd])", text.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError("it is no duration")
    duration = int(found[1]) * _DURATIONS[found[2].lower()]
    if not timedelta(minutes=1) <= duration <= timedelta(days=366):
        raise ValueError("it is less than a minute or more than a year")
    return duration


def _address(value: object) -> object:
    return parse_address(value) if isinstance(value, str) else value


def parse_address(text: str) -> tuple[str, int] | None:
    """Read ``9464``, ``0.0.0.0:9464`` or ``[::1]:9464`` as host and port; an empty text is None.

    A port alone is one of this machine only, 127.0.0.1.

    Raises:
        ValueError: it is something else.
    """
    if not text.strip():
        return None
    host, _, port = text.strip().rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= _MAX_PORT:
        raise ValueError("it has no port from 1 to 65535")
    if not re.fullmatch(r"|[\w.-]+", host, re.ASCII) and not _is_bracketed_ipv6(host):
        raise ValueError("it is no address of this machine")
    return host.strip("[]") or "127.0.0.1", int(port)


def _is_bracketed_ipv6(host: str) -> bool:
    found = re.fullmatch(r"\[([0-9a-fA-F:.]+)\]", host)
    try:
        return found is not None and bool(IPv6Address(found[1]))
    except ValueError:
        return False


OptionalPath = Annotated[Path | None, BeforeValidator(empty_is_none)]
DurationSetting = Annotated[timedelta | None, BeforeValidator(_duration)]
AddressSetting = Annotated[tuple[str, int] | None, NoDecode, BeforeValidator(_address)]
