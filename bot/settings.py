"""The settings of an operator, read from the environment and ``.env``.

Every setting is described in ``.env.example``. A wrong value ends the start with one sentence
that names the variable and says how to fix it.
"""

import os
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from bot.core.errors.base import StartRefused
from bot.core.models import parse_money
from bot.core.process_lock import LockFolders
from bot.core.proxies import Proxies
from bot.database.database import database_path
from bot.gateways.addresses import parse_network
from bot.gateways.gateway import host_and_port
from bot.quota.limits import Limit, Period, parse_limits

T = TypeVar("T")


_UNITS = {"": 1, "M": 10**6, "G": 10**9, "T": 10**12}
_MIN_BYTES = 100 * 10**6
# Without the characters that would end a link in Discord's markdown.
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#@()<>\\]+(?:[/?#][^\s()<>\\]*)?", re.IGNORECASE)
_LONGEST_ADDRESS = 400
OLD_DATABASE = Path("data/easel.db")
"""Where Easel 0.1 kept the database when DATABASE_URL was not set, whatever DATA_DIR said."""


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _limits(value: object) -> object:
    return parse_limits(value) if isinstance(value, str) else value


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


CommaList = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_comma_list)]
QuotaSetting = Annotated[tuple[Limit, ...], NoDecode, BeforeValidator(_limits)]


def parse_bytes(text: str) -> int:
    """Read ``5GB``, ``500 MB`` or a number of bytes.

    Raises:
        ValueError: it is something else, or less than one picture needs.
    """
    found = re.fullmatch(r"(\d{1,15})\s*([MGT]?)B?", text.strip(), re.IGNORECASE)
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


def _is_network(entry: str) -> str:
    parse_network(entry)
    return entry


HostSetting = Annotated[str, AfterValidator(_is_host)]
WebAddressSetting = Annotated[str, AfterValidator(_web_address)]
NetworkSetting = Annotated[str, AfterValidator(_is_network)]
BudgetSetting = Annotated[tuple[Limit, ...], NoDecode, BeforeValidator(_budget)]
BytesSetting = Annotated[int, BeforeValidator(_bytes)]


def _unquoted(value: object) -> object:
    """Return a value without a pair of quotes, which docker's ``--env-file`` hands over."""
    if isinstance(value, dict):
        return {name: _unquoted(inner) for name, inner in value.items()}
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


class GatewayKey(BaseModel):
    """What the environment holds for one gateway of GATEWAYS_FILE."""

    api_key: SecretStr


def _in_data_dir(settings: dict[str, Any]) -> str:
    """Return the default of DATABASE_URL; ``settings`` are those above it."""
    return f"sqlite:///{settings.get('data_dir', OLD_DATABASE.parent) / OLD_DATABASE.name}"


class Settings(BaseSettings):
    """Everything an operator can set; in the environment the names are in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _normalized(cls, values: dict[str, object]) -> object:
        plain = {name: _unquoted(value) for name, value in values.items()}
        if plain.get("database_url") == "":
            del plain["database_url"]
        return plain

    discord_token: SecretStr = SecretStr("")
    image_api_url: str = ""
    image_api_key: SecretStr = SecretStr("")
    image_models: CommaList[str] = ()
    gateways_file: Annotated[Path | None, BeforeValidator(_empty_is_none)] = None
    gateways: dict[str, GatewayKey] = Field(default_factory=dict)
    download_hosts: CommaList[HostSetting] = ()
    download_networks: CommaList[NetworkSetting] = ()
    download_proxy_trusted: bool = False
    http_proxy: SecretStr = SecretStr("")
    https_proxy: SecretStr = SecretStr("")
    all_proxy: SecretStr = SecretStr("")
    no_proxy: str = ""
    data_dir: Path = Path("data")
    database_url: str = Field(default_factory=_in_data_dir)
    default_quota: QuotaSetting = parse_limits("20/day")
    server_quota: QuotaSetting = ()
    total_quota: QuotaSetting = ()
    operator_budget: BudgetSetting = ()
    allowed_servers: CommaList[int] = ()
    allow_direct_messages: bool = False
    allow_user_install: bool = False
    help_url: WebAddressSetting = ""
    privacy_url: WebAddressSetting = ""
    max_concurrent_jobs: int = Field(default=8, ge=1, le=1000)
    max_running_per_user: int = Field(default=3, ge=1, le=1000)
    max_waiting_per_user: int = Field(default=10, ge=1, le=1000)
    max_queued_jobs: int = Field(default=200, ge=1, le=10_000)
    max_doubtful_per_day: int = Field(default=3, ge=1, le=1000)
    max_queue_age: int = Field(default=3600, ge=0, le=604_800)
    retention_days: int = Field(default=30, ge=1, le=3650)
    max_disk: BytesSetting = parse_bytes("5GB")
    shutdown_grace: int = Field(default=180, ge=0, le=3600)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    dev_guild_id: Annotated[int | None, BeforeValidator(_empty_is_none)] = None

    @property
    def limits_strangers(self) -> bool:
        """Whether anything limits what the admins of unknown servers may let be spent."""
        ceilings = self.server_quota, self.total_quota, self.operator_budget
        return bool(self.allowed_servers) or any(ceilings)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the values of all secrets, which the log redacts."""
        keys = (gateway.api_key for gateway in self.gateways.values())
        secrets = (self.discord_token, self.image_api_key, *keys)
        return (*(secret.get_secret_value() for secret in secrets), *self.proxies.secrets)

    @property
    def proxies(self) -> Proxies:
        """Return the proxies for requests to the gateways, to Discord and for downloads."""
        return Proxies.parse(
            http=self.http_proxy.get_secret_value(),
            https=self.https_proxy.get_secret_value(),
            both=self.all_proxy.get_secret_value(),
            direct=self.no_proxy,
            are_trusted=self.download_proxy_trusted,
        )


def database_file(settings: Settings) -> Path:
    """Return the file of the database.

    Raises:
        StartRefused: DATABASE_URL names none, or Easel 0.1 has left it in another place.
    """
    if "database_url" in settings.model_fields_set:
        return database_path(settings.database_url)
    path = settings.data_dir / OLD_DATABASE.name
    if _exists(path) or not _exists(OLD_DATABASE):
        return path
    old, new = quote(str(OLD_DATABASE)), quote(str(settings.data_dir))
    raise StartRefused(
        f"The database lies in DATA_DIR by default now, and {path} does not exist while "
        f"{OLD_DATABASE} does: stop the bot that uses it and move it with "
        f"mkdir -p {new} && mv {old}* {new}/ - or keep it there with "
        f"DATABASE_URL=sqlite:///{OLD_DATABASE}."
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # whoever opens it says why


def lock_folders(settings: Settings) -> LockFolders:
    """Return where processes on this database hold their locks; raises as ``database_file``."""
    return LockFolders(database_file(settings), settings.data_dir)


FIXES = {
    "DISCORD_TOKEN": "copy the token from your application's Bot page",
    "IMAGE_API_URL": "set it like https://api.openai.com/v1",
    "IMAGE_API_KEY": "copy the key from your gateway",
    "IMAGE_MODELS": "set it like gpt-image-2,dall-e-3; the first is the default",
    "GATEWAYS_FILE": "set it to the path of a gateways.toml, or leave it empty",
    "GATEWAYS": "set one GATEWAYS__NAME__API_KEY for each gateway of GATEWAYS_FILE",
    "DOWNLOAD_HOSTS": "list hosts like minio or 10.1.2.3:9000, without http://, and with commas",
    "DOWNLOAD_NETWORKS": "list networks like 198.18.0.0/15, separated by commas",
    "DOWNLOAD_PROXY_TRUSTED": "set it to true or false",
    "HTTP_PROXY": "set it like http://proxy.example.com:3128, or leave it empty",
    "HTTPS_PROXY": "set it like http://proxy.example.com:3128, or leave it empty",
    "ALL_PROXY": "set it like http://proxy.example.com:3128, or leave it empty",
    "NO_PROXY": "list hosts like minio,.example.com, or leave it empty",
    "DATABASE_URL": "set it like sqlite:////srv/easel.db; leave it empty for easel.db in DATA_DIR",
    "DATA_DIR": "set it to a folder that the bot can write, like data",
    "DEFAULT_QUOTA": "set it like 20/day or 5/hour, 20/day; leave it empty for no limit",
    "SERVER_QUOTA": "set it like 500/month; leave it empty for no limit",
    "TOTAL_QUOTA": "set it like 1000/month; leave it empty for no limit",
    "OPERATOR_BUDGET": "set it like 50/month or 5/day, 50/month; leave it empty for no budget",
    "ALLOWED_SERVERS": "list server ids, separated by commas; leave it empty to allow every server",
    "ALLOW_DIRECT_MESSAGES": "set it to true or false",
    "ALLOW_USER_INSTALL": "set it to true or false",
    "HELP_URL": "set it like https://example.com/help, or leave it empty",
    "PRIVACY_URL": "set it like https://example.com/privacy, or leave it empty",
    "MAX_CONCURRENT_JOBS": "set it to a whole number from 1 to 1000",
    "MAX_RUNNING_PER_USER": "set it to a whole number from 1 to 1000",
    "MAX_WAITING_PER_USER": "set it to a whole number from 1 to 1000",
    "MAX_QUEUED_JOBS": "set it to a whole number from 1 to 10000",
    "MAX_DOUBTFUL_PER_DAY": "set it to a whole number from 0 to 1000",
    "MAX_QUEUE_AGE": "set it to a whole number of seconds from 0 to 604800",
    "RETENTION_DAYS": "set it to a whole number of days from 1 to 3650",
    "MAX_DISK": "set it like 5GB or 500MB",
    "SHUTDOWN_GRACE": "set it to a whole number of seconds from 0 to 3600",
    "LOG_LEVEL": "set it to DEBUG, INFO, WARNING or ERROR",
    "LOG_FORMAT": "set it to console or json",
    "DEV_GUILD_ID": "set it to the id of your test server, or leave it empty",
}


_PROXY_VARIABLES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
_EASEL_NAMES = sorted(FIXES.keys() - _PROXY_VARIABLES)
_PREFIXES = (*{f"{name.partition('_')[0]}_" for name in _EASEL_NAMES}, "GATEWAY_")
_ALIKE_IN_FILE = 0.7  # everything in .env is meant for Easel, or for what runs it
_ALIKE_IN_ENVIRONMENT = 0.8  # other programs have settings of their own there
_NEARLY_A_KEY = re.compile(r"GATEWAYS?_+(?P<name>[A-Z0-9_]+?)_+API_?KEY")


def misspelt_variables() -> dict[str, str]:
    """Return the names that are probably misspelt, each with the name of the setting meant.

    They are those of ``.env``, and those of the environment that begin as settings do.
    """
    in_file = dotenv_values(".env", encoding="utf-8-sig", interpolate=False)
    ours = [name for name in os.environ if name.upper().startswith(_PREFIXES)]
    meant = {name: _setting_meant(name, _ALIKE_IN_ENVIRONMENT) for name in ours}
    meant |= {name: _setting_meant(name, _ALIKE_IN_FILE) for name in in_file}
    return {name: setting for name, setting in meant.items() if setting}


def _setting_meant(name: str, alike: float) -> str:
    name = name.upper()
    if name in FIXES or name.startswith("GATEWAYS__"):  # others of these stop the start
        return ""
    if key := _NEARLY_A_KEY.fullmatch(name):
        return f"GATEWAYS__{key['name']}__API_KEY"
    return next(iter(get_close_matches(name, _EASEL_NAMES, n=1, cutoff=alike)), "")


NOTHING_LIMITS_STRANGERS = (
    "anybody may invite this bot, and nothing limits what their server spends of your money",
    "Set SERVER_QUOTA, TOTAL_QUOTA, OPERATOR_BUDGET or ALLOWED_SERVERS, or turn off Public Bot on "
    "your application's Bot page.",
)
"""Facts and fix for an application that is public, where not ``limits_strangers``."""


def describe_doubts(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what is probably not as the operator wants it: facts, and a sentence with the fix."""
    for name, meant in misspelt_variables().items():
        yield f"{name} is no setting", f"Did you mean {meant}?"
    for name in settings.proxies.unusable:
        yield (
            f"{name} names no proxy that can be used, so requests go out directly",
            "Set it to a proxy with http:// or https://, not SOCKS, or leave it empty.",
        )


def load_settings(build: Callable[[], Settings] = Settings) -> Settings:
    """Read the environment and ``.env``.

    Raises:
        StartRefused: a value is wrong; the sentence names the variable and says how to fix it.
    """
    try:
        return build()
    except ValidationError as wrong:
        raise StartRefused(_sentence(wrong)) from None
    except SettingsError:
        # pydantic-settings names no variable; only GATEWAYS holds more than a plain value.
        raise StartRefused(f"GATEWAYS is wrong: {FIXES['GATEWAYS']}.") from None
    except UnicodeDecodeError:
        raise StartRefused(".env is not UTF-8 text: save it with that encoding.") from None


def _sentence(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
    path = [str(part).upper() for part in first["loc"]]
    name = path[0]
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{_variable(path)} is wrong ({reason}): {FIXES[name]}."


def _variable(path: list[str]) -> str:
    return "__".join(path) if path[0] == "GATEWAYS" else path[0]
