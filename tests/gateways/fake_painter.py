"""A strict fake of a self-hosted painter: reference pictures as data URIs, nothing else."""

import base64
import re
from dataclasses import dataclass, field

from aiohttp import web

from tests.gateways.sample_pictures import b64, picture_bytes

FIELDS = {"model", "prompt", "n", "size", "response_format", "image"}
DATA_URI = re.compile(r"data:image/(png|jpeg|webp|gif);base64,(.*)", re.DOTALL)


@dataclass
class FakePainter:
    """Keeps the pictures that it was sent, decoded."""

    posts: int = 0
    images: list[tuple[str, bytes]] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=256 << 20)
        app.router.add_post("/v1/images/generations", self.generate)
        return app

    async def generate(self, request: web.Request) -> web.Response:
        """Check the length, the fields and every picture, then paint."""
        self.posts += 1
        body, text = await request.json(), await request.read()
        assert request.headers["Content-Length"] == str(len(text))
        assert "Transfer-Encoding" not in request.headers
        assert request.content_type == "application/json"
        assert body.keys() <= FIELDS
        self.images = [_decoded(image) for image in body.get("image", [])]
        return web.json_response({"data": [{"b64_json": b64(picture_bytes())}]})


def _decoded(image: str) -> tuple[str, bytes]:
    uri = DATA_URI.fullmatch(image)
    assert uri, "no data URI"
    return uri[1], base64.b64decode(uri[2], validate=True)
