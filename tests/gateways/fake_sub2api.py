"""sub2api: ``…/generations/async`` answers 202, and tasks belong to their key (dialects §3.2)."""

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
    """Return a task as the poll shows it."""
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


def sub2api_gateway(*looks: JsonReply) -> FakeTaskGateway:
    """Return the gateway; without ``looks`` its task is complete at the second."""
    return FakeTaskGateway(
        ANNOUNCED,
        looks or (PROCESSING, COMPLETED),
        UNKNOWN,
        TASK_ID,
        submit_path="/v1/images/generations/async",
        submit_query={},
    )
