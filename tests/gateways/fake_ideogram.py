"""Ideogram through a gateway, synchronous: its first interface, wrapped and dated, and V3."""

import io
from collections.abc import Sequence
from typing import ClassVar

from PIL import Image

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import JPEG, PICTURE_PATH, PNG, FakeVendor, is_number, is_text

MODELS = ("V_1", "V_1_TURBO", "V_2", "V_2_TURBO")
FIELDS = {"prompt", "model", "aspect_ratio", "magic_prompt_option", "style_type", "seed"}
FIELDS |= {"negative_prompt", "num_images", "resolution"}
SIDES = ("1_1", "16_9", "9_16", "4_3", "3_4")
CREATED = "2000-01-23T04:56:07Z"
DESCRIPTION = "a red fox in deep snow, evening light, oil painting"
UNSAFE_PROMPT = JsonReply({"error": "Prompt or provided image failed the safety checks"}, 422)
THROTTLED = JsonReply({"error": "Too many requests"}, 429)


def picture_of(url: str | None, *, is_safe: bool = True) -> JsonBody:
    """Return one picture; an unsafe one has no address."""
    facts = {"prompt": "a fox", "resolution": "1024x1024", "seed": 12345, "style_type": "REALISTIC"}
    return {**facts, "is_image_safe": is_safe, "url": url}


def made(*pictures: JsonBody) -> JsonReply:
    """Return an answer with pictures."""
    return JsonReply({"created": CREATED, "data": list(pictures)})


UNSAFE = made(picture_of(None, is_safe=False))
UNSAFE_EMPTY = made(picture_of("", is_safe=False))
ENVELOPED = JsonReply(
    {"code": 0, "message": "success", "request_id": "r-1"}
    | {"data": {"created": CREATED, "data": [picture_of(PICTURE_PATH)]}}
)


INVALID = JsonReply({"error": "Invalid input provided"}, 400)


class FakeIdeogram(FakeVendor):
    """Strict about ``image_request``; what starts from a picture is a form with a file."""

    submit_path = "/ideogram/generate"
    more_paths: ClassVar[Sequence[str]] = (
        "/ideogram/remix",
        "/ideogram/edit",
        "/ideogram/upscale",
        "/ideogram/describe",
    )
    form_paths: ClassVar[Sequence[str]] = more_paths

    def wrong_type_reply(self) -> JsonReply:
        """Answer JSON to a remix."""
        return INVALID

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return JsonReply({"error": "Not authorized"}, 401)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        right = body.keys() == {"image_request"} and _is_request(body["image_request"], FIELDS)
        return None if right else INVALID

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Check a form: most have a part of JSON, an edit a mask whose black is repainted."""
        right = _is_file(body.get("image_file"))
        if path.endswith("/remix"):
            request = body.get("image_request")
            right = right and body.keys() == {"image_file", "image_request"}
            right = right and _is_request(request, FIELDS | {"image_weight"})
        elif path.endswith("/describe"):
            right = right and body.keys() <= {"image_file", "describe_model_version"}
            right = right and body.get("describe_model_version", "V_3") in ("V_2", "V_3")
        elif path.endswith("/upscale"):
            right = right and body.keys() == {"image_file", "image_request"}
            right = right and _is_enlargement(body["image_request"])
        else:
            right = right and body.keys() == {"image_file", "mask", "prompt", "model"}
            right = right and is_text(body.get("prompt"), 10_000)
            right = right and body.get("model") in ("V_2", "V_2_TURBO")
            right = right and _is_two_tone(body.get("mask"))
        return None if right else INVALID

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with the pictures."""
        if self.paths[-1].endswith("/describe"):
            return JsonReply({"descriptions": [{"text": DESCRIPTION}]})
        given = body.get("image_request", {})
        assert isinstance(given, dict)
        return made(*[picture_of(PICTURE_PATH)] * given.get("num_images", 1))

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return nothing: there are no tasks."""
        return ()


V3 = "/ideogram/v1/ideogram-v3"
V3_RATIOS = ("1x1", "16x9", "9x16", "4x3", "3x4", "3x2", "2x3", "4x5", "5x4", "1x2", "2x1")
V3_FIELDS = {"prompt", "aspect_ratio", "rendering_speed", "num_images", "seed", "negative_prompt"}


class FakeIdeogram3(FakeIdeogram):
    """Strict about the flat forms of Ideogram 3, in which every field is text."""

    submit_path = f"{V3}/generate"
    more_paths: ClassVar[Sequence[str]] = (f"{V3}/remix", f"{V3}/edit")
    form_paths: ClassVar[Sequence[str]] = (submit_path, *more_paths)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field of a generation."""
        return None if _is_flat(body, V3_FIELDS) else INVALID

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Check a remix, or an edit, which has no ratio."""
        if path.endswith("/remix"):
            fields = V3_FIELDS | {"image", "image_weight"}
        else:
            fields = V3_FIELDS - {"aspect_ratio", "negative_prompt"} | {"image", "mask"}
        right = _is_flat(body, fields) and _is_file(body.get("image"))
        if path.endswith("/edit"):
            right = right and _is_two_tone(body.get("mask"))
        return None if right else INVALID

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with the pictures."""
        return made(*[picture_of(PICTURE_PATH)] * int(str(body.get("num_images", "1"))))


def _is_flat(body: JsonBody, fields: set[str]) -> bool:
    return (
        body.keys() <= fields
        and is_text(body.get("prompt"), 10_000)
        and body.get("aspect_ratio", "1x1") in V3_RATIOS
        and body.get("rendering_speed", "DEFAULT") in ("FLASH", "TURBO", "DEFAULT", "QUALITY")
        and _is_numeral(body.get("num_images", "1"), 1, 8)
        and _is_numeral(body.get("seed", "0"), 0, 2**31 - 1)
        and _is_numeral(body.get("image_weight", "50"), 1, 100)
    )


def _is_numeral(value: object, least: int, most: int) -> bool:
    return isinstance(value, str) and value.isdecimal() and least <= int(value) <= most


def _is_request(given: object, fields: set[str]) -> bool:
    return (
        isinstance(given, dict)
        and given.keys() <= fields
        and is_text(given.get("prompt"), 10_000)
        and given.get("model", "V_2") in MODELS
        and is_number(given.get("num_images", 1), 1, 8)
        and is_number(given.get("seed", 0), 0, 2**31 - 1)
        and is_number(given.get("image_weight", 50), 1, 100)
        and isinstance(given.get("negative_prompt", ""), str)
        and given.get("aspect_ratio", "ASPECT_1_1") in [f"ASPECT_{sides}" for sides in SIDES]
    )


def _is_enlargement(given: object) -> bool:
    """Tell whether an object is right for an upscale, which has no model and no size."""
    return (
        isinstance(given, dict)
        and given.keys() <= {"prompt", "resemblance", "detail", "num_images", "seed"}
        and is_text(given.get("prompt", "a fox"), 10_000)
        and is_number(given.get("resemblance", 50), 1, 100)
        and is_number(given.get("detail", 50), 1, 100)
        and is_number(given.get("num_images", 1), 1, 8)
    )


def _is_file(data: object) -> bool:
    is_webp = isinstance(data, bytes) and data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return is_webp or (isinstance(data, bytes) and data.startswith((PNG, JPEG)))


def _is_two_tone(data: object) -> bool:
    """Tell whether a mask is opaque, and black somewhere (masked-edits)."""
    if not isinstance(data, bytes):
        return False
    with Image.open(io.BytesIO(data)) as mask:
        return mask.mode == "L" and {tone for _, tone in mask.getcolors() or ()} in (
            {0},
            {0, 255},
        )
