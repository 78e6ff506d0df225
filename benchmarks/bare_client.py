"""The reference of ``benchmarks.guilds``: discord.py's client, which does nothing.

It has the intents and the cache of Easel, and identifies as fast as ``max_concurrency`` allows.
"""

import os

import discord


class BareClient(discord.AutoShardedClient):
    """A client that says when it is ready."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing: each shard has a bucket of its own."""

    async def on_ready(self) -> None:
        """Say so, as Easel's log does."""
        print("client.ready", len(self.guilds), flush=True)


def run() -> None:
    """Run until the process is ended."""
    BareClient().run(os.environ["DISCORD_TOKEN"], log_handler=None)
