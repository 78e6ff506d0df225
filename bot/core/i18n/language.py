"""One language: its messages, each parsed when it is said for the first time.

Parsing a whole language takes a tenth of a second and 6 MB, and most messages are never said. So
its files are only split into messages at first, by their ids, which stand at the start of a line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache

from babel import Locale
from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.resolver import CurrentEnvironment, Pattern, ResolverEnvironment, TextElement
from fluent.runtime.types import FluentFloat, FluentInt, FluentNone, FluentNumber, FluentType

from bot.core.errors.base import Fact

_ID = r"[a-zA-Z][\w-]*"
_ENTRY = re.compile(rf"^(?P<id>-?{_ID}) *=.*(?:\n(?!-?{_ID} *=).*)*", re.ASCII | re.MULTILINE)
_ATTRIBUTE = re.compile(rf"^ +\.({_ID}) *=", re.ASCII | re.MULTILINE)
_REFERENCE = re.compile(rf"(?<![\w$-])-?{_ID}", re.ASCII)
_TERM_MARK = "-"
_MOST_NUMBERS = 1024


class Language:
    """The messages of a language; an attribute of a message has the id ``message.attribute``."""

    def __init__(self, locale: str, sources: Iterable[str]) -> None:
        self.locale = locale
        self._bundle = _Bundle([locale], use_isolating=False)
        self._unparsed: dict[str, str] = {}
        for source in sources:
            for entry in _ENTRY.finditer(source):
                self._unparsed.setdefault(entry["id"], entry[0])
        self.ids = frozenset(_ids(self._unparsed))

    def format(self, message_id: str, facts: Mapping[str, Fact]) -> tuple[str, list[Exception]]:
        """Format a message; also return what it lacks.

        Raises:
            KeyError: this language does not have it, or Fluent cannot read it.
        """
        name, _, attribute = message_id.partition(".")
        if name in self._unparsed:
            self._parse(name)
        message = self._bundle.get_message(name)
        pattern = message.attributes[attribute] if attribute else message.value
        if pattern is None:  # a message with attributes only
            raise KeyError(message_id)
        text, missing = self._bundle.format_pattern(pattern, dict(facts))
        return str(text), missing

    def _parse(self, name: str) -> None:
        """Parse a message and whatever it may show: every word of it that is an id."""
        source = self._unparsed.pop(name)
        self._bundle.add_resource(FluentResource(source))
        for word in _REFERENCE.findall(source):
            if word in self._unparsed:
                self._parse(word)


@cache  # the files do not change while the process runs
def language_of(locale: str, sources: tuple[str, ...]) -> Language:
    """Return the language of these files."""
    return Language(locale, sources)


def _ids(entries: Mapping[str, str]) -> Iterator[str]:
    for name, source in entries.items():
        if not name.startswith(_TERM_MARK):
            yield name
            yield from (f"{name}.{attribute}" for attribute in _ATTRIBUTE.findall(source))


class _Bundle(FluentBundle):
    """A bundle that formats each number once, as that takes longer than the rest of a message."""

    def format_pattern(
        self, pattern: Pattern, args: Mapping[str, Fact] | None = None
    ) -> tuple[str | FluentNone, list[Exception]]:
        """Format a pattern; also return what it lacks."""
        if isinstance(pattern, TextElement):  # words only, as of most buttons
            return pattern.value, []
        facts = {name: _fluent(fact) for name, fact in (args or {}).items()}
        missing: list[Exception] = []
        current = CurrentEnvironment(args=facts)
        try:
            text = pattern(ResolverEnvironment(context=self, current=current, errors=missing))
        except ValueError as too_long:
            return "{???}", [*missing, too_long]
        return text, missing


def _fluent(fact: Fact) -> str | FluentType:
    return fact if isinstance(fact, str) else _number(fact)


class _WholeNumber(FluentInt):
    def format(self, locale: Locale) -> str:
        return _formatted(self, locale)


class _Decimal(FluentFloat):
    def format(self, locale: Locale) -> str:
        return _formatted(self, locale)


@lru_cache(_MOST_NUMBERS, typed=True)
def _number(fact: float) -> FluentType:
    return _WholeNumber(fact) if isinstance(fact, int) else _Decimal(fact)


@lru_cache(_MOST_NUMBERS, typed=True)
def _formatted(number: FluentNumber, locale: Locale) -> str:
    return FluentNumber.format(number, locale)
