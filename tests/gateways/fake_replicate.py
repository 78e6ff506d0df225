"""Replicate through a gateway: the model in the path, the fields in ``input``."""

import re
from collections.abc import Sequence

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import (
    PICTURE_PATH,
    FakeVendor,
    is_address,
    is_data_uri,
    is_number,
    is_text,
)
from tests.gateways.sample_pictures import b64, picture_bytes

TASK_ID = "gm3qorzdhgbfurvjtvhg6dckhu"
MODEL = "black-forest-labs/flux-schnell"
INPUTS = {"prompt", "aspect_ratio", "num_outputs", "output_format", "output_quality", "go_fast"}
INPUTS |= {"seed"}
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
MODELS = "/replicate/v1/models"
# The fields that each model has besides the prompt (the models' own pages).
INPUTS_OF = {
    f"{MODELS}/black-forest-labs/flux-dev/predictions": {
        *("aspect_ratio", "num_outputs", "seed", "image", "prompt_strength"),
    },
    f"{MODELS}/black-forest-labs/flux-kontext-pro/predictions": {
        *("aspect_ratio", "seed", "input_image", "output_format"),
    },
    f"{MODELS}/bytedance/seedream-4.5/predictions": {
        *("aspect_ratio", "size", "image_input", "max_images"),
    },
}
# Any model by its version (changelog of 2025-08-05); these are the fields of real-esrgan.
ANY_MODEL = "/replicate/v1/predictions"
VERSION = re.compile(r"[\w.-]+/[\w.-]+:[0-9a-f]{64}")
ENLARGING = {"image", "scale", "face_enhance"}
MAX_DATA_URI = 1_000_000  # documented as "less than 1 MB" (topics/predictions/input-files)


def prediction(status: str, *, http: int = 200, **more: object) -> JsonReply:
    """Return a prediction; its own addresses lead to Replicate, where our key is unknown."""
    home = f"https://api.replicate.com/v1/predictions/{TASK_ID}"
    fields = {"id": TASK_ID, "model": MODEL, "version": "hidden", "status": status, "logs": ""}
    unset: JsonBody = {
        "input": {},
        "output": None,
        "error": None,
        "completed_at": None,
        "metrics": {},
    }
    urls = {"get": home, "cancel": f"{home}/cancel"}
    return JsonReply({**fields, **unset, "urls": urls, **more}, http)


STARTING = prediction("starting", http=201)
PROCESSING = prediction("processing")
ONE = prediction("succeeded", output=PICTURE_PATH)
INLINE = prediction("succeeded", output=[f"data:image/png;base64,{b64(picture_bytes())}"])
AT_ONCE = prediction("succeeded", http=201, output=[PICTURE_PATH])
FAILED = prediction("failed", error="CUDA out of memory")
CANCELED = prediction("canceled")
EMPTY = prediction("succeeded", output=[])
GONE = JsonReply({"detail": "The requested resource could not be found.", "status": 404}, 404)


def problem(status: int, title: str, detail: str) -> JsonReply:
    """Return an error."""
    return JsonReply({"title": title, "detail": detail, "status": status}, status)


def wrong_input(field: str) -> JsonReply:
    """Return the refusal of a field (changelog of 2024-05-01)."""
    detail = f"- {field}: is not right\n"
    invalid = {"type": "invalid_value", "field": field, "description": "is not right"}
    body = {"title": "Input validation failed", "detail": detail, "status": 422}
    kind = {"type": "https://replicate.com/docs/errors", "invalid_fields": [invalid]}
    return JsonReply({**body, **kind}, 422)


UNPAID = problem(402, "Insufficient credit", "You have insufficient credit to run this model.")
THROTTLED = problem(429, "Too many requests", "Request was throttled.")


def _is_right(name: str, value: object) -> bool:
    match name:
        case "image" | "input_image":
            return _is_picture(value)
        case "image_input":
            return (
                isinstance(value, list) and 1 <= len(value) <= 14 and all(map(_is_picture, value))
            )
        case "aspect_ratio":
            return value in (*RATIOS, "match_input_image")
        case "num_outputs" | "seed":
            return is_number(value, 0, 4 if name == "num_outputs" else 2**32 - 1)
        case "scale":
            return isinstance(value, int | float) and 0 <= value <= 10
        case "prompt_strength":
            return isinstance(value, float) and 0 <= value <= 1
    return isinstance(value, str)


def _is_picture(value: object) -> bool:
    return is_address(value) or (is_data_uri(value) and len(str(value)) < MAX_DATA_URI)


def _error_of_version(body: JsonBody) -> JsonReply | None:
    given = body.get("input")
    if body.keys() != {"version", "input"} or not isinstance(given, dict):
        return wrong_input("input")
    if not VERSION.fullmatch(str(body["version"])):
        return problem(422, "Invalid version or not permitted", "It does not exist.")
    for name, value in given.items():
        if name not in ENLARGING or not _is_right(name, value):
            return wrong_input(f"input.{name}")
    return None if "image" in given else wrong_input("input.image")


class FakeReplicate(FakeVendor):
    """Strict about ``input``; a model that does not exist has no path."""

    submit_path = f"/replicate/v1/models/{MODEL}/predictions"
    more_paths = (*INPUTS_OF, ANY_MODEL)
    task_path = "/replicate/v1/predictions/{task_id}"
    task_id = TASK_ID

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return problem(401, "Unauthenticated", "You did not pass a valid authentication token")

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        given = body.get("input")
        right = (
            body.keys() == {"input"}
            and isinstance(given, dict)
            and given.keys() <= INPUTS
            and is_text(given.get("prompt"), 4000)
            and is_number(given.get("num_outputs", 1), 1, 4)
            and given.get("aspect_ratio", "1:1") in RATIOS
            and is_number(given.get("seed", 0), 0, 2**32 - 1)
        )
        return None if right else wrong_input("input")

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Check the fields of another model."""
        given = body.get("input")
        if path == ANY_MODEL:
            return _error_of_version(body)
        if body.keys() != {"input"} or not isinstance(given, dict):
            return wrong_input("input")
        for name, value in given.items():
            if name not in INPUTS_OF[path] | {"prompt"} or not _is_right(name, value):
                return wrong_input(f"input.{name}")
        return None if is_text(given.get("prompt"), 4000) else wrong_input("input.prompt")

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Announce the prediction."""
        return STARTING

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return as many pictures as were ordered."""
        given = self.bodies[-1]["input"]
        assert isinstance(given, dict)
        return PROCESSING, prediction(
            "succeeded", output=[PICTURE_PATH] * given.get("num_outputs", 1)
        )
