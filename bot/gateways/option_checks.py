"""Checks of the options that a person typed, against the abilities of one model."""

import unicodedata
from collections.abc import Iterable
from itertools import islice

from bot.core.errors.options import (
    NegativeTooLong,
    OptionBesideReference,
    OptionNotTaken,
    PromptEmpty,
    PromptTooLong,
    StrengthWithoutReference,
    WrongChoice,
    WrongNumber,
    WrongSize,
)
from bot.core.models import AnySize, ImageRequest, ValueOption, WordOption, parse_size
from bot.gateways.aspect_ratios import parse_ratio, ratio_of
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.value_options import MAX_STRENGTH

MAX_SUGGESTIONS = 25  # Discord shows no more choices
MAX_ECHO = 100  # the length of a wrong word that is repeated in an error message
MAX_FREE_WORD = 32
AUTO = "auto"  # not sent: the model decides

# Letters and symbols that are invisible: Hangul fillers and the empty Braille pattern.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_CONTROLS = dict.fromkeys(code for code in (*range(32), 127) if chr(code) not in "\t\n\r")


def model_names(models: Iterable[ModelAbilities]) -> str:
    """Return the names of models for a text, at most 25."""
    return ", ".join(model.name for model in islice(models, MAX_SUGGESTIONS))


def checked_prompt(prompt: str, model: ModelAbilities) -> str:
    """Return the prompt without what no model reads."""
    text = _cleaned(prompt)
    if not any(map(_is_visible, text)):
        raise PromptEmpty
    if len(text) > model.prompt_max:
        raise PromptTooLong(model=model.name, limit=model.prompt_max, length=len(text))
    return text


def _cleaned(text: str) -> str:
    # Lone surrogates cannot be sent as UTF-8, and no model reads control characters.
    return text.encode("utf-8", "ignore").decode().translate(_CONTROLS).strip()


def _number_text(number: int) -> str:
    # Python refuses to write numbers of more than 4,300 digits.
    return str(number) if abs(number) < 10**MAX_ECHO else "…"


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CMZ" and character not in _BLANKS


def checked_size(typed: str | None, model: ModelAbilities) -> tuple[AnySize, str | None]:
    """Return the size, and the aspect ratio that was typed if the size visibly has another one."""
    if not typed or not typed.strip():
        return model.default_size, None
    size = parse_size(typed)
    if model.accepts_size(size):
        return size, None
    if (ratio := parse_ratio(typed)) and (nearest := model.nearest_size(ratio)):
        value = ratio_of(nearest)
        return nearest, None if value is None or ratio.looks_like(value) else ratio.name
    raise WrongSize(size=str(size)[:MAX_ECHO], model=model.name, **model.allowed_sizes)


def checked_choice(option: WordOption, typed: str | None, model: ModelAbilities) -> str | None:
    """Return the word in the model's spelling; None if the model decides."""
    word, words = (typed or "").strip(), model.allowed_words(option)
    if not word:
        return None
    if words == ():
        raise OptionNotTaken(option=option, model=model.name)
    if not (spelled := spelled_word(word, words)):
        allowed = (
            f"any word up to {MAX_FREE_WORD} characters" if words is None else ", ".join(words)
        )
        raise WrongChoice(option=option, value=word[:MAX_ECHO], model=model.name, allowed=allowed)
    return None if spelled.casefold() == AUTO else spelled


def spelled_word(word: str, words: Iterable[str] | None) -> str | None:
    """Return a word as the model spells it, None if it is none of its words."""
    if words is None:
        fits = len(word) <= MAX_FREE_WORD and word.isprintable() and any(map(_is_visible, word))
        return word if fits else None
    return next((known for known in words if known.casefold() == word.casefold()), None)


def checked_seed(
    seed: int | None, model: ModelAbilities, *, among: Iterable[ModelAbilities]
) -> int | None:
    """Return the seed; a refusal names those ``among`` the models that take one."""
    if seed is None:
        return None
    if model.seed is None:
        raise _not_taken("seed", model, among)
    if not model.seed.accepts(seed):
        raise WrongNumber(
            option="seed", value=_number_text(seed), least="0", most=str(model.seed.max)
        )
    return seed


def checked_negative(
    typed: str | None, model: ModelAbilities, *, among: Iterable[ModelAbilities]
) -> str | None:
    """Return the negative prompt, None without a visible character."""
    text = _cleaned(typed or "")
    if not any(map(_is_visible, text)):
        return None
    if model.negative is None:
        raise _not_taken("negative", model, among)
    if not model.negative.accepts(text):
        raise NegativeTooLong(model=model.name, limit=model.negative.max, length=len(text))
    return text


def checked_strength(
    strength: int | None,
    model: ModelAbilities,
    *,
    references: int,
    among: Iterable[ModelAbilities],
) -> int | None:
    """Return the strength, which applies to the first of so many reference pictures."""
    if strength is None:
        return None
    if model.strength is None:
        raise _not_taken("strength", model, among)
    if not 1 <= strength <= MAX_STRENGTH:
        raise WrongNumber(
            option="strength", value=_number_text(strength), least="1", most=str(MAX_STRENGTH)
        )
    if references <= 0:
        raise StrengthWithoutReference
    return strength


def check_beside_references(request: ImageRequest, model: ModelAbilities) -> None:
    """Refuse options that the model does not take together with reference pictures."""
    for option in model.references.excludes if model.references else ():
        if getattr(request, option) is not None:
            raise OptionBesideReference(option=option, model=model.name)


def _not_taken(
    option: ValueOption, model: ModelAbilities, among: Iterable[ModelAbilities]
) -> OptionNotTaken:
    able = (other for other in among if other.has_option(option))
    return OptionNotTaken(option=option, model=model.name, allowed=model_names(able))
