"""Texts of tasks without a picture of their own: a described picture, a shortened prompt."""

import re
from collections.abc import Iterator, Sequence

from PIL import Image

from playground.art.prompt_parser import weight_of
from playground.painter.suggestions import suggest_for_picture

_KEYCAP = "\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}"
_RATIOS = ((1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16))
_MOST = 5  # shortened prompts
_FILLING = "a an the of in on at and with very really some please that is are to for"


def description_of(picture: Image.Image) -> str:
    """Return four prompts for a picture, each with its ratio."""
    aspect = picture.width / picture.height
    wide, high = min(_RATIOS, key=lambda ratio: abs(ratio[0] / ratio[1] - aspect))
    return _numbered([f"{one} --ar {wide}:{high}" for one in suggest_for_picture(picture)])


def shortened(words: str) -> str:
    """Return the words with their weight, and shorter prompts, the longest first."""
    tokens = words.split()
    kept = [token for token in tokens if _counts(token)] or tokens[:1]
    marked = " ".join(f"**{token}**" if token in kept else f"~~{token}~~" for token in tokens)
    return f"## Important tokens\n{marked}\n\n## Shortened prompts\n{_numbered([*_shorter(kept)])}"


def _counts(token: str) -> bool:
    word = re.sub(r"\W", "", token).casefold()
    return bool(word) and word not in _FILLING.split()


def _shorter(kept: Sequence[str]) -> Iterator[str]:
    """Yield fewer and fewer words; of those that weigh least the last one goes first."""
    left = list(kept)
    for _ in range(_MOST):
        yield " ".join(left).rstrip(",")
        if len(left) == 1:
            return
        weights = [weight_of(word) for word in left]
        del left[len(left) - 1 - weights[::-1].index(min(weights))]


def _numbered(lines: Sequence[str]) -> str:
    return "\n\n".join(f"{number}{_KEYCAP} {line}" for number, line in enumerate(lines, 1))
