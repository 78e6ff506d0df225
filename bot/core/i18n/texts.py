"""Look up Fluent messages by id and format them in a person's language.

Each folder beside this file is a language. An attribute of a message is found as
``message.attribute``. The end of a fact's name says its unit:
``…_at`` is a moment in milliseconds since the epoch, ``…_ms`` a duration in milliseconds,
``…_s`` a duration in seconds, rounded up. A fact that is None or empty is ``none`` in Fluent.
fluent.runtime refuses facts above 2,500 characters, so prompts are cut before.
"""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Literal

from bot.core.errors.base import EaselError, Fact
from bot.core.i18n.escaping import echo

if TYPE_CHECKING:  # Texts.load imports it
    from bot.core.i18n.language import Language

FALLBACK = "en"
_LONGEST_FACT = 400  # characters of a typed word, or of a list of allowed ones

When = Callable[[int, str], str]
"""Show a moment, in milliseconds since the epoch, to a reader of a locale."""

Money = Literal["back", "part"]
"""What an error cost: nothing, or only the pictures that arrived."""


def discord_timestamp(at_ms: int, locale: str) -> str:  # noqa: ARG001 - the client knows it
    """Show a moment as a relative time stamp, which Discord keeps up to date."""
    return f"<t:{at_ms // 1000}:R>"


def plain_time(now: Callable[[], int]) -> When:
    """Show moments as the distance from ``now()``, such as "in 3 hours"."""
    # Only the terminal needs it, and it is half of what Texts imports.
    from babel import Locale  # noqa: PLC0415
    from babel.dates import format_timedelta  # noqa: PLC0415

    def shown(at_ms: int, locale: str) -> str:
        distance = timedelta(milliseconds=at_ms - now())
        reader = Locale.parse(locale, sep="-")
        return format_timedelta(distance, threshold=1, add_direction=True, locale=reader)

    return shown


class Texts:
    """All texts in all languages; ``when`` formats moments for this user interface."""

    def __init__(
        self, when: When = discord_timestamp, *, folder: Traversable | None = None
    ) -> None:
        self._when = when
        self._sources = dict(_read(folder or files("bot.core.i18n")))
        self._languages: dict[str, Language] = {}  # those that were asked for

    def load(self) -> None:
        """Load every language, which takes a moment for the first text of each otherwise."""
        for locale in self._sources:
            self._language(locale)

    @property
    def locales(self) -> tuple[str, ...]:
        """Return the languages, in order of their names."""
        return tuple(self._sources)

    @property
    def names(self) -> dict[str, str]:
        """Return what each language calls itself."""
        return {locale: self.say("language-name", locale) for locale in self._sources}

    def nearest(self, locale: str) -> str:
        """Return the language that a reader gets: their locale, its language, or English."""
        return next(name for name in _fallbacks(locale) if name in self._sources)

    def ids(self, locale: str = FALLBACK) -> frozenset[str]:
        """Return the message ids that a language has."""
        return self._language(locale).ids

    def say(self, message_id: str, locale: str = FALLBACK, **facts: Fact | None) -> str:
        """Format a message in the reader's locale, else in its language, else in English.

        A translation that needs a fact which was not given is skipped; English shows the fact's
        name instead, and warns. An id that no language has raises KeyError.
        """
        text = None
        for name in _fallbacks(locale):
            if name not in self._sources:
                continue
            language = self._language(name)
            shown = {key: self._shown(key, fact, language) for key, fact in facts.items()}
            try:
                text, missing = language.format(message_id, shown)
            except KeyError:
                continue
            if not missing:
                return text
        if text is None:
            raise KeyError(message_id)
        warnings.warn(f"{message_id} lacks a fact: {text}", stacklevel=2)
        return text

    def sentence(
        self,
        error: EaselError,
        locale: str = FALLBACK,
        *,
        money: Money = "back",
        message_id: str | None = None,
    ) -> str:
        """Return one sentence: what went wrong, what to do next, and what it cost.

        ``message_id`` is another sentence for the same facts than the one that people read.
        """
        facts = {
            name: echo(fact, _LONGEST_FACT) if isinstance(fact, str) else fact
            for name, fact in error.facts.items()
        }
        # An error that an earlier version stored lacks the facts that it did not know.
        known = {"reference": None, "retry_at": None, "money": money}
        return self.say(message_id or error.message_id, locale, **known | facts)

    def _language(self, locale: str) -> "Language":
        found = self._languages.get(locale)
        if found is None:
            # Fluent and babel take 50 ms, which a start has better uses for.
            from bot.core.i18n.language import language_of  # noqa: PLC0415

            found = self._languages[locale] = language_of(locale, self._sources[locale])
        return found

    def _shown(self, name: str, fact: Fact | None, language: "Language") -> Fact:
        if fact is None or fact == "":
            return "none"
        if isinstance(fact, str):
            return fact
        if name.endswith("_at"):
            return self._when(int(fact), language.locale)
        if name.endswith("_ms"):
            seconds = round(fact / 1000, 1 if fact < 10_000 else None)
            minutes, rest = divmod(seconds, 60)
            return self.say("duration", language.locale, minutes=int(minutes), seconds=rest)
        return math.ceil(fact) if name.endswith("_s") else fact


@lru_cache(100)
def _fallbacks(locale: str) -> Sequence[str]:
    # zh-TW ends in English, not in zh-CN, as in CLDR: Traditional Chinese has no wider language.
    return tuple(dict.fromkeys((locale, locale.split("-", maxsplit=1)[0], FALLBACK)))


def _read(folder: Traversable) -> Iterator[tuple[str, tuple[str, ...]]]:
    for place in sorted(folder.iterdir(), key=lambda place: place.name):
        sources = _sources(place) if place.is_dir() else ()
        if sources:
            yield place.name, sources


def _sources(place: Traversable) -> tuple[str, ...]:
    found = sorted(place.iterdir(), key=lambda file: file.name)
    return tuple(file.read_text(encoding="utf-8") for file in found if file.name.endswith(".ftl"))
