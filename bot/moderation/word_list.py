"""Find the words and phrases of a list in a text, however their letters are written."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from bot.moderation.folding import folded, folded_as_mixed, folded_mixed

# Expressions of this module are text, compiled at the first use, as those of ``folding`` are.

# Han, kana, Thai, Lao, Burmese and Khmer are written without spaces between words; Korean words
# carry their particles.
_CHINESE = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED = (
    f"{_CHINESE}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"
)
_UNSPACED_RUN = f"([{_UNSPACED}]+)"
_SPACE_IN_CHINESE = rf"(?<=[{_CHINESE}])\s+(?=[{_CHINESE}])"
_SEPARATOR = r"[^\w\s]|_"

MIN_SPELLED_OUT = 3


def _with_separators_as_spaces(text: str) -> str:
    return re.sub(_SEPARATOR, lambda found: found[0] if _is_mark(found[0]) else " ", text)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def _spelled_out(tokens: Sequence[str]) -> Iterator[str]:
    """Yield what is written letter by letter, such as ``w o r d`` or ``w.o.r.d``."""
    for is_letter, run in groupby(tokens, key=lambda token: len(token) == 1):
        if is_letter and len(letters := list(run)) >= MIN_SPELLED_OUT:
            yield "".join(letters)


def _interrupted(folded_text: str) -> Iterator[str]:
    """Yield words without the punctuation in them, such as ``wo*rd`` or ``wo||rd``.

    Chinese has no spaces: there punctuation is between words.
    """
    for chunk in folded_text.split():
        pieces = _with_separators_as_spaces(chunk).split()
        if len(pieces) > 1 and not re.search(_UNSPACED_RUN, chunk):
            yield "".join(pieces)


@dataclass(frozen=True, slots=True)
class _Text:
    """A folded text, once for words with spaces around them and once for those without."""

    tokens: frozenset[str]
    spaced: str
    unspaced: str

    @classmethod
    def of(cls, folded_text: str) -> Self:
        plain = _with_separators_as_spaces(folded_text)
        tokens = re.sub(_UNSPACED_RUN, r" \1 ", plain).split()
        spelled = tuple(_spelled_out(tokens))
        joined = _with_separators_as_spaces(re.sub(_SPACE_IN_CHINESE, "", folded_text))
        return cls(
            frozenset((*tokens, *spelled, *_interrupted(folded_text))),
            f" {' '.join(tokens)} ",
            "\n".join((joined, *spelled)),
        )


class _Index:
    """The words of a list by how they are looked for; the values are their numbers."""

    def __init__(self, words: Iterable[tuple[int, str]]) -> None:
        self._words: dict[str, int] = {}
        phrases, unspaced = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        self._numbers: dict[str, int] = {}
        for number, word in words:
            tokens = _with_separators_as_spaces(word).split()
            joined = " ".join(tokens)
            self._numbers.setdefault(joined, number)
            if re.search(_UNSPACED_RUN, joined):
                unspaced[joined[0]].append(joined)
            elif len(tokens) > 1:
                phrases[tokens[0]].append(joined)
            else:
                self._words.setdefault(joined, number)
        self._phrases, self._unspaced = dict(phrases), dict(unspaced)

    def find(self, text: _Text) -> int | None:
        """Return the number of a word in the text, None without one."""
        for word in self._words.keys() & text.tokens:
            return self._words[word]
        for first in self._phrases.keys() & text.tokens:
            for phrase in self._phrases[first]:
                if f" {phrase} " in text.spaced:
                    return self._numbers[phrase]
        for first in self._unspaced.keys() & set(text.unspaced):
            for word in self._unspaced[first]:
                if word in text.unspaced:
                    return self._numbers[word]
        return None


class WordList:
    """Words and phrases, by numbers such as their lines in a file."""

    def __init__(self, words: Iterable[tuple[int, str]] = ()) -> None:
        words = tuple(words)
        self._plain = _Index((number, folded(word)) for number, word in words)
        self._mixed = _Index((number, folded_as_mixed(word)) for number, word in words)
        self._count = len(words)

    def __len__(self) -> int:
        return self._count

    def find(self, text: str) -> int | None:
        """Return the number of a word that a text contains, None if it contains none.

        Where words have spaces between them, only whole words are found.
        """
        if not self._count:
            return None
        number = self._plain.find(_Text.of(folded(text)))
        if number is None and (mixed := folded_mixed(text)) is not None:
            number = self._mixed.find(_Text.of(mixed))
        return number


def has_letters(word: str) -> bool:
    """Tell whether anything of a word remains to be looked for."""
    return bool(_with_separators_as_spaces(folded(word)).split())
