"""sub2api: ``…/generations/async`` answers 202, and tasks belong to their key (dialects §3.2)."""

from tests.gateways.task_house import Json, Says, TaskHouse

TASK_ID = "imgtask_01HZX"
UNKNOWN = Says({"error": {"message": "task not found", "type": "not_found"}}, 404)
_TASK = {"id": TASK_ID, "task_id": TASK_ID, "object": "image.generation.task"}
ANNOUNCED = Says(
    {**_TASK, "status": "processing", "created_at": 1, "expires_at": 86401}
    | {"poll_url": f"/v1/images/tasks/{TASK_ID}"},
    202,
    {"Location": f"/v1/images/tasks/{TASK_ID}", "Retry-After": "3"},
)


def task(status: str, **more: object) -> Json:
    """Return a task as the poll shows it."""
    return {**_TASK, "status": status, "http_status": 200, "error": None, **more}


PROCESSING = Says(task("processing"), headers={"Retry-After": "5"})
COMPLETED = Says(
    task(
        "completed",
        image_url="/files/fox.png",
        result={"created": 1, "data": [{"url": "/files/fox.png"}]},
    )
)
FAILED = Says(task("failed", error={"message": "boom", "code": "upstream_error"}))
MODERATED = Says(task("failed", error={"message": "no", "code": "moderation_blocked"}))


def sub2api(*looks: Says) -> TaskHouse:
    """Return the gateway; without ``looks`` its task is complete at the second."""
    return TaskHouse(
        ANNOUNCED,
        looks or (PROCESSING, COMPLETED),
        UNKNOWN,
        TASK_ID,
        submit_path="/v1/images/generations/async",
        submit_query={},
    )
