"""The embeds of /settings, /preferences and /preset, and the mark of a default choice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import discord
from discord.app_commands import Choice

from bot.core.i18n.escaping import cut, escaped, one_line
from bot.core.i18n.texts import Texts
from bot.discord_ui.autocomplete import LONGEST_CHOICE
from bot.discord_ui.embed_style import COLOURS, LONGEST_FIELD, joined, small
from bot.discord_ui.option_facts import option_facts
from bot.preferences.stored_preferences import PersonalPreferences, Preset, ServerSettings

PRESETS_ON_A_PAGE = 10
_ROOM_FOR_MORE = 40
# Ten presets share the 4096 characters of a description, and escapes may double a text.
_PROMPT = 80
_FACTS = 110

EmbedFields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DefaultOptions:
    """The options that apply where none is chosen, as text."""

    model: str
    size: str
    n: int
    quality: str | None = None
    spoiler: bool = False


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting of a server: the text that names it, its value, and the command to change it."""

    text_id: str
    value: str
    command: str


class SettingsEmbeds:
    """Builds the answers about settings, preferences and presets."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    # --- settings and preferences -------------------------------------------------------------

    def changed_settings(
        self,
        settings: ServerSettings,
        defaults: DefaultOptions,
        *,
        models: Sequence[str],
        unmoderated: Sequence[str],
        locale: str,
    ) -> discord.Embed:
        """Show the settings of a server after one was changed.

        ``models`` are those that may be used there; those among them in ``unmoderated`` ignore how
        strictly a prompt should be judged.
        """
        lines = self.setting_lines(
            settings, defaults, models=models, unmoderated=unmoderated, locale=locale
        )
        facts = [(line.text_id, line.value) for line in lines]
        return self._embed("server", facts, locale, changed=True)

    def setting_lines(
        self,
        settings: ServerSettings,
        defaults: DefaultOptions,
        *,
        models: Sequence[str],
        unmoderated: Sequence[str],
        locale: str,
        longest_list: int = LONGEST_FIELD,
    ) -> list[SettingLine]:
        """Return what each setting of a server is now, and the command that changes it."""
        say = self._texts.say
        emojis = {"reroll": settings.reroll, "delete": settings.delete}
        return [
            SettingLine("custom-defaults", self._defaults(defaults, locale), "settings defaults"),
            *self._allowed_lines(settings, models, locale, longest_list),
            SettingLine("custom-spoiler", self._spoiler(defaults, locale), "settings defaults"),
            SettingLine(
                "custom-controls",
                say("custom-controls-of", locale, who=settings.controls),
                "settings controls",
            ),
            SettingLine(
                "custom-emojis", say("custom-emojis-are", locale, **emojis), "settings emojis"
            ),
            SettingLine(
                "custom-moderation",
                self._moderation(settings.moderation, unmoderated, locale),
                "settings moderation",
            ),
            SettingLine(
                "custom-words",
                say("custom-words-are", locale, count=len(settings.words)),
                "settings words add",
            ),
            SettingLine(
                "custom-language",
                self._language(settings.language, locale),
                "settings language",
            ),
            SettingLine("custom-log", self._log(settings, locale), "settings log"),
        ]

    def _allowed_lines(
        self, settings: ServerSettings, models: Sequence[str], locale: str, longest_list: int
    ) -> list[SettingLine]:
        lists = {
            "models": None if settings.models is None else _words(models),
            "channels": _mentions("<#", settings.channels),
            "roles": _mentions("<@&", settings.roles),
        }
        return [
            SettingLine(
                f"custom-{of}",
                self._list(of, allowed, locale, longest_list),
                f"settings {of} allow",
            )
            for of, allowed in lists.items()
        ]

    def preferences(
        self,
        preferences: PersonalPreferences,
        defaults: DefaultOptions,
        *,
        locale: str,
        changed: bool,
    ) -> discord.Embed:
        """Show the preferences of a person."""
        private, ping = _yes(preferences.private), _yes(preferences.ping)
        facts = [
            ("custom-defaults", self._defaults(defaults, locale)),
            ("custom-private", self._texts.say("custom-private-is", locale, private=private)),
            ("custom-spoiler", self._spoiler(defaults, locale)),
            ("custom-ping", self._texts.say("custom-ping-is", locale, ping=ping)),
            ("custom-language", self._language(preferences.language, locale)),
        ]
        return self._embed("person", facts, locale, changed=changed)

    def _embed(self, of: str, facts: EmbedFields, locale: str, *, changed: bool) -> discord.Embed:
        title = "custom-title-changed" if changed else "custom-title"
        embed = discord.Embed(
            colour=COLOURS["result" if changed else "painting"],
            title=self._texts.say(title, locale, of=of),
        )
        for name, value in facts:
            embed.add_field(
                name=self._texts.say(name, locale), value=cut(value, LONGEST_FIELD), inline=False
            )
        return embed

    def _defaults(self, defaults: DefaultOptions, locale: str) -> str:
        return self._texts.say(
            "custom-defaults-are",
            locale,
            model=_word(defaults.model),
            size=_word(defaults.size),
            n=defaults.n,
            quality=defaults.quality and _word(defaults.quality),
        )

    def _spoiler(self, defaults: DefaultOptions, locale: str) -> str:
        return self._texts.say("custom-spoiler-is", locale, spoiler=_yes(defaults.spoiler))

    def _list(self, of: str, allowed: Sequence[str] | None, locale: str, limit: int) -> str:
        if allowed is None:
            return self._texts.say("custom-all", locale, of=of)
        shown = joined(self._texts, allowed, locale, longest=limit - _ROOM_FOR_MORE)
        return shown or self._texts.say("custom-empty", locale, of=of)

    def _moderation(self, level: str | None, unmoderated: Sequence[str], locale: str) -> str:
        line = self._texts.say("custom-moderation-is", locale, level=level)
        if level is None or not unmoderated:
            return line
        longest = LONGEST_FIELD // 2 - _ROOM_FOR_MORE
        models = joined(self._texts, _words(unmoderated), locale, longest=longest)
        return f"{line}\n{small(self._texts.say('custom-moderation-deaf', locale, models=models))}"

    def _log(self, settings: ServerSettings, locale: str) -> str:
        channel = settings.log_channel and f"<#{settings.log_channel}>"
        prompts = _yes(settings.log_prompts)
        return self._texts.say("custom-log-is", locale, channel=channel, prompts=prompts)

    def _language(self, language: str | None, locale: str) -> str:
        name = language and self._texts.names.get(language, language)
        return self._texts.say("custom-language-of", locale, language=name)

    # --- choices ------------------------------------------------------------------------------

    def mark_default(
        self, choices: Iterable[Choice[str]], default: str | None, locale: str
    ) -> list[Choice[str]]:
        """Return the choices, with the default marked in its name."""
        wanted = default.casefold() if default else None
        return [
            self._marked(choice, locale) if choice.value.casefold() == wanted else choice
            for choice in choices
        ]

    def _marked(self, choice: Choice[str], locale: str) -> Choice[str]:
        name = self._texts.say("choice-default", locale, name=choice.name)
        return Choice(name=cut(name, LONGEST_CHOICE), value=choice.value)

    # --- presets ------------------------------------------------------------------------------

    def preset(self, message_id: str, name: str, locale: str) -> str:
        """Say what happened to a preset."""
        return self._texts.say(message_id, locale, name=escaped(name))

    def presets(self, presets: Sequence[Preset], page: int, locale: str) -> discord.Embed:
        """Show one page of a person's presets, a line or two for each; pages count from 1."""
        first = (page - 1) * PRESETS_ON_A_PAGE
        lines = [
            self._preset_lines(preset, locale)
            for preset in presets[first : first + PRESETS_ON_A_PAGE]
        ]
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("preset-list-title", locale, count=len(presets)),
            description="\n".join(lines) or self._texts.say("preset-list-none", locale),
        )
        if (pages := preset_page_count(presets)) > 1:
            words = self._texts.say("preset-list-page", locale, page=page, pages=pages)
            embed.set_footer(text=words)
        return embed

    def _preset_lines(self, preset: Preset, locale: str) -> str:
        options = preset.options
        count = options.n and self._texts.say("preset-list-n", locale, n=options.n)
        others = option_facts(self._texts, options, locale)
        words = (options.model, options.size, count, *others)
        facts = cut(" · ".join(_word(word) for word in words if word), _FACTS)
        prompt = options.prompt and escaped(one_line(options.prompt, _PROMPT))
        lines = [small(line) for line in (prompt, facts) if line]
        return "\n".join([f"**{escaped(preset.name)}**", *lines])


def preset_page_count(presets: Sequence[Preset]) -> int:
    """Return how many pages a list of presets has, at least one."""
    return max(1, -(-len(presets) // PRESETS_ON_A_PAGE))


def _word(text: str) -> str:
    return escaped(one_line(text, LONGEST_CHOICE))


def _words(texts: Iterable[str]) -> list[str]:
    return [_word(text) for text in texts]


def _mentions(mark: str, ids: Sequence[int] | None) -> list[str] | None:
    return None if ids is None else [f"{mark}{one}>" for one in ids]


def _yes(fact: bool | None) -> str:
    return "yes" if fact else "no"
