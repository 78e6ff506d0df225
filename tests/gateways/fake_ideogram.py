"""Ideogram's first interface through a gateway: synchronous, wrapped, dated."""

from collections.abc import Sequence

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, FakeVendor, is_number, is_text

MODELS = ("V_1", "V_1_TURBO", "V_2", "V_2_TURBO")
FIELDS = {"prompt", "model", "aspect_ratio", "magic_prompt_option", "style_type", "seed"}
FIELDS |= {"negative_prompt", "num_images", "resolution"}
SIDES = ("1_1", "16_9", "9_16", "4_3", "3_4")
CREATED = "2000-01-23T04:56:07Z"
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


class FakeIdeogram(FakeVendor):
    """Strict about ``image_request``."""

    submit_path = "/ideogram/generate"

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return JsonReply({"error": "Not authorized"}, 401)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        given = body.get("image_request")
        right = (
            body.keys() == {"image_request"}
            and isinstance(given, dict)
            and given.keys() <= FIELDS
            and is_text(given.get("prompt"), 10_000)
            and given.get("model", "V_2") in MODELS
            and is_number(given.get("num_images", 1), 1, 8)
            and is_number(given.get("seed", 0), 0, 2**31 - 1)
            and isinstance(given.get("negative_prompt", ""), str)
            and given.get("aspect_ratio", "ASPECT_1_1") in [f"ASPECT_{sides}" for sides in SIDES]
        )
        return None if right else JsonReply({"error": "Invalid input provided"}, 400)

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Answer with the pictures."""
        given = body["image_request"]
        assert isinstance(given, dict)
        return made(*[picture_of(PICTURE_PATH)] * given.get("num_images", 1))

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return nothing: there are no tasks."""
        return ()
