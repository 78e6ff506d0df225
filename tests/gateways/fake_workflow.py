"""A fake of workflow tools at /cf: its paths are documented, fields and replies are a guess."""

from collections.abc import Sequence
from typing import ClassVar

from aiohttp import web

from tests.gateways.fake_image_vendor import FakeImageVendor, error_reply, text
from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import PICTURE_PATH, is_address, is_data_uri

TASK = 1453


class FakeWorkflow(FakeImageVendor):
    """The workflow is in the path, the task in the query, as a number."""

    submit_path = "/cf/commit-task/{workflow}"
    task_path = "/cf/fetch"
    required = ("prompt",)
    fields: ClassVar = {
        "prompt": text(),
        "image": lambda value: is_address(value) or is_data_uri(value),
    }
    endings: ClassVar = {
        "unpaid": error_reply(403, "用户额度不足", code="insufficient_user_quota"),
        "busy": error_reply(429, "当前分组上游负载已饱和，请稍后再试"),
        "broken": error_reply(500, "internal"),
    }
    workflow = ""

    async def submit(self, request: web.Request) -> web.Response:
        """Read the workflow from the path, then check and answer."""
        self.workflow = request.match_info["workflow"]
        return await super().submit(request)

    async def poll(self, request: web.Request) -> web.Response:
        """Reply to a poll of the task."""
        assert dict(request.query) == {"task_id": str(TASK)}
        self.polls += 1
        replies = self.default_task_replies()
        return replies[min(self.polls, len(replies)) - 1].response()

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Refuse another workflow, too."""
        return self.error_at(self.submit_path, body)

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Check every request; its path names the workflow."""
        is_known = self.workflow == "flux-replace-bg"
        return super().error_for(body) if is_known else self.invalid("workflow")

    def wrong_key_reply(self) -> JsonReply:
        """Answer a wrong key."""
        return error_reply(401, "无效的令牌", type="new_api_error", code="")

    def invalid(self, name: str) -> JsonReply:
        """Answer a wrong field."""
        return error_reply(400, f"invalid {name}", code="invalid_request")

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Announce the task."""
        return JsonReply({"task_id": TASK, "status": "queued"})

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return the replies to polls of a task that succeeds."""
        done = {"task_id": TASK, "status": "succeeded", "output": [PICTURE_PATH]}
        return JsonReply({"task_id": TASK, "status": "processing"}), JsonReply(done)
