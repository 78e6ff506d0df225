"""Multipart forms: their fields in the shapes that JSON would give them."""

import base64
import re
from collections.abc import Mapping

from aiohttp import web
from aiohttp.http import HttpProcessingError

from playground.painter.errors import PainterError, wrong_type

FormPart = str | bytearray | web.FileField
Form = Mapping[str, object]

# OpenAI's clients call one file "image" and several "image[]".
_IMAGES = ("image", "image[]")
_FILES = (*_IMAGES, "mask")
_NUMBERS = ("n", "seed", "partial_images")
_TRUTHS = {"true": True, "false": False}
_BROKEN = (ValueError, LookupError, RuntimeError, HttpProcessingError)  # what aiohttp raises


async def form_parts(request: web.Request) -> list[tuple[str, FormPart]]:
    """Read a form; raises PainterError where it is none, and HTTPRequestEntityTooLarge."""
    try:
        form = await request.post()
    except _BROKEN:
        raise PainterError("We could not parse the form of your request.", None) from None
    # aiohttp's type holds more: it also reads forms without files, as bytes.
    return [(name, value) for name, value in form.items() if not isinstance(value, bytes)]


def form_fields(parts: list[tuple[str, FormPart]]) -> dict[str, object]:
    """Return the fields, the files as data URIs; reads them, so call it in a thread."""
    fields: dict[str, object] = {
        name: _value(name, part) for name, part in parts if name not in _FILES
    }
    if images := [_data_uri(name, part) for name, part in parts if name in _IMAGES]:
        fields["image"] = images
    for name, part in parts:
        if name == "mask":
            fields["mask"] = _data_uri(name, part)
    return fields


def _value(name: str, part: FormPart) -> object:
    if not isinstance(part, str):
        raise wrong_type(name, "a text")
    if name in _NUMBERS and re.fullmatch(r"-?[0-9]{1,20}", part):
        return int(part)
    if name == "strength" and re.fullmatch(r"[01](\.[0-9]{1,10})?", part):
        return float(part)
    return _TRUTHS.get(part, part) if name == "stream" else part


def _data_uri(name: str, part: FormPart) -> str:
    if isinstance(part, str):
        raise wrong_type(name, "a file")
    # The picture says itself what it is.
    return "data:image/png;base64," + base64.b64encode(_bytes(part)).decode()


def _bytes(part: bytearray | web.FileField) -> bytes | bytearray:
    if isinstance(part, bytearray):
        return part
    with part.file:  # aiohttp leaves it open where a client hangs up
        return part.file.read()
