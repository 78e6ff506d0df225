"""midjourney-proxy behind a gateway: numbers for answers, tasks with buttons."""

from collections.abc import Sequence

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, FakeVendor, is_data_uri, is_text

TASK_ID = "1320098173412546"
OPTIONAL = {"base64Array", "botType", "notifyHook", "state", "accountFilter"}


def submit_reply(
    code: int, description: str, result: object = None, **properties: str
) -> JsonReply:
    """Return the reply to a request; its status is always 200."""
    fields = {"code": code, "description": description, "result": result}
    return JsonReply({**fields, "properties": properties})


OK = submit_reply(1, "提交成功", TASK_ID)
INTEGER = submit_reply(1, "提交成功", int(TASK_ID))
QUEUED = submit_reply(22, "排队中,前面还有1个任务", TASK_ID, numberOfQueues="1")
CONFIRM = submit_reply(21, "Waiting for window confirm", TASK_ID)
FULL = submit_reply(23, "队列已满,请稍后尝试")
BANNED = submit_reply(24, "可能包含敏感词", bannedWord="blood", promptEn="blood")
NO_ACCOUNT = submit_reply(3, "无可用的账号实例")
INVALID = submit_reply(4, "prompt不能为空")
NO_PICTURE = submit_reply(4, "base64格式错误")
FAILURE_AT_ONCE = submit_reply(9, "系统异常")
NEW_API_QUOTA = JsonReply(
    {"description": "quota_not_enough", "type": "upstream_error", "code": 4}, 400
)
NEW_API_BUSY = JsonReply(
    {"description": "当前分组负载已饱和,请稍后再试", "type": "upstream_error", "code": 30}, 429
)


def button_json(label: str, action: str) -> JsonBody:
    """Return a button under a finished task."""
    custom_id = f"MJ::JOB::{action}::1::6c6b4b6e-0000-4000-8000-000000000000"
    return {"customId": custom_id, "emoji": "", "label": label, "type": 2, "style": 2}


def midjourney_task(status: str, progress: str, **more: object) -> JsonReply:
    """Return a task as its fetch shows it."""
    names = {"id": TASK_ID, "action": "IMAGINE", "customId": None, "botType": "MID_JOURNEY"}
    words = {"prompt": "a fox", "promptEn": "a fox", "description": "Submit success", "state": ""}
    times = {"submitTime": 1_700_000_000_000, "startTime": None, "finishTime": None}
    rest: JsonBody = {
        "imageUrl": "",
        "failReason": None,
        "buttons": [],
        "properties": {"finalPrompt": "x"},
    }
    said = {"status": status, "progress": progress}
    return JsonReply({**names, **words, **times, **rest, **said, **more})


NOT_START = midjourney_task("NOT_START", "")
SUBMITTED = midjourney_task("SUBMITTED", "0%")
# The grid is to be seen already, and is not the picture.
IN_PROGRESS = midjourney_task("IN_PROGRESS", "43%", imageUrl="/files/preview.webp")
SUCCESS = midjourney_task(
    "SUCCESS",
    "100%",
    imageUrl=PICTURE_PATH,
    buttons=[button_json("U1", "upsample"), button_json("V1", "variation")],
)
MODAL = midjourney_task("MODAL", "0%")
FAILURE = midjourney_task("FAILURE", "0%", failReason="Internal error")
BANNED_LATE = midjourney_task("FAILURE", "", failReason="Banned prompt detected")
CANCEL = midjourney_task("CANCEL", "0%")
UNKNOWN = JsonReply("null")


class FakeMidjourney(FakeVendor):
    """Strict about the body of ``/imagine``."""

    submit_path = "/mj/submit/imagine"
    task_path = "/mj/task/{task_id}/fetch"
    task_id = TASK_ID

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key, as new-api does."""
        error = {"message": "无效的令牌", "type": "new_api_error", "code": ""}
        return JsonReply({"error": error}, 401)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Check every field."""
        if not (body.keys() <= OPTIONAL | {"prompt"} and is_text(body.get("prompt"), 4000)):
            return INVALID
        pictures = body.get("base64Array", [])
        return (
            None if isinstance(pictures, list) and all(map(is_data_uri, pictures)) else NO_PICTURE
        )

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Take the order."""
        return OK

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return the replies to polls of a task that succeeds."""
        return NOT_START, SUBMITTED, IN_PROGRESS, SUCCESS
