"""Build the HTTP request for a gateway request: its URL, headers and body.

There are five forms: a generation; a generation whose field ``image`` lists the references; an
edit with the references in JSON; an edit as a multipart form with files; and a call, whose body is
a template.
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
from bot.gateways.calls import Call
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
from bot.gateways.request.fields import (
    call_for,
    call_values,
    is_multipart,
    request_fields,
    unsaid_option,
    wants_stream,
)
from bot.gateways.request.rendering import field_text, form_body, form_file, json_body
from bot.gateways.request.template import TemplatePicture, TemplateValues, fill_template

_STREAM_ACCEPT = "text/event-stream, application/json"

BodyParts = Iterator[BodyPart]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The POST to send."""

    url: URL = field(repr=False)
    headers: CIMultiDict[str] = field(repr=False)
    body: RequestBody


@contextmanager
def open_request(
    request: GatewayRequest, model: ModelAbilities, gateway: Gateway, *, now_ms: int
) -> Iterator[HttpRequest]:
    """Return the HTTP request; raise RequestBuildFailed when it cannot be built.

    The files of its body stay open until the context ends: so the announced length can be sent
    even if a file is removed meanwhile, and sent again after a redirect.
    """
    _check(request, model)
    _check_call(request, model, gateway)
    with ExitStack() as files:
        url, body = _BodyBuilder(request, model, gateway, files, now_ms).build()
        headers = gateway.request_headers()
        headers.update(gateway.asynchronous.header)
        if wants_stream(request, model, gateway) and "Accept" not in CIMultiDict(gateway.headers):
            headers["Accept"] = _STREAM_ACCEPT
        headers["Content-Type"] = body.content_type
        yield HttpRequest(url, headers, body)


def _check(request: GatewayRequest, model: ModelAbilities) -> None:
    """Refuse what the model no longer takes: requests of old jobs are not checked elsewhere."""
    image = request.image_request
    references, limits = image.references, model.reference_limits_of(image)
    if image.action:  # its picture is at the gateway; only the mask is sent
        return
    if references and not (
        limits and len(references) <= limits.max_count and all(map(limits.accepts, references))
    ):
        detail = f"models.toml does not let {model.name} take these {len(references)} references"
        raise RequestBuildFailed(GatewayErrorKind.INVALID_REQUEST, detail, param="references")
    if request.mask and not (references and limits and limits.mask_max_bytes):
        detail = f"{model.name} takes no mask, or there is no reference to lay it over"
        raise RequestBuildFailed(GatewayErrorKind.INVALID_REQUEST, detail, param="mask")


def _check_call(request: GatewayRequest, model: ModelAbilities, gateway: Gateway) -> None:
    """Refuse what no call of the gateway can say; nothing that a person chose is left out."""
    if option := unsaid_option(request, model, gateway):
        detail = f"no call of {gateway.name} says {option} of a request with these references"
        raise RequestBuildFailed(GatewayErrorKind.INVALID_REQUEST, detail, param=option)


@dataclass(frozen=True, slots=True)
class _BodyBuilder:
    """Builds the body; ``files`` closes the files that it opens."""

    request: GatewayRequest
    model: ModelAbilities
    gateway: Gateway
    files: ExitStack
    now_ms: int

    def build(self) -> tuple[URL, RequestBody]:
        """Return the URL and the body."""
        if call := call_for(self.request, self.model, self.gateway):
            return self.gateway.call_url(call, self.model.name), self._called(call)
        limits = self.model.references
        if not limits or not self.request.image_request.references:
            return self.gateway.url, self._json()
        if is_multipart(self.request, self.model):
            return self.gateway.edit_url, self._form()
        if limits.transport == "json_images_objects":
            pictures = chain(self._list("images", self._image_objects()), self._mask_object())
            return self.gateway.edit_url, self._json(pictures)
        urls = limits.transport == "json_image_urls"
        return self.gateway.url, self._json(self._list("image", self._strings(urls=urls)))

    # --- a call -------------------------------------------------------------------------------

    def _called(self, call: Call) -> RequestBody:
        values = call_values(call, self.request, self.model, self.gateway)
        images = [self._picture(*one) for one in enumerate(self._contents(), 1)]
        given = TemplateValues(values, tuple(images), self._masks(call))
        body = {**fill_template(call.body, given), **self.gateway.asynchronous.body}
        return form_body(body) if call.form else json_body(body)

    def _picture(self, number: int, one: tuple[Reference, FileContent]) -> TemplatePicture:
        reference, content = one
        address = reference.fresh_url(self.now_ms)
        return TemplatePicture(f"image-{number}", reference.format, content, address)

    def _masks(self, call: Call) -> dict[str, TemplatePicture]:
        """Return the mask, which was prepared as the call sends it."""
        if not (self.request.mask and call.mask_name):
            return {}
        return {call.mask_name: TemplatePicture("mask", "png", self._mask(self.request.mask))}

    # --- JSON ---------------------------------------------------------------------------------

    def _json(self, pictures: Iterable[BodyPart] = ()) -> RequestBody:
        fields = request_fields(self.request, self.model, self.gateway)
        start = msgspec.json.encode(fields).removesuffix(b"}")
        if wrap := self.gateway.wrap:
            return RequestBody((f'{{"{wrap}":'.encode(), start, *pictures, b"}}"))
        return RequestBody((start, *pictures, b"}"))

    def _list(self, name: RequestField, pictures: Iterable[BodyParts]) -> BodyParts:
        separator = f',"{self._renamed(name)}":['.encode()
        for picture in pictures:
            yield separator
            yield from picture
            separator = b","
        yield b"]"

    def _strings(self, *, urls: bool) -> Iterator[BodyParts]:
        for reference, content in self._contents():
            if urls and (url := reference.fresh_url(self.now_ms)):
                yield iter((msgspec.json.encode(url),))
            else:
                yield _data_uri(reference.format, content)

    def _image_objects(self) -> Iterator[BodyParts]:
        for reference, content in self._contents():
            yield _image_object(reference.format, content)

    def _mask_object(self) -> BodyParts:
        if self.request.mask:
            yield f',"{self._renamed("mask")}":'.encode()
            yield from _image_object("png", self._mask(self.request.mask))

    # --- multipart form -----------------------------------------------------------------------

    def _form(self) -> RequestBody:
        boundary = f"easel-{token_hex(16)}"
        parts = tuple(self._form_parts(f"--{boundary}\r\n"))
        end = f"--{boundary}--\r\n".encode()
        return RequestBody((*parts, end), f"multipart/form-data; boundary={boundary}")

    def _form_parts(self, delimiter: str) -> BodyParts:
        fields = request_fields(self.request, self.model, self.gateway)
        for name, value in fields.items():
            head = f'{delimiter}Content-Disposition: form-data; name="{name}"\r\n\r\n'
            yield f"{head}{field_text(value)}\r\n".encode()
        name = self.gateway.form_field(len(self.request.references))
        for number, (reference, content) in enumerate(self._contents(), 1):
            yield from form_file(delimiter, name, f"image-{number}", reference.format, content)
        if self.request.mask:
            mask = self._mask(self.request.mask)
            yield from form_file(delimiter, self._renamed("mask"), "mask", "png", mask)

    # --- files --------------------------------------------------------------------------------

    def _contents(self) -> Iterator[tuple[Reference, FileContent]]:
        references = self.request.image_request.references
        for reference, path in zip(references, self.request.references, strict=True):
            yield reference, self._open(path, "references", reference.bytes)

    def _mask(self, path: Path) -> FileContent:
        mask = self.request.image_request.mask
        content = self._open(path, "mask", mask.bytes if mask else None)
        limit = self.model.references and self.model.references.mask_max_bytes
        if self.request.image_request.action or len(content) <= (limit or 0):
            return content
        detail = f"the mask has {len(content)} bytes, more than {self.model.name} takes"
        raise RequestBuildFailed(GatewayErrorKind.INVALID_REQUEST, detail, param="mask")

    def _open(self, path: Path, param: str, size: int | None) -> FileContent:
        content = open_content(path, param=param, size=size)
        self.files.enter_context(closing(content.file))
        return content

    def _renamed(self, name: RequestField) -> str:
        return self.gateway.rename.get(name, name)


def _data_uri(format_: str, content: FileContent) -> BodyParts:
    yield f'"data:image/{format_};base64,'.encode()
    yield Base64Content(content)
    yield b'"'


def _image_object(format_: str, content: FileContent) -> BodyParts:
    yield b'{"image_url":'
    yield from _data_uri(format_, content)
    yield b"}"
