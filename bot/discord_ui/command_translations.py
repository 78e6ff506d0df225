"""Translations of command descriptions, option descriptions, choices and context menus.

The texts are in ``commands.ftl``: a command's description has its path as id, such as
``command-quota-set``, and its options' descriptions as attributes; a choice has the id
``command-choice-VALUE``, a context menu ``menu-NAME``. Names that people type are the same in every
language, so that they can tell each other what to type.
"""

from discord import Locale, app_commands
from discord.app_commands import ContextMenu, TranslationContextLocation, locale_str
from discord.app_commands.translator import TranslationContextTypes

from bot.core.i18n.texts import Texts


class CommandTranslator(app_commands.Translator):
    """Translates what Discord shows of commands; discord.py asks it for each text."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._locales = frozenset(texts.locales)

    async def translate(
        self,
        string: locale_str,  # noqa: ARG002 - the context identifies the text
        locale: Locale,
        context: TranslationContextTypes,
    ) -> str | None:
        """Return a text in one of Discord's languages, None where English is shown."""
        if locale.value not in self._locales:  # most of the 34 for which Discord asks
            return None
        name = command_text_id(context)
        if name is None or name not in self._texts.ids(locale.value):
            return None
        return self._texts.say(name, locale.value)


def command_text_id(context: TranslationContextTypes) -> str | None:
    """Return the id of a text; names that people type have none."""
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
            return f"menu-{_hyphenated(context.data.name.lower())}"
    return None


def _command_id(path: str) -> str:
    return f"command-{_hyphenated(path)}"


def _hyphenated(words: str) -> str:
    return words.replace(" ", "-")
