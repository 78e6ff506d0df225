"""The whole doctor: what is said, in which order, and with which exit code."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from bot import __main__, __version__
from bot.cli.doctor.checks import print_json
from bot.cli.doctor.finding import Sign
from bot.cli.doctor.settings_check import read_setup
from tests.cli.doctor.installation import ALL_NEEDED, Installation, of
from tests.cli.process import environment, run
from tests.discord_rest.fake import APPLICATION_ID, NOW_MS, TOKEN, guild
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.replay_gateway import http_reply


async def test_a_healthy_installation_is_twelve_lines_and_exit_0(
    installation: Installation,
) -> None:
    """An operator sees at one glance that the bot will run, and how to invite it."""
    assert await installation.reported() == 0
    free = f"{shutil.disk_usage(installation.folder).free / 10**9:.1f} GB free"
    folder, database = installation.folder / "data", installation.folder / "data" / "easel.db"
    link = f"https://discord.com/oauth2/authorize?client_id={APPLICATION_ID}"
    assert installation.said == [
        "✓ settings        can be read",
        f"✓ token           logs in as Easel (application {APPLICATION_ID})",
        "✓ intents         none of the privileged intents is needed",
        "✓ interactions    are sent to the bot",
        "✓ servers         the bot is in 1",
        "✓ commands        none yet; the first start registers them",
        "✓ gateway default offers 2 models, yours among them",
        f"✓ data folder     {folder}, {free}; it will be created at the start",
        f"✓ database        {database} will be created at the start",
        "✓ backups         one every 1d, the first a minute after the start",
        "✓ clock           0.2 s ahead of Discord's",
        f"✓ invite link     {link}&scope=bot+applications.commands&permissions={ALL_NEEDED}",
    ]
    assert installation.discord.refused == []
    assert list(installation.folder.iterdir()) == []


async def test_one_failure_makes_exit_1_and_a_warning_does_not(installation: Installation) -> None:
    """A script that deploys the bot reads nothing but the exit code."""
    assert await installation.reported(ALLOWED_SERVERS="11,12") == 0
    assert await installation.reported(DEV_GUILD_ID="12") == 1
    assert (
        "  → Invite the bot to it with the link below, or leave DEV_GUILD_ID empty."
        in installation.said
    )


async def test_without_token_and_gateway_everything_else_is_checked(
    installation: Installation,
) -> None:
    """The doctor is the first thing that somebody runs, before anything is set up."""
    installation.set(DISCORD_TOKEN="", IMAGE_API_URL="", IMAGE_API_KEY="", IMAGE_MODELS="")
    findings = await installation.examined()
    assert [(one.sign.value, one.check) for one in findings] == [
        ("✓", "settings"),
        ("✗", "token"),
        ("✓", "intents"),
        ("!", "servers"),
        ("!", "commands"),
        ("✗", "gateway"),
        ("✗", "gateway"),
        ("✗", "gateway"),
        ("✓", "data folder"),
        ("✓", "database"),
        ("✓", "backups"),
        ("!", "clock"),
        ("!", "invite link"),
    ]
    assert of(findings, "token").facts == "DISCORD_TOKEN is missing"
    assert "Bot page" in of(findings, "token").fix
    missing = [one.fix.split()[0] for one in findings if one.check == "gateway"]
    assert missing == ["IMAGE_API_URL", "IMAGE_API_KEY", "IMAGE_MODELS"]
    assert installation.discord.requests == []
    assert installation.gateway.requests == []


async def test_a_schedule_that_cannot_be_read_is_not_called_fine(
    installation: Installation,
) -> None:
    """The default would be praised, which is not what this operator wants."""
    findings = await installation.examined(BACKUP_EVERY="often")
    assert of(findings, "settings").fix.startswith("BACKUP_EVERY is wrong")
    assert "backups" not in [one.check for one in findings]


async def test_traces_without_their_packages_are_found_before_the_start(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start would refuse what the doctor has called fine."""
    url = "http://127.0.0.1:4318/v1/traces"
    assert "traces" not in [one.check for one in await installation.examined(TRACES_URL=url)]
    monkeypatch.setitem(sys.modules, "opentelemetry", None)  # not installed
    found = of(await installation.examined(), "traces")
    assert found.sign is Sign.WRONG
    assert 'pip install "easel-bot[tracing]"' in found.fix


async def test_every_wrong_variable_is_named_and_hides_no_other_check(
    installation: Installation,
) -> None:
    """Nobody should fix one line only to hear of the next."""
    findings = await installation.examined(
        LOG_LEVEL="LOUD", ALLOWED_SERVERS="here", SHUTDOWN_GRACE="-1"
    )
    fixes = [one.fix for one in findings if one.check == "settings"]
    assert [fix.split()[0] for fix in sorted(fixes)] == [
        "ALLOWED_SERVERS",
        "LOG_LEVEL",
        "SHUTDOWN_GRACE",
    ]
    assert of(findings, "token").sign is Sign.FINE
    assert of(findings, "gateway default").sign is Sign.FINE


async def test_a_misspelt_key_leaves_the_gateway_unchecked(installation: Installation) -> None:
    """Without its key a gateway would be blamed for refusing it."""
    findings = await installation.examined(GATEWAYS__PAINT__API_KEYS="x")
    assert of(findings, "settings").fix.startswith("GATEWAYS__PAINT__API_KEY is wrong")
    assert of(findings, "gateway").sign is Sign.WARNING
    assert of(findings, "token").sign is Sign.FINE


async def test_settings_that_nobody_can_read_are_one_sentence(installation: Installation) -> None:
    """No traceback, whatever is in .env."""
    (installation.folder / ".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe")
    assert await installation.reported() == 1
    assert installation.said == [
        "✗ settings        cannot be used",
        "  → .env is not UTF-8 text: save it with that encoding.",
        "! the rest        not checked because the settings cannot be read",
    ]


async def test_keys_that_are_no_table_are_one_sentence(installation: Installation) -> None:
    """GATEWAYS alone means nothing."""
    findings = await installation.examined(GATEWAYS="openai")
    assert [one.check for one in findings] == ["settings", "the rest"]
    assert findings[0].fix.startswith("GATEWAYS is wrong: set one GATEWAYS__NAME")


async def test_no_secret_and_no_foreign_control_character_is_printed(
    installation: Installation,
) -> None:
    """People paste the doctor's answer into public issues."""
    echo = http_reply(
        401, {"error": {"message": f"key {GATEWAY_KEY} and {TOKEN} are wrong \x1b[2J"}}
    )
    installation.gateway.answers[:] = [echo]
    installation.discord.guilds = [guild(11, f"\x1b[2J{TOKEN}\r{GATEWAY_KEY}", 0)]
    assert await installation.reported() == 1
    everything = "\n".join(installation.said)
    assert TOKEN not in everything
    assert GATEWAY_KEY not in everything
    assert everything.replace("\n", "").isprintable()
    assert "is missing in  [2J[hidden] [hidden]" in everything


@pytest.mark.parametrize(
    ("ahead_ms", "sign", "facts"),
    [
        (5_600, Sign.WARNING, "5.1 s ahead of Discord's"),
        (-59_000, Sign.WARNING, "59.5 s behind Discord's"),
        (-61_000, Sign.WRONG, "61.5 s behind Discord's"),
        (3_600_000, Sign.WRONG, "3599.5 s ahead of Discord's"),
    ],
)
async def test_a_wrong_clock_is_told(
    installation: Installation, ahead_ms: int, sign: Sign, facts: str
) -> None:
    """Windows of quotas, and when they free, are told by this clock."""
    installation.now_ms = NOW_MS + ahead_ms
    found = of(await installation.examined(), "clock")
    assert (found.sign, found.facts) == (sign, facts)
    assert "timedatectl set-ntp true" in found.fix


async def test_a_path_that_was_found_is_told(installation: Installation) -> None:
    """The operator may write it down, and sees what is in use."""
    (installation.folder / "data").mkdir()
    found = f'{{"{installation.gateway.origin}": "/v1/images/generations/"}}'
    (installation.folder / "data" / "gateway-paths.json").write_text(found)
    findings = await installation.examined()
    facts = [one.facts for one in findings if one.check == "gateway default"]
    assert facts[1].startswith("has its path at /v1/images/generations/, as a request found")


async def test_a_misspelt_variable_is_a_warning(installation: Installation) -> None:
    """The setting that it was meant for has its default, which nobody chose."""
    findings = await installation.examined(OPERATOR_BUGDET="5/day", ALL_PROXY="socks5://127.0.0.1")
    doubts = [one for one in findings if one.check == "settings" and one.sign is Sign.WARNING]
    assert [(one.facts, one.fix) for one in doubts[:1]] == [
        ("OPERATOR_BUGDET is no setting", "Did you mean OPERATOR_BUDGET?")
    ]
    assert doubts[1].facts.startswith("ALL_PROXY names no proxy that can be used")


async def test_without_discord_the_gateways_clock_is_asked(installation: Installation) -> None:
    """Any answer knows the time."""
    date = {"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}  # NOW_MS
    installation.gateway.answers[:] = [http_reply(200, ["painter"], date)]
    found = of(await installation.examined(DISCORD_TOKEN=""), "clock")
    assert (found.sign, found.facts) == (Sign.FINE, "0.2 s ahead of the clock of default")


async def test_the_command_prints_and_ends_with_its_exit_code(tmp_path: Path) -> None:
    """The doctor works in an empty folder, without a word on standard error."""
    ended = await run("bot", "doctor", folder=tmp_path, env=environment(tmp_path))
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith("✓ settings        can be read\n✗ token           DISCORD_TOKEN is")
    assert list(tmp_path.iterdir()) == []


async def test_a_terminal_without_our_signs_gets_others(tmp_path: Path) -> None:
    """An old Windows terminal is no reason for a traceback."""
    env = environment(tmp_path, PYTHONIOENCODING="ascii")
    ended = await run("bot", "doctor", folder=tmp_path, env=env, fresh=True)
    assert (ended.code, ended.err) == (1, "")
    assert "x token           DISCORD_TOKEN is missing\n  > Copy the token" in ended.out


def test_the_help_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody looks for a command that is not listed."""
    with pytest.raises(SystemExit):
        __main__.main(["--help"])
    assert "check the whole setup and say what to fix" in capsys.readouterr().out


async def test_json_is_one_object_with_every_finding(installation: Installation) -> None:
    """A monitor reads it: its keys and its states stay as they are documented."""
    installation.set(IMAGE_MODEL="x")
    said: list[str] = []
    assert await print_json(read_setup(), installation.clock, said.append) == 0
    (text,) = said
    report = json.loads(text)
    assert list(report) == ["version", "state", "findings"]
    assert (report["version"], report["state"]) == (__version__, "warning")
    assert {tuple(one) for one in report["findings"]} == {("check", "state", "facts", "fix")}
    found = {one["check"]: one["state"] for one in report["findings"]}
    assert (found["settings"], found["token"], found["database"]) == ("warning", "fine", "fine")


async def test_json_has_no_secret_and_only_ascii(installation: Installation) -> None:
    """People paste it into public issues, and pipe it through any terminal."""
    echo = http_reply(401, {"error": {"message": f"key {GATEWAY_KEY} is wrong \x1b[2J ✗"}})
    installation.gateway.answers[:] = [echo]
    installation.discord.guilds = [guild(11, f"\x1b[2J{TOKEN}", 0)]
    said: list[str] = []
    assert await print_json(read_setup(), installation.clock, said.append) == 1
    assert TOKEN not in said[0]
    assert GATEWAY_KEY not in said[0]
    assert said[0].isascii()
    assert said[0].replace("\n", "").isprintable()
    assert json.loads(said[0])["state"] == "wrong"


async def test_json_is_alone_on_standard_output(tmp_path: Path) -> None:
    """Also where the settings cannot even be read."""
    for content in (b"DISCORD_TOKEN=", b"\xff\xfe"):
        (tmp_path / ".env").write_bytes(content)
        ended = await run("bot", "doctor", "--json", folder=tmp_path, env=environment(tmp_path))
        report = json.loads(ended.out)
        assert (ended.code, ended.err, report["state"]) == (1, "", "wrong")


async def test_clusters_that_cannot_be_started_are_found_before_the_start(
    installation: Installation,
) -> None:
    """On several machines each would be started before the first sentence is read."""
    assert "clusters" not in [one.check for one in await installation.examined()]
    found = of(await installation.examined(CLUSTERS="2", SHARD_COUNT="4"), "clusters")
    assert found.sign is Sign.WRONG
    assert found.fix.startswith("CLUSTERS=2 needs PostgreSQL")
