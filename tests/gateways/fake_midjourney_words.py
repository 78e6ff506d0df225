"""midjourney-proxy's describe, shorten and image-seed: words in the finished task, and a number."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from tests.gateways.fake_midjourney import (
    INVALID,
    NO_PICTURE,
    UNFINISHED_PARENT,
    FakeButtons,
    FakeTask,
    midjourney_task,
    submit_reply,
)
from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import is_data_uri, is_text

DESCRIBED = (
    "a red fox in deep snow --ar 3:2",
    "fox, oil painting, evening light --ar 3:2",
    "a fox as pixel art --ar 3:2",
    "a watercolour of a fox --ar 3:2",
)
SHORTENED = (
    "red fox, deep snow, evening",
    "red fox, snow, evening",
    "fox, snow, evening",
    "fox, snow",
    "fox",
)
# As Midjourney's own message has them: a link around some words, one word that is struck out.
DESCRIPTION = "\n\n".join(
    f"{number}\ufe0f\u20e3 {text}"
    for number, text in enumerate(
        ("a [red fox](https://example.com/fox) in deep snow --ar 3:2", *DESCRIBED[1:]), 1
    )
)
TOKENS = "**red fox** (1.00), **snow** (0.71), ~~very~~ (0.02), ~~beautiful~~ (0.01)"
SHORT = (
    "## Important tokens\n"
    + TOKENS
    + "\n\n## Shortened prompts\n"
    + "\n\n".join(
        f"{number}\ufe0f\u20e3 {text}"
        for number, text in enumerate(
            ("**red fox**, ~~very~~ deep snow, evening", *SHORTENED[1:]), 1
        )
    )
)
SEED = 636646138
NOT_FOUND = JsonReply({"code": 3, "description": "关联任务不存在或已失效", "result": None}, 404)

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What is answered instead of the right thing."""


@dataclass
class WordTask(FakeTask):
    """A task whose result is words; its picture is the one that it is about."""

    action: str = "DESCRIBE"
    text: object = DESCRIPTION

    def json(self) -> JsonReply:
        """Return it as a fetch shows it: the picture is there from the beginning."""
        done = self.status == "SUCCESS"
        is_described = self.action == "DESCRIBE"
        return midjourney_task(
            self.status,
            "100%" if done else "0%",
            id=self.id,
            action=self.action,
            imageUrl="/files/described.png" if is_described else "",
            properties={"finalPrompt": self.text if done else ""},
            buttons=[],
        )


class FakeWords(FakeButtons):
    """A strict proxy with these three; what is accepted is paid, but for the seed.

    ``words`` is what the next tasks say, ``status`` how they begin. ``faults`` answer the next
    POSTs, ``poll_faults`` the next polls, ``seed_replies`` the next questions for a seed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, object] = {"describe": DESCRIPTION, "shorten": SHORT}
        self.faults: deque[Fault] = deque()
        self.poll_faults: deque[Fault] = deque()
        self.seed_replies: deque[Fault] = deque()
        self.seeds_asked: list[str] = []
        self.status = "IN_PROGRESS"  # of a new task
        self.polled = asyncio.Event()
        self.seed_asked = asyncio.Event()

    def app(self) -> web.Application:
        """Return the server."""
        app = super().app()
        for name in ("describe", "shorten"):
            app.router.add_post(f"/mj/submit/{name}", self._asked)
        app.router.add_get("/mj/task/{id}/image-seed", self._seed)
        return app

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        self.check_key(request)
        name, body = request.path.rpartition("/")[2], await request.json()
        self.orders.append((name, body))
        wrong = _describe_error(body) if name == "describe" else _shorten_error(body)
        if wrong is not None:
            return wrong.response()
        if self.faults:
            return await self.faults.popleft()(request)
        task = WordTask(f"{1000 + len(self.tasks)}", str(body.get("prompt", "")), is_grid=False)
        task.action, task.text, task.status = name.upper(), self.words[name], self.status
        self.tasks[task.id] = task
        self.paid += 1
        return submit_reply(1, "提交成功", task.id).response()

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        self.polled.set()
        if self.poll_faults:
            self.polls += 1
            return await self.poll_faults.popleft()(request)
        return await super()._fetch(request)

    async def _seed(self, request: web.Request) -> web.StreamResponse:
        self.check_key(request)
        self.seeds_asked.append(request.match_info["id"])
        self.seed_asked.set()
        await self.gate.wait()
        if self.seed_replies:
            return await self.seed_replies.popleft()(request)
        task = self.tasks.get(request.match_info["id"])
        if task is None:
            return NOT_FOUND.response()
        if task.status != "SUCCESS":
            return UNFINISHED_PARENT.response()
        return submit_reply(1, "成功", str(SEED)).response()


def _describe_error(body: JsonBody) -> JsonReply | None:
    if not body.keys() <= {"base64", "link", "botType", "notifyHook", "state"}:
        return INVALID
    return None if is_data_uri(body.get("base64")) else NO_PICTURE


def _shorten_error(body: JsonBody) -> JsonReply | None:
    right = body.keys() <= {"prompt", "botType", "notifyHook", "state"}
    return None if right and is_text(body.get("prompt"), 4000) else INVALID


# --- faults -----------------------------------------------------------------------------------


def answered(body: object, status: int = 200, **headers: str) -> Fault:
    """Answer this JSON, or this text."""

    async def fault(_: web.Request) -> web.StreamResponse:
        return JsonReply(body, status, headers).response()

    return fault


def cut(*, half: bool = False) -> Fault:
    """Close the connection, before the reply or in its middle."""

    async def fault(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if half:
            response.content_length = 2_000
            await response.prepare(request)
            await response.write(b'{"code": 1, "description"')
        assert request.transport is not None
        request.transport.abort()
        return response

    return fault
