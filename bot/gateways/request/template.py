"""The template of a request's body: a tree whose texts hold placeholders such as ``{prompt}``.

A text that is one placeholder has the placeholder's value and type; without a value its key, or its
element of a list, is left out, and so is a table or list that becomes empty. In a longer text the
part in square brackets is left out where a value in it is missing. ``{{``, ``}}``, ``[[`` and
``]]`` stand for the characters themselves. Nothing is evaluated, and no value is parsed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, cast

from bot.gateways.request.body import Base64Content, FileContent

ValueName = Literal[
    "prompt",
    "model",
    "size",
    "ratio",
    "width",
    "height",
    "n",
    "seed",
    "negative",
    "quality",
    "style",
    "background",
    "strength",
    "user",
    "moderation",
    "output_format",
    "output_compression",
    "stream",
    "partial_images",
    "task",
    "button",
]
PictureName = Literal["image", "image2", "image3", "images", "mask", "mask-white", "mask-black"]
How = Literal["address", "data", "base64", "file"]
"""How a picture is sent: its address (else a data URI), a data URI, bare base64, or a file."""

MASK_NAMES: tuple[PictureName, ...] = ("mask", "mask-white", "mask-black")
IMAGE_NAMES: tuple[PictureName, ...] = ("image", "image2", "image3")
"""The first pictures, one by one."""
_MARK = re.compile(r"\{\{|\}\}|\[\[|\]\]|\{([\w-]+)(?::(\w*))?\}|[\[\]{}]")


class WrongTemplate(Exception):
    """A text of a template cannot be parsed; the message is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A place for a value, or for a picture if it says how."""

    name: str
    how: str = ""

    def __str__(self) -> str:
        return f"{{{self.name}:{self.how}}}" if self.how else f"{{{self.name}}}"


Piece = str | Placeholder


@dataclass(frozen=True, slots=True)
class TextPart:
    """A part of a text; an optional one is left out where a value in it is missing."""

    pieces: tuple[Piece, ...]
    is_optional: bool


@dataclass(frozen=True, slots=True)
class TemplatePicture:
    """A picture that a template may hold; ``stem`` is the name of its file in a form."""

    stem: str
    format: str
    content: FileContent
    address: str | None = None


@dataclass(frozen=True, slots=True)
class StreamedText:
    """A text with pictures in base64, which are read while it is sent."""

    pieces: tuple[str | Base64Content, ...]


@dataclass(frozen=True, slots=True)
class TemplateValues:
    """What placeholders stand for; a value that is None is missing.

    ``masks`` holds the mask in each way in which it was prepared.
    """

    values: Mapping[str, object]
    images: tuple[TemplatePicture, ...] = ()
    masks: Mapping[str, TemplatePicture] = field(default_factory=dict)
    each: TemplatePicture | None = None  # of the images, in an element that is repeated

    def picture(self, name: str) -> TemplatePicture | None:
        """Return the picture of a placeholder, None if there is none."""
        if name == "images":
            return self.each
        if name not in IMAGE_NAMES:
            return self.masks.get(name)
        place = IMAGE_NAMES.index(name)
        return self.images[place] if place < len(self.images) else None


class _Missing:
    """The value of what is left out."""


_MISSING = _Missing()


# --- parse --------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def parse_text(text: str) -> tuple[TextPart, ...]:
    """Return the parts of a text; raise WrongTemplate if a bracket or brace is none."""
    parts: list[TextPart] = []
    pieces: list[Piece] = []
    is_optional = False

    def end_part() -> None:
        if pieces:
            parts.append(TextPart(tuple(pieces), is_optional))
            pieces.clear()

    for piece in _marked(text):
        if piece is _OPEN or piece is _CLOSE:
            if is_optional is (piece is _OPEN):
                raise WrongTemplate("square brackets must close, and hold no others; [[ is a [")
            if is_optional and not any(isinstance(one, Placeholder) for one in pieces):
                raise WrongTemplate("square brackets must hold a placeholder; [[ is a [")
            end_part()
            is_optional = piece is _OPEN
        else:
            pieces.append(cast("Piece", piece))
    if is_optional:
        raise WrongTemplate("a square bracket is not closed; [[ is a [")
    end_part()
    return tuple(parts)


_OPEN, _CLOSE = object(), object()


def _marked(text: str) -> Iterator[object]:
    """Yield texts, placeholders, and the brackets of optional parts."""
    end = 0
    for found in _MARK.finditer(text):
        if found.start() > end:
            yield text[end : found.start()]
        end = found.end()
        mark = found[0]
        if found[1]:
            yield Placeholder(found[1], found[2] or "")
        elif mark in ("{", "}"):
            raise WrongTemplate(f"a single {mark} is no placeholder; {mark * 2} is a {mark}")
        elif mark in ("[", "]"):
            yield _OPEN if mark == "[" else _CLOSE
        else:
            yield mark[0]
    if end < len(text):
        yield text[end:]


def placeholder_names(node: object) -> frozenset[str]:
    """Return the names of the placeholders of a template; raise WrongTemplate if it is none."""
    pieces = (piece for text in _texts(node) for piece in _pieces(parse_text(text)))
    return frozenset(piece.name for piece in pieces if isinstance(piece, Placeholder))


def _texts(node: object, *, into_lists: bool = True) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for value in node.values():
            yield from _texts(value, into_lists=into_lists)
    elif isinstance(node, list) and into_lists:
        for value in node:
            yield from _texts(value)


def _pieces(parts: Iterable[TextPart]) -> Iterator[Piece]:
    for part in parts:
        yield from part.pieces


# --- fill ---------------------------------------------------------------------------------------


def fill_template(node: Mapping[str, object], given: TemplateValues) -> dict[str, object]:
    """Return the tree with the values; its pictures are StreamedText, or TemplatePicture as files.

    ``node`` is a template without errors.
    """
    return _filled_table(node, given)


def fill_text(text: str, values: Mapping[str, object]) -> str:
    """Return a text without pictures with its values; missing ones leave nothing."""
    filled = _filled_text(parse_text(text), TemplateValues(values))
    return filled if isinstance(filled, str) else ""


def merge_templates(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Return a template with another one laid over it, table by table."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = merge_templates(under, value) if both else value  # type: ignore[arg-type]  # both are tables
    return merged


def _filled(node: object, given: TemplateValues) -> object:
    if isinstance(node, str):
        return _filled_leaf(node, given)
    if isinstance(node, Mapping):
        table = _filled_table(node, given)
        return table if table or not node else _MISSING
    if isinstance(node, list):
        elements = [one for each in node for one in _filled_elements(each, given)]
        return elements if elements or not node else _MISSING
    return node


def _filled_table(node: Mapping[str, object], given: TemplateValues) -> dict[str, object]:
    filled = ((key, _filled(value, given)) for key, value in node.items())
    return {key: value for key, value in filled if value is not _MISSING}


def _filled_elements(element: object, given: TemplateValues) -> Iterator[object]:
    """Yield an element of a list, once for each picture if it holds ``{images}``."""
    repeats = any(
        isinstance(piece, Placeholder) and piece.name == "images"
        for text in _texts(element, into_lists=False)
        for piece in _pieces(parse_text(text))
    )
    for one in [replace(given, each=picture) for picture in given.images] if repeats else [given]:
        filled = _filled(element, one)
        if filled is not _MISSING:
            yield filled


def _filled_leaf(text: str, given: TemplateValues) -> object:
    parts = parse_text(text)
    match parts:
        case (TextPart((Placeholder() as only,), False),):
            return _value(only, given)
        case ():
            return text
    return _filled_text(parts, given)


def _filled_text(parts: Iterable[TextPart], given: TemplateValues) -> object:
    """Return a text, with pictures in it a StreamedText; missing if no part has its values."""
    pieces: list[str | Base64Content] = []
    for part in parts:
        values = [
            piece if isinstance(piece, str) else _value(piece, given) for piece in part.pieces
        ]
        if _MISSING not in values:
            pieces += [one for value in values for one in _text_pieces(value)]
    if not pieces:
        return _MISSING
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return "".join(texts) if len(texts) == len(pieces) else StreamedText(tuple(pieces))


def _text_pieces(value: object) -> tuple[str | Base64Content, ...]:
    if isinstance(value, StreamedText):
        return value.pieces
    return (str(value).lower() if isinstance(value, bool) else str(value),)


def _value(one: Placeholder, given: TemplateValues) -> object:
    if not one.how:
        value = given.values.get(one.name)
        return _MISSING if value is None else value
    picture = given.picture(one.name)
    return _HOW[one.how](picture) if picture else _MISSING


def _address(picture: TemplatePicture) -> object:
    return picture.address or _data_uri(picture)


def _data_uri(picture: TemplatePicture) -> object:
    head = f"data:image/{picture.format};base64,"
    return StreamedText((head, Base64Content(picture.content)))


def _base64(picture: TemplatePicture) -> object:
    return StreamedText((Base64Content(picture.content),))


def _file(picture: TemplatePicture) -> object:
    return picture


_HOW: Mapping[str, Callable[[TemplatePicture], object]] = {
    "address": _address,
    "data": _data_uri,
    "base64": _base64,
    "file": _file,
}
