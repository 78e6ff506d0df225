"""Check a template at the start: every mistake is the end of a sentence that names its key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from bot.gateways.request.template import (
    How,
    PictureName,
    Placeholder,
    TextPart,
    ValueName,
    WrongTemplate,
    parse_text,
)

_ALWAYS_THERE: frozenset[str] = frozenset({"prompt", "model", "n", "task", "button"})


@dataclass(frozen=True, slots=True)
class TemplateRules:
    """What a template may hold: pictures, and files only in a form; the prompt may be missing."""

    pictures: frozenset[str] = frozenset()
    form: bool = False
    may_lack_prompt: bool = False


def template_errors(node: object, rules: TemplateRules, *, key: str) -> Iterator[str]:
    """Yield each error of a template as the end of a sentence; ``key`` is where it stands."""
    if not isinstance(node, Mapping):
        yield from _errors(node, rules, key, in_list=False)
        return
    inside = replace(rules, form=False)  # of a field, which is a part of JSON
    for name, value in node.items():
        inner = inside if isinstance(value, Mapping) else rules
        yield from _errors(value, inner, f"{key}.{name}", in_list=False)


def _errors(node: object, rules: TemplateRules, key: str, *, in_list: bool) -> Iterator[str]:
    if isinstance(node, str):
        yield from (f"{key}: {wrong}" for wrong in _text_errors(node, rules, in_list=in_list))
    elif isinstance(node, Mapping):
        for name, value in node.items():
            yield from _errors(value, rules, f"{key}.{name}", in_list=in_list)
    elif isinstance(node, list):
        for value in node:
            inner = rules if isinstance(value, str) else replace(rules, form=False)
            yield from _errors(value, inner, key, in_list=True)


def _text_errors(text: str, rules: TemplateRules, *, in_list: bool) -> Iterator[str]:
    try:
        parts = parse_text(text)
    except WrongTemplate as wrong:
        yield str(wrong)
        return
    is_alone = sum(len(part.pieces) for part in parts) == 1
    for part in parts:
        for piece in part.pieces:
            if isinstance(piece, Placeholder):
                yield from _placeholder_errors(piece, rules)
                yield from _place_errors(piece, part, rules, is_alone=is_alone, in_list=in_list)


def _placeholder_errors(one: Placeholder, rules: TemplateRules) -> Iterator[str]:
    if one.name in get_args(ValueName):
        if one.how:
            yield f"{one} is no picture: write {{{one.name}}}"
    elif one.name not in get_args(PictureName):
        known = ", ".join((*get_args(ValueName), *get_args(PictureName)))
        yield f"{one} is no placeholder: known are {known}"
    elif one.name not in rules.pictures:
        yield f"{one} is a picture, which this request does not have"
    elif one.how not in get_args(How):
        yield f"{one} must say how it is sent: {{{one.name}:address}}, data, base64 or file"
    elif one.how == "file" and not rules.form:
        yield f"{one} is a file, which must be a field of a form: form = true"


def _place_errors(
    one: Placeholder, part: TextPart, rules: TemplateRules, *, is_alone: bool, in_list: bool
) -> Iterator[str]:
    if one.name == "images" and not in_list:
        yield f"{one} stands for several pictures: it must be inside of a list"
    if one.how == "file" and not is_alone:
        yield f"{one} is a file, which must stand alone"
    is_certain = one.name in _ALWAYS_THERE or one.name in get_args(PictureName)
    if one.name == "prompt" and rules.may_lack_prompt:
        is_certain = False
    if not (is_certain or is_alone or part.is_optional):
        yield f"{one} may be missing: put it and the words around it in square brackets"
