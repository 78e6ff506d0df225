"""The base class of the fakes of vendors with an interface of their own.

A subclass defines the paths, the checks and the replies. Every accepted request is paid.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from aiohttp import BodyPartReader, web

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import picture_bytes

PICTURE_PATH = "/files/fox.png"


@dataclass
class FakeVendor:
    """A strict gateway; ``submit_replies`` come first, the last of ``task_replies`` is repeated.

    ``more_paths`` take other kinds of requests, ``form_paths`` are those of all that want a form.
    """

    submit_path: ClassVar[str]
    more_paths: ClassVar[Sequence[str]] = ()
    form_paths: ClassVar[Sequence[str]] = ()
    task_path: ClassVar[str] = "/no/tasks/{task_id}"
    more_task_paths: ClassVar[Sequence[str]] = ()
    task_id: ClassVar[str] = ""
    needs_key: ClassVar[bool] = True

    task_replies: Sequence[JsonReply] = ()
    submit_replies: list[JsonReply] = field(default_factory=list)
    posts: int = 0
    paid: int = 0
    polls: int = 0
    bodies: list[JsonBody] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)  # of all requests and polls

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        for path in (self.submit_path, *self.more_paths):
            app.router.add_post(path, self.submit)
        for path in (self.task_path, *self.more_task_paths):
            app.router.add_get(path, self.poll)
        app.router.add_get("/files/{name}", self.file)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        """Check the key and every field, then accept the request."""
        self.posts += 1
        self.paths.append(request.path)
        if self.needs_key and not _has_key(request):
            return self.wrong_key_reply().response()
        body = await _body_of(request)
        self.bodies.append(body)
        is_form = request.content_type == "multipart/form-data"
        if is_form is not (request.path in self.form_paths):
            return self.wrong_type_reply().response()
        is_usual = request.path == self.submit_path
        refusal = self.error_for(body) if is_usual else self.error_at(request.path, body)
        if refusal:
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
        self.paths.append(request.path)
        task_replies = self.task_replies or self.default_task_replies()
        return task_replies[min(self.polls, len(task_replies)) - 1].response()

    async def file(self, request: web.Request) -> web.Response:
        """Send a picture; the request must not contain a key."""
        assert "Authorization" not in request.headers
        return web.Response(body=picture_bytes(), content_type="image/png")

    def wrong_key_reply(self) -> JsonReply:
        """Return the reply to a wrong key."""
        raise NotImplementedError

    def wrong_type_reply(self) -> JsonReply:
        """Return the reply to JSON where a form is wanted, or the other way round."""
        return JsonReply({"error": "Unsupported media type"}, 415)

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Return the error for a wrong body."""
        raise NotImplementedError

    def error_at(self, path: str, body: JsonBody) -> JsonReply | None:
        """Return the error for a wrong body at one of the other paths."""
        raise NotImplementedError

    def accepted_reply(self, body: JsonBody) -> JsonReply:
        """Return the reply to an accepted request."""
        raise NotImplementedError

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return the replies to polls of a task that succeeds."""
        raise NotImplementedError


async def _body_of(request: web.Request) -> JsonBody:
    """Return the fields of JSON or of a form, whose files are bytes."""
    if request.content_type == "application/json":
        body: JsonBody = await request.json()
        return body
    fields: dict[str, object] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        is_json = part.headers.get("Content-Type") == "application/json"
        text = json.loads(data) if is_json else data.decode("utf-8", "replace")
        fields[str(part.name)] = data if part.filename else text
    return fields


def is_bare_picture(value: object, *kinds: bytes) -> bool:
    """Tell whether a field is base64 without a prefix, of a file that begins in one of the ways."""
    try:
        data = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error:
        return False
    return data.startswith(kinds)


PNG, JPEG = b"\x89PNG", b"\xff\xd8\xff"


def is_data_uri(value: object) -> bool:
    """Tell whether a field is the data URI of a picture."""
    if not isinstance(value, str):
        return False
    head, _, data = value.partition(";base64,")
    return head in ("data:image/png", "data:image/jpeg", "data:image/webp") and is_bare_picture(
        data, b""
    )


def is_address(value: object) -> bool:
    """Tell whether a field is the address of a picture."""
    return isinstance(value, str) and value.startswith(("https://", "http://"))


def _has_key(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"


def is_number(value: object, least: int, most: int) -> bool:
    """Tell whether a field is a whole number within its bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_text(value: object, longest: int) -> bool:
    """Tell whether a field is a non-empty text that is not too long."""
    return isinstance(value, str) and 1 <= len(value) <= longest
