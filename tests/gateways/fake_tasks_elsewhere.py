"""Samples of other task interfaces on the same or similar paths."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.gateways.fake_task_gateway import JsonReply

URL = "/files/fox.png"


@dataclass(frozen=True)
class Sample:
    """A reply that accepts a task, the reply to its last poll, and the path that is polled."""

    submit_reply: JsonReply
    done: JsonReply
    task_id: str = "t-1"
    path: str = "/v1/images/tasks/{task_id}"


SAMPLES: Mapping[str, Sample] = {
    "gpt2api": Sample(
        JsonReply({"task_id": "t-1"}), JsonReply({"status": "success", "data": [{"url": URL}]})
    ),
    "new-api fork": Sample(
        JsonReply({"task_id": "t-1", "object": "image", "status": "queued", "progress": "10%"}),
        JsonReply({"code": "success", "data": {"status": "completed", "image_urls": [URL]}}),
    ),
    "new-api fork, one": Sample(
        JsonReply({"task_id": "t-1", "status": "queued"}),
        JsonReply({"data": {"status": "completed", "result_url": URL, "status_raw": "ok"}}),
    ),
    "dimilinks": Sample(
        JsonReply({"id": "t-1", "status": "queued"}),
        JsonReply({"status": "succeeded", "result": {"data": [{"url": URL}]}}),
        path="/v1/tasks/{task_id}",
    ),
    "toapis": Sample(
        JsonReply({"id": "t-1", "object": "generation.task", "status": "queued"}),
        JsonReply({"status": "completed", "result": {"data": [{"url": URL}]}}),
        path="/v1/images/generations/{task_id}",
    ),
    "evolink": Sample(
        JsonReply({"id": "t-1", "object": "image.generation.task", "status": "pending"}),
        JsonReply({"status": "completed", "progress": 100, "results": [URL]}),
        path="/v1/tasks/{task_id}",
    ),
    "apimart": Sample(
        JsonReply({"code": 200, "data": [{"status": "submitted", "task_id": "t-1"}]}),
        JsonReply({"data": {"status": "completed", "result": {"images": [{"url": [URL]}]}}}),
        path="/v1/tasks/{task_id}",
    ),
    "blockrun": Sample(
        JsonReply({"id": "t-1", "status": "queued", "poll_url": "/jobs/t-1", "price": 1}, 202),
        JsonReply({"created": 1, "data": [{"url": URL}]}),
        path="/jobs/{task_id}",
    ),
    "51kik": Sample(
        JsonReply({"task_id": "t-1"}),
        JsonReply({"task_status": "success", "data": [{"url": URL}]}),
        path="/v1/image/v1/tasks/{task_id}",
    ),
    "modelsell": Sample(
        JsonReply({"task_id": "t-1"}),
        JsonReply({"state": "succeeded", "data": {"images": [{"url": URL}]}}),
    ),
    "Kling": Sample(
        JsonReply({"code": 0, "data": {"task_id": "t-1", "task_status": "submitted"}}),
        JsonReply(
            {
                "code": 0,
                "data": {"task_status": "succeed", "task_result": {"images": [{"url": URL}]}},
            }
        ),
    ),
    "Replicate": Sample(
        JsonReply({"id": "t-1", "status": "starting", "output": None}, 201),
        JsonReply({"id": "t-1", "status": "succeeded", "output": URL}),
    ),
}
