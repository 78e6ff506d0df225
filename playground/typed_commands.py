"""Reads a typed command, such as ``/imagine a boat n: 4``, as Discord's composer does.

SimCord's page takes a command only from its list, and sends a typed one as a chat message. The
grammar here knows no command: it reads what the bot registered, as the page's catalogue tells it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

Json = dict[str, Any]
Values = dict[str, str | bool]
Names = Mapping[str, Mapping[str, int]]
"""The ids of people, roles and channels, by kind and name."""

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_KINDS = {
    "user": ("user",),
    "role": ("role",),
    "channel": ("channel",),
    "mentionable": ("user", "role"),
}
_ID = re.compile(r"<?[@#]?[!&]?(\d{15,20})>?")
# What looks like the name of an option: a word that a colon follows at once.
_LABEL = re.compile(r"(?:^|(?<=\s))([a-z][a-z0-9_-]*):(?![:/])")
_MIN_GUESS_LENGTH = 3
_SIMILAR = 0.75


class NotUnderstood(Exception):
    """A typed command that cannot be run; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """A command of the catalogue and the values of its options, as the page would send them."""

    entry: Json
    options: Values


def read_command(text: str, entries: Sequence[Json], names: Names) -> TypedCommand | None:
    """Return the command that a text is, or None where it is a chat message.

    Raises:
        NotUnderstood: it begins with a slash, but cannot be run.
    """
    if not text.startswith("/"):
        return None
    entry, rest = _find(text[1:], entries)
    first = next((option for option in entry["options"] if option["required"]), None)
    bare, written = _split(rest, entry)
    _check_labels(rest, entry)
    if bare:
        if first is None or first["name"] in written:
            _refuse_bare(bare, entry)
        written = {first["name"]: bare} | written
    return TypedCommand(entry, _values(written, entry, names))


def read_options(entry: Json, options: Mapping[str, object], names: Names) -> dict[str, object]:
    """Return the options of a command from the list, with those typed into another one's text.

    Raises:
        NotUnderstood: what was typed there cannot be understood.
    """
    found: dict[str, object] = dict(options)
    for option in entry["options"]:
        text = options.get(option["name"])
        if not _is_free_text(option) or not isinstance(text, str):
            continue
        bare, written = _split(text, entry)
        _check_spelling(text, entry)
        if not written:
            continue
        if bare:
            written = {option["name"]: bare} | written
        for name in written:
            if name != option["name"] and name in options:
                raise NotUnderstood(f"{name}: is there twice, so please take one of them out.")
        del found[option["name"]]
        found |= _values(written, entry, names, besides=frozenset(found))
    return found


# --- the command ------------------------------------------------------------------------------


def _find(text: str, entries: Sequence[Json]) -> tuple[Json, str]:
    """Return the command with the longest name that the text begins with, and the rest."""
    words = text.split()
    by_name = {str(entry["invocation"]): entry for entry in entries}
    for length in range(min(len(words), 3), 0, -1):
        name = " ".join(words[:length])
        if name in by_name:
            rest = text.split(maxsplit=length)[length:]
            return by_name[name], rest[0].strip() if rest else ""
    root = words[0] if words else ""
    if group := [name for name in by_name if name.startswith(f"{root} ")]:
        raise NotUnderstood(
            f"/{root} is a group of commands, so please send one of them: "
            f"{_listed([f'/{name}' for name in group])}."
        )
    both = " ".join(words[:2])
    if likely := get_close_matches(both, by_name, 1) or get_close_matches(root, by_name, 1):
        raise NotUnderstood(f"You have no command /{root} here; did you mean /{likely[0]}?")
    raise NotUnderstood(
        f"You have no command /{root} here: type / to see yours, or become another member above."
    )


# --- the text ---------------------------------------------------------------------------------


def _split(text: str, entry: Json) -> tuple[str, dict[str, str]]:
    """Return what stands before the first option, and the text of each."""
    options = {str(option["name"]) for option in entry["options"]}
    marks = [mark for mark in _LABEL.finditer(text) if mark[1] in options]
    written: dict[str, str] = {}
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        if mark[1] in written:
            raise NotUnderstood(f"{mark[1]}: is there twice, so please take one of them out.")
        written[mark[1]] = text[mark.end() : end].strip()
    return text[: marks[0].start()].strip() if marks else text.strip(), written


def _check_labels(text: str, entry: Json) -> None:
    """Refuse what was meant as an option, but is none; a sentence with a colon is not."""
    _check_spelling(text, entry)
    options = [str(option["name"]) for option in entry["options"]]
    first = _LABEL.match(text)
    if first and first[1] not in options:
        raise NotUnderstood(
            f"/{entry['invocation']} has no option {first[1]}: {_takes(entry)}; "
            "in a text, please write it without the colon."
        )


def _check_spelling(text: str, entry: Json) -> None:
    """Refuse what looks like the name of an option with a letter wrong."""
    options = [str(option["name"]) for option in entry["options"]]
    for mark in _LABEL.finditer(text):
        name = mark[1]
        if name in options or len(name) < _MIN_GUESS_LENGTH:
            continue
        if similar := get_close_matches(name, options, 1, _SIMILAR):
            raise NotUnderstood(
                f"/{entry['invocation']} has no option {name}: did you mean {similar[0]}: ?"
            )


def _refuse_bare(bare: str, entry: Json) -> NoReturn:
    raise NotUnderstood(
        f"“{_shortened(bare)}” belongs to no option of /{entry['invocation']}: {_takes(entry)}."
    )


def _takes(entry: Json) -> str:
    options = [f"{option['name']}:" for option in entry["options"]]
    return f"it takes {_listed(options)}" if options else "please send it without anything after it"


# --- the values -------------------------------------------------------------------------------


def _values(
    written: Mapping[str, str], entry: Json, names: Names, *, besides: frozenset[str] = frozenset()
) -> Values:
    by_name = {str(option["name"]): option for option in entry["options"]}
    missing = [
        f"{name}: ({option['description']})"
        for name, option in by_name.items()
        if option["required"] and name not in besides and not written.get(name)
    ]
    if missing:
        raise NotUnderstood(
            f"/{entry['invocation']} still needs {_listed(missing)}, so please add it."
        )
    return {name: _value(by_name[name], text, names) for name, text in written.items() if text}


def _value(option: Json, text: str, names: Names) -> str | bool:
    name, kind = option["name"], option["type"]
    if kind == "attachment":
        raise NotUnderstood(
            f"{name}: is a file, which cannot be typed: please choose the command from the list, "
            f"then {name}."
        )
    if kind in _KINDS:
        return _entity(option, text, names)
    if kind == "boolean":
        if text.lower() not in _TRUTH:
            raise NotUnderstood(f"{name}: is either True or False, so please write one of them.")
        return _TRUTH[text.lower()]
    if option["choices"] and not option["autocomplete"]:
        return _choice(option, text)
    if kind in ("integer", "number"):
        return _number(option, text)
    return _text(option, text)


def _choice(option: Json, text: str) -> str:
    for choice in option["choices"]:
        if text.casefold() in (str(choice["name"]).casefold(), str(choice["value"]).casefold()):
            return str(choice["value"])
    offered = _listed([str(choice["name"]) for choice in option["choices"]], last="or")
    raise NotUnderstood(f"{option['name']}: is {offered}, so please write one of them.")


def _number(option: Json, text: str) -> str:
    whole = option["type"] == "integer"
    least, most = option["minValue"], option["maxValue"]
    pattern = r"-?(0|[1-9]\d{0,14})" if whole else r"-?\d{1,15}(\.\d{1,15})?"
    if re.fullmatch(pattern, text):
        value = float(text)
        if (least is None or value >= least) and (most is None or value <= most):
            return text
    span = f" from {least} to {most}" if least is not None and most is not None else ""
    kind = "whole number" if whole else "number"
    raise NotUnderstood(
        f"{option['name']}: is a {kind}{span}, so “{_shortened(text)}” cannot be used."
    )


def _text(option: Json, text: str) -> str:
    least, most = option["minLength"] or 0, option["maxLength"]
    if len(text) < least:
        raise NotUnderstood(f"{option['name']}: needs at least {least} characters.")
    if most is not None and len(text) > most:
        raise NotUnderstood(
            f"{option['name']}: takes {most} characters at most, so please shorten it."
        )
    return text


def _entity(option: Json, text: str, names: Names) -> str:
    known = {name: id_ for kind in _KINDS[option["type"]] for name, id_ in names[kind].items()}
    wanted = text.lstrip("@#").casefold()
    for name, id_ in known.items():
        if name.casefold() == wanted or name.lstrip("@").casefold() == wanted:
            return str(id_)
    if (found := _ID.fullmatch(text)) and int(found[1]) in known.values():
        return found[1]
    offered = _listed(list(known), last="or")
    raise NotUnderstood(
        f"{option['name']}: is {offered} here, so “{_shortened(text)}” cannot be used."
    )


def _is_free_text(option: Json) -> bool:
    return bool(option["type"] == "string" and not option["choices"] and not option["autocomplete"])


def _listed(words: Sequence[str], *, last: str = "and") -> str:
    *most, final = words
    return f"{', '.join(most)} {last} {final}" if most else final


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
