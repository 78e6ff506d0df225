"""The bodies of submits: each field is checked, and one that nobody knows is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from playground.painter.errors import PainterError
from playground.painter.input_images import open_references
from playground.painter.midjourney.prompts import FlaggedPrompt, read_flagged
from playground.painter.midjourney.refusals import empty_prompt, wrong_parameters, wrong_picture

Fields = Mapping[str, object]

_OPTIONAL = {"botType", "notifyHook", "state", "accountFilter"}
_BOTS = {"MID_JOURNEY", "NIJI_JOURNEY"}
_MOST_REFERENCES = 5
_LEAST_BLENDED, _MOST_BLENDED = 2, 5
_DIMENSIONS: Mapping[str, tuple[int, int]] = {
    "PORTRAIT": (2, 3),
    "SQUARE": (1, 1),
    "LANDSCAPE": (3, 2),
}


@dataclass(frozen=True, slots=True, eq=False)
class Imagine:
    """Four pictures of a prompt, or of a blend; ``written`` is the prompt as it came."""

    written: str
    prompt: FlaggedPrompt
    references: tuple[Image.Image, ...]


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A button of a task."""

    task_id: str
    custom_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a waiting task is told."""

    task_id: str
    written: str
    prompt: FlaggedPrompt
    mask: Image.Image | None


def read_imagine(body: bytes) -> Imagine:
    """Read the body of /mj/submit/imagine, in a thread; raises SubmitRefusedError."""
    fields = _fields(body, {"prompt", "base64Array"})
    prompt = read_flagged(fields.get("prompt"))
    references = _pictures(fields.get("base64Array", []), 0, _MOST_REFERENCES)
    return Imagine(str(fields["prompt"]), prompt, references)


def read_blend(body: bytes) -> Imagine:
    """Read the body of /mj/submit/blend, in a thread; raises SubmitRefusedError."""
    fields = _fields(body, {"base64Array", "dimensions"})
    dimensions = fields.get("dimensions", "SQUARE")
    if not isinstance(dimensions, str) or dimensions not in _DIMENSIONS:
        raise wrong_parameters("dimensions参数错误")
    pictures = _pictures(fields.get("base64Array"), _LEAST_BLENDED, _MOST_BLENDED)
    return Imagine("", FlaggedPrompt(ratio=_DIMENSIONS[dimensions]), pictures)


def read_describe(body: bytes) -> Image.Image:
    """Read the body of /mj/submit/describe, in a thread; raises SubmitRefusedError."""
    fields = _fields(body, {"base64"})
    (picture,) = _pictures([fields.get("base64")], 1, 1)
    return picture


def read_shorten(body: bytes) -> str:
    """Read the body of /mj/submit/shorten; raises SubmitRefusedError."""
    return read_flagged(_fields(body, {"prompt"}).get("prompt")).words


def read_press(body: bytes) -> ButtonPress:
    """Read the body of /mj/submit/action; raises SubmitRefusedError."""
    fields = _fields(body, {"taskId", "customId"})
    return ButtonPress(_text(fields, "taskId"), _text(fields, "customId"))


def read_answer(body: bytes) -> Answer:
    """Read the body of /mj/submit/modal, in a thread; raises SubmitRefusedError."""
    fields = _fields(body, {"taskId", "prompt", "maskBase64"})
    written, mask = fields.get("prompt", ""), fields.get("maskBase64")
    prompt = read_flagged(written, may_be_empty=True)
    opened = _mask(mask) if mask is not None else None
    return Answer(_text(fields, "taskId"), str(written), prompt, opened)


def _fields(body: bytes, known: set[str]) -> Fields:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise wrong_parameters("JSON格式错误") from None
    if not isinstance(fields, dict):
        raise wrong_parameters("JSON格式错误")
    for name in fields.keys() - known - _OPTIONAL:
        raise wrong_parameters(f"Unknown field: {name[:100]}")
    if fields.get("botType", "MID_JOURNEY") not in _BOTS:
        raise wrong_parameters("botType参数错误")
    return fields


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise empty_prompt() if name == "prompt" else wrong_parameters(f"{name}不能为空")
    return value


def _pictures(value: object, least: int, most: int) -> tuple[Image.Image, ...]:
    """Open data URIs; none may be an address, which the painter cannot load."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise wrong_parameters("base64Array参数错误")
    if not all(isinstance(one, str) for one in value):
        raise wrong_picture()
    try:
        return open_references(value, "base64Array")
    except PainterError:
        raise wrong_picture() from None


def _mask(value: object) -> Image.Image:
    """Open a mask: opaque, white where the picture may change."""
    (mask,) = _pictures([value], 1, 1)
    opaque = mask.convert("RGBA").getchannel("A").histogram()[255]
    if opaque < mask.width * mask.height:
        raise wrong_parameters("maskBase64: white and black, not transparent")
    return mask
