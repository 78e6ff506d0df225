"""Who calls and where, whose quota a call uses, and which language its readers get.

Outside the servers that let the bot in, a call counts for server 0, as direct messages do: admins
of a server where only a person installed the bot can neither limit nor see what it paints there.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

import discord
from discord import Interaction

from bot.core.i18n.texts import FALLBACK
from bot.core.models import Requester
from bot.core.presses import interaction_press, reaction_press
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.preferences.preference_store import PreferenceStore


class CallerPlace(Enum):
    """The kind of place a call comes from."""

    SERVER = auto()
    """A server that let the bot in."""
    DIRECT = auto()
    """The direct messages of a person and the bot."""
    ELSEWHERE = auto()
    """Where only a person installed the bot: other servers, and other people's messages."""


def place_of_caller(interaction: discord.Interaction) -> CallerPlace:
    """Return where a call comes from."""
    if interaction.guild_id is None:
        return CallerPlace.ELSEWHERE if interaction.context.private_channel else CallerPlace.DIRECT
    # Whoever presses a button is not always the person who installed the bot.
    if interaction.is_guild_integration() or interaction.client.get_guild(interaction.guild_id):
        return CallerPlace.SERVER
    return CallerPlace.ELSEWHERE


def billed_server_id(interaction: discord.Interaction) -> int:
    """Return the server whose quota a call uses, 0 where only the person counts."""
    server_id = interaction.guild_id if place_of_caller(interaction) is CallerPlace.SERVER else None
    return server_id or 0


class Languages:
    """Chooses a language: what was set with commands goes before Discord's.

    The texts find the nearest language that they have.
    """

    def __init__(self, preference_store: PreferenceStore) -> None:
        self._preference_store = preference_store

    def personal(self, interaction: discord.Interaction) -> str:
        """Return the language for what only this person reads."""
        return self._preference_store.person(interaction.user.id).language or str(
            interaction.locale
        )

    def public(self, interaction: discord.Interaction) -> str:
        """Return the language for what everybody reads: the server's, if there is one."""
        if interaction.guild_id is None:
            return self.personal(interaction)
        chosen = self._preference_store.server(interaction.guild_id).language
        return chosen or str(interaction.guild_locale or self.personal(interaction))

    def of_server(self, guild: discord.Guild) -> str:
        """Return a server's language, where there is no interaction."""
        return self._preference_store.server(guild.id).language or str(guild.preferred_locale)

    def of_member(self, member: discord.Member) -> str:
        """Return the language that a member set, else the server's: Discord does not tell it."""
        return self._preference_store.person(member.id).language or self.of_server(member.guild)

    def of_user(self, user: discord.abc.User) -> str:
        """Return the language of a person who is written to without an interaction."""
        return self._preference_store.person(user.id).language or FALLBACK


@dataclass(frozen=True, slots=True)
class CallerContext:
    """A person in a channel.

    ``locale`` is for what only the person reads, ``public_locale`` for what everybody reads.
    ``may_manage`` tells whether they may manage others' messages there, ``alone`` whether an
    answer can be shown to them alone.
    """

    requester: Requester
    locale: str
    public_locale: str
    may_manage: bool
    alone: bool = True


def caller_of(interaction: Interaction, languages: Languages) -> CallerContext:
    """Return who typed a command, pressed a button or sent a form."""
    return CallerContext(
        requester_of(interaction),
        languages.personal(interaction),
        languages.public(interaction),
        may_manage=interaction.permissions.manage_messages,
    )


def caller_of_reaction(
    member: discord.Member, message: discord.PartialMessage, languages: Languages
) -> CallerContext:
    """Return who reacted; an answer to a reaction cannot be shown to one person alone."""
    channel_id = message.channel.id
    channel = member.guild.get_channel_or_thread(channel_id)
    return CallerContext(
        replace(
            _requester(member, member.guild.id, _channel_ids(channel_id, channel)),
            age_restricted=_is_age_restricted(channel),
            press=reaction_press(message.id, member.id),
        ),
        languages.of_member(member),
        languages.of_server(member.guild),
        may_manage=may_manage_messages(member, channel_id),
        alone=False,
    )


def requester_of(interaction: Interaction) -> Requester:
    """Return who calls, on the account of the server or of the person."""
    channel_ids = _channel_ids(interaction.channel_id, interaction.channel)
    requester = _requester(interaction.user, billed_server_id(interaction), channel_ids)
    return replace(
        requester,
        age_restricted=_is_age_restricted_place(interaction),
        press=interaction_press(interaction.id),
    )


def _is_age_restricted_place(interaction: Interaction) -> bool | None:
    """Return whether a call comes from an age-restricted channel, None from direct messages."""
    if interaction.guild_id is None:
        return None
    server, channel_id = interaction.client.get_guild(interaction.guild_id), interaction.channel_id
    cached = server.get_channel_or_thread(channel_id) if server and channel_id else None
    return _is_age_restricted(cached or interaction.channel)


def _is_age_restricted(channel: object) -> bool:
    """Tell whether Discord marks a channel, or the channel of a thread, as age-restricted."""
    kinds = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread
    return isinstance(channel, kinds) and channel.is_nsfw()


def has_shard_of(client: discord.Client, server_id: int) -> bool:
    """Return whether this process hears of a server: another one may have its shard."""
    shard_ids = client.shard_ids if isinstance(client, discord.AutoShardedClient) else None
    if not (client.shard_count and shard_ids):
        return True
    return (server_id >> 22) % client.shard_count in shard_ids  # events/gateway, Sharding


async def server_of(client: discord.Client, server_id: int) -> discord.Guild | None:
    """Return a server, asked for where another process has its shard; None if Discord says none."""
    if (known := client.get_guild(server_id)) is not None:
        return known
    try:
        return await client.fetch_guild(server_id, with_counts=False)
    except DISCORD_ERRORS:
        return None


async def with_present_roles(client: discord.Client, requester: Requester) -> Requester | None:
    """Return a person with the roles that they have now; None where Discord does not say."""
    if not requester.server_id:
        return requester
    guild = await server_of(client, requester.server_id)
    if guild is None:
        return None
    try:
        member = await guild.fetch_member(requester.user_id)
    except discord.NotFound:  # they left, so they have none
        return requester
    except DISCORD_ERRORS:
        return None
    return _requester(member, requester.server_id, requester.channel_ids)


def _requester(
    user: discord.User | discord.Member, server_id: int, channel_ids: tuple[int, ...]
) -> Requester:
    roles = getattr(user, "roles", ()) if server_id else ()
    # Discord gives everybody a role with the server's id.
    role_ids = tuple(role.id for role in roles if role.id != server_id)
    return Requester(user.id, server_id, user.display_name, role_ids, channel_ids)


def _channel_ids(channel_id: int | None, channel: object) -> tuple[int, ...]:
    parent = category = None
    if isinstance(channel, discord.Thread):
        parent = channel.parent_id
        category = channel.parent.category_id if channel.parent else None
    elif isinstance(channel, discord.abc.GuildChannel):
        category = channel.category_id
    return tuple(id_ for id_ in (parent, channel_id, category) if id_)


def may_use_commands(member: discord.Member, channel_id: int) -> bool:
    """Tell whether a member has *Use Application Commands* in a channel.

    Discord itself checks it for commands, but not for reactions.
    """
    permissions = permissions_of(member, channel_id)
    if permissions is None:
        permissions = member.guild_permissions
    return permissions.use_application_commands


def may_manage_messages(member: discord.Member, channel_id: int) -> bool:
    """Tell whether a member may delete others' messages and reactions in a channel."""
    permissions = permissions_of(member, channel_id)
    return permissions is not None and permissions.manage_messages


def permissions_of(member: discord.Member, channel_id: int) -> discord.Permissions | None:
    """Return a member's permissions in a channel, None if it or its parent is not cached."""
    channel = member.guild.get_channel_or_thread(channel_id)
    if channel is None or (isinstance(channel, discord.Thread) and channel.parent is None):
        return None
    return channel.permissions_for(member)
