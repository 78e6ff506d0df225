"""Chat Bp with ``?async=true``: three replies that accept a task, six replies to polls.

Of the six only the success is documented completely; the others are its fields with the states
that the documentation lists.
"""

from collections.abc import Mapping

from tests.gateways.fake_task_gateway import FakeTaskGateway, JsonBody, JsonReply

TASK_ID = "22a4968e-4c1f-4f0b-9d0e-1b2c3d4e5f60"
URL = "/files/fox.png"

SUBMITS: Mapping[str, JsonReply] = {
    "documented": JsonReply({"code": "success", "message": "", "data": TASK_ID}),
    "example": JsonReply({"task_id": TASK_ID}),
    "numeric": JsonReply({"code": "success", "data": 123}),
}


def chatbp_task(status: str, progress: int, data: object = None) -> JsonBody:
    """Return a task as the poll shows it."""
    flat = {"id": TASK_ID, "prompt": "a fox", "width": 1024, "height": 1024, "n": 1}
    return {**flat, "status": status, "progress_pct": progress, "data": data}


QUEUED = JsonReply(chatbp_task("queued", 0))
RUNNING = JsonReply(chatbp_task("running", 40))
NEARLY = JsonReply(chatbp_task("running", 90, []))
SUCCEEDED = JsonReply(chatbp_task("succeeded", 100, [{"url": URL}]))
FAILED = JsonReply({**chatbp_task("failed", 40), "message": "生成失败"})
NOT_UPLOADED = JsonReply(chatbp_task("succeeded", 100, []))
NO_SUCH_TASK = JsonReply({"message": "任务不存在"})


def chatbp(*task_replies: JsonReply, submit: str = "documented") -> FakeTaskGateway:
    """Return the gateway; by default its task succeeds at the fourth poll."""
    task_id = "123" if submit == "numeric" else TASK_ID
    return FakeTaskGateway(
        SUBMITS[submit], task_replies or (QUEUED, RUNNING, NEARLY, SUCCEEDED), NO_SUCH_TASK, task_id
    )
