"""The words that the admins of a server forbid: what they typed, as a list that is kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.errors.base import Refusal
from bot.core.i18n.escaping import width
from bot.moderation.folding import folded
from bot.moderation.word_list import has_letters

MAX_SERVER_WORDS = 200
MAX_SERVER_WORD = 60

_COMMA = re.compile("[,\uff0c\u3001\u060c\n]")


@dataclass(eq=False, kw_only=True)
class ServerWordsFull(Refusal):
    """The server would forbid more than ``limit`` words."""

    limit: int
    message_id = "error-server-words-full"


@dataclass(eq=False, kw_only=True)
class ServerWordTooLong(Refusal):
    """A word to forbid has more than ``limit`` characters."""

    limit: int
    message_id = "error-server-word-too-long"


@dataclass(eq=False, kw_only=True)
class NotForbidden(Refusal):
    """A word to allow again is not on the list."""

    word: str
    message_id = "error-word-not-forbidden"


@dataclass(eq=False, kw_only=True)
class ServerWordEmpty(Refusal):
    """A word to forbid has neither a letter nor a digit."""

    message_id = "error-server-word-empty"


def with_words(words: Sequence[str], typed: str) -> tuple[str, ...]:
    """Return the words with those that were typed, separated by commas; each is there once.

    Raises:
        ServerWordsFull, ServerWordTooLong, ServerWordEmpty
    """
    listed = {folded(word): word for word in words}
    new = [word for part in _COMMA.split(typed) if (word := " ".join(part.split()))]
    if not new:
        raise ServerWordEmpty
    for word in new:
        if not has_letters(word):
            raise ServerWordEmpty
        if width(word) > MAX_SERVER_WORD:
            raise ServerWordTooLong(limit=MAX_SERVER_WORD)
        listed.setdefault(folded(word), word)
    if len(listed) > MAX_SERVER_WORDS:
        raise ServerWordsFull(limit=MAX_SERVER_WORDS)
    return tuple(listed.values())


def without_word(words: Sequence[str], typed: str) -> tuple[str, ...]:
    """Return the words without one, however it was typed; raise NotForbidden."""
    wanted = folded(" ".join(typed.split()))
    kept = tuple(word for word in words if folded(word) != wanted)
    if len(kept) == len(words):
        raise NotForbidden(word=typed)
    return kept
