"""midjourney-proxy behind a gateway: numbers for answers, tasks with buttons (dialects §4.1)."""

from collections.abc import Sequence

from tests.gateways.family_house import PICTURE, FamilyHouse, text
from tests.gateways.task_house import Json, Says

TASK_ID = "1320098173412546"
OPTIONAL = {"base64Array", "botType", "notifyHook", "state", "accountFilter"}


def submit(code: int, description: str, result: object = None, **properties: str) -> Says:
    """Return the answer to an order; it is 200 whatever it says."""
    fields = {"code": code, "description": description, "result": result}
    return Says({**fields, "properties": properties})


OK = submit(1, "提交成功", TASK_ID)
INTEGER = submit(1, "提交成功", int(TASK_ID))
QUEUED = submit(22, "排队中,前面还有1个任务", TASK_ID, numberOfQueues="1")
CONFIRM = submit(21, "Waiting for window confirm", TASK_ID)
FULL = submit(23, "队列已满,请稍后尝试")
BANNED = submit(24, "可能包含敏感词", bannedWord="blood", promptEn="blood")
NO_ACCOUNT = submit(3, "无可用的账号实例")
INVALID = submit(4, "prompt不能为空")
FAILURE_AT_ONCE = submit(9, "系统异常")
NEW_API_QUOTA = Says({"description": "quota_not_enough", "type": "upstream_error", "code": 4}, 400)
NEW_API_BUSY = Says(
    {"description": "当前分组负载已饱和,请稍后再试", "type": "upstream_error", "code": 30}, 429
)


def button(label: str, action: str) -> Json:
    """Return a button under a finished task."""
    custom_id = f"MJ::JOB::{action}::1::6c6b4b6e-0000-4000-8000-000000000000"
    return {"customId": custom_id, "emoji": "", "label": label, "type": 2, "style": 2}


def task(status: str, progress: str, **more: object) -> Says:
    """Return a task as its fetch shows it."""
    names = {"id": TASK_ID, "action": "IMAGINE", "customId": None, "botType": "MID_JOURNEY"}
    words = {"prompt": "a fox", "promptEn": "a fox", "description": "Submit success", "state": ""}
    times = {"submitTime": 1_700_000_000_000, "startTime": None, "finishTime": None}
    rest: Json = {
        "imageUrl": "",
        "failReason": None,
        "buttons": [],
        "properties": {"finalPrompt": "x"},
    }
    said = {"status": status, "progress": progress}
    return Says({**names, **words, **times, **rest, **said, **more})


NOT_START = task("NOT_START", "")
SUBMITTED = task("SUBMITTED", "0%")
# The grid is to be seen already, and is not the picture.
IN_PROGRESS = task("IN_PROGRESS", "43%", imageUrl="/files/preview.webp")
SUCCESS = task(
    "SUCCESS",
    "100%",
    imageUrl=PICTURE,
    buttons=[button("U1", "upsample"), button("V1", "variation")],
)
MODAL = task("MODAL", "0%")
FAILURE = task("FAILURE", "0%", failReason="Internal error")
BANNED_LATE = task("FAILURE", "", failReason="Banned prompt detected")
CANCEL = task("CANCEL", "0%")
UNKNOWN = Says("null")


class FakeMidjourney(FamilyHouse):
    """Strict about the body of ``/imagine``."""

    submit_path = "/mj/submit/imagine"
    task_path = "/mj/task/{task_id}/fetch"
    task_id = TASK_ID

    def stranger(self) -> Says:
        """Answer a wrong key, as new-api does."""
        error = {"message": "无效的令牌", "type": "new_api_error", "code": ""}
        return Says({"error": error}, 401)

    def refusal(self, body: Json) -> Says | None:
        """Check every field."""
        right = body.keys() <= OPTIONAL | {"prompt"} and text(body.get("prompt"), 4000)
        return None if right else INVALID

    def taken(self, body: Json) -> Says:
        """Take the order."""
        return OK

    def usual_looks(self) -> Sequence[Says]:
        """Return all that happens to a task."""
        return NOT_START, SUBMITTED, IN_PROGRESS, SUCCESS
