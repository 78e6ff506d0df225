"""Which of the bot's shards this process has, where several processes share them."""

from dataclasses import dataclass

# Discord's limit for all requests of one bot (topics/rate-limits, Global Rate Limit).
REQUESTS_PER_S = 50


@dataclass(frozen=True, slots=True)
class Cluster:
    """One of ``count`` processes that share the shards; 0 are as many as Discord proposes."""

    number: int = 0
    count: int = 1
    shard_count: int = 0

    @property
    def is_alone(self) -> bool:
        """Whether this process is the whole bot."""
        return self.count == 1

    @property
    def shard_ids(self) -> range | None:
        """Return the shards of this process, None where only Discord knows how many there are.

        Every shard is in one cluster, and no cluster has two more than another.
        """
        if not self.shard_count:
            return None
        first, end = (
            number * self.shard_count // self.count for number in (self.number, self.number + 1)
        )
        return range(first, end)


ALONE = Cluster()
