"""Orders: what a request asks for, read from its fields and refused where OpenAI would."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from playground.painter.pictures import data_uris, open_ground, open_references
from playground.painter.refused import Refused, missing, wrong_type, wrong_value

Action = Literal["image_generation", "image_edit"]
Form = Literal["b64_json", "url"]
Quality = Literal["low", "medium", "high"]
Fields = Mapping[str, object]

_COMMON = (
    *("model", "prompt", "n", "size", "response_format", "seed", "user", "quality"),
    *("stream", "partial_images"),
)
_SMALLEST, _LARGEST = 256, 2048  # pixels on a side
_MOST_PICTURES = 4
_MOST_PREVIEWS = 3
_LONGEST_PROMPT = 32_000  # characters, as gpt-image-1 allows
_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Order:
    """What one request asks for.

    ``seed`` is None where the painter may choose, ``previews`` where nothing is streamed.
    ``ground`` is the picture to repaint: where its alpha is full, it stays as it is.
    """

    action: Action
    prompt: str
    n: int
    size: tuple[int, int]
    form: Form
    seed: int | None
    previews: int | None
    quality: Quality = "medium"
    references: tuple[Image.Image, ...] = ()
    ground: Image.Image | None = None

    def seeds(self) -> list[int]:
        """Return one seed for each picture; the first is the one asked for."""
        first = secrets.randbelow(2**31) if self.seed is None else self.seed
        return [first + index for index in range(self.n)]


def read_generation(body: bytes) -> Order:
    """Read a body, in a thread if it is long; raises Refused for what OpenAI would not accept."""
    fields = _json_object(body)
    _check_names(fields, (*_COMMON, "image"))
    return _order("image_generation", fields, "image")


def read_edit(body: bytes) -> Order:
    """Read the JSON of an edit: its ``images`` and ``mask`` are objects with an ``image_url``."""
    fields = _json_object(body)
    _check_names(fields, (*_COMMON, "images", "mask"))
    if isinstance(images := fields.get("images"), list):
        fields["images"] = [_image_url(one, f"images[{i}]") for i, one in enumerate(images)]
    if (mask := fields.get("mask")) is not None:
        fields["mask"] = _image_url(mask, "mask")
    return _edit(fields, "images")


def read_edit_form(fields: Fields) -> Order:
    """Read the fields of a form, its files as data URIs: a list ``image``, and ``mask``."""
    _check_names(fields, (*_COMMON, "image", "mask"))
    return _edit(fields, "image")


def _edit(fields: Fields, images: str) -> Order:
    if not fields.get(images):
        raise missing(images)
    return _order("image_edit", fields, images)


def _order(action: Action, fields: Fields, images: str) -> Order:
    """Make an order of fields; ``images`` is the name of the one with the data URIs."""
    for name in ("model", "user"):
        if not isinstance(fields.get(name, ""), str):
            raise wrong_type(name, "a string")
    order = Order(
        action=action,
        prompt=_prompt(fields.get("prompt")),
        n=_count(fields.get("n")),
        size=_size(fields.get("size")),
        form=_form(fields.get("response_format")),
        seed=_seed(fields.get("seed")),
        previews=_previews(fields),
        quality=_quality(fields.get("quality")),
    )
    uris, mask = data_uris(fields.get(images), images), fields.get("mask")
    references = open_references(uris, images)
    ground = open_ground(uris[0], mask, size=order.size) if uris and mask is not None else None
    return replace(order, references=references, ground=ground)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("We could not parse the JSON body of your request.", None) from None
    if not isinstance(fields, dict):
        raise Refused("The body must be a JSON object.", None)
    return fields


def _check_names(fields: Fields, known: tuple[str, ...]) -> None:
    for name in fields:
        if name not in known:
            raise Refused(f"Unknown parameter: '{name[:100]}'.", "unknown_parameter", name[:100])


def _image_url(value: object, name: str) -> str:
    url = value.get("image_url") if isinstance(value, dict) else None
    if not isinstance(url, str):
        raise wrong_type(name, "an object with an image_url")
    return url


# --- one field each -------------------------------------------------------------------------------


def _prompt(value: object) -> str:
    if value is None:
        raise missing("prompt")
    if not isinstance(value, str):
        raise wrong_type("prompt", "a string")
    if not value.strip():
        raise wrong_value("prompt", "some words")
    if len(value) > _LONGEST_PROMPT:
        message = f"Invalid 'prompt': string too long, at most {_LONGEST_PROMPT} characters."
        raise Refused(message, "string_above_max_length", "prompt")
    if "forbidden" in value.casefold():
        message = "Your request was rejected by the safety system (the prompt says 'forbidden')."
        raise Refused(message, "moderation_blocked", None, kind="image_generation_user_error")
    return value


def _count(value: object) -> int:
    return 1 if value is None else _integer(value, "n", 1, _MOST_PICTURES)


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


def _form(value: object) -> Form:
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


def _previews(fields: Fields) -> int | None:
    """Return how many previews are streamed: events say not which of several pictures they show."""
    wanted = fields.get("partial_images")
    count = 0 if wanted is None else _integer(wanted, "partial_images", 0, _MOST_PREVIEWS)
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
