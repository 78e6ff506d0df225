"""The service unit and the container: their numbers fit the settings' defaults."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from bot.database.opening import is_postgresql
from bot.settings.settings import Settings

ROOT = Path(__file__).parent.parent
UNIT = (ROOT / "deploy" / "easel.service").read_text()
TEMPLATE = (ROOT / "deploy" / "easel@.service").read_text()
UNITS = pytest.mark.parametrize("unit", [UNIT, TEMPLATE], ids=["alone", "cluster"])
IMAGE = (ROOT / "Dockerfile").read_text()
COPIES = re.findall(r"^COPY (?!--from)(.+)$", IMAGE, re.MULTILINE)
COMPOSE = (ROOT / "compose.yaml").read_text()
CLUSTERS = yaml.safe_load((ROOT / "deploy" / "compose.cluster.yaml").read_text())["services"]
ALONE = yaml.safe_load(COMPOSE)["services"]["easel"]
GRACE_S = Settings.model_fields["shutdown_grace"].default
CLOSING_S = 20  # to edit cards and close files after the grace


@UNITS
def test_the_service_manager_waits_for_running_jobs(unit: str) -> None:
    """A kill in the middle of the grace would make every update of the bot a crash."""
    (stop_s,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(stop_s) >= GRACE_S + CLOSING_S


def test_the_container_is_told_to_wait_as_long() -> None:
    """Docker's own ten seconds do not fit."""
    (by_hand,) = re.findall(r"--stop-timeout (\d+)", IMAGE)
    (by_compose,) = re.findall(r"^    stop_grace_period: (\d+)s$", COMPOSE, re.MULTILINE)
    assert min(int(by_hand), int(by_compose)) >= GRACE_S + CLOSING_S
    assert re.search(r"^STOPSIGNAL SIGTERM$", IMAGE, re.MULTILINE)


def test_the_container_runs_without_rights_and_keeps_its_data() -> None:
    """What a picture could exploit must not be root; an update must not lose the journal."""
    user = re.findall(r"^USER (\S+)$", IMAGE, re.MULTILINE)[-1]
    assert user.split(":")[0] not in {"0", "root"}
    assert re.search(r"^VOLUME /data$", IMAGE, re.MULTILINE)
    # The settings' default paths are relative.
    assert re.findall(r"^WORKDIR (.+)$", IMAGE, re.MULTILINE)[-1] == "/data"
    # Without a shell in between the signal reaches the bot.
    assert re.search(r'^ENTRYPOINT \["python", "-m", "bot"\]$', IMAGE, re.MULTILINE)


@pytest.mark.parametrize(
    "line",
    [
        "    read_only: true",
        "      - /tmp:size=128m,mode=1777",
        "    cap_drop:\n      - ALL",
        "    security_opt:\n      - no-new-privileges:true",
        "      - data:/data",
    ],
    ids=["read_only", "tmp", "cap_drop", "no_new_privileges", "data"],
)
def test_compose_gives_the_container_what_it_was_run_with(line: str) -> None:
    """``.ci/image`` paints under these restrictions: others were never tried."""
    assert f"\n{line}\n" in COMPOSE


def test_compose_finds_the_data_from_the_folder_of_the_next_release() -> None:
    """Named by its folder, the volume would be an empty one after each unpacked archive."""
    assert "\nname: easel\n" in COMPOSE
    assert "volume `easel_data`" in (ROOT / "docs" / "install.md").read_text()


def test_compose_asks_for_the_health_where_the_bot_tells_it() -> None:
    """Without an address, a healthy bot would be called unhealthy."""
    (address,) = re.findall(r"^      METRICS_ADDRESS: (\S+)$", COMPOSE, re.MULTILINE)
    assert Settings(metrics_address=address).metrics_address is not None
    assert 'test: ["CMD", "python", "-m", "bot", "health"]' in COMPOSE
    assert "ports:" not in COMPOSE


def test_an_empty_clone_holds_all_that_the_image_is_built_from() -> None:
    """Each source is there, and reaches the engine through .dockerignore; nothing else does."""
    copied = [source for line in COPIES for source in line.split()[:-1]]
    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(copied)


def test_the_image_is_built_from_all_that_the_package_needs() -> None:
    """A folder that only the repository has would fail at the first start, not at the build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    about, wheel = project["project"], project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", about["readme"], *about["license-files"], *wheel["packages"]}
    constraints = set(re.findall(r"--constraint (\S+)", IMAGE))
    copied = {source for line in COPIES for source in line.split()[:-1]}
    assert needed | constraints <= copied
    bases = re.findall(r"^FROM docker\.io/library/python:(\d+\.\d+)", IMAGE, re.MULTILINE)
    assert {f">={version}" for version in bases} == {about["requires-python"]}


def test_no_secret_goes_into_the_image() -> None:
    """Only what is listed leaves the folder, and .env is not."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert not [line for line in lines if line.startswith("!.") or "env" in line.split("#")[0]]


@UNITS
def test_the_service_does_not_restart_what_a_restart_cannot_mend(unit: str) -> None:
    """Exit code 2 is a wrong setting: a loop would ask Discord for a login every five seconds."""
    assert "Restart=on-failure" in unit
    assert "RestartPreventExitStatus=2" in unit


@UNITS
def test_the_service_manager_listens_to_what_the_bot_tells(unit: str) -> None:
    """Without these lines the bot tells nobody that it is ready, and one that hangs stays so."""
    assert re.search(r"^Type=notify$", unit, re.MULTILINE)
    assert re.search(r"^NotifyAccess=main$", unit, re.MULTILINE)
    (watchdog_s,) = re.findall(r"^WatchdogSec=(\d+)$", unit, re.MULTILINE)
    (start_s,) = re.findall(r"^TimeoutStartSec=(\d+)$", unit, re.MULTILINE)
    # A picture that is decoded holds the loop for no longer than a second, a slow disk for some.
    assert int(watchdog_s) >= 30
    assert int(start_s) >= 600
    # It sends a datagram to a socket in the file system.
    assert "AF_UNIX" in next(line for line in unit.splitlines() if "AddressFamilies" in line)


@UNITS
def test_the_service_is_reloaded_by_the_signal_that_the_bot_takes(unit: str) -> None:
    """``systemctl reload easel`` would say that it cannot."""
    assert "ExecReload=/bin/kill -HUP $MAINPID" in unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
@pytest.mark.parametrize(
    ("file", "instance"),
    [("easel.service", "easel.service"), ("easel@.service", "easel@3.service")],
)
def test_the_service_unit_is_well_formed(tmp_path: Path, file: str, instance: str) -> None:
    """A misspelt line is only a warning to systemd: the hardening would be missing."""
    unit = tmp_path / instance
    written = (ROOT / "deploy" / file).read_text()
    unit.write_text(written.replace("/opt/easel/bin/python", "/bin/true"))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    assert "easel" not in verified.stderr


def test_each_instance_of_the_service_is_its_cluster() -> None:
    """The file of all of them may have a CLUSTER, as .env.example has: it must not win."""
    assert "\nExecStart=/usr/bin/env CLUSTER=%i /opt/easel/bin/python -m bot\n" in TEMPLATE
    # Otherwise each instance would be another user, and take the folder from the others.
    assert "\nUser=easel\nDynamicUser=yes\n" in TEMPLATE


def test_the_instances_have_no_right_more_than_the_service_that_is_alone() -> None:
    """A line that is missing in a copy is no error to anybody."""
    hardening = UNIT[UNIT.index("DynamicUser=yes") :]
    assert TEMPLATE.endswith(hardening)


def test_compose_runs_every_cluster_once() -> None:
    """A cluster that is missing leaves servers without the bot, and one twice answers twice."""
    bots = {name: one for name, one in CLUSTERS.items() if name != "postgresql"}
    settings = [one["environment"] for one in bots.values()]
    assert [int(one["CLUSTER"]) for one in settings] == list(range(len(bots)))
    assert {int(one["CLUSTERS"]) for one in settings} == {len(bots)}
    shards = {int(one["SHARD_COUNT"]) for one in settings}
    assert min(shards) >= len(bots)
    assert len(shards) == 1


@pytest.mark.parametrize("name", sorted(set(CLUSTERS) - {"postgresql"}))
def test_compose_runs_a_cluster_as_it_runs_the_bot(name: str) -> None:
    """What was hardened for one is so for all; only their number and memory differ."""
    differing = {"build", "image", "environment", "depends_on", "mem_limit"}
    own = {"env_file": "../.env", "volumes": ["data:/data", "../config:/config:ro"]}
    expected = {key: ALONE[key] for key in ALONE if key not in differing} | own
    expected["healthcheck"] = {**ALONE["healthcheck"], "start_interval": "2s"}
    found = {key: value for key, value in CLUSTERS[name].items() if key not in differing}
    assert found == expected
    assert CLUSTERS[name]["depends_on"] == {"postgresql": {"condition": "service_healthy"}}


def test_compose_makes_the_database_as_easel_needs_it() -> None:
    """The image's default compares text by a language, and the bot would refuse to start."""
    environment = CLUSTERS["postgresql"]["environment"]
    assert environment["POSTGRES_INITDB_ARGS"] == "--encoding=UTF8 --locale=C"
    assert "POSTGRES_PASSWORD:?" in environment["POSTGRES_PASSWORD"]
    urls = {one["environment"].get("DATABASE_URL") for one in CLUSTERS.values()} - {None}
    (url,) = urls
    assert is_postgresql(str(url))
    assert "ports" not in CLUSTERS["postgresql"]
    assert "[postgres" in CLUSTERS["cluster-0"]["build"]["args"]["EXTRAS"]
