"""A strict fake of seed 004, modelmax: url or b64_json, and a usage of zeros."""

from dataclasses import dataclass, field

from aiohttp import web

from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import b64, picture_bytes

FIELDS = {"model", "prompt", "n", "size", "quality", "response_format", "style"}
QUALITIES = (None, "standard", "hd")
STYLES = (None, "natural", "vivid")


@dataclass
class FakeModelmax:
    """The gateway, which also keeps its pictures; ``balance`` pictures are still paid for."""

    balance: int = 10
    is_down: bool = False
    posts: int = 0
    paid: int = 0
    formats: list[str] = field(default_factory=list)
    options: list[tuple[object, object]] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_post("/v1/images/generations", self.generate)
        app.router.add_get("/generated-image.png", self.file)
        return app

    async def generate(self, request: web.Request) -> web.Response:
        """Answer with the documented statuses: 200, 400, 401, 402, 502."""
        self.posts += 1
        if request.headers.get("Authorization") != f"Bearer {GATEWAY_KEY}":
            return _error(401, "未授权")
        body = await request.json()
        right = (
            body.keys() <= FIELDS and body.get("prompt") and body.get("size") in (None, "1024x1024")
        )
        self.options.append((body.get("quality"), body.get("style")))
        known = body.get("quality") in QUALITIES and body.get("style") in STYLES
        if not right or not known or body.get("model") != "imagen-3":
            return _error(400, "模型不支持图像生成")
        if body.get("n", 1) > self.balance:
            return _error(402, "余额不足")
        if self.is_down:
            return web.Response(status=502, text="<html><title>502 Bad Gateway</title></html>")
        self.paid += 1
        return self._reply(request, body)

    def _reply(self, request: web.Request, body: dict[str, object]) -> web.Response:
        wanted = str(body.get("response_format", "url"))
        self.formats.append(wanted)
        url = str(request.url.with_path("/generated-image.png"))
        item = {"b64_json": b64(picture_bytes())} if wanted == "b64_json" else {"url": url}
        item["revised_prompt"] = "A futuristic city skyline at golden hour sunset..."
        usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
        data = [item] * int(str(body.get("n", 1)))
        return web.json_response({"created": 1709123456, "data": data, "usage": usage})

    async def file(self, request: web.Request) -> web.Response:
        """Send a picture."""
        assert "Authorization" not in request.headers
        return web.Response(body=picture_bytes(), content_type="image/png")


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"message": message}}, status=status)
