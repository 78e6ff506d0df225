"""Where a caller is, whose quota a call uses, and which language its readers get.

Outside the servers that let the bot in, a call counts for server 0, as direct messages do: admins
of a server where only a person installed the bot can neither limit nor see what it paints there.
"""

from enum import Enum, auto

import discord

from bot.core.i18n.texts import FALLBACK
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
