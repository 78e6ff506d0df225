"""When each shard of this process may identify, beside the shards of other processes.

Discord takes one IDENTIFY in five seconds of each bucket, and a shard's bucket is its number modulo
``max_concurrency`` (events/gateway, Rate Limiting). Whoever comes too early must begin again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A connection to Discord is open before that, unless something is wrong.
CONNECT_S = 2.0
# discord.py closes a connection that has not been read for a minute.
MOST_AHEAD_S = 30.0
# The processes that wait in front are further on then.
ASK_AGAIN_S = 5.0
# Less than what the turns of a bucket are apart beyond Discord's five seconds.
LATEST_S = 0.2


@dataclass(frozen=True, slots=True)
class Wanted:
    """A turn of a bucket: not before ``earliest_s`` from now, and no later than ``latest_s``."""

    bucket: int
    earliest_s: float = 0.0
    latest_s: float | None = None


Reserve = Callable[[Wanted], Awaitable[float | None]]
"""Reserves a turn among all processes; returns in how many seconds it is, None if too late."""


class IdentifyTurns:
    """The turns of the shards of one process."""

    def __init__(
        self, reserve: Reserve, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.max_concurrency = 1
        self._reserve = reserve
        self._sleep = sleep
        self._moments: dict[int, float] = {}

    async def before_connecting(self, shard_id: int) -> None:
        """Reserve a turn, and wait until a connection just in time for it is to be opened.

        In a start of all processes that is many minutes, for which no connection would stay open.
        """
        moment = await self._take(Wanted(self._bucket(shard_id), earliest_s=CONNECT_S))
        self._moments[shard_id] = moment
        await self._sleep(max(moment - _now() - CONNECT_S, 0))

    async def before_identify(self, shard_id: int) -> None:
        """Wait for the turn of a shard; one that has none, or is late for it, takes another."""
        wanted = Wanted(self._bucket(shard_id), latest_s=MOST_AHEAD_S)
        moment = self._moments.pop(shard_id, None)
        while moment is None or not await self._reach(moment):
            moment = await self._take(wanted)

    async def _take(self, wanted: Wanted) -> float:
        while (wait_s := await self._reserve(wanted)) is None:
            await self._sleep(ASK_AGAIN_S)
        return _now() + wait_s

    async def _reach(self, moment: float) -> bool:
        if (wait_s := moment - _now()) > 0:
            await self._sleep(wait_s)
        is_in_time = _now() - moment <= LATEST_S
        if not is_in_time:
            log.info("shard.late_for_its_turn")
        return is_in_time

    def _bucket(self, shard_id: int) -> int:
        return shard_id % self.max_concurrency


def _now() -> float:
    return asyncio.get_running_loop().time()
