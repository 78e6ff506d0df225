"""Strict fakes of OpenRouter."""

from typing import ClassVar

from tests.gateways.fake_image_vendor import (
    FakeImageVendor,
    error_reply,
    is_picture_part,
    one_of,
    several,
    some,
    text,
    whole,
)
from tests.gateways.fake_sse import DONE, sse_event
from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.sample_pictures import b64, picture_bytes

STREAMING = "openai/gpt-5-image"
COMPLETED = "image_generation.completed"
PARTIAL: tuple[JsonBody, ...] = tuple(
    {
        "type": "image_generation.partial_image",
        "partial_image_index": index,
        "b64_json": b64(picture_bytes()),
    }
    for index in range(2)
)
FAILED_LATER: JsonBody = {
    "type": "error",
    "error": {
        "code": "upstream_error",
        "message": "The upstream provider returned an error",
        "param": None,
        "type": "provider_error",
    },
}


def stream_reply(*events: JsonBody) -> JsonReply:
    """Return a stream of events without names, and its sentinel."""
    body = b"".join(sse_event("", event) for event in events) + DONE
    return JsonReply(body.decode(), headers={"Content-Type": "text/event-stream"})


class FakeOpenRouterImages(FakeImageVendor):
    """The Image API: base64 only, codes that are numbers, and no field ``response_format``."""

    submit_path = "/api/v1/images"
    list_path = "/api/v1/images/models"
    fields: ClassVar = {
        "model": one_of("bytedance-seed/seedream-4.5", STREAMING),
        "prompt": text(),
        "n": whole(1, 1),  # providers that paint one picture refuse more
        "aspect_ratio": one_of("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9", "auto"),
        "quality": one_of("auto", "low", "medium", "high"),
        "stream": lambda value: isinstance(value, bool),
        "input_references": some(is_picture_part, 16),
    }
    listed = JsonReply({"data": [{"id": "bytedance-seed/seedream-4.5"}, {"id": STREAMING}]})
    flagged: ClassVar = {"reasons": ["violence"], "flagged_input": "…", "provider_name": "x"}
    endings: ClassVar = {
        "declined": error_reply(
            403, "Your chosen model requires moderation.", code=403, metadata=flagged
        ),
        "unpaid": error_reply(402, "Insufficient credits", code=402),
        "busy": error_reply(429, "Rate limit exceeded", code=429),
        "broken": error_reply(502, "Provider returned error", code=502),
        "empty": JsonReply({"created": 1, "data": []}),
    }

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return error_reply(401, "No auth credentials found", code=401)

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        return error_reply(400, f"{name}: Invalid input", code=400)

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with base64, and what it cost; only one model streams."""
        item = {"b64_json": b64(picture_bytes()), "media_type": "image/png"}
        usage = {"prompt_tokens": 0, "completion_tokens": 4175, "total_tokens": 4175, "cost": 0.04}
        if body.get("stream") and body["model"] == STREAMING:
            return stream_reply(*PARTIAL, {"type": COMPLETED, "created": 1, **item, "usage": usage})
        return JsonReply({"created": 1, "data": several(body, item), "usage": usage})
