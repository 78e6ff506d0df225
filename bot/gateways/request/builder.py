"""A paid request in the words of one gateway: where it goes, its headers, and its body.

Four forms: a generation; a generation whose ``image`` lists the references; an edit whose JSON
holds them; an edit as a form with their files.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from secrets import token_hex

import msgspec
from multidict import CIMultiDict
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Reference
from bot.gateways.events import GatewayRequest
from bot.gateways.gateway import Gateway, RequestField
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.request.body import (
    Base64Content,
    BodyPart,
    FileContent,
    RequestBody,
    RequestBuildFailed,
    open_content,
)
from bot.gateways.request.fields import field_text, is_multipart, request_fields, wants_stream

# Discord's addresses of attachments expire, and a gateway may look long after it was asked.
URL_LIFETIME_MS = 10 * 60 * 1000
_STREAM_ACCEPT = "text/event-stream, application/json"

BodyParts = Iterator[BodyPart]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is posted; ``streams`` tells whether events were asked for, but any reply may come."""

    url: URL = field(repr=False)
    headers: CIMultiDict[str] = field(repr=False)
    body: RequestBody
    streams: bool


@contextmanager
def open_request(
    order: GatewayRequest, model: ModelAbilities, gateway: Gateway, *, now_ms: int
) -> Iterator[HttpRequest]:
    """Return the request for an order; raise BodyFailed when it cannot be put together.

    The files of its body stay open until the end, so that what was announced can also be sent,
    and again after a redirect.
    """
    _check(order, model)
    with ExitStack() as files:
        writer = _Writer(order, model, gateway, files, now_ms)
        url, body = writer.written()
        yield HttpRequest(url, _headers(gateway, body, writer.streams), body, writer.streams)


def _check(order: GatewayRequest, model: ModelAbilities) -> None:
    """Refuse what the model does not take any more: orders of old jobs pass no catalogue."""
    references, limits = order.image_request.references, model.references
    if references and not (
        limits and len(references) <= limits.max_count and all(map(limits.accepts, references))
    ):
        detail = f"models.toml does not let {model.name} take these {len(references)} references"
        raise RequestBuildFailed(GatewayErrorKind.INVALID_REQUEST, detail, param="references")
    if order.mask and not (references and limits and limits.mask_max_bytes):
        detail = f"{model.name} takes no mask, or there is no reference to lay it over"
        raise RequestBuildFailed(GatewayErrorKind.INVALID_REQUEST, detail, param="mask")


def _headers(gateway: Gateway, body: RequestBody, streams: bool) -> CIMultiDict[str]:
    headers = gateway.sent_headers()
    headers.update(gateway.asynchronous.header)
    if streams and "Accept" not in CIMultiDict(gateway.headers):
        headers["Accept"] = _STREAM_ACCEPT
    headers["Content-Type"] = body.content_type
    return headers


@dataclass(frozen=True, slots=True)
class _Writer:
    """Puts one order together; ``files`` closes what it opens."""

    order: GatewayRequest
    model: ModelAbilities
    gateway: Gateway
    files: ExitStack
    now_ms: int

    @property
    def streams(self) -> bool:
        return wants_stream(self.order, self.model, self.gateway)

    def written(self) -> tuple[URL, RequestBody]:
        limits = self.model.references
        if not limits or not self.order.image_request.references:
            return self.gateway.url, self._json()
        if is_multipart(self.order, self.model):
            return self.gateway.edit_url, self._form()
        if limits.transport == "json_images_objects":
            pictures = chain(self._list("images", self._objects()), self._mask_object())
            return self.gateway.edit_url, self._json(pictures)
        urls = limits.transport == "json_image_urls"
        return self.gateway.url, self._json(self._list("image", self._strings(urls=urls)))

    # --- JSON ---------------------------------------------------------------------------------

    def _json(self, pictures: Iterable[BodyPart] = ()) -> RequestBody:
        fields = request_fields(self.order, self.model, self.gateway)
        start = msgspec.json.encode(fields).removesuffix(b"}")
        if wrap := self.gateway.wrap:
            return RequestBody((f'{{"{wrap}":'.encode(), start, *pictures, b"}}"))
        return RequestBody((start, *pictures, b"}"))

    def _list(self, name: RequestField, pictures: Iterable[BodyParts]) -> BodyParts:
        before = f',"{self._named(name)}":['.encode()
        for picture in pictures:
            yield before
            yield from picture
            before = b","
        yield b"]"

    def _mask_object(self) -> BodyParts:
        if self.order.mask:
            yield f',"{self._named("mask")}":'.encode()
            yield from _object(_data_uri("png", self._mask(self.order.mask)))

    def _strings(self, *, urls: bool) -> Iterator[BodyParts]:
        for reference, file in self._pictures():
            fresh = urls and self.now_ms - reference.fetched_at < URL_LIFETIME_MS
            url = reference.url if fresh else None
            yield iter((msgspec.json.encode(url),)) if url else _data_uri(reference.format, file)

    def _objects(self) -> Iterator[BodyParts]:
        for reference, file in self._pictures():
            yield _object(_data_uri(reference.format, file))

    # --- a form -------------------------------------------------------------------------------

    def _form(self) -> RequestBody:
        boundary = f"easel-{token_hex(16)}"
        parts = tuple(self._form_parts(f"--{boundary}\r\n"))
        end = f"--{boundary}--\r\n".encode()
        return RequestBody((*parts, end), f"multipart/form-data; boundary={boundary}")

    def _form_parts(self, line: str) -> BodyParts:
        fields = request_fields(self.order, self.model, self.gateway)
        for name, value in fields.items():
            head = f'{line}Content-Disposition: form-data; name="{name}"\r\n\r\n'
            yield f"{head}{field_text(value)}\r\n".encode()
        name = self.gateway.form_field(len(self.order.references))
        for number, (reference, file) in enumerate(self._pictures(), 1):
            yield from _form_file(line, name, f"image-{number}", reference.format, file)
        if self.order.mask:
            mask = self._mask(self.order.mask)
            yield from _form_file(line, self._named("mask"), "mask", "png", mask)

    # --- pictures -----------------------------------------------------------------------------

    def _pictures(self) -> Iterator[tuple[Reference, FileContent]]:
        order = self.order
        for reference, path in zip(order.image_request.references, order.references, strict=True):
            yield reference, self._open(path, "references", reference.bytes)

    def _mask(self, path: Path) -> FileContent:
        known = self.order.image_request.mask
        file = self._open(path, "mask", known.bytes if known else None)
        limit = self.model.references and self.model.references.mask_max_bytes
        if len(file) <= (limit or 0):
            return file
        detail = f"the mask has {len(file)} bytes, more than {self.model.name} takes"
        raise RequestBuildFailed(GatewayErrorKind.INVALID_REQUEST, detail, param="mask")

    def _open(self, path: Path, param: str, size: int | None = None) -> FileContent:
        found = open_content(path, param=param, size=size)
        self.files.enter_context(closing(found.file))
        return found

    def _named(self, name: RequestField) -> str:
        return self.gateway.rename.get(name, name)


def _data_uri(format_: str, file: FileContent) -> BodyParts:
    yield f'"data:image/{format_};base64,'.encode()
    yield Base64Content(file)
    yield b'"'


def _object(image: BodyParts) -> BodyParts:
    yield b'{"image_url":'
    yield from image
    yield b"}"


def _form_file(line: str, name: str, stem: str, format_: str, file: FileContent) -> BodyParts:
    disposition = f'form-data; name="{name}"; filename="{stem}.{format_}"'
    kind = f"Content-Type: image/{format_}"
    yield f"{line}Content-Disposition: {disposition}\r\n{kind}\r\n\r\n".encode()
    yield file
    yield b"\r\n"
