"""The base class of the fakes of vendors whose images endpoints are nearly OpenAI's.

They follow the documents that docs/development/image-systems.md repeats: a field that these do not
name, or a value that they do not list, is refused in the vendor's own shape of errors. Statuses
that a vendor does not document have the usual meaning.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from aiohttp import web

from tests.gateways.fake_task_gateway import JsonBody, JsonReply
from tests.gateways.fake_vendor import (
    JPEG,
    PNG,
    FakeVendor,
    is_address,
    is_bare_picture,
    is_data_uri,
    is_number,
    is_text,
)
from tests.gateways.generation_harness import GATEWAY_KEY

Check = Callable[[object], bool]
Situation = str
"""How a request ends: declined, refused, unpaid, busy, broken or empty; then how."""


def one_of(*words: str) -> Check:
    """Return a check that a field is one of these words."""
    return lambda value: value in words


def whole(least: int, most: int) -> Check:
    """Return a check that a field is a whole number within these bounds."""
    return lambda value: is_number(value, least, most)


def text(longest: int = 32_000) -> Check:
    """Return a check that a field is text."""
    return lambda value: is_text(value, longest)


def pixels(least: int, most: int) -> Check:
    """Return a check that a field is WIDTHxHEIGHT within these bounds."""

    def check(value: object) -> bool:
        width, x, height = str(value).partition("x")
        known = bool(x) and width.isdecimal() and height.isdecimal()
        return known and least <= int(width) * int(height) <= most

    return check


def is_picture(value: object) -> bool:
    """Tell whether a field is a picture: an address, or a data URI."""
    return is_address(value) or is_data_uri(value)


def is_base64(value: object) -> bool:
    """Tell whether a field is the bare base64 of a picture."""
    return is_bare_picture(value, PNG, JPEG)


def some(check: Check, most: int) -> Check:
    """Return a check that a field is a list of at most so many values."""
    return lambda value: (
        isinstance(value, list) and 1 <= len(value) <= most and all(map(check, value))
    )


def is_object(fields: Mapping[str, Check], value: object) -> bool:
    """Tell whether a value is an object with no other fields than these, each as it must be."""
    return isinstance(value, dict) and all(
        name in fields and fields[name](each) for name, each in value.items()
    )


def is_picture_part(value: object) -> bool:
    """Tell whether a field is a part of a message with a picture."""
    source: dict[str, Check] = {"url": is_picture}
    part: dict[str, Check] = {
        "type": one_of("image_url"),
        "image_url": lambda one: is_object(source, one),
    }
    return is_object(part, value)


class FakeImageVendor(FakeVendor):
    """Answers at once; a body may have ``fields``, and must have those that are ``required``.

    ``origin`` is the address at which the last request found it.
    """

    list_path: ClassVar[str] = ""
    list_query: ClassVar[Mapping[str, str]] = {}
    required: ClassVar[tuple[str, ...]] = ("model", "prompt")
    origin: str = ""
    fields: ClassVar[Mapping[str, Check]]
    endings: ClassVar[Mapping[Situation, JsonReply]]
    listed: ClassVar[JsonReply] = JsonReply({"object": "list", "data": []})

    def app(self) -> web.Application:
        """Return the server."""
        app = super().app()
        if self.list_path:
            app.router.add_get(self.list_path, self.list_models)
        return app

    async def submit(self, request: web.Request) -> web.Response:
        """Remember the address, then check and answer."""
        self.origin = str(request.url.origin())
        return await super().submit(request)

    async def list_models(self, request: web.Request) -> web.Response:
        """Send the list of models."""
        assert dict(request.query) == self.list_query
        if self.needs_key and request.headers.get("Authorization") != f"Bearer {GATEWAY_KEY}":
            return self.wrong_key_reply().response()
        return self.listed.response()

    def error_for(self, body: JsonBody) -> JsonReply | None:
        """Refuse an unknown field, a wrong value, and what is missing."""
        for name in (*self.required, *body):
            if name not in self.fields or not self.fields[name](body.get(name)):
                return self.invalid(name)
        return None

    def invalid(self, name: str) -> JsonReply:
        """Return the error for a wrong field."""
        raise NotImplementedError

    def default_task_replies(self) -> Sequence[JsonReply]:
        """Return nothing: there are no tasks."""
        return ()


def error_reply(status: int, message: str, **more: object) -> JsonReply:
    """Return an error as most vendors shape it."""
    return JsonReply({"error": {"message": message, **more}}, status)


def several(body: JsonBody, item: JsonBody) -> list[JsonBody]:
    """Return as many pictures as were asked for."""
    return [item] * int(str(body.get("n", 1)))
