"""/settings words: the words that prompts in a server may not contain."""

import io
from dataclasses import replace

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.i18n.escaping import escaped, one_line
from bot.discord_ui.autocomplete import Choices, plain_choices
from bot.moderation.server_words import MAX_SERVER_WORD, with_words, without_word
from cogs.dependencies import Dependencies
from cogs.settings_base import settings

WORDS_FILE = "easel-words.txt"
LONGEST_TYPED = 1_000


class WordCommands(commands.Cog):
    """The commands that change and show the list; only their caller sees it."""

    words = app_commands.Group(
        name="words", description="Forbid words in prompts here", parent=settings
    )

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    @words.command(name="add")
    @app_commands.describe(words="Words or phrases, separated by commas")
    async def add_words(
        self, interaction: Interaction, words: app_commands.Range[str, 1, LONGEST_TYPED]
    ) -> None:
        """Forbid words in prompts; how their letters are written makes no difference."""
        before = len(self._words(interaction))
        changed = await self._deps.preference_store.change_server(
            interaction.guild_id or 0, lambda s: replace(s, words=with_words(s.words, words))
        )
        count = len(changed.words)
        await self._say(interaction, "words-added", added=count - before, count=count)

    @words.command(name="remove")
    @app_commands.describe(word="Word to allow again")
    async def remove_word(
        self, interaction: Interaction, word: app_commands.Range[str, 1, MAX_SERVER_WORD]
    ) -> None:
        """Allow a word in prompts again."""
        changed = await self._deps.preference_store.change_server(
            interaction.guild_id or 0, lambda s: replace(s, words=without_word(s.words, word))
        )
        shown, count = escaped(one_line(word, MAX_SERVER_WORD)), len(changed.words)
        await self._say(interaction, "words-removed", word=shown, count=count)

    @words.command(name="list")
    async def list_words(self, interaction: Interaction) -> None:
        """Get the words that prompts here may not contain, as a file."""
        words = self._words(interaction)
        if not words:
            await self._say(interaction, "words-none")
            return
        lines = "".join(f"{word}\n" for word in words)
        file = discord.File(io.BytesIO(lines.encode()), WORDS_FILE, spoiler=True)
        sentence = self._deps.client.texts.say(
            "words-listed", self._deps.client.languages.personal(interaction), count=len(words)
        )
        await interaction.response.send_message(sentence, file=file, ephemeral=True)

    @remove_word.autocomplete("word")
    async def suggest_words(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the words of the list to whoever may change it."""
        wanted = typed.strip().casefold()
        found = [each for each in self._words(interaction) if wanted in each.casefold()]
        return plain_choices(found[:25])  # Discord shows no more choices

    def _words(self, interaction: Interaction) -> tuple[str, ...]:
        return self._deps.preference_store.server(interaction.guild_id or 0).words

    async def _say(self, interaction: Interaction, message_id: str, **facts: str | int) -> None:
        locale = self._deps.client.languages.personal(interaction)
        sentence = self._deps.client.texts.say(message_id, locale, **facts)
        await interaction.response.send_message(sentence, ephemeral=True)
