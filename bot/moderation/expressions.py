"""The operator's regular expressions: tried when they are loaded, searched with a time limit."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.moderation.folding import compatible, folded, folded_as_mixed, folded_mixed

if TYPE_CHECKING:
    import regex

TRIAL_LENGTH = 4_000  # the longest prompt that Discord lets somebody type
TRIAL_S = 0.25
SEARCH_S = 0.5
"""The CPU time that all expressions together may take for one request."""

_MAX_TRIED_LETTERS = 24
_SYNTAX = frozenset("\\()[]{}?*+|^$")
_FOREIGN_RANGE = re.compile(r"[^\x00-\x7f]-|-[^\x00-\x7f]")
_LITERAL = re.compile(r"[^\W_]{2,}")


class WrongExpression(Exception):
    """An expression cannot be used; the text says why, to follow its place in a sentence."""


class SearchTooSlow(Exception):
    """The expressions took too long for a text; ``number`` is that of the one which did last."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


Forms = tuple[str, str | None, str | None]
"""A text as typed, folded, and folded with mixed words; None where that is no other."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression, by a number such as its line in a file.

    It has a pattern for each form of a text: its letters are folded as those of the text are.
    """

    number: int
    patterns: "tuple[regex.Pattern[str], ...]"

    def finds(self, forms: Forms, *, timeout_s: float) -> bool:
        """Tell whether it matches anywhere; raise TimeoutError after so much CPU time."""
        began_s = time.thread_time()
        for pattern, form in zip(self.patterns, forms, strict=True):
            left_s = timeout_s - (time.thread_time() - began_s)
            if left_s <= 0:
                raise TimeoutError
            if form is not None and pattern.search(form, timeout=left_s):
                return True
        return False


def compile_expression(number: int, source: str) -> Expression:
    """Return an expression that was tried with texts that are slow for bad ones; it blocks.

    Raises:
        WrongExpression
    """
    sources = (source, _folded_source(source, folded), _folded_source(source, folded_as_mixed))
    expression = Expression(number, tuple(map(_compiled, sources)))
    if expression.finds(("", None, None), timeout_s=TRIAL_S):
        raise WrongExpression("matches every prompt, also an empty one")
    for text in _slow_texts(source):
        try:
            expression.finds((text, None, None), timeout_s=TRIAL_S)
        except TimeoutError:
            raise WrongExpression(
                f"takes too long in {TRIAL_LENGTH:,} characters: avoid a repeat within a repeat, "
                "such as (a+)+"
            ) from None
    return expression


def search(expressions: Sequence[Expression], texts: Sequence[str]) -> int | None:
    """Return the number of an expression that matches one of the texts; it blocks.

    Raises:
        SearchTooSlow: they took longer than ``SEARCH_S`` together.
    """
    began_s = time.thread_time()
    for text in texts:
        forms = _forms(text)
        for expression in expressions:
            left_s = SEARCH_S - (time.thread_time() - began_s)
            try:
                if expression.finds(forms, timeout_s=left_s):
                    return expression.number
            except TimeoutError:
                raise SearchTooSlow(expression.number) from None
    return None


def _forms(text: str) -> Forms:
    typed, plain = compatible(text), folded(text)
    # Expressions ignore case, so that this form would bring nothing new.
    return typed, None if plain == typed.lower() else plain, folded_mixed(text)


def _compiled(source: str) -> "regex.Pattern[str]":
    import regex  # noqa: PLC0415 - slow to import, and most operators have no expressions

    try:
        return regex.compile(source, regex.IGNORECASE, cache_pattern=False)
    except regex.error as wrong:
        raise WrongExpression(f"is no regular expression ({wrong})") from None


def _folded_source(source: str, fold: Callable[[str], str]) -> str:
    """Return an expression with its letters folded, as the text is that it is searched in.

    A range of letters, such as [а-я], would be another one then.
    """
    if source.isascii() or _FOREIGN_RANGE.search(source):
        return source
    return "".join(each if each.isascii() else fold(each) for each in source)


def _slow_texts(source: str) -> Iterator[str]:
    """Yield long texts that an expression nearly matches, so that it tries what it can."""
    end = "!" if "!" not in source else "\x7f"
    letters = [each for each in dict.fromkeys(source) if each not in _SYNTAX]
    tried = list(dict.fromkeys(("a", "0", " ", *letters)))[:_MAX_TRIED_LETTERS]
    units = [*tried, *(f"{each} " for each in tried), "a0", "ab"]
    if literals := _LITERAL.findall(source):
        units += [*literals, "".join(literals), " ".join(literals)]
    for unit in units:
        yield (unit * TRIAL_LENGTH)[: TRIAL_LENGTH - 1] + end
