"""Prompts with Midjourney's flags: the words, and what the flags say of the picture."""

import re
from dataclasses import dataclass, replace

from playground.painter.errors import FORBIDDEN
from playground.painter.midjourney.refusals import declined, empty_prompt, wrong_parameters

_LONGEST = 4000  # characters
_WIDEST = 3  # times as wide as high, or the other way round
_SEEDS = 4_294_967_295
# Phones make one dash of two hyphens.
_FLAG = re.compile(r"(?:^|\s)(?:--|—)([a-z]+)(?=\s|$)((?:\s+(?!--|—)\S+)*)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(\.\d+)?")
_WITHOUT_EFFECT = {
    *("v", "version", "niji", "s", "stylize", "c", "chaos", "w", "weird", "q", "quality"),
    *("iw", "style", "stop", "raw", "tile", "fast", "relax", "turbo"),
}


@dataclass(frozen=True, slots=True)
class FlaggedPrompt:
    """The words of a prompt, and its flags: a ``ratio`` of sides, a factor to ``zoom`` out."""

    words: str = ""
    ratio: tuple[int, int] | None = None
    seed: int | None = None
    negative: str = ""
    zoom: float | None = None


def read_flagged(value: object, *, may_be_empty: bool = False) -> FlaggedPrompt:
    """Read a prompt; raises SubmitRefusedError."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise empty_prompt() if value is None else wrong_parameters("prompt格式错误")
    if FORBIDDEN in value.casefold():
        raise declined(value, FORBIDDEN)
    first = _FLAG.search(value)
    prompt = FlaggedPrompt(" ".join(value[: first.start() if first else None].split()))
    for flag in _FLAG.finditer(value):
        prompt = _with_flag(prompt, flag[1].lower(), flag[2].strip())
    if not prompt.words and not may_be_empty:
        raise empty_prompt()
    return prompt


def _with_flag(prompt: FlaggedPrompt, name: str, value: str) -> FlaggedPrompt:
    if name in {"ar", "aspect"}:
        return replace(prompt, ratio=_ratio(value))
    if name == "no":
        return replace(prompt, negative=value)
    if name == "seed" and value.isdecimal() and int(value) <= _SEEDS:
        return replace(prompt, seed=int(value))
    if name == "zoom" and _NUMBER.fullmatch(value) and 1 <= float(value) <= 2:
        return replace(prompt, zoom=float(value))
    if name in _WITHOUT_EFFECT:
        return prompt
    raise wrong_parameters(f"Invalid parameter: --{name} {value[:50]}".rstrip())


def _ratio(value: str) -> tuple[int, int]:
    sides = re.fullmatch(r"(\d{1,4}):(\d{1,4})", value)
    wide, high = map(int, sides.groups()) if sides else (0, 0)
    if not (wide and high and 1 / _WIDEST <= wide / high <= _WIDEST):
        raise wrong_parameters(f"Invalid parameter: --ar {value[:50]}")
    return wide, high
