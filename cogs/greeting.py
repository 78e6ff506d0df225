"""The greeting in a server that added the bot: what it does, where to begin, how to limit it."""

import discord
import structlog
from discord.ext import commands

from bot.core.errors.base import Refusal
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.help_embeds import HelpEmbeds
from bot.preferences.greetings import Greetings
from cogs.dependencies import Dependencies

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MOST_INVITATIONS = 20  # of bots, the newest first


class GreetingCog(commands.Cog):
    """Greets a server once, where somebody reads it.

    What Discord lists at a start is no join: its GUILD_CREATE says that the server is available.
    """

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._client = deps.client
        self._greetings = Greetings(deps.services.database, now=deps.now)
        self._embeds = HelpEmbeds(deps.client.texts)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Greet a server that the operator allows; without anybody to greet, say so in the log."""
        if not self._client.serves(guild.id):
            return
        try:
            if await self._greetings.claim(guild.id):
                place = await self._place(guild)
                await place.send(embed=self._greeting(guild))
                log.info("server.greeted", server=guild.id, place=type(place).__name__)
        except (Refusal, *DISCORD_ERRORS) as lost:
            log.info("server.not_greeted", server=guild.id, error=repr(lost))

    def _greeting(self, guild: discord.Guild) -> discord.Embed:
        locale = self._client.languages.of_server(guild)
        return self._embeds.greeting(guild.name, self._client.command_mentions.facts, locale)

    async def _place(self, guild: discord.Guild) -> discord.abc.Messageable:
        """Return the system channel, or else who invited the bot, or else the owner."""
        channel = guild.system_channel
        if channel is not None and _may_greet_in(channel):
            return channel
        inviter_id = await self._inviter_id(guild)
        return await self._client.fetch_user(inviter_id or guild.owner_id or 0)

    async def _inviter_id(self, guild: discord.Guild) -> int | None:
        if not guild.me.guild_permissions.view_audit_log:
            return None
        try:
            async for entry in guild.audit_logs(
                action=discord.AuditLogAction.bot_add, limit=MOST_INVITATIONS
            ):
                if entry.target is not None and entry.target.id == guild.me.id:
                    return entry.user_id
        except DISCORD_ERRORS as refused:
            log.info("audit_log.not_read", server=guild.id, error=repr(refused))
        return None


def _may_greet_in(channel: discord.TextChannel) -> bool:
    permissions = channel.permissions_for(channel.guild.me)
    return permissions.view_channel and permissions.send_messages and permissions.embed_links
