"""Decline requests by the words and expressions that the operator and a server forbid."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import structlog

from bot.core.errors.base import Refusal
from bot.core.metrics import MODERATION, NO_METRICS, Metrics
from bot.moderation.expressions import SearchTooSlow
from bot.moderation.rules import OperatorRules
from bot.moderation.word_list import WordList

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MAX_AT_ONCE = 300
"""The characters in which words are looked for at once; expressions always wait for a thread."""

WordsOf = Callable[[int], tuple[str, ...]]
"""Returns the words that a server forbids, by its id."""


class TextRefused(Refusal):
    """What somebody wrote must be changed before it is painted; ``counted_as`` is for metrics."""

    counted_as: ClassVar[str]


@dataclass(eq=False, kw_only=True)
class ForbiddenText(TextRefused):
    """A text has what the operator forbids; what that is, nobody is told."""

    message_id = "error-forbidden-text"
    counted_as = "operator"


@dataclass(eq=False, kw_only=True)
class ForbiddenHere(TextRefused):
    """A text has what the server forbids; what that is, only its admins see."""

    message_id = "error-forbidden-text-here"
    counted_as = "server"


@dataclass(eq=False, kw_only=True)
class TextNotChecked(TextRefused):
    """The operator's expressions took too long for a text."""

    message_id = "error-text-not-checked"
    counted_as = "too_slow"


def _no_words(_: int) -> tuple[str, ...]:
    return ()


class PromptModeration:
    """Checks what people wrote, before anything is held or stored.

    ``rules`` may be replaced at any time; a check uses one set from its beginning to its end.
    ``words_of`` is set once the servers' settings are read.
    """

    def __init__(self, rules: OperatorRules, metrics: Metrics = NO_METRICS) -> None:
        self.rules = rules
        self._metrics = metrics
        self.words_of: WordsOf = _no_words

    async def check(self, texts: Sequence[str], *, server_id: int) -> None:
        """Refuse what may not be painted in a server; server 0 is none.

        Raises:
            TextRefused: the log has the line or number of what was found, never its text.
        """
        rules, words = self.rules, self.words_of(server_id)
        if rules.is_empty and not words:
            return
        try:
            if rules.expressions or sum(map(len, texts)) > MAX_AT_ONCE:
                await asyncio.to_thread(_check, rules, words, texts)
            else:
                _check(rules, words, texts)
        except TextRefused as refused:
            self._metrics.count(MODERATION, refused.counted_as)
            raise


def _check(rules: OperatorRules, words: tuple[str, ...], texts: Sequence[str]) -> None:
    try:
        line = rules.find(texts)
    except SearchTooSlow as slow:
        log.warning(
            "moderation.too_slow",
            line=slow.number,
            mend="simplify the expression in this line of MODERATION_FILE",
        )
        raise TextNotChecked from None
    if line is not None:
        log.info("moderation.declined", list="operator", line=line)
        raise ForbiddenText
    found = _word_list(words)
    for text in texts:
        if (number := found.find(text)) is not None:
            log.info("moderation.declined", list="server", word=number)
            raise ForbiddenHere


@lru_cache(maxsize=64)
def _word_list(words: tuple[str, ...]) -> WordList:
    return WordList(enumerate(words, 1))
