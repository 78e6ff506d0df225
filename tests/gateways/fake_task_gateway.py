"""What the fakes of asynchronous gateways share: orders become tasks, and each look is counted.

A family brings its paths and its words; the house is strict about the key, the flag and the id.
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
    """One answer: a status and JSON, or text that is none."""

    body: object
    status: int = 200
    headers: ReplyHeaders = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return it as aiohttp sends it."""
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


@dataclass
class FakeTaskGateway:
    """A gateway that takes orders as tasks; the last of ``looks`` is repeated.

    ``announced`` answers the POST, ``unknown`` a look at a task that does not exist.
    """

    announced: JsonReply
    looks: Sequence[JsonReply]
    unknown: JsonReply
    task_id: str
    submit_path: str = "/v1/images/generations"
    submit_query: ReplyHeaders = field(default_factory=lambda: {"async": "true"})
    poll_path: str = "/v1/images/tasks/{task_id}"
    posts: int = 0
    polls: int = 0
    on_look: Callable[[int], None] = lambda _: None

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_post(self.submit_path, self.submit)
        app.router.add_get(self.poll_path, self.look)
        app.router.add_get("/files/{name}", self.file)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        """Take the order."""
        self.posts += 1
        assert dict(request.query) == self.submit_query
        assert (await request.json())["prompt"]
        _check_key(request)
        return self.announced.response()

    async def look(self, request: web.Request) -> web.Response:
        """Tell how far the task is."""
        _check_key(request)
        assert not request.query
        if request.match_info["task_id"] != self.task_id:
            return self.unknown.response()
        self.on_look(self.polls)
        self.polls += 1
        return self.looks[min(self.polls, len(self.looks)) - 1].response()

    async def file(self, request: web.Request) -> web.Response:
        """Send a picture, but to nobody who shows a key."""
        assert "Authorization" not in request.headers
        return web.Response(body=picture_bytes(), content_type="image/png")


def _check_key(request: web.Request) -> None:
    assert request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"


def task_gateway(origin: str, **changes: object) -> Gateway:
    """Return a task gateway as configuration."""
    fields: dict[str, object] = {"name": "house", "base_url": origin, "key": GATEWAY_KEY}
    return Gateway(**{"models": ("painter",), **fields, **changes})  # type: ignore[arg-type]  # by name
