"""sub2api: ``…/generations/async`` replies 202; a task can be polled only with its key."""

from tests.gateways.fake_task_gateway import FakeTaskGateway, JsonBody, JsonReply

TASK_ID = "imgtask_01HZX"
UNKNOWN = JsonReply({"error": {"message": "task not found", "type": "not_found"}}, 404)
_TASK = {"id": TASK_ID, "task_id": TASK_ID, "object": "image.generation.task"}
ANNOUNCED = JsonReply(
    {**_TASK, "status": "processing", "created_at": 1, "expires_at": 86401}
    | {"poll_url": f"/v1/images/tasks/{TASK_ID}"},
    202,
    {"Location": f"/v1/images/tasks/{TASK_ID}", "Retry-After": "3"},
)


def sub2api_task(status: str, **more: object) -> JsonBody:
    """Return the JSON of a task."""
    return {**_TASK, "status": status, "http_status": 200, "error": None, **more}


PROCESSING = JsonReply(sub2api_task("processing"), headers={"Retry-After": "5"})
COMPLETED = JsonReply(
    sub2api_task(
        "completed",
        image_url="/files/fox.png",
        result={"created": 1, "data": [{"url": "/files/fox.png"}]},
    )
)
FAILED = JsonReply(sub2api_task("failed", error={"message": "boom", "code": "upstream_error"}))
MODERATED = JsonReply(sub2api_task("failed", error={"message": "no", "code": "moderation_blocked"}))


def sub2api_gateway(*task_replies: JsonReply) -> FakeTaskGateway:
    """Return the gateway; by default its task is complete at the second poll."""
    return FakeTaskGateway(
        ANNOUNCED,
        task_replies or (PROCESSING, COMPLETED),
        UNKNOWN,
        TASK_ID,
        submit_path="/v1/images/generations/async",
        submit_query={},
    )
