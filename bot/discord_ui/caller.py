"""In which language a reader is spoken to: what was set with commands goes before Discord's."""

import discord

from bot.core.i18n.texts import FALLBACK
from bot.preferences.preference_store import PreferenceStore


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
