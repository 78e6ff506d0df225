"""The base class of the fakes of vendors with an interface of their own.

A subclass defines the paths, the checks and the replies. Every accepted request is paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from aiohttp import web

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import picture_bytes

PICTURE_PATH = "/files/fox.png"


@dataclass
class FakeVendor:
    """A strict gateway; ``submit_replies`` come first, the last of ``task_replies`` is repeated."""

    submit_path: ClassVar[str]
    task_path: ClassVar[str] = "/no/tasks/{task_id}"
    task_id: ClassVar[str] = ""
    needs_key: ClassVar[bool] = True

    task_replies: Sequence[JsonReply] = ()
    submit_replies: list[JsonReply] = field(default_factory=list)
    posts: int = 0
    paid: int = 0
    polls: int = 0
    bodies: list[JsonBody] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_post(self.submit_path, self.submit)
        app.router.add_get(self.task_path, self.poll)
        app.router.add_get("/files/{name}", self.file)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        """Check the key and every field, then accept the request."""
        self.posts += 1
        assert request.content_type == "application/json"
        if self.needs_key and not _has_key(request):
            return self.wrong_key_reply().response()
        body = await request.json()
        self.bodies.append(body)
        if refusal := self.error_for(body):
            return refusal.response()
        if self.submit_replies:
            return self.submit_replies.pop(0).response()
        self.paid += 1
        return self.accepted_reply(body).response()

    async def poll(self, request: web.Request) -> web.Response:
        """Reply to a poll of the task by its owner."""
        assert _has_key(request)
        assert request.match_info["task_id"] == self.task_id
        self.polls += 1
        task_replies = self.task_replies or self.default_task_replies()
        return task_replies[min(self.polls, len(task_replies)) - 1].response()

    async def file(self, request: web.Request) -> web.Response:
        """Send a picture; the request must not contain a key."""
        assert "Authorization" not in request.headers
        return web.Response(body=picture_bytes(), content_type="image/png")

    def wrong_key_reply(self) -> JsonReply:
        """Return the reply to a wrong key."""
        raise NotImplementedError

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Return the error for a wrong body."""
        raise NotImplementedError

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Return the reply to an accepted request."""
        raise NotImplementedError

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return the replies to polls of a task that succeeds."""
        raise NotImplementedError


def _has_key(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"


def is_number(value: object, least: int, most: int) -> bool:
    """Tell whether a field is a whole number within its bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_text(value: object, longest: int) -> bool:
    """Tell whether a field is a non-empty text that is not too long."""
    return isinstance(value, str) and 1 <= len(value) <= longest
