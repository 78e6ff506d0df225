"""The tasks of bltcy, t8star and yutoai: in new-api's envelope."""

from tests.gateways.fake_task_gateway import FakeTaskGateway, JsonReply
from tests.gateways.sample_pictures import b64, picture_bytes

TASK_ID = "3dad96d2a1"
NO_SUCH_TASK = JsonReply({"code": "task_not_exist", "message": "task_not_exist", "data": None}, 400)


def rix_task(status: str, progress: str, data: object = None, fail_reason: str = "") -> JsonReply:
    """Return the reply to a poll; that of a finished task contains ``data.data``."""
    times = {"submit_time": 1, "start_time": 1, "finish_time": 0}
    inner: dict[str, object] = {"task_id": TASK_ID, "platform": "openai", "action": "generate"}
    inner |= {"status": status, "fail_reason": fail_reason, "progress": progress, "data": data}
    return JsonReply({"code": "success", "message": "", "data": {**inner, **times}})


def rix_images(*items: object) -> object:
    """Return the ``data.data`` of a finished task."""
    usage = {"prompt_tokens": 11, "completion_tokens": 22}
    return {"created": 1, "data": list(items), "model": "painter", "usage": usage}


WAITING = rix_task("NOT_START", "")
STARTED = rix_task("IN_PROGRESS", "43%")
BY_URL = rix_task("SUCCESS", "100%", rix_images({"url": "/files/fox.png"}))
BY_BASE64 = rix_task("SUCCESS", "100%", rix_images({"b64_json": b64(picture_bytes())}))
FAILURE = rix_task("FAILURE", "", fail_reason="upstream exploded")
MODERATED = rix_task("FAILURE", "", fail_reason="Your request was rejected by the safety system")


def rix_gateway(*task_replies: JsonReply) -> FakeTaskGateway:
    """Return the gateway; by default its task succeeds at the third poll."""
    submit_reply = JsonReply({"code": "success", "message": "", "data": TASK_ID})
    return FakeTaskGateway(
        submit_reply, task_replies or (WAITING, STARTED, BY_URL), NO_SUCH_TASK, TASK_ID
    )
