"""The base of the fakes of asynchronous gateways: requests become tasks, polls are counted.

A fake defines its paths and replies; the key, the async flag and the task id are checked here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from bot.gateways.gateway import Gateway
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import picture_bytes

JsonBody = Mapping[str, object]
ReplyHeaders = Mapping[str, str]


@dataclass(frozen=True)
class JsonReply:
    """One reply: a status with JSON or plain text."""

    body: object
    status: int = 200
    headers: ReplyHeaders = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return the aiohttp response."""
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


@dataclass
class FakeTaskGateway:
    """A gateway that accepts requests as tasks; the last of ``task_replies`` is repeated.

    ``submit_reply`` is the reply to the POST, ``unknown`` to a poll of an unknown task.
    """

    submit_reply: JsonReply
    task_replies: Sequence[JsonReply]
    unknown: JsonReply
    task_id: str
    submit_path: str = "/v1/images/generations"
    submit_query: ReplyHeaders = field(default_factory=lambda: {"async": "true"})
    poll_path: str = "/v1/images/tasks/{task_id}"
    posts: int = 0
    polls: int = 0
    on_poll: Callable[[int], None] = lambda _: None

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_post(self.submit_path, self.submit)
        app.router.add_get(self.poll_path, self.poll)
        app.router.add_get("/files/{name}", self.file)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        """Accept the request."""
        self.posts += 1
        assert dict(request.query) == self.submit_query
        assert (await request.json())["prompt"]
        _check_key(request)
        return self.submit_reply.response()

    async def poll(self, request: web.Request) -> web.Response:
        """Reply to a poll."""
        _check_key(request)
        assert not request.query
        if request.match_info["task_id"] != self.task_id:
            return self.unknown.response()
        self.on_poll(self.polls)
        self.polls += 1
        return self.task_replies[min(self.polls, len(self.task_replies)) - 1].response()

    async def file(self, request: web.Request) -> web.Response:
        """Send a picture; the request must not contain a key."""
        assert "Authorization" not in request.headers
        return web.Response(body=picture_bytes(), content_type="image/png")


def _check_key(request: web.Request) -> None:
    assert request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"


def task_gateway(origin: str, **changes: object) -> Gateway:
    """Return the configuration of a task gateway."""
    fields: dict[str, object] = {"name": "tasks", "base_url": origin, "key": GATEWAY_KEY}
    return Gateway(**{"models": ("painter",), **fields, **changes})  # type: ignore[arg-type]  # by name
