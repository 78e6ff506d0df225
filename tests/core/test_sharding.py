"""Which shards each of several processes has."""

import pytest

from bot.core.sharding import ALONE, Cluster


@pytest.mark.parametrize(
    ("shards", "clusters"), [(1, 1), (4, 4), (10, 3), (16, 5), (1000, 63), (7, 7), (3, 2)]
)
def test_every_shard_is_in_exactly_one_cluster_and_all_are_about_as_large(
    shards: int, clusters: int
) -> None:
    """A shard in two would answer every command twice, one in none would serve nobody."""
    ranges = [Cluster(number, clusters, shards).shard_ids for number in range(clusters)]
    assert [id_ for ids in ranges for id_ in ids or ()] == list(range(shards))
    sizes = {len(ids or ()) for ids in ranges}
    assert max(sizes) - min(sizes) <= 1


def test_a_bot_that_is_alone_asks_discord_how_many_shards_it_has() -> None:
    """Nothing has to be set for it."""
    assert ALONE.shard_ids is None
    assert Cluster(0, 1, 3).shard_ids == range(3)
