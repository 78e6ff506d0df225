"""The paint request: reads the fields of a body and refuses what OpenAI would refuse."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from playground.painter.errors import (
    FORBIDDEN,
    PainterError,
    PromptDeclinedError,
    missing,
    wrong_type,
    wrong_value,
)
from playground.painter.input_images import data_uris, open_base, open_references

Action = Literal["image_generation", "image_edit"]
ResponseFormat = Literal["b64_json", "url"]
Quality = Literal["low", "medium", "high"]
Fields = Mapping[str, object]

_COMMON = (
    *("model", "prompt", "n", "size", "response_format", "seed", "user", "quality"),
    *("stream", "partial_images", "negative_prompt"),
)

_SMALLEST, _LARGEST = 256, 2048  # pixels on a side
_MAX_PICTURES = 4
_MAX_PARTIAL_IMAGES = 3
_MAX_PROMPT = 32_000  # characters, as gpt-image-1 allows
_MAX_NEGATIVE_PROMPT = 1000
_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class PaintRequest:
    """What one request asks for.

    ``seed`` is None where the painter may choose, ``partial_images`` where nothing is streamed.
    ``base`` is the picture to repaint: it stays where its alpha is full. ``negative_prompt`` names
    what shall not be drawn; ``strength`` is how far to depart from the references, 0 to 1.
    """

    action: Action
    prompt: str
    n: int
    size: tuple[int, int]
    response_format: ResponseFormat
    seed: int | None
    partial_images: int | None
    quality: Quality = "medium"
    references: tuple[Image.Image, ...] = ()
    base: Image.Image | None = None
    negative_prompt: str = ""
    strength: float | None = None

    def seeds(self) -> list[int]:
        """Return one seed for each picture; the first is the one asked for."""
        first = secrets.randbelow(2**31) if self.seed is None else self.seed
        return [first + index for index in range(self.n)]


def read_generation(body: bytes) -> PaintRequest:
    """Read a body, in a thread if it is long; raises PainterError where OpenAI refuses it."""
    fields = _json_object(body)
    _check_names(fields, (*_COMMON, "image"))
    return _paint_request("image_generation", fields, "image")


def read_edit(body: bytes) -> PaintRequest:
    """Read the JSON of an edit: its ``images`` and ``mask`` are objects with an ``image_url``."""
    fields = _json_object(body)
    _check_names(fields, (*_COMMON, "images", "mask", "strength"))
    if isinstance(images := fields.get("images"), list):
        fields["images"] = [_image_url(one, f"images[{i}]") for i, one in enumerate(images)]
    if (mask := fields.get("mask")) is not None:
        fields["mask"] = _image_url(mask, "mask")
    return _edit(fields, "images")


def read_edit_form(fields: Fields) -> PaintRequest:
    """Read the fields of a form, its files as data URIs: a list ``image``, and ``mask``."""
    _check_names(fields, (*_COMMON, "image", "mask", "strength"))
    return _edit(fields, "image")


def _edit(fields: Fields, images: str) -> PaintRequest:
    if not fields.get(images):
        raise missing(images)
    return _paint_request("image_edit", fields, images)


def _paint_request(action: Action, fields: Fields, images: str) -> PaintRequest:
    """Build a request from fields; ``images`` is the name of the one with the data URIs."""
    for name in ("model", "user"):
        if not isinstance(fields.get(name, ""), str):
            raise wrong_type(name, "a string")
    request = PaintRequest(
        action=action,
        prompt=read_prompt(fields.get("prompt")),
        n=_count(fields.get("n")),
        size=_size(fields.get("size")),
        response_format=_response_format(fields.get("response_format")),
        seed=_seed(fields.get("seed")),
        partial_images=_partial_images(fields),
        quality=_quality(fields.get("quality")),
        negative_prompt=_negative_prompt(fields.get("negative_prompt")),
        strength=_strength(fields.get("strength")),
    )
    uris, mask = data_uris(fields.get(images), images), fields.get("mask")
    references = open_references(uris, images)
    base = open_base(uris[0], mask, size=request.size) if uris and mask is not None else None
    return replace(request, references=references, base=base)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise PainterError("We could not parse the JSON body of your request.", None) from None
    if not isinstance(fields, dict):
        raise PainterError("The body must be a JSON object.", None)
    return fields


def _check_names(fields: Fields, known: tuple[str, ...]) -> None:
    for name in fields:
        if name not in known:
            raise PainterError(
                f"Unknown parameter: '{name[:100]}'.", "unknown_parameter", name[:100]
            )


def _image_url(value: object, name: str) -> str:
    url = value.get("image_url") if isinstance(value, dict) else None
    if not isinstance(url, str):
        raise wrong_type(name, "an object with an image_url")
    return url


# --- one field each -------------------------------------------------------------------------------


def read_prompt(value: object, *, name: str = "prompt") -> str:
    """Check a prompt, the field ``name``; raises PainterError, PromptDeclinedError among them."""
    if value is None:
        raise missing(name)
    if not isinstance(value, str):
        raise wrong_type(name, "a string")
    if not value.strip():
        raise wrong_value(name, "some words")
    if len(value) > _MAX_PROMPT:
        message = f"Invalid '{name}': string too long, at most {_MAX_PROMPT} characters."
        raise PainterError(message, "string_above_max_length", name)
    if FORBIDDEN in value.casefold():
        raise PromptDeclinedError
    return value


def _negative_prompt(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong_type("negative_prompt", "a string")
    if len(value) > _MAX_NEGATIVE_PROMPT:
        message = f"Invalid 'negative_prompt': at most {_MAX_NEGATIVE_PROMPT} characters."
        raise PainterError(message, "string_above_max_length", "negative_prompt")
    return value


def _strength(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise wrong_type("strength", "a number")
    if not 0 <= value <= 1:
        raise wrong_value("strength", "a number from 0 to 1")
    return float(value)


def _count(value: object) -> int:
    return 1 if value is None else _integer(value, "n", 1, _MAX_PICTURES)


def _integer(value: object, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong_type(name, "an integer")
    if not least <= value <= most:
        raise wrong_value(name, f"a number from {least} to {most}")
    return value


def _size(value: object) -> tuple[int, int]:
    if value is None or value == "auto":
        return 1024, 1024
    if not isinstance(value, str):
        raise wrong_type("size", "a string")
    sides = re.fullmatch(r"([0-9]{3,4})x([0-9]{3,4})", value)
    wide, high = map(int, sides.groups()) if sides else (0, 0)
    if not (_SMALLEST <= wide <= _LARGEST and _SMALLEST <= high <= _LARGEST):
        raise wrong_value("size", f"'auto' or WIDTHxHEIGHT, each {_SMALLEST} to {_LARGEST}")
    return wide, high


def _response_format(value: object) -> ResponseFormat:
    if value is None or value == "b64_json":
        return "b64_json"
    if value == "url":
        return "url"
    raise wrong_value("response_format", "'b64_json' or 'url'")


def _quality(value: object) -> Quality:
    match value:
        case None | "auto":
            return "medium"
        case "low" | "medium" | "high":
            return value
    raise wrong_value("quality", "'low', 'medium', 'high' or 'auto'")


def _seed(value: object) -> int | None:
    return None if value is None else _integer(value, "seed", -_SEEDS, _SEEDS - 1)


def _partial_images(fields: Fields) -> int | None:
    """Return how many partial images are streamed; only one picture can be."""
    wanted = fields.get("partial_images")
    count = 0 if wanted is None else _integer(wanted, "partial_images", 0, _MAX_PARTIAL_IMAGES)
    stream = fields.get("stream")
    if stream is None or stream is False:
        return None
    if stream is not True:
        raise wrong_type("stream", "a boolean")
    if fields.get("n") not in (None, 1):
        raise wrong_value("n", "1 while streaming")
    if fields.get("response_format") == "url":
        raise wrong_value("response_format", "'b64_json' while streaming")
    return count
