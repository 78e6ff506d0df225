"""/settings log: the channel that hears who asked for what, and of reports."""

from dataclasses import dataclass, replace

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.base import Refusal
from bot.preferences.stored_preferences import NothingChosen, ServerSettings
from cogs.dependencies import Dependencies
from cogs.settings_base import settings

# What the bot needs there, in the words of Discord's own settings pages.
NEEDED = {
    "View Channel": "view_channel",
    "Send Messages": "send_messages",
    "Embed Links": "embed_links",
}
NEEDED_IN_THREAD = {**NEEDED, "Send Messages": "send_messages_in_threads"}


@dataclass(eq=False, kw_only=True)
class LogChannelUnfit(Refusal):
    """A log channel must be a text channel or a thread of this server."""

    message_id = "error-log-channel-unfit"


@dataclass(eq=False, kw_only=True)
class LogChannelClosed(Refusal):
    """The bot lacks ``permissions`` in the channel, which is given as an id in text."""

    channel: str
    permissions: str
    message_id = "error-log-channel-closed"


class LogCommands(commands.Cog):
    """The command that chooses the channel, and what becomes of a deleted one."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    @settings.command()
    @app_commands.describe(
        channel="Text channel or thread that moderators read",
        prompts="Show there what people asked for; off unless you turn it on",
    )
    async def log(
        self,
        interaction: Interaction,
        channel: app_commands.AppCommandChannel | app_commands.AppCommandThread | None = None,
        prompts: bool | None = None,
    ) -> None:
        """Choose a channel that hears who asked for pictures, and of deletions and reports."""
        if channel is None and prompts is None:
            raise NothingChosen
        found = None if channel is None else _checked(interaction.guild, channel.id)

        def change(before: ServerSettings) -> ServerSettings:
            return replace(
                before,
                log_channel=before.log_channel if found is None else found.id,
                log_prompts=before.log_prompts if prompts is None else prompts,
            )

        changed = await self._deps.preference_store.change_server(interaction.guild_id or 0, change)
        await self._tell_what_is_logged(interaction, changed)

    async def _tell_what_is_logged(self, interaction: Interaction, changed: ServerSettings) -> None:
        texts, locale = self._deps.client.texts, self._deps.client.languages.personal(interaction)
        channel = changed.log_channel and f"<#{changed.log_channel}>"
        prompts = "yes" if changed.log_prompts else "no"
        words = [texts.say("log-saved", locale, channel=channel, prompts=prompts)]
        if changed.log_channel and _is_public(interaction.guild, changed.log_channel):
            words.append(texts.say("log-public", locale))
        await interaction.response.send_message(" ".join(words), ephemeral=True)

    @commands.Cog.listener("on_guild_channel_delete")
    async def forget_channel(self, channel: discord.abc.GuildChannel) -> None:
        """Stop posting to a channel that was deleted."""
        await self._forget(channel.guild.id, channel.id)

    @commands.Cog.listener("on_raw_thread_delete")
    async def forget_thread(self, thread: discord.RawThreadDeleteEvent) -> None:
        """Stop posting to a thread that was deleted."""
        await self._forget(thread.guild_id, thread.thread_id)

    async def _forget(self, server_id: int, channel_id: int) -> None:
        store = self._deps.preference_store
        if store.server(server_id).log_channel == channel_id:
            await store.change_server(server_id, lambda now: replace(now, log_channel=None))


def _checked(guild: discord.Guild | None, channel_id: int) -> discord.TextChannel | discord.Thread:
    """Return a channel in which the bot can post.

    Raises:
        LogChannelUnfit, LogChannelClosed
    """
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if guild is None or not isinstance(channel, discord.TextChannel | discord.Thread):
        raise LogChannelUnfit
    if closed := log_channel_closed(guild, channel_id):
        raise closed
    return channel


def log_channel_closed(guild: discord.Guild | None, channel_id: int) -> LogChannelClosed | None:
    """Return what the bot lacks to post in a channel; None if nothing, or if it is not known."""
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if guild is None or channel is None:
        return None
    may = channel.permissions_for(guild.me)
    needed = NEEDED_IN_THREAD if isinstance(channel, discord.Thread) else NEEDED
    lacking = [label for label, name in needed.items() if not getattr(may, name)]
    if not lacking:
        return None
    return LogChannelClosed(channel=str(channel_id), permissions=", ".join(lacking))


def _is_public(guild: discord.Guild | None, channel_id: int) -> bool:
    """Tell whether everybody in the server can read a channel."""
    channel = guild.get_channel_or_thread(channel_id) if guild else None
    if guild is None or channel is None:
        return False
    if isinstance(channel, discord.Thread) and channel.is_private():
        return False
    return channel.permissions_for(guild.default_role).view_channel
