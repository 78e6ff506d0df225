"""Who uses the bot, and where, as read from an interaction or a reaction."""

from dataclasses import dataclass

import discord
from discord import Interaction

from bot.core.models import Requester
from bot.discord_ui.languages import Languages
from bot.discord_ui.places import server_of


@dataclass(frozen=True, slots=True)
class CallerContext:
    """A person in a channel.

    ``channel_ids`` are the channel's own id and those of its parent channel and category.
    ``locale`` is for what only the person reads, ``public_locale`` for what everybody reads.
    ``may_manage`` tells whether they may manage others' messages there, ``alone`` whether an
    answer can be shown to them alone.
    """

    requester: Requester
    channel_ids: tuple[int, ...]
    locale: str
    public_locale: str
    may_manage: bool
    alone: bool = True

    @property
    def server_id(self) -> int:
        """Return the server's id, 0 where there is none."""
        return self.requester.server_id


def caller_of(interaction: Interaction, languages: Languages) -> CallerContext:
    """Return who typed a command, pressed a button or sent a form."""
    return CallerContext(
        requester_of(interaction),
        _channel_ids(interaction.channel_id, interaction.channel),
        languages.personal(interaction),
        languages.public(interaction),
        may_manage=interaction.permissions.manage_messages,
    )


def caller_of_reaction(
    member: discord.Member, channel_id: int, languages: Languages
) -> CallerContext:
    """Return who reacted; an answer to a reaction cannot be shown to one person alone."""
    channel = member.guild.get_channel_or_thread(channel_id)
    return CallerContext(
        _requester(member, member.guild.id),
        _channel_ids(channel_id, channel),
        languages.of_member(member),
        languages.of_server(member.guild),
        may_manage=channel is not None and _may_manage(channel, member),
        alone=False,
    )


def requester_of(interaction: Interaction) -> Requester:
    """Return who calls, on the account of the server or of the person."""
    return _requester(interaction.user, server_of(interaction))


def _requester(user: discord.User | discord.Member, server_id: int) -> Requester:
    roles = getattr(user, "roles", ()) if server_id else ()
    # Discord gives everybody a role with the server's id.
    role_ids = tuple(role.id for role in roles if role.id != server_id)
    return Requester(user.id, server_id, user.display_name, role_ids)


def _channel_ids(channel_id: int | None, channel: object) -> tuple[int, ...]:
    parent = category = None
    if isinstance(channel, discord.Thread):
        parent = channel.parent_id
        category = channel.parent.category_id if channel.parent else None
    elif isinstance(channel, discord.abc.GuildChannel):
        category = channel.category_id
    return tuple(found for found in (channel_id, parent, category) if found)


def _may_manage(channel: discord.abc.GuildChannel | discord.Thread, who: discord.Member) -> bool:
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return False
    return channel.permissions_for(who).manage_messages
