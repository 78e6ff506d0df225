"""A connection to Discord with the shards of this process, which may be a part of the bot's."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import discord
from discord.ext import commands
from yarl import URL

from bot.core.errors.base import StartRefused
from bot.core.proxies import NO_PROXIES, Proxies
from bot.core.sharding import ALONE, Cluster
from bot.discord_ui.identify_turns import IdentifyTurns, Reserve
from bot.discord_ui.request_budget import RequestBudget


def use_api(base: str) -> None:
    """Send all requests of this process to something in front of Discord's API, unless empty."""
    if base:
        discord.http.Route.BASE = base


def discord_proxy(proxies: Proxies) -> str | None:
    """Return the proxy for all requests to Discord, as discord.py takes it."""
    proxy = proxies.proxy_of(URL(discord.http.Route.BASE))
    return None if proxy is None else str(proxy)


@dataclass(frozen=True, slots=True)
class DiscordConnection:
    """How this process reaches Discord, and beside which others.

    Without ``turns`` the shards identify one after the other, as discord.py does.
    """

    cluster: Cluster = ALONE
    proxies: Proxies = NO_PROXIES
    turns: IdentifyTurns | None = None
    budget: RequestBudget | None = None

    @classmethod
    def of(
        cls, cluster: Cluster, *, proxies: Proxies, reserve: Reserve, has_base: bool
    ) -> "DiscordConnection":
        """Return the connection of a cluster.

        ``has_base`` if something in front of Discord's API gets all requests (``use_api``): it
        knows of those of all processes, so none keeps to a part of the limit.
        """
        if cluster.is_alone:
            return cls(cluster, proxies)
        budget = None if has_base else RequestBudget(cluster.count)
        return cls(cluster, proxies, IdentifyTurns(reserve), budget)


DIRECT = DiscordConnection()


class ShardedBot(commands.AutoShardedBot):
    """Starts the shards of one cluster when Discord lets it."""

    def __init__(
        self, connection: DiscordConnection, trace: aiohttp.TraceConfig | None, **options: Any
    ) -> None:  # Any: discord.py's own
        self._cluster, self._turns = connection.cluster, connection.turns
        if connection.budget is not None:
            trace = trace or aiohttp.TraceConfig()
            connection.budget.watch(trace)
        super().__init__(
            http_trace=trace,  # type: ignore[arg-type]  # None is its default
            proxy=discord_proxy(connection.proxies),
            **options,
        )

    def shard_latencies(self) -> dict[int, float | None]:
        """Return the latency in seconds of each shard here, None for one that is not connected."""
        connected = {
            id_: shard.latency for id_, shard in self.shards.items() if not shard.is_closed()
        }
        return {id_: connected.get(id_) for id_ in self.shard_ids or ()}

    async def launch_shards(self) -> None:
        """Connect the shards of this process.

        Raises:
            StartRefused: Discord lets fewer shards start today.
        """
        if self.is_closed():
            return
        proposed, url, limits = await self.http.get_bot_gateway()
        self.shard_count = self._cluster.shard_count or proposed
        self.shard_ids = list(self._cluster.shard_ids or range(proposed))
        refuse_beyond(discord.SessionStartLimits(**limits), self.shard_ids)
        self._connection.shard_count = self.shard_count
        self._connection.shard_ids = self.shard_ids
        if self._turns is None:
            for shard_id in self.shard_ids:
                is_first = shard_id == self.shard_ids[0]
                await self.launch_shard(URL(url), shard_id, initial=is_first)
            return
        self._turns.max_concurrency = limits["max_concurrency"]
        async with asyncio.TaskGroup() as launching:
            for bucket in range(min(limits["max_concurrency"], len(self.shard_ids))):
                shard_ids = self.shard_ids[bucket :: limits["max_concurrency"]]
                launching.create_task(self._launch_in_order(URL(url), shard_ids))

    async def _launch_in_order(self, gateway: URL, shard_ids: Sequence[int]) -> None:
        """Launch the shards of one bucket."""
        for shard_id in shard_ids:
            await self.launch_shard(gateway, shard_id)

    async def launch_shard(self, gateway: URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard when it is its turn; discord.py calls it again where that fails."""
        if self._turns is not None:
            await self._turns.before_connecting(shard_id)
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait until a connected shard may identify."""
        if self._turns is None:
            await super().before_identify_hook(shard_id, initial=initial)
        else:
            await self._turns.before_identify(shard_id or 0)


def refuse_beyond(limits: discord.SessionStartLimits, shard_ids: Sequence[int]) -> None:
    """Refuse a start that would spend more session starts than Discord allows today.

    Raises:
        StartRefused: Discord would reset the token (events/gateway, Session Start Limit).
    """
    if len(shard_ids) <= limits.remaining:
        return
    reset = discord.utils.utcnow() + timedelta(milliseconds=limits.reset_after)
    raise StartRefused(
        f"Discord lets this bot start {limits.remaining} more shards before "
        f"{reset:%Y-%m-%d %H:%M} UTC, and this process has {len(shard_ids)}: start it after that, "
        "and find out what has started it so often."
    )
