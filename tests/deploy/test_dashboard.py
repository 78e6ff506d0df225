"""The dashboard for Grafana: one page that names what exists, on any data source."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.monitored_bot import monitored_bot
from tests.deploy.prometheus import needs_prometheus
from tests.deploy.promql import labels_of, mistakes

FILE = Path(__file__).parent.parent.parent / "deploy" / "grafana" / "easel.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
COLUMNS = 24  # of a page in Grafana
# What only exists once something has gone wrong.
EMPTY_IN_GOOD_TIMES = {
    "Alerts",
    "Discord: errors",
    "Paid, and no picture",
    "Refusals",
    "Requests after a crash, last 24 h",
    "Requests without a picture",
}


def queries() -> Iterator[tuple[str, str, str]]:
    """Yield the title, the query and the legend of each."""
    for panel in PANELS:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]


def test_the_page_answers_three_questions() -> None:
    """One look says what is wrong."""
    rows = [panel["title"] for panel in PANELS if panel["type"] == "row"]
    assert rows == ["Are people served?", "What does it cost?", "What is broken?"]


def test_every_query_names_what_exists() -> None:
    """A panel without data looks like one without trouble."""
    for title, query, legend in queries():
        assert mistakes(query) == [], title
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= labels_of(query), title


def test_the_operator_chooses_the_data_source() -> None:
    """Its id is another one in every Grafana."""
    first, second = DASHBOARD["templating"]["list"]
    assert (first["name"], first["type"], first["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    assert mistakes(re.findall(r"label_values\((\w+), ", second["definition"])[0]) == []
    places = [*PANELS, *(target for panel in PANELS for target in panel.get("targets", ())), second]
    chosen = [place["datasource"] for place in places if place.get("type") != "row"]
    assert all(one == {"type": "prometheus", "uid": "${datasource}"} for one in chosen)


def test_the_panels_lie_beside_each_other() -> None:
    """Grafana would move those that overlap."""
    cells = [cell for panel in PANELS for cell in _cells(panel["gridPos"])]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < COLUMNS for x, _ in cells)
    numbers = [panel["id"] for panel in PANELS]
    assert len(numbers) == len(set(numbers))


def _cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y


@pytest.mark.slow
@needs_prometheus
async def test_every_query_is_answered_by_prometheus(tmp_path: Path) -> None:
    """Prometheus says of each whether it is valid, and finds what a bot that paints has."""
    async with monitored_bot(tmp_path) as bot:
        await bot.paint(5)
        await bot.until_true('easel_jobs_total{end="done"} >= 5')
        await bot.paint(5)
        await bot.until_true('easel_jobs_total{end="done"} >= 10')
        bot.has_one_backup(age_s=0)
        await bot.until_true("easel_newest_backup_age_seconds < 60")
        empty = set()
        for title, query, _ in queries():
            asked = query.replace("$instance", ".*").replace("$__rate_interval", "10s")
            if not await bot.prometheus.series_of_minutes(asked):
                empty.add(title)
        assert empty <= EMPTY_IN_GOOD_TIMES
