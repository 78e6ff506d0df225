"""Kling's images through a gateway: numbers for errors, also behind a 429."""

from collections.abc import Sequence

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, FakeVendor, is_number, is_text

TASK_ID = "CjMkWmdJhvEAAAAAAAnwtw"
OPTIONAL = {"negative_prompt", "image", "image_fidelity", "n", "aspect_ratio", "callback_url"}
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
TOO_MANY = kling_reply(
    None, code=1303, message="parallel task over resource pack limit", status=429
)


class FakeKling(FakeVendor):
    """Strict about its own names: ``aspect_ratio``, and ``model`` or ``model_name``."""

    submit_path = "/kling/v1/images/generations"
    task_path = "/kling/v1/images/generations/{task_id}"
    task_id = TASK_ID

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return kling_reply(None, code=1002, message="Authorization is invalid", status=401)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        named = body.keys() & {"model", "model_name"}
        right = (
            len(named) <= 1
            and body.keys() - named <= OPTIONAL | {"prompt"}
            and all(body[name] == "kling-v1" for name in named)
            and is_text(body.get("prompt"), 500)
            and is_number(body.get("n", 1), 1, 9)
            and body.get("aspect_ratio", "16:9") in RATIOS
            and isinstance(body.get("image", ""), str)
            and isinstance(body.get("negative_prompt", ""), str)
            and len(str(body.get("negative_prompt", ""))) <= MAX_NEGATIVE_PROMPT
        )
        return (
            None if right else kling_reply(None, code=1201, message="Invalid parameter", status=400)
        )

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Announce the task."""
        return SUBMITTED

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return as many pictures as were ordered."""
        images = [{"index": index, "url": PICTURE_PATH} for index in range(self._ordered())]
        return PROCESSING, kling_task("succeed", task_status_msg="", task_result={"images": images})

    def _ordered(self) -> int:
        return int(str(self.bodies[-1].get("n", 1)))
