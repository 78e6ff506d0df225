"""The other contracts on the same or near paths, one sample each (dialects §3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.gateways.task_house import Says

URL = "/files/fox.png"


@dataclass(frozen=True)
class Sample:
    """How one family announces a task, and how its end looks; ``path`` is where it is polled."""

    announced: Says
    done: Says
    task_id: str = "t-1"
    path: str = "/v1/images/tasks/{task_id}"


SAMPLES: Mapping[str, Sample] = {
    "gpt2api": Sample(
        Says({"task_id": "t-1"}), Says({"status": "success", "data": [{"url": URL}]})
    ),
    "new-api fork": Sample(
        Says({"task_id": "t-1", "object": "image", "status": "queued", "progress": "10%"}),
        Says({"code": "success", "data": {"status": "completed", "image_urls": [URL]}}),
    ),
    "new-api fork, one": Sample(
        Says({"task_id": "t-1", "status": "queued"}),
        Says({"data": {"status": "completed", "result_url": URL, "status_raw": "ok"}}),
    ),
    "dimilinks": Sample(
        Says({"id": "t-1", "status": "queued"}),
        Says({"status": "succeeded", "result": {"data": [{"url": URL}]}}),
        path="/v1/tasks/{task_id}",
    ),
    "toapis": Sample(
        Says({"id": "t-1", "object": "generation.task", "status": "queued"}),
        Says({"status": "completed", "result": {"data": [{"url": URL}]}}),
        path="/v1/images/generations/{task_id}",
    ),
    "evolink": Sample(
        Says({"id": "t-1", "object": "image.generation.task", "status": "pending"}),
        Says({"status": "completed", "progress": 100, "results": [URL]}),
        path="/v1/tasks/{task_id}",
    ),
    "apimart": Sample(
        Says({"code": 200, "data": [{"status": "submitted", "task_id": "t-1"}]}),
        Says({"data": {"status": "completed", "result": {"images": [{"url": [URL]}]}}}),
        path="/v1/tasks/{task_id}",
    ),
    "blockrun": Sample(
        Says({"id": "t-1", "status": "queued", "poll_url": "/jobs/t-1", "price": 1}, 202),
        Says({"created": 1, "data": [{"url": URL}]}),
        path="/jobs/{task_id}",
    ),
    "51kik": Sample(
        Says({"task_id": "t-1"}),
        Says({"task_status": "success", "data": [{"url": URL}]}),
        path="/v1/image/v1/tasks/{task_id}",
    ),
    "modelsell": Sample(
        Says({"task_id": "t-1"}), Says({"state": "succeeded", "data": {"images": [{"url": URL}]}})
    ),
    "Kling": Sample(
        Says({"code": 0, "data": {"task_id": "t-1", "task_status": "submitted"}}),
        Says(
            {
                "code": 0,
                "data": {"task_status": "succeed", "task_result": {"images": [{"url": URL}]}},
            }
        ),
    ),
    "Replicate": Sample(
        Says({"id": "t-1", "status": "starting", "output": None}, 201),
        Says({"id": "t-1", "status": "succeeded", "output": URL}),
    ),
}
