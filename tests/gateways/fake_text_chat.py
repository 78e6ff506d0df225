"""A strict gateway with a vision chat model: what OpenAI documents of POST /v1/chat/completions.

https://developers.openai.com/api/reference/resources/chat/subresources/completions/methods/create;
of the limit of tokens newer models take ``max_completion_tokens`` only. Every reply with a text is
paid, and so is one that was cut.
"""

import asyncio
import base64
import io
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from PIL import Image

MODEL = "seer"
KEY = "sk-planted-text-key"
FOUR = ("a red fox in fresh snow", "a fox at dawn, ink", "fox, pixel art", "a paper fox")
LISTED = "\n".join(f"{number}. {prompt}" for number, prompt in enumerate(FOUR, 1))

_FIELDS = {"model", "messages", "temperature", "max_completion_tokens", "top_p", "user", "stream"}
_ROLES = {"system", "developer", "user", "assistant"}
_FORMATS = {"png", "jpeg", "gif", "webp"}


@dataclass(frozen=True)
class Said:
    """A reply with a text; ``streamed`` though nobody asked for that."""

    text: str | None = LISTED
    finish_reason: str = "stop"
    refusal: str | None = None
    streamed: bool = False


@dataclass(frozen=True)
class Failed:
    """An error; ``code`` is OpenAI's."""

    status: int
    code: str | None = None
    message: str = "no"


@dataclass(frozen=True)
class Raw:
    """A body as it is, with headers."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cut:
    """The connection ends: after half of the reply, or before its first byte."""

    half: bool = False


ChatReply = Said | Failed | Raw | Cut


class WrongRequest(Exception):
    """What the request has wrong: a code and a message as OpenAI words them."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class FakeTextChat:
    """Answers with a list of four prompts; ``replies`` are used up first, one for each request.

    While ``gate`` is clear, every answer waits; ``asked`` is set when a request is there.
    """

    url: str = ""
    replies: deque[ChatReply] = field(default_factory=deque)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Image.Image] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    paid: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Check everything, then answer as scripted."""
        self.paths.append(request.path_qs)
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return _error(401, "Incorrect API key provided", "invalid_api_key")
        assert request.content_type == "application/json"
        assert request.content_length is not None
        body = await request.json()
        self.bodies.append(body)
        try:
            self._check(body)
        except WrongRequest as wrong:
            self.refused.append(str(wrong))
            return _error(400, str(wrong), wrong.code)
        self.asked.set()
        await self.gate.wait()
        return await self._reply(request, self.replies.popleft() if self.replies else Said())

    async def _reply(self, request: web.Request, reply: ChatReply) -> web.StreamResponse:
        if isinstance(reply, Failed):
            return _error(reply.status, reply.message, reply.code)
        if isinstance(reply, Raw):
            return web.Response(
                body=reply.body,
                status=reply.status,
                content_type=reply.content_type,
                headers=dict(reply.headers),
            )
        self.paid += 1
        if isinstance(reply, Cut):
            return await _cut(request, half=reply.half)
        return _stream(reply) if reply.streamed else web.json_response(_completion(reply))

    def _check(self, body: dict[str, Any]) -> None:
        if body.get("model") != MODEL:
            raise WrongRequest("The model does not exist", "model_not_found")
        if "max_tokens" in body:
            raise WrongRequest(
                "Unsupported parameter: 'max_tokens' is not supported with this model.",
                "unsupported_parameter",
            )
        if unknown := body.keys() - _FIELDS:
            raise WrongRequest(f"Unknown parameter: '{min(unknown)}'.", "unknown_parameter")
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise WrongRequest("Missing required parameter: 'messages'.")
        for message in messages:
            self._check_message(message)

    def _check_message(self, message: dict[str, Any]) -> None:
        if message.keys() != {"role", "content"} or message["role"] not in _ROLES:
            raise WrongRequest("Invalid value: 'messages'", "invalid_value")
        content = message["content"]
        if isinstance(content, str):
            return
        for part in content:
            if part.keys() == {"type", "text"} and part["type"] == "text":
                continue
            if part.keys() != {"type", "image_url"} or part["type"] != "image_url":
                raise WrongRequest("Invalid content part", "invalid_value")
            self.pictures.append(_picture(part["image_url"]))


def _picture(image_url: dict[str, str]) -> Image.Image:
    if not image_url.keys() <= {"url", "detail"}:
        raise WrongRequest("Invalid image_url", "invalid_value")
    head, _, data = image_url["url"].partition(",")
    kind = head.removeprefix("data:image/").removesuffix(";base64")
    if kind not in _FORMATS:
        raise WrongRequest("You uploaded an unsupported image.", "invalid_image_format")
    picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    picture.load()
    assert picture.format == kind.upper()
    return picture


def _completion(reply: Said) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, "refusal": reply.refusal}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish_reason}],
        "usage": {"prompt_tokens": 700, "completion_tokens": 80, "total_tokens": 780},
    }


def _stream(reply: Said) -> web.Response:
    text = reply.text or ""
    pieces: list[tuple[dict[str, str], str | None]] = [
        ({"role": "assistant", "content": ""}, None),
        *(({"content": text[at : at + 5]}, None) for at in range(0, len(text), 5)),
        ({}, reply.finish_reason),
    ]
    events = [
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
        }
        for delta, reason in pieces
    ]
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return web.Response(
        text=": hello\n\n" + "".join(lines) + "data: [DONE]\n\n", content_type="text/event-stream"
    )


async def _cut(request: web.Request, *, half: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    if half:
        response.content_length = 2_000
        await response.prepare(request)
        await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.abort()
    return response


def _error(status: int, message: str, code: str | None = None) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)


@asynccontextmanager
async def text_chat() -> AsyncIterator[FakeTextChat]:
    """Open the gateway on loopback."""
    chat = FakeTextChat()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat.answer)
    app.router.add_post("/v1/moved", chat.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    chat.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield chat
    finally:
        chat.gate.set()
        await runner.cleanup()
