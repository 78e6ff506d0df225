"""Tell Discord what commands, options, choices and context menus say in each language.

The words stand in ``commands.ftl``: a command's description under its path, such as
``command-quota-set``, with each option's as an attribute; a choice as ``command-choice-VALUE``,
a context menu as ``menu-NAME``. What people type stays as it is in every language: they tell each
other what to type, and our sentences tell them.
"""

from discord import Locale, app_commands
from discord.app_commands import ContextMenu, TranslationContextLocation, locale_str
from discord.app_commands.translator import TranslationContextTypes

from bot.core.i18n.texts import Texts


class CommandTranslator(app_commands.Translator):
    """Answers discord.py for each word that Discord shows of a command."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._locales = frozenset(texts.locales)

    async def translate(
        self,
        string: locale_str,  # noqa: ARG002 - its place says what it is
        locale: Locale,
        context: TranslationContextTypes,
    ) -> str | None:
        """Return the words in one of Discord's languages, None where English is shown."""
        if locale.value not in self._locales:  # most of the 34 for which Discord asks
            return None
        name = command_text_id(context)
        if name is None or name not in self._texts.ids(locale.value):
            return None
        return self._texts.say(name, locale.value)

    def all_words(self) -> dict[str, dict[str, str]]:
        """Return what can be shown of commands, by language and id."""
        return {
            locale: {
                name: self._texts.say(name, locale)
                for name in self._texts.ids(locale)
                if name.startswith(("command-", "menu-"))
            }
            for locale in self._texts.locales
        }


def command_text_id(context: TranslationContextTypes) -> str | None:
    """Return the id of the text for a place in a command; names that are typed have none."""
    match context.location:
        case (
            TranslationContextLocation.command_description
            | TranslationContextLocation.group_description
        ):
            return _command_id(context.data.qualified_name)
        case TranslationContextLocation.parameter_description:
            return f"{_command_id(context.data.command.qualified_name)}.{context.data.name}"
        case TranslationContextLocation.choice_name:
            return f"command-choice-{context.data.value}"
        case TranslationContextLocation.command_name if isinstance(context.data, ContextMenu):
            return f"menu-{_spelled(context.data.name.lower())}"
    return None


def _command_id(path: str) -> str:
    return f"command-{_spelled(path)}"


def _spelled(words: str) -> str:
    return words.replace(" ", "-")
