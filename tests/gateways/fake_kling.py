"""Kling's images through a gateway: numbers for errors, also behind a 429 (dialects §4.4)."""

from collections.abc import Sequence

from tests.gateways.family_house import PICTURE, FamilyHouse, number, text
from tests.gateways.task_house import Json, Says

TASK_ID = "CjMkWmdJhvEAAAAAAAnwtw"
OPTIONAL = {"negative_prompt", "image", "image_fidelity", "n", "aspect_ratio", "callback_url"}
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3")


def says(data: object, *, code: int = 0, message: str = "SUCCEED", status: int = 200) -> Says:
    """Return an answer in Kling's envelope."""
    body = {"code": code, "message": message, "request_id": "r-1", "data": data}
    return Says(body, status)


def task(status: str, **more: object) -> Says:
    """Return a task."""
    times = {"created_at": 1_722_769_557_708, "updated_at": 1_722_769_557_708}
    return says({"task_id": TASK_ID, "task_status": status, **times, **more})


SUBMITTED = task("submitted")
PROCESSING = task("processing", task_status_msg="")
SUCCEED = task(
    "succeed", task_status_msg="", task_result={"images": [{"index": 0, "url": PICTURE}]}
)
FAILED = task("failed", task_status_msg="the picture could not be made")
EMPTY = task("succeed", task_status_msg="", task_result={"images": []})
ARREARS = says(None, code=1101, message="Account in arrears", status=429)
DEPLETED = says(None, code=1102, message="Resource pack depleted", status=429)
TOO_MANY = says(None, code=1303, message="parallel task over resource pack limit", status=429)


class FakeKling(FamilyHouse):
    """Strict about its own names: ``aspect_ratio``, and ``model`` or ``model_name``."""

    submit_path = "/kling/v1/images/generations"
    task_path = "/kling/v1/images/generations/{task_id}"
    task_id = TASK_ID

    def stranger(self) -> Says:
        """Answer a wrong key."""
        return says(None, code=1002, message="Authorization is invalid", status=401)

    def refusal(self, body: Json) -> Says | None:
        """Check every field."""
        named = body.keys() & {"model", "model_name"}
        right = (
            len(named) <= 1
            and body.keys() - named <= OPTIONAL | {"prompt"}
            and all(body[name] == "kling-v1" for name in named)
            and text(body.get("prompt"), 500)
            and number(body.get("n", 1), 1, 9)
            and body.get("aspect_ratio", "16:9") in RATIOS
            and isinstance(body.get("image", ""), str)
        )
        return None if right else says(None, code=1201, message="Invalid parameter", status=400)

    def taken(self, body: Json) -> Says:
        """Announce the task."""
        return SUBMITTED

    def usual_looks(self) -> Sequence[Says]:
        """Return as many pictures as were ordered."""
        images = [{"index": index, "url": PICTURE} for index in range(self._ordered())]
        return PROCESSING, task("succeed", task_status_msg="", task_result={"images": images})

    def _ordered(self) -> int:
        return int(str(self.bodies[-1].get("n", 1)))
