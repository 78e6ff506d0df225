"""A strict fake of seed 003, gpt-image-2-all: pictures as WebP addresses on another origin."""

import base64
from dataclasses import dataclass, field

from aiohttp import web

from tests.gateways.sample_pictures import picture_bytes

SIZES = (None, "1024x1024", "1536x1024", "1024x1536")
FIELDS = {"model", "size", "n", "prompt", "image"}


@dataclass
class FakeG2all:
    """The gateway; ``files`` is the origin of its picture store."""

    files: str = ""
    posts: int = 0
    paid: int = 0
    images: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=256 << 20)
        app.router.add_post("/v1/images/generations", self.generate)
        return app

    async def generate(self, request: web.Request) -> web.Response:
        """Check what the document demands, then answer with an address and no usage."""
        self.posts += 1
        if request.headers.get("Accept") != "application/json":
            return web.json_response({"error": {"message": "Accept is required"}}, status=400)
        body = await request.json()
        self.images = body.get("image", [])
        right = body.keys() <= FIELDS and body.get("size") in SIZES and _are_images(self.images)
        if not right or not body.get("prompt") or body.get("model") != "gpt-image-2-all":
            return web.json_response({"error": {"message": "参数错误"}}, status=400)
        self.paid += 1
        url = f"{self.files}/cdn/20260423/a8092bb1.webp"
        return web.json_response(
            {"created": 1776909189, "data": [{"revised_prompt": "", "url": url}]}
        )


def _are_images(images: object) -> bool:
    """Tell whether these are at most five addresses or data URIs of whole pictures."""
    return isinstance(images, list) and len(images) <= 5 and all(map(_is_image, images))


def _is_image(image: object) -> bool:
    if not isinstance(image, str) or not image.startswith("data:"):
        return isinstance(image, str) and image.startswith("https://")
    head, _, data = image.partition(",")
    return head == "data:image/png;base64" and bool(base64.b64decode(data, validate=True))


@dataclass
class FakeFiles:
    """The picture store: signed addresses break when a key comes along."""

    gets: int = 0

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_get("/cdn/{day}/{name}", self.file)
        return app

    async def file(self, request: web.Request) -> web.Response:
        """Send the WebP with a wrong content type, as such stores do."""
        self.gets += 1
        if "Authorization" in request.headers:
            return web.Response(status=403, text="Server failed to authenticate the request")
        return web.Response(body=picture_bytes("webp"), content_type="application/octet-stream")
