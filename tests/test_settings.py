"""Settings: what an operator writes is what the bot does, or one sentence says why not."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network
from itertools import pairwise
from pathlib import Path

import pytest
from yarl import URL

from bot.core.errors.base import StartRefused
from bot.quota.limits import Limit, Period
from bot.settings.fixes import FIXES, misspelt_variables
from bot.settings.gateway_settings import read_gateways
from bot.settings.settings import Settings, database_file, describe_doubts, load_settings

ROOT = Path(__file__).parent.parent
MINIMUM = {
    "DISCORD_TOKEN": "a-token",
    "IMAGE_API_URL": "http://127.0.0.1:9/v1",
    "IMAGE_API_KEY": "a-key",
    "IMAGE_MODELS": "easel-painter",
}
Environment = Callable[..., Settings]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Environment:
    """Load the settings of a process whose environment holds just these variables."""
    for name in FIXES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.chdir(tmp_path)

    def start(**variables: str) -> Settings:
        for name, value in (MINIMUM | variables).items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return start


def test_every_setting_stands_in_the_example_with_a_comment() -> None:
    """An operator finds each setting, and what it is for, without reading code."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    explained = {
        match[1]
        for before, line in pairwise(lines)
        if (match := re.match(r"(?:# )?([A-Z][A-Z_]+)=", line)) and before.startswith("# ")
    }
    wanted = {name.upper() for name in Settings.model_fields} - {"GATEWAYS"}
    assert wanted - explained - {"GATEWAYS__NAME__API_KEY"} == set()
    assert set(FIXES) == wanted | {"GATEWAYS"}


def test_the_example_itself_is_a_valid_file(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Copying .env.example and filling in the first four must start the bot."""
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text())
    assert environment().max_running_per_user == 3


def test_defaults_are_the_documented_ones(environment: Environment) -> None:
    """A person may paint 20 pictures a day when nobody set anything."""
    settings = environment()
    assert settings.default_quota == (Limit(20, Period.DAY),)
    assert settings.server_quota == settings.total_quota == ()
    assert settings.image_models == ("easel-painter",)


def test_lists_and_several_limits_are_read(environment: Environment) -> None:
    """Comma lists and several periods work as the example file says."""
    settings = environment(
        IMAGE_MODELS=" a , b,", DEFAULT_QUOTA="5/hour, 20/day", ALLOWED_SERVERS="1,2"
    )
    assert settings.image_models == ("a", "b")
    assert [str(limit) for limit in settings.default_quota] == ["5/hour", "20/day"]
    assert settings.allowed_servers == (1, 2)


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quotes_of_an_env_file_are_no_part_of_a_value(environment: Environment, quote: str) -> None:
    """``docker run --env-file`` hands them over; a key with quotes is refused by every gateway."""
    settings = environment(
        IMAGE_API_KEY=f"{quote}sk-abc{quote}",
        IMAGE_MODELS=f"{quote}gpt-image-2,dall-e-3{quote}",
        MAX_DISK=f"{quote}2GB{quote}",
        GATEWAYS__ONE__API_KEY=f"{quote}sk-one{quote}",
    )
    assert settings.image_api_key.get_secret_value() == "sk-abc"
    assert settings.image_models == ("gpt-image-2", "dall-e-3")
    assert settings.max_disk == 2 * 10**9
    assert settings.gateways["one"].api_key.get_secret_value() == "sk-one"


def test_a_budget_is_money_per_period(environment: Environment) -> None:
    """The operator thinks in money; it is counted in millionths, exactly."""
    assert environment().operator_budget == ()
    assert environment(OPERATOR_BUDGET="0.29/day, 50 / month").operator_budget == (
        Limit(290_000, Period.DAY),
        Limit(50_000_000, Period.MONTH),
    )


@pytest.mark.parametrize(("text", "size"), [("5GB", 5 * 10**9), ("500 mb", 5 * 10**8)])
def test_a_size_is_read_as_people_write_it(environment: Environment, text: str, size: int) -> None:
    """Nobody counts the zeros of five gigabytes."""
    assert environment(MAX_DISK=text).max_disk == size


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEFAULT_QUOTA", "20/fortnight"),
        ("DEFAULT_QUOTA", "-1/day"),
        ("SERVER_QUOTA", "many"),
        ("OPERATOR_BUDGET", "50"),
        ("OPERATOR_BUDGET", "50/year"),
        ("OPERATOR_BUDGET", "-1/day"),
        ("OPERATOR_BUDGET", "$50/month"),
        ("OPERATOR_BUDGET", "0.0000001/day"),
        ("OPERATOR_BUDGET", "1/day, 2/day"),
        ("ALLOWED_SERVERS", "my server"),
        ("USER_TAGS_KEY", "a key"),
        ("USER_TAGS_KEY", "0" * 63),
        ("CONTENT_STORE_URL", "pictures"),
        ("CONTENT_STORE_URL", "s3://key:secret@bucket"),
        ("AWS_ENDPOINT_URL", "minio:9000"),
        ("ALLOW_DIRECT_MESSAGES", "sometimes"),
        ("ALLOW_USER_INSTALL", "2"),
        ("HELP_URL", "example.com/help"),
        ("HELP_URL", "javascript:alert(1)"),
        ("PRIVACY_URL", "https://example.com/a b"),
        ("PRIVACY_URL", "https://example.com/) [free](https://evil.example"),
        ("PRIVACY_URL", "https://example.com/" + "x" * 400),
        ("MAX_CONCURRENT_JOBS", "0"),
        ("MAX_RUNNING_PER_USER", ""),
        ("SHUTDOWN_GRACE", "soon"),
        ("RETENTION_DAYS", "0"),
        ("MAX_DISK", "plenty"),
        ("MAX_DISK", "5MB"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("DEV_GUILD_ID", "here"),
        ("GATEWAYS__X__KEY", "sk-nearly"),
        ("GATEWAYS", "not a table"),
        ("DOWNLOAD_HOSTS", "http://minio"),
        ("DOWNLOAD_NETWORKS", "198.18.0.0/33"),
        ("DOWNLOAD_PROXY_TRUSTED", "perhaps"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_variable_and_the_mend(
    environment: Environment, name: str, value: str
) -> None:
    """An operator who mistypes a value is told which, and how to write it."""
    with pytest.raises(StartRefused) as refused:
        environment(**{name: value})
    sentence, variable = str(refused.value), name.partition("__")[0]
    assert sentence.startswith(variable)
    assert FIXES[variable] in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("IMAGE_MODEL", "IMAGE_MODELS"),
        ("image_model", "IMAGE_MODELS"),
        ("DISCORD_TOKE", "DISCORD_TOKEN"),
        ("IMAGE_API_BASE_URL", "IMAGE_API_URL"),
        ("OPERATORS_BUDGET", None),  # another program's, as far as the environment tells
        ("GATEWAYS_OPENAI_API_KEY", "GATEWAYS__OPENAI__API_KEY"),
        ("GATEWAY__MY_OWN__APIKEY", "GATEWAYS__MY_OWN__API_KEY"),
        ("FTP_PROXY", None),
        ("MAX_MEMORY", None),
    ],
)
def test_a_misspelt_variable_is_told(
    environment: Environment, name: str, meant: str | None
) -> None:
    """Otherwise the default is in force, and the operator does not know."""
    environment(**{name: "my-secret-value"})
    found = misspelt_variables()
    assert found.get(name) == meant
    assert "my-secret-value" not in str(found)


def test_everything_in_the_file_is_looked_at(environment: Environment, tmp_path: Path) -> None:
    """The file is Easel's, so that names there need not begin like settings."""
    lines = ["\ufeffOPERATORS_BUDGET=5/day", "DISCROD_TOKEN=x", "COMPOSE_PROJECT_NAME=a", "TZ=UTC"]
    (tmp_path / ".env").write_text("\n".join([*lines, "DEFAULT_QUOTA=1/day"]))
    settings = environment(all_proxy="socks5://127.0.0.1:1080")
    assert [facts for facts, _ in describe_doubts(settings)] == [
        "OPERATORS_BUDGET is no setting",
        "DISCROD_TOKEN is no setting",
        "ALL_PROXY names no proxy that can be used, so requests go out directly",
    ]


@pytest.mark.parametrize("name", ["IMAGE_API_URL", "IMAGE_API_KEY", "IMAGE_MODELS"])
def test_a_missing_gateway_setting_stops_the_start(environment: Environment, name: str) -> None:
    """A bot that could not paint says so at once, not at the first request."""
    with pytest.raises(StartRefused, match=f"^{name} is missing"):
        read_gateways(environment(**{name: ""}))


def test_a_gateways_file_replaces_the_single_gateway(
    environment: Environment, tmp_path: Path
) -> None:
    """Several gateways come from one file, their keys from the environment."""
    file = tmp_path / "gateways.toml"
    file.write_text('[gateways.one]\nbase_url = "http://127.0.0.1:9"\nmodels = ["dall-e-3"]\n')
    settings = environment(
        IMAGE_API_URL="", GATEWAYS_FILE=str(file), GATEWAYS__ONE__API_KEY="sk-planted"
    )
    (gateway,) = read_gateways(settings)
    assert (gateway.name, gateway.key) == ("one", "sk-planted")
    assert "sk-planted" in settings.secrets
    assert "sk-planted" not in repr((settings, gateway))


def test_trusted_hosts_and_networks_count_for_every_gateway(
    environment: Environment, tmp_path: Path
) -> None:
    """Behind a fake-ip resolver every name leads to a private network, also with IMAGE_API_URL."""
    trusted = {"DOWNLOAD_HOSTS": "minio, 10.1.2.3:9000", "DOWNLOAD_NETWORKS": "198.18.0.0/15"}
    (gateway,) = read_gateways(environment(**trusted))
    assert {("minio", None), ("10.1.2.3", 9000)} < gateway.private_hosts
    assert gateway.download.allowed_networks == (IPv4Network("198.18.0.0/15"),)
    file = tmp_path / "gateways.toml"
    download = 'download = { hosts = ["nas"], networks = ["10.0.0.0/8"] }'
    table = f'base_url = "http://127.0.0.1:9"\nmodels = ["dall-e-3"]\n{download}\n'
    file.write_text(f"[gateways.one]\n{table}")
    (gateway,) = read_gateways(environment(IMAGE_API_URL="", GATEWAYS_FILE=str(file)))
    assert gateway.download.hosts == ("nas", "minio", "10.1.2.3:9000")
    assert gateway.download.networks == ("10.0.0.0/8", "198.18.0.0/15")


def test_proxies_are_read_in_either_case(environment: Environment) -> None:
    """As other programs read them; a password in one is a secret."""
    settings = environment(
        http_proxy="http://me:my-password@proxy:3128", NO_PROXY="minio", DOWNLOAD_PROXY_TRUSTED="1"
    )
    proxies = settings.proxies
    assert str(proxies.proxy_of(URL("http://a.example"))).endswith("@proxy:3128")
    assert (proxies.direct, proxies.are_trusted) == (("minio",), True)
    assert "my-password" in settings.secrets
    assert "my-password" not in repr(settings)


def test_a_key_for_a_gateway_that_the_file_lacks_stops_the_start(
    environment: Environment, tmp_path: Path
) -> None:
    """A typo in a variable's name must not leave a gateway without its key."""
    file = tmp_path / "gateways.toml"
    file.write_text('[gateways.one]\nbase_url = "http://127.0.0.1:9"\nmodels = ["dall-e-3"]\n')
    settings = environment(
        IMAGE_API_URL="", GATEWAYS_FILE=str(file), GATEWAYS__OEN__API_KEY="sk-planted"
    )
    with pytest.raises(StartRefused, match="GATEWAYS__OEN__API_KEY"):
        read_gateways(settings)


def test_a_key_without_a_file_and_both_ways_at_once_are_refused(environment: Environment) -> None:
    """Half-finished settings are told, not guessed at."""
    with pytest.raises(StartRefused, match="GATEWAYS__ONE__API_KEY"):
        read_gateways(environment(GATEWAYS__ONE__API_KEY="sk-planted"))
    with pytest.raises(StartRefused, match="both set"):
        read_gateways(environment(GATEWAYS_FILE="gateways.toml"))


def test_a_file_of_a_windows_editor_is_read(environment: Environment, tmp_path: Path) -> None:
    """It begins with a byte order mark, as its .env may."""
    file = tmp_path / "gateways.toml"
    table = '[gateways.one]\nbase_url = "http://127.0.0.1:9/v1"\nmodels = ["dall-e-3"]\n'
    file.write_text(table, encoding="utf-8-sig")
    settings = environment(
        IMAGE_API_URL="",
        IMAGE_API_KEY="",
        IMAGE_MODELS="",
        GATEWAYS_FILE=str(file),
        GATEWAYS__ONE__API_KEY="k",
    )
    assert [gateway.name for gateway in read_gateways(settings)] == ["one"]


def test_a_file_that_cannot_be_read_is_named(environment: Environment) -> None:
    """A wrong path is one sentence, no traceback."""
    with pytest.raises(StartRefused, match="GATEWAYS_FILE cannot be read"):
        read_gateways(environment(IMAGE_API_URL="", GATEWAYS_FILE="nowhere.toml"))


def test_the_database_lies_in_the_data_folder_unless_it_is_said_otherwise(
    environment: Environment, tmp_path: Path
) -> None:
    """Whoever moves DATA_DIR to a volume expects the credits there as well."""
    assert database_file(environment()) == Path("data/easel.db")
    folder = str(tmp_path / "volume")
    assert database_file(environment(DATA_DIR=folder)) == tmp_path / "volume" / "easel.db"
    assert database_file(environment(DATA_DIR="a?b#c")) == Path("a?b#c/easel.db")
    empty = environment(DATA_DIR=folder, DATABASE_URL="")
    assert database_file(empty) == tmp_path / "volume" / "easel.db"
    given = environment(DATA_DIR=folder, DATABASE_URL="sqlite:///other.db")
    assert database_file(given) == Path("other.db")


def test_a_database_in_its_old_place_is_not_taken_for_none(
    environment: Environment, tmp_path: Path
) -> None:
    """An empty new one would forget everybody's limits and jobs without a word."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "easel.db").touch()
    assert database_file(environment()) == Path("data/easel.db")
    with pytest.raises(StartRefused, match=r"mkdir -p 'a volume' && mv data/easel\.db"):
        database_file(environment(DATA_DIR="a volume"))
    kept = environment(DATA_DIR="a volume", DATABASE_URL="sqlite:///data/easel.db")
    assert database_file(kept) == Path("data/easel.db")
    (tmp_path / "a volume").mkdir()
    (tmp_path / "a volume" / "easel.db").touch()
    assert database_file(environment(DATA_DIR="a volume", DATABASE_URL="")) == Path(
        "a volume/easel.db"
    )


def test_jobs_are_kept_as_long_as_their_pictures(environment: Environment) -> None:
    """Who set RETENTION_DAYS=500 before KEEP_JOBS_DAYS existed must not lose their /history."""
    assert environment().keep_jobs_days == 400
    assert environment(RETENTION_DAYS="500").keep_jobs_days == 500
    assert environment(RETENTION_DAYS="500", KEEP_JOBS_DAYS="600").keep_jobs_days == 600
    with pytest.raises(StartRefused, match=r"^KEEP_JOBS_DAYS is wrong \(pictures are kept with"):
        environment(RETENTION_DAYS="500", KEEP_JOBS_DAYS="499")


def test_jobs_are_kept_as_long_as_anything_counts_them(environment: Environment) -> None:
    """A month's limit looks back 30 days, and /quota usage 90."""
    assert environment(KEEP_JOBS_DAYS="90").keep_jobs_days == 90
    with pytest.raises(StartRefused, match=r"KEEP_JOBS_DAYS is wrong.* from 90 to 3650"):
        environment(KEEP_JOBS_DAYS="89")


@pytest.mark.parametrize(
    ("every", "keep", "is_refused"),
    [
        ("24h", "90", False),
        ("24h", "91", True),
        ("30d", "3", False),
        ("30d", "", True),
        ("", "1000", False),
        ("1h", "1000", False),
    ],
)
def test_no_backup_reaches_back_more_than_ninety_days(
    environment: Environment, every: str, keep: str, is_refused: bool
) -> None:
    """A deletion is repeated for so long; an older backup would bring people's data back."""
    variables = {"BACKUP_EVERY": every} | ({"BACKUP_KEEP": keep} if keep else {})
    if is_refused:
        with pytest.raises(StartRefused, match=r"BACKUP_KEEP is wrong.*for at most 90 days"):
            environment(**variables)
    else:
        assert environment(**variables).backup_keep == int(keep)


def test_no_key_of_the_storage_and_of_pseudonyms_is_logged(environment: Environment) -> None:
    """With the one, strangers have all pictures; with the other, they find out who somebody is."""
    settings = environment(
        USER_TAGS_KEY="ab" * 32,
        CONTENT_STORE_URL="s3://bucket/easel",
        AWS_ACCESS_KEY_ID="an-id",
        AWS_SECRET_ACCESS_KEY="a-secret",
        AWS_SESSION_TOKEN="a-token",
    )
    assert {"ab" * 32, "an-id", "a-secret", "a-token"} <= set(settings.secrets)
    assert not [each for each in ("ab" * 32, "a-secret", "a-token") if each in repr(settings)]
