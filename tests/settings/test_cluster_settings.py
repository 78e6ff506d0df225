"""What is refused of settings for several processes, each in a sentence with the fix."""

from pathlib import Path

import pytest

from bot.core.errors.base import StartRefused
from bot.core.sharding import ALONE, Cluster
from bot.settings.cluster_settings import cluster_of, metrics_address, process_folder
from bot.settings.settings import Settings
from tests.settings.settings_of import settings_of

POSTGRESQL = "postgresql://easel@db/easel"
FOUR = {"database_url": POSTGRESQL, "shard_count": 8, "clusters": 4}


def test_a_bot_that_sets_nothing_is_one_process() -> None:
    """Most bots are."""
    assert cluster_of(settings_of()) == ALONE


def test_a_cluster_is_what_the_settings_say() -> None:
    """Each process has the same settings but for CLUSTER."""
    assert cluster_of(settings_of(**FOUR, cluster=3)) == Cluster(3, 4, 8)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cluster": 4}, "CLUSTER=4 is none of CLUSTERS=4, which begin with 0: set it to"),
        ({"shard_count": 0}, "CLUSTERS=4 needs SHARD_COUNT, the same in every process: set it"),
        ({"shard_count": 3}, "CLUSTERS=4 are more processes than SHARD_COUNT=3 has shards: lower"),
        ({"database_url": "sqlite:///easel.db"}, "CLUSTERS=4 needs PostgreSQL, as only one bot"),
        ({"discord_api_url": "http://proxy:80"}, "DISCORD_API_URL does not end with /api/v10: set"),
    ],
)
def test_what_fits_no_cluster_is_refused(changes: dict[str, object], sentence: str) -> None:
    """The bot would answer twice, or not at all in some servers."""
    with pytest.raises(StartRefused) as refused:
        cluster_of(settings_of(**{**FOUR, **changes}))
    (said,) = refused.value.problems
    assert said.startswith(sentence)


def test_processes_that_share_a_folder_are_found_apart(tmp_path: Path) -> None:
    """A reload of one would be answered by another."""
    clusters = [settings_of(**FOUR, data_dir=tmp_path, cluster=number) for number in range(4)]
    assert len({process_folder(settings) for settings in clusters}) == 4
    alone = Settings(data_dir=tmp_path)
    assert process_folder(alone) == tmp_path / "easel.db-locks"


def test_processes_of_one_machine_serve_metrics_at_ports_of_their_own() -> None:
    """They have the same settings, and the second could not start."""
    address = ("10.0.0.1", 9464)
    clusters = [settings_of(**FOUR, metrics_address=address, cluster=n) for n in range(4)]
    assert [metrics_address(one) for one in clusters] == [("10.0.0.1", 9464 + n) for n in range(4)]
    any_port = settings_of(**FOUR, metrics_address=("127.0.0.1", 0), cluster=3)
    assert metrics_address(any_port) == ("127.0.0.1", 0)
    assert metrics_address(settings_of()) is None
