"""A strict fake of OpenAI's generations and edits."""

import base64
import json
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.openai_rules import (
    KINDS,
    MAX_DATA_URI,
    MAX_IMAGES,
    TOO_LARGE,
    OpenAIFields,
    OpenAIRefusal,
    checked_edit,
    checked_generation,
)
from tests.gateways.sample_pictures import b64, picture_bytes


@dataclass(frozen=True)
class Uploaded:
    """One file of a form."""

    field: str
    filename: str
    kind: str
    data: bytes


@dataclass
class FakeOpenAI:
    """Counts what was paid: ``paid`` POSTs made pictures, ``posts`` includes refused ones.

    ``replies`` come first.
    """

    posts: int = 0
    paid: int = 0
    bodies: list[OpenAIFields] = field(default_factory=list)
    uploads: list[list[Uploaded]] = field(default_factory=list)
    replies: list[web.Response] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=256 << 20)
        app.router.add_post("/v1/images/generations", self.generate)
        app.router.add_post("/v1/images/edits", self.edit)
        return app

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Check every field, then paint."""
        return await self._paint(request, "image_generation", await self._json(request))

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """Check every field and every file, then paint."""
        _check_length(request)
        if request.content_type == "application/json":
            return await self._paint(request, "image_edit", await self._json(request), edit="json")
        body, files = await _form(request)
        self.uploads.append(files)
        return await self._paint(request, "image_edit", body, edit="form", files=files)

    def has_key(self, request: web.Request) -> bool:
        """Tell whether the request holds the key."""
        return request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"

    def check(self, body: OpenAIFields) -> None:
        """Refuse what this vendor refuses beyond OpenAI's own rules."""

    async def _json(self, request: web.Request) -> OpenAIFields:
        assert request.content_type == "application/json"
        return dict(await request.json())

    async def _paint(
        self,
        request: web.Request,
        event: str,
        body: OpenAIFields,
        *,
        edit: str = "",
        files: list[Uploaded] | None = None,
    ) -> web.StreamResponse:
        self.posts += 1
        if not self.has_key(request):
            message = f"Incorrect API key provided: {GATEWAY_KEY[:8]}****."
            return _error(OpenAIRefusal(401, "invalid_api_key", message))
        self.bodies.append(body)
        if self.replies:
            return self.replies.pop(0)
        try:
            self.check(body)
            if edit == "form":
                _check_files(files or [])
            if edit == "json":
                self.uploads.append(_named(body))
            checked_edit(body, form=edit == "form") if edit else checked_generation(body)
        except OpenAIRefusal as refusal:
            return _error(refusal)
        self.paid += 1
        if body.get("stream") in (True, "true"):
            return await _events(request, event, body)
        return web.json_response(_reply(body), headers={"x-request-id": "req_123"})


def _check_length(request: web.Request) -> None:
    assert "Content-Length" in request.headers
    assert "Transfer-Encoding" not in request.headers


# --- the pictures that come along ---------------------------------------------------------------


async def _form(request: web.Request) -> tuple[OpenAIFields, list[Uploaded]]:
    fields: OpenAIFields = {}
    files = []
    reader = await request.multipart()
    while part := await reader.next():
        assert isinstance(part, BodyPartReader)
        data, name = bytes(await part.read()), str(part.name)
        if part.filename is None:
            assert name not in fields
            fields[name] = data.decode()
        else:
            kind = part.headers.get("Content-Type", "")
            files.append(Uploaded(name, part.filename, kind, data))
    return fields, files


def _check_files(files: list[Uploaded]) -> None:
    images = [file for file in files if file.field != "mask"]
    if not images:
        raise OpenAIRefusal(400, "missing_required_parameter", "Missing 'image'.", "image")
    names = {file.field for file in images}
    # A list may hold a single file, too.
    if names != {"image[]"} and (names, len(images)) != ({"image"}, 1):
        raise OpenAIRefusal(
            400, "unknown_parameter", f"Unknown parameter: '{min(names)}'.", "image"
        )
    if len(images) > MAX_IMAGES or len(files) - len(images) > 1:
        raise OpenAIRefusal(400, "invalid_value", "Too many images.", "image")
    for file in images:
        _check_picture(file.kind, file.data, "image")
    for file in files[len(images) :]:
        assert file.field == "mask", "the mask comes last"
        _check_picture(file.kind, file.data, "mask")


_MAGIC = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}


def _check_picture(kind: str, data: bytes, param: str) -> None:
    is_right = kind in KINDS[param] and data.startswith(_MAGIC[kind])
    if not is_right or len(data) >= TOO_LARGE[param]:
        raise OpenAIRefusal(400, "invalid_value", f"Invalid file '{param}'.", param)


def _named(body: OpenAIFields) -> list[Uploaded]:
    """Read ``images: [{image_url}]`` and ``mask: {image_url}``."""
    images = body.get("images")
    if not isinstance(images, list) or not 1 <= len(images) <= MAX_IMAGES:
        raise OpenAIRefusal(400, "invalid_value", "Invalid value for 'images'.", "images")
    named = [("images", image) for image in images]
    named += [("mask", body["mask"])] if "mask" in body else []
    return [_decoded(name, image) for name, image in named]


def _decoded(name: str, image: object) -> Uploaded:
    assert isinstance(image, dict)
    assert image.keys() == {"image_url"}
    url = str(image["image_url"])
    head, _, data = url.partition(",")
    if not head.startswith("data:image/") or len(url) > MAX_DATA_URI:
        raise OpenAIRefusal(400, "invalid_value", f"Invalid '{name}'.", name)
    kind = head.removeprefix("data:").removesuffix(";base64")
    whole = base64.b64decode(data, validate=True)
    _check_picture(kind, whole, "mask" if name == "mask" else "image")
    return Uploaded(name, "", kind, whole)


# --- the answers --------------------------------------------------------------------------------


def _reply(body: OpenAIFields) -> OpenAIFields:
    if body["model"] == "dall-e-3":
        # By an address of the blob store, unless told otherwise.
        by_base64 = body.get("response_format") == "b64_json"
        item = (
            {"b64_json": b64(picture_bytes())}
            if by_base64
            else {"url": "https://blobs.example/1.png"}
        )
        return {"created": 1, "data": [item | {"revised_prompt": "a fox, oil on canvas"}]}
    facts = _facts(body)
    item = {"b64_json": b64(picture_bytes(facts["output_format"]))}
    return {
        "created": 1,
        **facts,
        "data": [item] * int(str(body.get("n", 1))),
        "usage": _usage(),
    }


_DECIDED = {"background": "opaque", "output_format": "png", "quality": "high", "size": "1024x1024"}


def _facts(body: OpenAIFields) -> dict[str, str]:
    """Return the pictures' properties: as requested, or as the model decided."""
    asked = {name: str(body.get(name, "auto")) for name in _DECIDED}
    return {
        name: decided if asked[name] == "auto" else asked[name]
        for name, decided in _DECIDED.items()
    }


def _usage() -> OpenAIFields:
    details = {"text_tokens": 10, "image_tokens": 40}
    usage = {"total_tokens": 150, "input_tokens": 50, "output_tokens": 100}
    return usage | {"input_tokens_details": details}


async def _events(request: web.Request, event: str, body: OpenAIFields) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    facts = _facts(body)
    common = {"b64_json": b64(picture_bytes(facts["output_format"])), "created_at": 1, **facts}
    for index in range(int(str(body.get("partial_images", 0)))):
        await _send(response, f"{event}.partial_image", {**common, "partial_image_index": index})
    for _ in range(int(str(body.get("n", 1)))):
        await _send(response, f"{event}.completed", {**common, "usage": _usage()})
    return response


async def _send(response: web.StreamResponse, name: str, data: OpenAIFields) -> None:
    text = json.dumps({"type": name, **data})
    await response.write(f"event: {name}\ndata: {text}\n\n".encode())


def _error(refusal: OpenAIRefusal) -> web.Response:
    error = {
        "message": refusal.message,
        "type": "invalid_request_error",
        "param": refusal.param,
        "code": refusal.code,
    }
    headers = {"x-request-id": "req_err"}
    return web.json_response({"error": error}, status=refusal.status, headers=headers)
