"""All processes of a bot divide its shards in the same way."""

import asyncio
from contextlib import closing

import psycopg
import pytest

from bot.core.errors.base import StartRefused
from bot.core.sharding import ALONE, Cluster
from bot.database.opening import refuse_other_sharding
from bot.database.postgresql.session import open_session
from tests.database.postgresql_server import Server
from tests.database.test_session import QUICK


@pytest.fixture
def url(postgresql: Server) -> str:
    return postgresql.new_database()


@pytest.mark.parametrize("other", [Cluster(1, 2, 8), Cluster(1, 4, 16), ALONE])
async def test_a_process_that_divides_the_shards_in_another_way_is_refused(
    url: str, other: Cluster
) -> None:
    """A rolling restart with another SHARD_COUNT would answer twice in some servers."""
    async with open_session(url, waits=QUICK) as first:
        await refuse_other_sharding(first, Cluster(0, 4, 8))
        async with open_session(url, waits=QUICK) as second:
            await refuse_other_sharding(second, Cluster(1, 4, 8))
            async with open_session(url, waits=QUICK) as third:
                with pytest.raises(StartRefused, match="another SHARD_COUNT or CLUSTERS: stop"):
                    await refuse_other_sharding(third, other)
    async with open_session(url, waits=QUICK) as third:
        await refuse_other_sharding(third, other)


async def test_a_lost_session_says_it_again(url: str) -> None:
    """After a failover of the database the rule still holds."""
    async with open_session(url, waits=QUICK) as first:
        await refuse_other_sharding(first, Cluster(0, 4, 8))
        regained = asyncio.Event()

        async def note() -> None:
            regained.set()

        first.on_regained(note)
        with closing(psycopg.connect(url, autocommit=True)) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await asyncio.wait_for(regained.wait(), 30)
        async with open_session(url, waits=QUICK) as second:
            with pytest.raises(StartRefused, match="another SHARD_COUNT"):
                await refuse_other_sharding(second, Cluster(0, 2, 8))
