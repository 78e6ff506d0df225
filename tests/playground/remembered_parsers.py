"""Build SimCord's Markdown parsers once: its page builds one for each text of each message."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from simcord.preview import _markdown

Policy = Mapping[str, bool | str]


@contextmanager
def remembered_parsers() -> Iterator[None]:
    """Let the texts of one kind of field share a parser; they are parsed one after another."""
    build: Callable[[Policy, Mapping[str, Any]], Any] = _markdown._markdown_parser
    parsers: dict[int, Any] = {}  # by the field's policy, of which SimCord has a table
    current: dict[str, Any] = {}  # what the text that is parsed now may mention

    def remembered(policy: Policy, context: Mapping[str, Any]) -> Any:
        current.clear()
        current.update(context)
        if id(policy) not in parsers:
            parsers[id(policy)] = build(policy, current)
        return parsers[id(policy)]

    with patch.object(_markdown, "_markdown_parser", remembered):
        yield
