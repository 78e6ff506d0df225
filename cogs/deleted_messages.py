"""Hear of messages, channels and servers that are deleted in Discord."""

import discord
import structlog
from discord.ext import commands

from cogs.dependencies import Dependencies

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class DeletedMessagesCog(commands.Cog):
    """Passes deletions on; those of messages arrive only where the operator wants them."""

    def __init__(self, deps: Dependencies) -> None:
        self._deleted = deps.services.deleted_messages

    @commands.Cog.listener()
    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """Record a message."""
        await self._deleted.messages_gone([event.message_id])

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Record messages that were deleted at once."""
        await self._deleted.messages_gone(sorted(event.message_ids))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Record a channel and its threads: Discord does not name each of those."""
        threads = [each.id for each in channel.guild.threads if each.parent_id == channel.id]
        await self._deleted.channels_gone({channel.id, *threads})

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        """Record a thread."""
        await self._deleted.channels_gone({event.thread_id})

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Record a server that was deleted, or that removed the bot."""
        await self._deleted.server_left(guild.id)
