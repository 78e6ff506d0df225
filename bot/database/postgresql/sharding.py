"""How the bot's shards are divided, which all its processes must agree on.

Each process holds a shared lock of its session whose second number stands for that; who starts
looks whether there is another number. Locks with two numbers are apart from those with one
(explicit-locking).
"""

import hashlib
from functools import partial

from bot.core.errors.base import StartRefused
from bot.core.sharding import Cluster
from bot.database.postgresql.session import Connection, ProcessSession

_SHARDING = 1_936_220_260  # nobody else's first number
_OTHERS = (
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid::bigint = $1 AND objid::bigint <> $2"
)


async def hold_sharding(session: ProcessSession, cluster: Cluster) -> None:
    """Hold how this process divides the shards, also in its next sessions.

    Raises:
        StartRefused: other processes divide them in another way.
        PostgresqlError: the session is lost.
    """
    number = _number_of(cluster)
    if not await session.run(partial(_is_common, number=number)):
        raise StartRefused(
            "Other processes of this bot run with another SHARD_COUNT or CLUSTERS: stop them all "
            "before you change either, so that no server has two processes, or none."
        )

    async def hold_again() -> None:
        await session.run(partial(_hold, number=number))

    session.on_regained(hold_again)


def _number_of(cluster: Cluster) -> int:
    """Return a number of 31 bits."""
    text = f"{cluster.shard_count}/{cluster.count}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) >> 1


def _hold(connection: Connection, *, number: int) -> None:
    connection.execute("SELECT pg_advisory_lock_shared($1::int, $2::int)", (_SHARDING, number))


def _is_common(connection: Connection, *, number: int) -> bool:
    """Hold a number, and return whether nobody holds another; both of two see each other."""
    _hold(connection, number=number)
    return connection.execute(_OTHERS, (_SHARDING, number)).fetchone() is None
