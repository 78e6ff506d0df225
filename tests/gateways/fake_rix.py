"""The bltcy, t8star and yutoai family: new-api's envelope around a task (dialects §3.1 b)."""

from tests.gateways.art import b64, picture
from tests.gateways.task_house import Says, TaskHouse

TASK_ID = "3dad96d2a1"
NO_SUCH_TASK = Says({"code": "task_not_exist", "message": "task_not_exist", "data": None}, 400)


def look(status: str, progress: str, data: object = None, fail_reason: str = "") -> Says:
    """Return a look; the reply of a finished task lies in ``data.data``."""
    times = {"submit_time": 1, "start_time": 1, "finish_time": 0}
    inner: dict[str, object] = {"task_id": TASK_ID, "platform": "openai", "action": "generate"}
    inner |= {"status": status, "fail_reason": fail_reason, "progress": progress, "data": data}
    return Says({"code": "success", "message": "", "data": {**inner, **times}})


def reply(*items: object) -> object:
    """Return the reply of a finished task."""
    usage = {"prompt_tokens": 11, "completion_tokens": 22}
    return {"created": 1, "data": list(items), "model": "painter", "usage": usage}


WAITING = look("NOT_START", "")
STARTED = look("IN_PROGRESS", "43%")
BY_URL = look("SUCCESS", "100%", reply({"url": "/files/fox.png"}))
BY_BASE64 = look("SUCCESS", "100%", reply({"b64_json": b64(picture())}))
FAILURE = look("FAILURE", "", fail_reason="upstream exploded")
MODERATED = look("FAILURE", "", fail_reason="Your request was rejected by the safety system")


def rix(*looks: Says) -> TaskHouse:
    """Return the gateway; without ``looks`` its task succeeds at the third."""
    announced = Says({"code": "success", "message": "", "data": TASK_ID})
    return TaskHouse(announced, looks or (WAITING, STARTED, BY_URL), NO_SUCH_TASK, TASK_ID)
