"""Styles as a JSON file: read strictly, all of it or nothing, and written.

Example pictures are not in it: the file stays short enough to be read and edited.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

import msgspec

from bot.core.errors.base import Refusal
from bot.core.models import ImageOptions
from bot.preferences.server_styles import MAX_STYLES, ServerStyle, StylesFull

STYLES_FILE = "easel-styles.json"
MAX_FILE_MEGABYTES = 2  # a hundred styles with the longest prompts
_EXAMPLES = "example_styles.json"

_UNKNOWN_FIELD = re.compile(r"unknown field `(?P<field>.*?)`(?: - at `\$[\w.\[\]]*`)?$", re.DOTALL)
_MISSING_FIELD = re.compile(r"missing required field `(?P<field>[^`]*)`")
_PATH = re.compile(r"`\$(?P<path>[^`]*)`$")
_NUMBER = re.compile(r"\[(\d+)\]")
_LAST_FIELD = re.compile(r"\.(\w+)$")


@dataclass(eq=False, kw_only=True)
class StylesFileTooLarge(Refusal):
    """The file has more than ``limit`` megabytes."""

    limit: int
    message_id = "error-styles-file-too-large"


@dataclass(eq=False, kw_only=True)
class StylesFileUnreadable(Refusal):
    """The file is no JSON in UTF-8, or could not be fetched."""

    message_id = "error-styles-file-unreadable"


@dataclass(eq=False, kw_only=True)
class StylesFileUnknownField(Refusal):
    """The file, or its ``number``-th style, has a field that no style has; 0 is the file."""

    field: str
    number: int
    message_id = "error-styles-file-unknown-field"


@dataclass(eq=False, kw_only=True)
class StylesFileWrongField(Refusal):
    """A field of the file, or of its ``number``-th style, is missing or wrong; 0 is the file."""

    field: str
    number: int
    message_id = "error-styles-file-wrong-field"


@dataclass(eq=False, kw_only=True)
class StyleTwice(Refusal):
    """Two styles of the file have the same name."""

    name: str
    message_id = "error-style-twice"


@dataclass(eq=False, kw_only=True)
class StyleNotPaintable(Refusal):
    """No model here takes the options of a style in a file."""

    name: str
    message_id = "error-style-not-paintable"


class _Entry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    name: str
    prompt: str
    model: str | None = None
    size: str | None = None
    n: int | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    negative: str | None = None
    strength: int | None = None

    @property
    def options(self) -> ImageOptions:
        return ImageOptions(
            prompt=self.prompt,
            model=self.model,
            size=self.size,
            n=self.n,
            quality=self.quality,
            style=self.style,
            background=self.background,
            negative=self.negative,
            strength=self.strength,
        )


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    version: Literal[1]
    styles: list[_Entry]


def check_file_size(size: int) -> None:
    """Raise StylesFileTooLarge for a file of so many bytes."""
    if size > MAX_FILE_MEGABYTES * 1_000_000:
        raise StylesFileTooLarge(limit=MAX_FILE_MEGABYTES)


def parse_styles(data: bytes) -> tuple[ServerStyle, ...]:
    """Return the styles of a file; it blocks for some milliseconds.

    Raises:
        Refusal: something of it is wrong; the sentence says what.
    """
    check_file_size(len(data))
    try:
        file = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_File)
    except msgspec.ValidationError as wrong:
        raise _refusal(str(wrong)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise StylesFileUnreadable from None
    if len(file.styles) > MAX_STYLES:
        raise StylesFull(limit=MAX_STYLES)
    styles = tuple(ServerStyle.of(entry.name, entry.options) for entry in file.styles)
    seen = set[str]()
    for style in styles:
        if style.key in seen:
            raise StyleTwice(name=style.name)
        seen.add(style.key)
    return styles


def write_styles(styles: Iterable[ServerStyle]) -> bytes:
    """Return a file that ``parse_styles`` reads, without the example pictures."""
    entries = []
    for style in styles:
        options = style.options
        entries.append(
            _Entry(
                name=style.name,
                prompt=options.prompt or "",
                model=options.model,
                size=options.size,
                n=options.n,
                quality=options.quality,
                style=options.style,
                background=options.background,
                negative=options.negative,
                strength=options.strength,
            )
        )
    return msgspec.json.format(msgspec.json.encode(_File(1, entries)))


def example_styles() -> tuple[ServerStyle, ...]:
    """Return the styles that come with Easel."""
    return parse_styles((files("bot.preferences") / _EXAMPLES).read_bytes())


def _refusal(wrong: str) -> Refusal:
    path = _PATH.search(wrong)
    at = "" if path is None else path["path"]
    index = _NUMBER.search(at)
    number = int(index[1]) + 1 if index else 0
    if unknown := _UNKNOWN_FIELD.search(wrong):
        return StylesFileUnknownField(field=unknown["field"], number=number)
    missing, last = _MISSING_FIELD.search(wrong), _LAST_FIELD.search(at)
    field = missing["field"] if missing else last[1] if last else ""
    return StylesFileWrongField(field=field, number=number)
