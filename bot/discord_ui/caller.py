"""In which language a reader is spoken to: what was set with commands goes before Discord's."""

from enum import Enum, auto

import discord

from bot.core.i18n.texts import FALLBACK
from bot.preferences.preference_store import PreferenceStore


class CallerPlace(Enum):
    """A kind of place."""

    SERVER = auto()
    """A server that let the bot in."""
    DIRECT = auto()
    """The direct messages of a person and the bot."""
    ELSEWHERE = auto()
    """Where a person brought the bot along: other servers, and other people's messages."""


def place_of_caller(interaction: discord.Interaction) -> CallerPlace:
    """Return where a call comes from."""
    if interaction.guild_id is None:
        return CallerPlace.ELSEWHERE if interaction.context.private_channel else CallerPlace.DIRECT
    # Whoever presses a button is not always who brought the bot along.
    if interaction.is_guild_integration() or interaction.client.get_guild(interaction.guild_id):
        return CallerPlace.SERVER
    return CallerPlace.ELSEWHERE


def billed_server_id(interaction: discord.Interaction) -> int:
    """Return the id of the server on whose account a call goes, 0 for the person's own."""
    server_id = interaction.guild_id if place_of_caller(interaction) is CallerPlace.SERVER else None
    return server_id or 0


class Languages:
    """Knows each reader's language; the texts find the nearest one that they have."""

    def __init__(self, preference_store: PreferenceStore) -> None:
        self._preference_store = preference_store

    def personal(self, interaction: discord.Interaction) -> str:
        """Return the language of what only this person reads: theirs."""
        return self._preference_store.person(interaction.user.id).language or str(
            interaction.locale
        )

    def public(self, interaction: discord.Interaction) -> str:
        """Return the language of what everybody reads: the server's, if it is in one."""
        if interaction.guild_id is None:
            return self.personal(interaction)
        chosen = self._preference_store.server(interaction.guild_id).language
        return chosen or str(interaction.guild_locale or self.personal(interaction))

    def of_server(self, guild: discord.Guild) -> str:
        """Return a server's language, where nobody typed or pressed anything."""
        return self._preference_store.server(guild.id).language or str(guild.preferred_locale)

    def of_member(self, member: discord.Member) -> str:
        """Return a member's language as far as they told it: Discord does not, so the server's."""
        return self._preference_store.person(member.id).language or self.of_server(member.guild)

    def of_user(self, user: discord.abc.User) -> str:
        """Return the language of somebody who is written to without having asked."""
        return self._preference_store.person(user.id).language or FALLBACK
