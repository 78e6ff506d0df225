"""Flags in a prompt, as Midjourney writes them: read as options, or left out and named.

A flag is ``--name value``; words between two dashes, as in ``--no entry--``, are none.
The names are those of Midjourney's parameter list
(https://docs.midjourney.com/hc/en-us/articles/32859204029709-Parameter-List), with the older ones
that people still type. Any other ``--word`` is part of the prompt.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from bot.core.errors.options import WrongFlag
from bot.core.models import ImageOptions
from bot.gateways.aspect_ratios import parse_ratio
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.option_checks import spelled_word
from bot.gateways.value_options import MAX_STRENGTH

FlagOption = Literal["size", "negative", "seed", "strength", "quality", "style", "n"]
_Value = str | int

_MAX_LEFT_OUT = 10
_MAX_FLAG_LENGTH = 60
_MAX_IMAGE_WEIGHT = 3  # of --iw; 0 ignores the picture

# Phones make one dash of two hyphens. Chinese has no spaces, so a flag may follow its letters.
_FLAG = re.compile(
    r"(?<![^\s\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])(?:--|——|—)([A-Za-z]{1,10})(?!\S)"
)
_END = r"[,;.，；。]?(?=\s|$)"
_ONE = re.compile(rf"\s+(\S+?){_END}")
_NUMBER = re.compile(rf"\s+([0-9]+(?:\.[0-9]+)?%?){_END}")
_CODES = re.compile(r"((?:\s+(?:https?://\S+|\S*[0-9]\S*|random)(?=\s|$))*)")
_REST = re.compile(r"\s*(.*)", re.DOTALL)
_NOTHING = re.compile("()")
# A dash behind a word, before a space, a punctuation mark or Chinese, ends what a like one began.
_CLOSING = r"[^\s—-]{}(?![—-]|[^\W\u3040-\u30ff\u3400-\u9fff])"
_CLOSING_DASH = {"-": re.compile(_CLOSING.format("--")), "—": re.compile(_CLOSING.format("——?"))}

# The option that a flag stands for, and what its value looks like.
_OPTIONS: Mapping[str, tuple[FlagOption, re.Pattern[str]]] = {
    "ar": ("size", _ONE),
    "aspect": ("size", _ONE),
    "no": ("negative", _REST),
    "seed": ("seed", _ONE),
    "iw": ("strength", _ONE),
    "q": ("quality", _ONE),
    "quality": ("quality", _ONE),
    "style": ("style", _ONE),
    "n": ("n", _ONE),
    "r": ("n", _ONE),
    "repeat": ("n", _ONE),
}
_WITH_NUMBER = "c chaos s stylize w weird stop v version niji cw sw sv ow exp motion bs"
_WITH_CODES = "cref sref oref p profile"
_ALONE = "tile video hd sd fast relax turbo draft stealth public raw loop"
_VALUES: Mapping[str, re.Pattern[str]] = {
    **{name: value for name, (_, value) in _OPTIONS.items()},
    **dict.fromkeys(_WITH_NUMBER.split(), _NUMBER),
    **dict.fromkeys(_WITH_CODES.split(), _CODES),
    **dict.fromkeys(_ALONE.split(), _NOTHING),
}


@dataclass(frozen=True, slots=True)
class _Flag:
    """A flag of a prompt, at ``start`` to ``end``."""

    name: str
    value: str
    start: int
    end: int

    @property
    def text(self) -> str:
        text = f"--{self.name} {' '.join(self.value.split())}".rstrip()
        return text if len(text) <= _MAX_FLAG_LENGTH else f"{text[: _MAX_FLAG_LENGTH - 1]}…"


def read_flags(options: ImageOptions, model: ModelAbilities) -> ImageOptions:
    """Return the options with the flags of the prompt read as options, and taken out of it.

    A typed option counts more than a flag. ``left_out`` names the flags that the model has no
    option for.

    Raises:
        WrongFlag: the value of a flag is none.
    """
    prompt = options.prompt or ""
    if model.prompt_flags == "native" or not (flags := _flags(prompt)):
        return options
    given: dict[FlagOption, _Value] = {}
    left_out: list[str] = []
    for flag in flags:
        option, _ = _OPTIONS.get(flag.name, (None, None))
        if option is None or not _has_option(option, flag, model):
            left_out.append(flag.text)
        elif getattr(options, option) is None:
            value = _value(option, flag)
            both = option == "negative" and option in given
            given[option] = f"{given[option]}, {value}" if both else value
    return replace(
        options,
        prompt=_without(prompt, flags),
        left_out=tuple(dict.fromkeys(left_out))[:_MAX_LEFT_OUT] or None,
        **given,  # type: ignore[arg-type]  # each value is its option's
    )


@lru_cache(maxsize=8)  # a form and a refusal try a prompt with every model
def _flags(prompt: str) -> tuple[_Flag, ...]:
    return tuple(_find_flags(prompt))


def _find_flags(prompt: str) -> Iterator[_Flag]:
    found = list(_FLAG.finditer(prompt))
    ends = [*(flag.start() for flag in found), len(prompt)]
    for flag, end in zip(found, ends[1:], strict=True):
        if pattern := _VALUES.get(flag[1].casefold()):
            value = pattern.match(prompt[:end], flag.end())
            read = _Flag(
                flag[1].casefold(),
                value[1].strip() if value else "",
                flag.start(),
                value.end() if value else flag.end(),
            )
            if not _is_prose(read, prompt[:end]):
                yield read


def _is_prose(flag: _Flag, text: str) -> bool:
    """Tell whether a dash begins words of a sentence, in the ``text`` up to the next flag.

    Some languages set dashes so: "un cartel —no pasar— azul". A long one is a dash more often than
    two hyphens: with words behind it, it is a flag only where its value looks like one.
    """
    dash = text[flag.start]
    if _CLOSING_DASH[dash].search(text, flag.start):
        return True
    is_last, has_code = not text[flag.end :].strip(), any(map(str.isdecimal, flag.value))
    return dash == "—" and not (is_last or has_code or flag.name == "no")


def _without(prompt: str, flags: Iterable[_Flag]) -> str:
    """Return the prompt without its flags."""
    kept, position = "", 0
    for flag in flags:
        kept = _joined(kept, prompt[position : flag.start])
        position = flag.end
    return _joined(kept, prompt[position:]).strip()


def _joined(before: str, after: str) -> str:
    if after.startswith("\n"):
        before = before.rstrip(" \t")
    is_spaced = not before or before[-1].isspace()
    return before + (after.lstrip(" \t") if is_spaced else after)


def _has_option(option: FlagOption, flag: _Flag, model: ModelAbilities) -> bool:
    match option:
        case "n":
            return True
        case "size":
            return model.has_sizes
        case "quality" | "style":
            words = model.allowed_words(option)
            # Midjourney's own values are numbers; where any word is accepted, they are none.
            is_number = flag.value.replace(".", "").isdecimal()
            return not (words is None and is_number) and bool(spelled_word(flag.value, words))
        case _:
            return model.has_option(option)


def _value(option: FlagOption, flag: _Flag) -> _Value:
    """Return the value for an option; whether the model accepts it is checked with the others."""
    value = flag.value
    match option:
        case "size":
            ratio = parse_ratio(value)
            if ratio is not None and not ratio.is_word:
                return ratio.name
        case "strength":
            if re.fullmatch(r"[0-9](?:\.[0-9]{1,2})?", value) and float(value) <= _MAX_IMAGE_WEIGHT:
                return max(1, round(MAX_STRENGTH * (1 - float(value) / _MAX_IMAGE_WEIGHT)))
        case "seed" | "n":
            if re.fullmatch(r"[0-9]{1,20}", value):
                return int(value)
        case _:
            if value:
                return value
    raise WrongFlag(flag=flag.text, option=option)
