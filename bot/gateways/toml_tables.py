"""Read TOML tables into frozen dataclasses; an invalid table raises StartRefused."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from bot.core.errors.base import StartRefused

_T = TypeVar("_T")

TomlTable = Mapping[str, object]


def read_sections(text: str, *, file: str, section: str) -> dict[str, TomlTable]:
    """Return every ``[section.NAME]`` of a TOML text by its name, in order."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise StartRefused(f"{file} is not valid TOML: {wrong}.") from wrong
    if unknown := sorted(document.keys() - {section}):
        raise StartRefused(
            f"{file} has an unknown key {unknown[0]}: it holds only tables [{section}.NAME]."
        )
    tables = as_table(document.get(section, {}), where=f"{file}, {section}")
    return {
        name: as_table(table, where=f"{file}, [{section}.{name}]") for name, table in tables.items()
    }


def read_table(table: object, kind: type[_T], *, where: str, **given: object) -> _T:
    """Convert a table to the dataclass ``kind``; ``given`` are fields that the file may not set.

    A field whose metadata contains ``key`` has that key in the file. Nested tables are checked
    first, so that an error message names the nested table.
    """
    table = as_table(table, where=where)
    names = {key: name for name, key in _keys(kind) if name not in given}
    if unknown := sorted(table.keys() - names):
        raise StartRefused(
            f"{where} has an unknown key {unknown[0]}: known are {', '.join(sorted(names))}."
        )
    nested = _nested_kinds(kind)
    for key in table.keys() & {key for key, name in names.items() if name in nested}:
        read_table(table[key], nested[names[key]], where=f"{where} {key}")
    named = {names[key]: value for key, value in table.items()}
    try:
        return msgspec.convert({**named, **given}, kind)
    except msgspec.ValidationError as wrong:
        raise StartRefused(f"{where} is wrong: {_in_keys(str(wrong), names)}.") from wrong


def as_table(value: object, *, where: str) -> TomlTable:
    """Return a table; raise StartRefused for anything else."""
    if not isinstance(value, dict):
        raise StartRefused(f"{where} must be a table.")
    return value


def _keys(kind: type[object]) -> Iterator[tuple[str, str]]:
    """Yield the name of each field and its key in the file."""
    for field in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
        yield field.name, field.metadata.get("key", field.name)


def _nested_kinds(kind: type[object]) -> dict[str, type[Any]]:  # Any: dataclasses of all kinds
    """Return the dataclasses of the fields that are nested tables, by the fields' names."""
    hints = get_type_hints(kind)
    return {
        name: inner
        for name, hint in hints.items()
        for inner in (hint, *get_args(hint))
        if is_dataclass(inner) and isinstance(inner, type)
    }


def _in_keys(words: str, names: Mapping[str, str]) -> str:
    for key, name in names.items():
        words = words.replace(f"`$.{name}`", f"`{key}`").replace(f"`$.{name}[", f"`{key}[")
    return words
