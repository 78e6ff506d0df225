"""Find what somebody chose as ``preset``: their own presets first, then the server's styles.

A style is offered as its name with a mark, which is also the value: some clients send the label of
a choice instead of its value, and a person's own preset may have the same name.
"""

from functools import cached_property
from itertools import islice

from bot.core.i18n.texts import Texts
from bot.core.models import ImageOptions
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.presets import (
    MAX_PRESET_CHOICES,
    NoSuchPreset,
    matching_presets,
    preset_key,
)
from bot.preferences.server_styles import ServerStyle
from bot.preferences.style_store import ServerStyleStore

_BEFORE_MARK = " · "


class PresetLookup:
    """Offers and finds presets and styles; all from memory."""

    def __init__(
        self, *, preference_store: PreferenceStore, styles: ServerStyleStore, texts: Texts
    ) -> None:
        self._preference_store = preference_store
        self._styles = styles
        self._texts = texts

    def options(self, user_id: int, server_id: int, typed: str) -> ImageOptions:
        """Return the options of a preset or style, by its name or by what was offered.

        Raises:
            NoSuchPreset
        """
        key = preset_key(typed)
        if own := self._preference_store.presets(user_id).get(key):
            return own.options
        if style := self._style(server_id, key):
            return style.options
        raise NoSuchPreset(name=typed)

    def suggest(self, user_id: int, server_id: int, typed: str, locale: str) -> list[str]:
        """Return up to 25 names that match: the person's own presets, then styles with a mark."""
        own = self._preference_store.suggest_presets(user_id, typed)
        if len(own) == MAX_PRESET_CHOICES or not self._styles.styles(server_id):
            return own
        mark = self._texts.say("style-mark", locale)
        end = f"{_BEFORE_MARK}{preset_key(mark)}"
        styles = {f"{key}{end}": style for key, style in self._styles.styles(server_id).items()}
        marked = (f"{name}{_BEFORE_MARK}{mark}" for name in matching_presets(styles, typed))
        return list(islice(dict.fromkeys((*own, *marked)), MAX_PRESET_CHOICES))

    def _style(self, server_id: int, key: str) -> ServerStyle | None:
        styles = self._styles.styles(server_id)
        names = (key, *(key.removesuffix(mark) for mark in self._marks if key.endswith(mark)))
        return next((styles[name] for name in names if name in styles), None)

    @cached_property
    def _marks(self) -> tuple[str, ...]:
        """Return how the mark ends a name's key, in every language."""
        says = (self._texts.say("style-mark", locale) for locale in self._texts.locales)
        return tuple(f"{_BEFORE_MARK}{preset_key(mark)}" for mark in says)
