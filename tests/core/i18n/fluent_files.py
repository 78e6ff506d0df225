"""The Fluent files of a language: their messages, the facts they show, and their cases."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from fluent.runtime import FluentResource
from fluent.syntax.ast import (
    EntryType,
    Identifier,
    Message,
    MessageReference,
    Pattern,
    SelectExpression,
    TextElement,
    VariableReference,
)
from fluent.syntax.visitor import Visitor

from bot.core.i18n import texts

FOLDER = Path(texts.__file__).parent
# How many there are of something is told apart by each language in its own way.
_PLURALS = re.compile("zero|one|two|few|many|other|1")


@dataclass
class Entry(Visitor):
    """One message or attribute: the facts it tells, the cases it knows, and its own words."""

    pattern: Pattern
    told: set[str] = field(default_factory=set)
    cases: dict[str, set[str]] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    words: str = ""

    def __post_init__(self) -> None:
        self.visit(self.pattern)

    @property
    def asked(self) -> set[str]:
        """Return the facts that it needs."""
        return self.told | set(self.cases)

    def visit_SelectExpression(self, node: SelectExpression) -> None:  # noqa: N802 - Fluent's name
        """Note which cases of a fact are told apart."""
        assert isinstance(node.selector, VariableReference)
        known = self.cases.setdefault(node.selector.id.name, set())
        for variant in node.variants:
            key = variant.key
            name = key.name if isinstance(key, Identifier) else key.value
            if not _PLURALS.fullmatch(name):
                known.add(name)
            self.visit(variant.value)

    def visit_VariableReference(self, node: VariableReference) -> None:  # noqa: N802
        """Note a fact that is shown."""
        self.told.add(node.id.name)

    def visit_MessageReference(self, node: MessageReference) -> None:  # noqa: N802
        """Note another message that is shown in this one."""
        self.references.add(node.id.name)

    def visit_TextElement(self, node: TextElement) -> None:  # noqa: N802
        """Collect the words."""
        self.words += node.value


Messages = Mapping[str, Entry]
"""Everything that a language says, by id; an attribute as ``message.attribute``."""


def files(locale: str) -> dict[str, Path]:
    """Return a language's files by name."""
    return {file.name: file for file in sorted((FOLDER / locale).glob("*.ftl"))}


def parts(file: Path) -> list[EntryType]:
    """Return the entries of a file, unreadable ones included."""
    return list(FluentResource(file.read_text(encoding="utf-8")).body)


def messages(file: Path) -> Iterator[Message]:
    """Return the messages of a file."""
    yield from (part for part in parts(file) if isinstance(part, Message))


@cache
def read_messages(locale: str) -> Messages:
    """Read all files of a language."""
    return dict(each for file in files(locale).values() for each in entries(file))


def entries(file: Path) -> Iterator[tuple[str, Entry]]:
    """Return the messages and attributes of a file by their ids."""
    for message in messages(file):
        if message.value is not None:
            yield message.id.name, Entry(message.value)
        for attribute in message.attributes:
            yield f"{message.id.name}.{attribute.id.name}", Entry(attribute.value)


def whole(read_messages: Messages, message_id: str) -> tuple[set[str], dict[str, set[str]]]:
    """Return the facts and cases of a message and of those that it shows."""
    entry = read_messages[message_id]
    told, cases = set(entry.told), {name: set(known) for name, known in entry.cases.items()}
    for reference in entry.references:
        more_told, more_cases = whole(read_messages, reference)
        told |= more_told
        for name, known in more_cases.items():
            cases.setdefault(name, set()).update(known)
    return told, cases
