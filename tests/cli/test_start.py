"""What a start says before anything runs: everything that is wrong, and then what runs."""

import sys
from pathlib import Path

import pytest

from bot import __version__
from bot.settings.gateway_settings import setup_problems
from bot.settings.settings import Settings
from bot.settings.summary import summarize
from tests.cli.live_bot import keyed_gateway, live_bot, table, write_settings
from tests.cli.process import environment, run

BROKEN = """
[gateways.one]
base_url = "here"
models = []

[gateways.two]
base_url = "http://127.0.0.1:9/v1"
modells = ["dall-e-3"]
"""


async def test_everything_that_is_missing_or_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Nobody should start a service ten times to hear of ten mistakes."""
    env = environment(
        tmp_path,
        LOG_LEVEL="LOUD",
        MAX_DISK="plenty",
        ALLOWED_SERVERS="here",
        IMAGE_MODEL="dall-e-3",
        DATABASE_URL="mysql://here",
        MODERATION_FILE="nowhere.txt",
    )
    ended = await run("bot", folder=tmp_path, env=env)
    assert (ended.code, ended.out) == (2, "")
    lines = ended.err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["easel"] * len(lines)
    assert [" ".join(line.split()[1:4]) for line in lines] == [
        "warning: IMAGE_MODEL is",
        "ALLOWED_SERVERS is wrong",
        "MAX_DISK is wrong",
        "LOG_LEVEL is wrong",
        "DISCORD_TOKEN is missing:",
        "IMAGE_API_URL is missing:",
        "IMAGE_API_KEY is missing:",
        "IMAGE_MODELS is missing:",
        "DATABASE_URL names no",
        "MODERATION_FILE cannot be",
    ]
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_is_checked_beside_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that is wrong, and packages that are not there, would wait for the next start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)  # not installed
    traces = "http://127.0.0.1:4318/v1/traces"
    problems = setup_problems(Settings(image_api_url="htp:/here", traces_url=traces))
    assert [" ".join(problem.split()[:3]) for problem in problems] == [
        "DISCORD_TOKEN is missing:",
        "IMAGE_API_KEY is missing:",
        "IMAGE_MODELS is missing:",
        "IMAGE_API_URL must be",
        "TRACES_URL needs more",
    ]


async def test_every_table_of_a_gateways_file_is_looked_at(tmp_path: Path) -> None:
    """Each line names the table and the key, and every key of no gateway is told."""
    write_settings(tmp_path, BROKEN, GATEWAYS__THREE__API_KEY="x", DISCORD_TOKEN="")
    ended = await run("bot", folder=tmp_path, env=environment(tmp_path))
    assert ended.code == 2
    where = "easel: gateways.toml, [gateways."
    told = [line.removeprefix(where) for line in ended.err.splitlines()]
    wanted = [
        "easel: DISCORD_TOKEN is missing",
        "one], base_url must be a web address",
        "one], models must name at least one",
        "two], has an unknown key modells",
        "easel: GATEWAYS__THREE__API_KEY names a gateway",
    ]
    assert [line[: len(words)] for line, words in zip(told, wanted, strict=True)] == wanted


@pytest.mark.parametrize("style", ["json", "console"])
async def test_a_start_logs_one_line_of_what_runs(tmp_path: Path, style: str) -> None:
    """Whoever reads the log later knows which version ran with which limits, open to whom."""
    async with keyed_gateway() as gateway:
        variables = {
            "LOG_FORMAT": style,
            "DEFAULT_QUOTA": "20/day",
            "OPERATOR_BUDGET": "0.5/day, 50/month",
            "ALLOW_DIRECT_MESSAGES": "true",
            "BACKUP_EVERY": "12h",
        }
        prices = '[gateways.one.abilities."dall-e-3"]\nprice = 0.25\n'
        write_settings(tmp_path, table("one", gateway, "dall-e-3") + prices, **variables)
        async with live_bot(tmp_path) as bot:
            (record,) = bot.logged("bot.ready")
    wanted = {
        "version": __version__,
        "models": "dall-e-3",
        "gateways": "one",
        "default_quota": "20/day",
        "server_quota": "none",
        "total_quota": "none",
        "operator_budget": "0.5/day, 50/month",
        "open_to_strangers": "direct messages",
        "forbidden": "none",
        "backups": "every 12 h, 7 kept",
    }
    if style == "json":
        assert {name: record[name] for name in wanted} == wanted
    else:
        assert wanted.items() <= record.items()


def test_what_is_open_to_strangers_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public bot without a limit costs its operator what anybody likes."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        allow_user_install=True,
        metrics_address="0.0.0.0:9464",  # type: ignore[arg-type]  # as in .env
        backup_every="",  # type: ignore[arg-type]
    )
    names = [f"model-{number}" for number in range(12)]
    told = summarize(settings, models=names, gateways=["a"], forbidden=3, is_public=True)
    assert told["models"].endswith("model-9 and 2 more")
    assert told["backups"] == "none"
    assert told["forbidden"] == "3 words and expressions"
    assert told["open_to_strangers"] == (
        "every server that invites this public bot, without a limit, the user install, "
        "METRICS_ADDRESS"
    )
    closed = settings.model_copy(
        update={"allow_user_install": False, "metrics_address": ("127.0.0.1", 9464)}
    )
    told = summarize(closed, models=names, gateways=["a"], forbidden=0, is_public=False)
    assert told["open_to_strangers"] == "nothing"
