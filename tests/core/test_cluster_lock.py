"""One process of each cluster."""

from pathlib import Path

import pytest

from bot.core.cluster_lock import hold_cluster_lock
from bot.core.errors.base import StartRefused


def test_a_cluster_runs_once_and_beside_others(tmp_path: Path) -> None:
    """Two with the same shards would answer every command twice, and pay twice."""
    with hold_cluster_lock(tmp_path / "0", 0), hold_cluster_lock(tmp_path / "1", 1):
        with (
            pytest.raises(StartRefused, match="Cluster 1 of this bot already runs here: stop it"),
            hold_cluster_lock(tmp_path / "1", 1),
        ):
            pass
    with hold_cluster_lock(tmp_path / "1", 1):
        pass


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A wrong DATA_DIR is no riddle."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(StartRefused, match="cannot be written .*: let the bot's user"),
        hold_cluster_lock(tmp_path / "file" / "cluster-0", 0),
    ):
        pass
