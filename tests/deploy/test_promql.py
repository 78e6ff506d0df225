"""The check of queries finds what does not exist."""

import pytest

from tests.deploy.promql import labels_of, mistakes


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("sum(rate(easel_pictures[5m]))", ["no metric easel_pictures"]),
        ("rate(esel_jobs_total[5m]) > 1e9", ["no metric esel_jobs_total"]),
        ('easel_jobs_total{state="done"}', ["no label state of easel_jobs_total"]),
        ('easel_jobs_total{end="ended"}', ["no end ended"]),
        ('easel_attempts_total{result!~"received|asleep"}', ["no result asleep"]),
        ("sum by (server) (easel_jobs_total)", ["no label server"]),
        ("rate(easel_delivery_seconds[5m])", ["no metric easel_delivery_seconds"]),
        ('sum by (le) (rate(easel_delivery_seconds_bucket{instance=~"$instance"}[5m]))', []),
        ('easel_discord_requests_total{status=~"5..|429"} and up{job="easel"} == 1', []),
    ],
    ids=[
        "name",
        "foreign",
        "label",
        "value",
        "alternative",
        "grouping",
        "histogram",
        "le",
        "regex",
    ],
)
def test_a_name_that_does_not_exist_is_found(query: str, wrong: list[str]) -> None:
    """A query for it is valid, finds nothing, and its alert stays silent for ever."""
    assert mistakes(query) == wrong


def test_the_labels_of_a_result_are_known() -> None:
    """Texts and legends would be empty where they name others."""
    assert labels_of("easel_gateway_resting > 0") == {"gateway", "instance", "job"}
    assert labels_of("sum by (end, le) (rate(easel_jobs_total[5m]))") == {"end"}
