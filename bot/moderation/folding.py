"""Fold a text, so that other ways to write the same letters compare equal."""

import re
import unicodedata
from collections.abc import Iterator

from bot.moderation.look_alikes import LOOK_ALIKES

# Expressions of this module are text: ``re`` compiles them at the first use, and most bots have no
# rules.

# Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties.txt), and the Arabic tatweel, which
# only makes a word longer.
_INVISIBLE = (
    "[\u00ad\u034f\u0640\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Marks that a letter is read without: diacritics of Latin, Greek and Cyrillic, vowel points of
# Hebrew and Arabic. Those of Indian and Thai letters are vowels, those of kana make other
# consonants: they stay.
_DIACRITICS = (
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe20-\ufe2f]"
)
_LATIN, _OTHER = "A-Za-z\u00c0-\u024f", "\u0370-\u03ff\u0400-\u052f\u0530-\u058f"


def _by_look_alike() -> Iterator[tuple[str, str]]:
    for letter, others in LOOK_ALIKES.items():
        for other in others:
            yield other, letter
    for first in (0x1F150, 0x1F170):  # white letters in black circles and squares
        for offset in range(26):
            yield chr(first + offset), chr(ord("a") + offset)


_LETTERS = dict(_by_look_alike())
# A word of letters from Latin and from another alphabet, or of nothing but look-alikes.
_MIXED = rf"(?<!\w)(?:(?=\w*[{_LATIN}])(?=\w*[{_OTHER}])\w+|[{''.join(_LETTERS)}]+(?!\w))"
# Applied after casefold(): a small Cyrillic в does not look like b, though its capital does.
_ALIKE = str.maketrans(_LETTERS)
# For mixed words: there a small letter stands also for what its capital looks like.
_ALIKE_IN_MIXED = str.maketrans({c.lower(): letter for c, letter in _LETTERS.items()} | _LETTERS)


def compatible(text: str) -> str:
    """Return a text in Unicode's compatible form, without full width and invisible characters."""
    if text.isascii():
        return text
    return unicodedata.normalize(
        "NFKC", re.sub(_INVISIBLE, "", unicodedata.normalize("NFKC", text))
    )


def folded(text: str) -> str:
    """Return a text without case and diacritics, look-alikes as the Latin letters a to z.

    The Turkish letters ı, I, İ and i are one.
    """
    if text.isascii():
        return text.lower()
    return _alike(_plain(text))


def folded_mixed(text: str) -> str | None:
    """Return a text with more look-alikes folded in words that use them; None without such words.

    These are words of two alphabets, and those that only have letters that look like Latin ones.
    """
    if text.isascii():
        return None
    plain = _plain(text)
    if not re.search(_MIXED, plain):
        return None
    return _alike(re.sub(_MIXED, lambda word: word[0].translate(_ALIKE_IN_MIXED), plain))


def folded_as_mixed(word: str) -> str:
    """Return how ``folded_mixed`` folds a listed word that a text writes so."""
    return _alike(_plain(word).translate(_ALIKE_IN_MIXED))


def _plain(text: str) -> str:
    bare = re.sub(_DIACRITICS, "", unicodedata.normalize("NFKD", compatible(text)))
    return unicodedata.normalize("NFC", bare)


def _alike(text: str) -> str:
    return text.casefold().translate(_ALIKE)
