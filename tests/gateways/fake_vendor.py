"""What the fakes of Kling, Replicate, Ideogram and Midjourney share: a key, counts and a script.

A family brings its paths, its rules and its words. What it makes is paid when it is taken.
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
    """A strict gateway; ``instead`` answers the next orders, the last of ``looks`` is repeated."""

    submit_path: ClassVar[str]
    task_path: ClassVar[str] = "/no/tasks/{task_id}"
    task_id: ClassVar[str] = ""

    looks: Sequence[JsonReply] = ()
    instead: list[JsonReply] = field(default_factory=list)
    posts: int = 0
    paid: int = 0
    polls: int = 0
    bodies: list[JsonBody] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_post(self.submit_path, self.submit)
        app.router.add_get(self.task_path, self.look)
        app.router.add_get("/files/{name}", self.file)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        """Check the key and every field, then take the order."""
        self.posts += 1
        assert request.content_type == "application/json"
        if not _has_key(request):
            return self.stranger().response()
        body = await request.json()
        self.bodies.append(body)
        if refusal := self.refusal(body):
            return refusal.response()
        if self.instead:
            return self.instead.pop(0).response()
        self.paid += 1
        return self.taken(body).response()

    async def look(self, request: web.Request) -> web.Response:
        """Tell how far the task is, to whom it belongs."""
        assert _has_key(request)
        assert request.match_info["task_id"] == self.task_id
        self.polls += 1
        looks = self.looks or self.usual_looks()
        return looks[min(self.polls, len(looks)) - 1].response()

    async def file(self, request: web.Request) -> web.Response:
        """Send a picture, but to nobody who shows a key."""
        assert "Authorization" not in request.headers
        return web.Response(body=picture_bytes(), content_type="image/png")

    def stranger(self) -> JsonReply:
        """Answer a wrong key."""
        raise NotImplementedError

    def refusal(self, body: JsonBody) -> JsonReply | None:
        """Return what is answered to a wrong body."""
        raise NotImplementedError

    def taken(self, body: JsonBody) -> JsonReply:
        """Answer an order that is taken."""
        raise NotImplementedError

    def usual_looks(self) -> Sequence[JsonReply]:
        """Return the looks at a task that succeeds."""
        raise NotImplementedError


def _has_key(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"


def is_number(value: object, least: int, most: int) -> bool:
    """Tell whether a field is a whole number within its bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_text(value: object, longest: int) -> bool:
    """Tell whether a field is a text that is not empty and not too long."""
    return isinstance(value, str) and 1 <= len(value) <= longest
