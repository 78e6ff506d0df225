"""Kling's images through a gateway: numbers for errors, also behind a 429."""

from collections.abc import Sequence

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import (
    JPEG,
    PICTURE_PATH,
    PNG,
    FakeVendor,
    is_address,
    is_bare_picture,
    is_number,
    is_text,
)

TASK_ID = "CjMkWmdJhvEAAAAAAAnwtw"
OPTIONAL = {"negative_prompt", "image", "image_reference", "image_fidelity", "human_fidelity"}
OPTIONAL |= {"resolution", "n", "aspect_ratio", "callback_url", "external_task_id"}
SEVERAL = {"model", "model_name", "prompt", "subject_image_list", "scene_image", "style_image"}
SEVERAL |= {"n", "aspect_ratio", "callback_url", "external_task_id"}
MODELS = ("kling-v1", "kling-v1-5", "kling-v2", "kling-v2-1")
MAX_NEGATIVE_PROMPT = 200
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3")


def kling_reply(
    data: object, *, code: int = 0, message: str = "SUCCEED", status: int = 200
) -> JsonReply:
    """Return an answer in Kling's envelope."""
    body = {"code": code, "message": message, "request_id": "r-1", "data": data}
    return JsonReply(body, status)


def kling_task(status: str, **more: object) -> JsonReply:
    """Return a task."""
    times = {"created_at": 1_722_769_557_708, "updated_at": 1_722_769_557_708}
    return kling_reply({"task_id": TASK_ID, "task_status": status, **times, **more})


SUBMITTED = kling_task("submitted")
PROCESSING = kling_task("processing", task_status_msg="")
SUCCEED = kling_task(
    "succeed", task_status_msg="", task_result={"images": [{"index": 0, "url": PICTURE_PATH}]}
)
FAILED = kling_task("failed", task_status_msg="the picture could not be made")
EMPTY = kling_task("succeed", task_status_msg="", task_result={"images": []})
ARREARS = kling_reply(None, code=1101, message="Account in arrears", status=429)
DEPLETED = kling_reply(None, code=1102, message="Resource pack depleted", status=429)
NO_KEY = kling_reply(None, code=1003, message="authorization is not active yet")
TOO_MANY = kling_reply(
    None, code=1303, message="parallel task over resource pack limit", status=429
)


INVALID = kling_reply(None, code=1201, message="Invalid parameter", status=400)
DECLINED = kling_reply(None, code=1301, message="The content is unsafe", status=400)


def _is_common_right(body: JsonBody) -> bool:
    """Check the fields of both kinds of requests."""
    named = body.keys() & {"model", "model_name"}
    is_new = any(body[name] in ("kling-v2", "kling-v2-1") for name in named)
    return (
        len(named) <= 1
        and all(body[name] in MODELS for name in named)
        and is_text(body.get("prompt"), 2500 if is_new else 500)
        and is_number(body.get("n", 1), 1, 9)
        and body.get("aspect_ratio", "16:9") in RATIOS
    )


def _is_picture(value: object) -> bool:
    return is_address(value) or is_bare_picture(value, PNG, JPEG)


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


class FakeKling(FakeVendor):
    """Strict about its own names: ``aspect_ratio``, and ``model`` or ``model_name``.

    A picture is an address, or base64 without a prefix; negative words go with none
    (kling-api docs/api, tasks of images).
    """

    submit_path = "/kling/v1/images/generations"
    more_paths = ("/kling/v1/images/multi-image2image",)
    task_path = "/kling/v1/images/generations/{task_id}"
    more_task_paths = ("/kling/v1/images/multi-image2image/{task_id}",)
    task_id = TASK_ID

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return kling_reply(None, code=1002, message="Authorization is invalid", status=401)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        right = (
            body.keys() - {"model", "model_name"} <= OPTIONAL | {"prompt"}
            and _is_common_right(body)
            and isinstance(body.get("negative_prompt", ""), str)
            and len(str(body.get("negative_prompt", ""))) <= MAX_NEGATIVE_PROMPT
            and ("image" in body or not body.keys() & {"image_reference", "image_fidelity"})
        )
        if "image" in body:
            right = right and _is_picture(body["image"]) and "negative_prompt" not in body
        for fidelity in ("image_fidelity", "human_fidelity"):
            right = right and _is_share(body.get(fidelity, 0.5))
        right = right and body.get("image_reference", "subject") in ("subject", "face")
        return None if right else INVALID

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Check a request with several pictures."""
        subjects = body.get("subject_image_list")
        right = (
            body.keys() <= SEVERAL
            and _is_common_right(body)
            and isinstance(subjects, list)
            and 1 <= len(subjects) <= 4
            and all(each.keys() == {"subject_image"} for each in subjects)
            and all(_is_picture(each["subject_image"]) for each in subjects)
        )
        return None if right else INVALID

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Announce the task."""
        return SUBMITTED

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return as many pictures as were ordered."""
        images = [{"index": index, "url": PICTURE_PATH} for index in range(self._ordered())]
        return PROCESSING, kling_task("succeed", task_status_msg="", task_result={"images": images})

    def _ordered(self) -> int:
        return int(str(self.bodies[-1].get("n", 1)))
