"""The alerts for Prometheus: each names what exists, is tested, and has its runbook paragraph."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import test_outages
from tests.deploy.prometheus import ALERTS, needs_prometheus
from tests.deploy.promql import labels_of, mistakes

ROOT = ALERTS.parent.parent.parent
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]
PARAGRAPHS = re.findall(r"^## (Easel\w+)\n((?:(?!## ).*\n?)*)", RUNBOOK, re.MULTILINE)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it where the alerts are."""
    return subprocess.run(
        [shutil.which("promtool") or "promtool", *arguments],
        cwd=ALERTS.parent,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_names_what_exists(rule: dict[str, Any]) -> None:
    """With a metric or a label that nobody has it would never fire."""
    assert mistakes(rule["expr"]) == []
    said = " ".join(rule["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", said)) <= labels_of(rule["expr"])


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_says_what_to_do(rule: dict[str, Any]) -> None:
    """Whoever is woken reads this first."""
    assert rule["labels"]["severity"] in {"critical", "warning"}
    notes = rule["annotations"]
    assert notes.keys() == {"summary", "description", "runbook"}
    assert notes["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_each_alert_has_its_paragraph_in_the_same_order() -> None:
    """And no paragraph is left of an alert that is gone."""
    assert [name for name, _ in PARAGRAPHS] == NAMES


@pytest.mark.parametrize(("name", "text"), PARAGRAPHS, ids=NAMES)
def test_a_paragraph_says_what_it_means_how_to_look_and_what_to_do(name: str, text: str) -> None:
    """At night nobody wants to search."""
    order = re.findall(r"^\*\*(.+?):\*\*", text, re.MULTILINE)
    assert order == ["It means", "Look", "Do"]
    assert re.search(r"`|https://", text.partition("**Look:**")[2]), "a command, query or page"


def test_the_queries_of_the_runbook_name_what_exists() -> None:
    """Who looks would see nothing, and take that for health."""
    queries = re.findall(r"```promql\n(.+?)\n```", RUNBOOK, re.DOTALL)
    assert queries
    for query in queries:
        assert mistakes(query.replace('gateway="NAME"', "")) == []
    for name in re.findall(r"\beasel_\w+", RUNBOOK):
        assert mistakes(name) == []


def test_each_alert_is_seen_firing_by_promtool_and_on_real_series() -> None:
    """An expression that was never true is a guess."""
    tested = yaml.safe_load((ALERTS.parent / "alerts_test.yml").read_text())["tests"]
    checks = [check for test in tested for check in test["promql_expr_test"]]
    fired = {_alert_of(check["expr"]) for check in checks if check.get("exp_samples")}
    silent = {_alert_of(check["expr"]) for check in checks if not check.get("exp_samples")}
    assert fired == silent == set(NAMES)
    broken = Path(test_outages.__file__).read_text()
    assert set(re.findall(r'"(Easel\w+)"', broken)) == set(NAMES)


def _alert_of(query: str) -> str:
    (name,) = re.findall(r'alertname="(\w+)"', query)
    return str(name)


@needs_prometheus
def test_the_alerts_and_the_configuration_are_valid() -> None:
    """Prometheus would not start with them."""
    for arguments in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        checked = promtool("check", *arguments)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_prometheus
def test_the_alerts_fire_when_they_should_over_hours() -> None:
    """Their windows are too long for any test with a clock."""
    tested = promtool("test", "rules", "alerts_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr
