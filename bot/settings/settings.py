"""The settings of an operator, read from the environment and ``.env``.

Every setting is described in ``.env.example``. A wrong value ends the start with one sentence
that names the variable and says how to fix it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.core.errors.base import StartRefused
from bot.core.process_lock import LockFolders
from bot.core.proxies import Proxies
from bot.database.opening import database_path, is_postgresql
from bot.database.postgresql_url import passwords_of
from bot.database.scheduled_copies import MOST_DAYS
from bot.images.storage_places import checked_place
from bot.quota.limits import MAX_CREDITS, parse_limits
from bot.settings.fixes import FIXES, misspelt_variables
from bot.settings.value_types import (
    AddressSetting,
    BudgetSetting,
    BytesSetting,
    CommaList,
    DurationSetting,
    HostSetting,
    JsonSetting,
    KeySetting,
    MoneySetting,
    NetworkSetting,
    OptionalPath,
    QuotaSetting,
    WebAddressSetting,
    empty_is_none,
    parse_bytes,
)

USER_TAGS_KEY = "user-tags.key"
"""The file in DATA_DIR with the key of people's pseudonyms, where the setting has none."""
KEEP_JOBS_DAYS = 400
MIN_KEEP_JOBS_DAYS = 90  # as far as /quota usage looks back; the longest limit is a month
OLD_DATABASE = Path("data/easel.db")
"""Where Easel 0.1 kept the database when DATABASE_URL was not set, whatever DATA_DIR said."""


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


def _kept_with_pictures(settings: dict[str, Any]) -> int:
    """Return the default of KEEP_JOBS_DAYS: /history shows a picture with its job."""
    return max(KEEP_JOBS_DAYS, int(settings.get("retention_days", 0)))


def _not_below_retention(days: int, info: ValidationInfo) -> int:
    pictures = info.data.get("retention_days", 0)
    if days < pictures:
        raise ValueError(f"pictures are kept with their jobs, and RETENTION_DAYS is {pictures}")
    return days


def _within_days(keep: int, info: ValidationInfo) -> int:
    every = info.data.get("backup_every")
    if every is not None and keep * every > timedelta(days=MOST_DAYS):
        raise ValueError(
            f"so many copies of BACKUP_EVERY would reach back more than {MOST_DAYS} days, and what "
            "people deleted before that would come back with one"
        )
    return keep


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
    gateways_file: OptionalPath = None
    gateways: dict[str, GatewayKey] = Field(default_factory=dict)
    download_hosts: CommaList[HostSetting] = ()
    download_networks: CommaList[NetworkSetting] = ()
    download_proxy_trusted: bool = False
    http_proxy: SecretStr = SecretStr("")
    https_proxy: SecretStr = SecretStr("")
    all_proxy: SecretStr = SecretStr("")
    no_proxy: str = ""
    data_dir: Path = Path("data")
    database_url: str = Field(default_factory=_in_data_dir, repr=False)
    database_connections: int = Field(default=8, ge=1, le=100)
    content_store_url: Annotated[str, AfterValidator(checked_place)] = ""
    aws_access_key_id: SecretStr = SecretStr("")
    aws_secret_access_key: SecretStr = SecretStr("")
    aws_session_token: SecretStr = SecretStr("")
    aws_region: str = ""
    aws_endpoint_url: WebAddressSetting = ""
    user_tags_key: KeySetting = SecretStr("")
    shard_count: int = Field(default=0, ge=0, le=100_000)
    clusters: int = Field(default=1, ge=1, le=10_000)
    cluster: int = Field(default=0, ge=0, le=9_999)
    discord_api_url: WebAddressSetting = ""
    default_quota: QuotaSetting = parse_limits("20/day")
    server_quota: QuotaSetting = ()
    total_quota: QuotaSetting = ()
    operator_budget: BudgetSetting = ()
    text_model: str = ""
    text_gateway: str = ""
    text_price: MoneySetting = None
    text_credits: int = Field(default=0, ge=0, le=MAX_CREDITS)
    text_requests_per_minute: int = Field(default=3, ge=1, le=1000)
    text_body: JsonSetting = Field(default_factory=dict)
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
    max_requests_per_minute: int = Field(default=20, ge=1, le=1000)
    moderation_file: OptionalPath = None
    allow_age_restricted_in_dms: bool = False
    retention_days: int = Field(default=30, ge=1, le=3650)
    keep_jobs_days: Annotated[int, AfterValidator(_not_below_retention)] = Field(
        default_factory=_kept_with_pictures, ge=MIN_KEEP_JOBS_DAYS, le=3650
    )
    forget_deleted: bool = False
    max_disk: BytesSetting = parse_bytes("5GB")
    backup_every: DurationSetting = timedelta(hours=24)
    backup_keep: Annotated[int, AfterValidator(_within_days)] = Field(
        default=7, ge=1, le=1000, validate_default=True
    )
    metrics_address: AddressSetting = None
    traces_url: WebAddressSetting = ""
    shutdown_grace: int = Field(default=180, ge=0, le=3600)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
    dev_guild_id: Annotated[int | None, BeforeValidator(empty_is_none)] = None

    @property
    def has_server(self) -> bool:
        """Whether the database is one of a PostgreSQL server."""
        return is_postgresql(self.database_url)

    @property
    def copied_every(self) -> timedelta | None:
        """Return how often the bot copies the database: never one that a server keeps."""
        return None if self.has_server else self.backup_every

    @property
    def limits_strangers(self) -> bool:
        """Whether anything limits what the admins of unknown servers may let be spent."""
        ceilings = self.server_quota, self.total_quota, self.operator_budget
        return bool(self.allowed_servers) or any(ceilings)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the values of all secrets, which the log redacts."""
        keys = (gateway.api_key for gateway in self.gateways.values())
        ours = (self.discord_token, self.image_api_key, self.user_tags_key)
        s3 = (self.aws_access_key_id, self.aws_secret_access_key, self.aws_session_token)
        plain = (secret.get_secret_value() for secret in (*ours, *s3, *keys))
        return (*plain, *self.proxies.secrets, *passwords_of(self.database_url))

    @property
    def s3_values(self) -> dict[str, str]:
        """Return what is set of the access to S3, by the names of obstore's S3Config."""
        values = {
            "aws_access_key_id": self.aws_access_key_id.get_secret_value(),
            "aws_secret_access_key": self.aws_secret_access_key.get_secret_value(),
            "aws_session_token": self.aws_session_token.get_secret_value(),
            "aws_region": self.aws_region,
            "aws_endpoint_url": self.aws_endpoint_url,
        }
        return {name: value for name, value in values.items() if value}

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
    if settings.has_server:
        raise StartRefused(
            "DATABASE_URL names a PostgreSQL database, and this is only for a SQLite file: "
            "docs/scaling.md says what there is instead."
        )
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


def database_url(settings: Settings) -> str:
    """Return where the database is; raises as ``database_file``."""
    if settings.has_server:
        return settings.database_url
    return f"sqlite:///{database_file(settings)}"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # whoever opens it says why


def lock_folders(settings: Settings) -> LockFolders:
    """Return where processes on this database hold their locks; raises as ``database_file``."""
    return locks_of(database_url(settings), settings.data_dir)


def locks_of(url: str, data_dir: Path) -> LockFolders:
    """Return where processes on the database of a URL hold their locks."""
    file = data_dir / "postgresql" if is_postgresql(url) else database_path(url)
    return LockFolders(file, data_dir)


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


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """What could be read: the settings with defaults for the ``unreadable``, None if nothing."""

    settings: Settings | None
    problems: tuple[str, ...] = ()
    unreadable: frozenset[str] = frozenset()


def read_settings(build: Callable[..., Settings] = Settings) -> ReadSettings:
    """Read the environment and ``.env``, with one sentence for each wrong variable."""
    problems: dict[str, str] = {}  # by the name of the variable
    instead: dict[str, object] = {}
    while True:
        try:
            settings = build(**instead)
        except ValidationError as wrong:
            found = _sentences(wrong)
            if not found.keys() - problems.keys():
                return ReadSettings(None, (*problems.values(),))
            problems = {**found, **problems}
            for name in {variable.partition("__")[0].lower() for variable in found}:
                instead |= _default(name)
        except SettingsError:
            # pydantic-settings names no variable; only GATEWAYS holds more than a plain value.
            problems["GATEWAYS"] = f"GATEWAYS is wrong: {FIXES['GATEWAYS']}."
            return ReadSettings(None, (*problems.values(),))
        except UnicodeDecodeError:
            return ReadSettings(None, (".env is not UTF-8 text: save it with that encoding.",))
        else:
            unreadable = frozenset(instead) & Settings.model_fields.keys()
            return ReadSettings(settings, (*problems.values(),), unreadable)


def load_settings(build: Callable[..., Settings] = Settings) -> Settings:
    """Read the environment and ``.env``.

    Raises:
        StartRefused: values are wrong; each sentence names the variable and says how to fix it.
    """
    found = read_settings(build)
    if found.settings is None or found.problems:
        raise StartRefused(*found.problems)
    return found.settings


def _sentences(wrong: ValidationError) -> dict[str, str]:
    sentences: dict[str, str] = {}
    for error in wrong.errors(include_url=False, include_context=False, include_input=False):
        if error["type"] == "default_factory_not_called":  # only because of another error
            continue
        path = [str(part).upper() for part in error["loc"]]
        reason = error["msg"].removeprefix("Value error, ").rstrip(".")
        name = _variable(path)
        sentences.setdefault(name, f"{name} is wrong ({reason}): {FIXES[path[0]]}.")
    return sentences


def _variable(path: list[str]) -> str:
    return "__".join(path) if path[0] == "GATEWAYS" else path[0]


def _default(name: str) -> dict[str, object]:
    value = Settings.model_fields[name].get_default(call_default_factory=True, validated_data={})
    # pydantic-settings would merge GATEWAYS__… into a given table: hide them from it.
    blind = {"_env_nested_delimiter": "\0"} if name == "gateways" else {}
    return {name: value, **blind}
