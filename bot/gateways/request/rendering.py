"""Turn a filled template into the parts of a body: JSON, or a multipart form with JSON parts."""

import json
from collections.abc import Iterable, Iterator, Mapping
from secrets import token_hex

import msgspec

from bot.gateways.request.body import Base64Content, BodyPart, FileContent, RequestBody
from bot.gateways.request.template import StreamedText, TemplatePicture

_CRLF = b"\r\n"


def json_body(tree: Mapping[str, object]) -> RequestBody:
    """Return a JSON body; its pictures are read while it is sent."""
    return RequestBody(tuple(_joined(_json(tree))))


def form_body(tree: Mapping[str, object]) -> RequestBody:
    """Return a form: pictures are files, tables are parts of JSON, lists are repeated parts."""
    boundary = f"easel-{token_hex(16)}"
    parts = _joined(_form(tree, f"--{boundary}\r\n"))
    end = f"--{boundary}--\r\n".encode()
    return RequestBody((*parts, end), f"multipart/form-data; boundary={boundary}")


def form_file(
    delimiter: str, name: str, stem: str, format_: str, content: FileContent
) -> Iterator[BodyPart]:
    """Yield the part of a form that holds a picture's file."""
    disposition = f'form-data; name="{name}"; filename="{stem}.{format_}"'
    content_type = f"Content-Type: image/{format_}"
    yield f"{delimiter}Content-Disposition: {disposition}\r\n{content_type}\r\n\r\n".encode()
    yield content
    yield _CRLF


def field_text(value: object) -> str:
    """Return a value as text, for a form or a gateway that accepts only strings."""
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _joined(parts: Iterable[BodyPart]) -> Iterator[BodyPart]:
    """Join neighbouring bytes, so that they leave in one piece."""
    text = bytearray()
    for part in parts:
        if isinstance(part, bytes):
            text += part
        else:
            yield bytes(text)
            text.clear()
            yield part
    yield bytes(text)


# --- JSON ---------------------------------------------------------------------------------------


def _json(node: object) -> Iterator[BodyPart]:
    if isinstance(node, Mapping):
        for number, (key, value) in enumerate(node.items()):
            yield (b"," if number else b"{") + _encoded(key) + b":"
            yield from _json(value)
        yield b"}" if node else b"{}"
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield b"," if number else b"["
            yield from _json(value)
        yield b"]" if node else b"[]"
    elif isinstance(node, StreamedText):
        yield b'"'
        for piece in node.pieces:
            yield piece if isinstance(piece, Base64Content) else _encoded(piece)[1:-1]
        yield b'"'
    else:
        yield _encoded(node)


def _encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # a lone surrogate, which JSON can only escape
        return json.dumps(value).encode()


# --- multipart form -----------------------------------------------------------------------------


def _form(tree: Mapping[str, object], delimiter: str) -> Iterator[BodyPart]:
    for name, value in tree.items():
        for one in value if isinstance(value, list) else [value]:
            yield from _form_part(delimiter, name, one)


def _form_part(delimiter: str, name: str, value: object) -> Iterator[BodyPart]:
    if isinstance(value, TemplatePicture):
        yield from form_file(delimiter, name, value.stem, value.format, value.content)
        return
    is_json = isinstance(value, Mapping | list)
    content_type = "Content-Type: application/json\r\n" if is_json else ""
    disposition = f'Content-Disposition: form-data; name="{name}"\r\n'
    yield f"{delimiter}{disposition}{content_type}\r\n".encode()
    yield from _json(value) if is_json else _plain(value)
    yield _CRLF


def _plain(value: object) -> Iterator[BodyPart]:
    pieces = value.pieces if isinstance(value, StreamedText) else (field_text(value),)
    for piece in pieces:
        yield piece.encode("utf-8", "replace") if isinstance(piece, str) else piece
