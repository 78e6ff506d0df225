"""A strict fake of seed 002, Chat Bp: four fields, all of them required; edits as a form."""

from dataclasses import dataclass, field

from aiohttp import web

from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import picture_bytes

REQUIRED = {"model", "n", "size", "prompt"}
EDIT_FIELDS = REQUIRED | {"response_format", "stream"}
SIZES = {
    "dall-e-3": ("1024x1024", "1792x1024", "1024x1792"),
    "gpt-image-1": ("auto", "1024x1024", "1536x1024", "1024x1536"),
}
MAX_FILE = 25_000_000


@dataclass
class FakeChatBp:
    """The gateway when it ignores ``?async=true`` and answers with addresses at once."""

    posts: int = 0
    paid: int = 0
    asked_for_task: int = 0
    bodies: list[dict[str, object]] = field(default_factory=list)
    files: list[list[tuple[str, str, bytes]]] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=256 << 20)
        app.router.add_post("/v1/images/generations", self.generate)
        app.router.add_post("/v1/images/edits", self.edit)
        app.router.add_get("/files/fox.png", self.file)
        return app

    async def generate(self, request: web.Request) -> web.Response:
        """Check what the document demands."""
        return self._paint(request, dict(await request.json()), REQUIRED)

    async def edit(self, request: web.Request) -> web.Response:
        """Check the form that the sibling page documents."""
        form = await request.post()
        body: dict[str, object] = {}
        files = []
        for name, value in form.items():
            if isinstance(value, web.FileField):
                files.append((name, value.content_type, value.file.read()))
            else:
                body[name] = int(value) if name == "n" else value
        self.files.append(files)
        names = {name for name, _, _ in files} - {"mask"}
        if not files or not names <= {"image", "image[]"} or not all(map(_is_fine, files)):
            return _error(400, "image 参数错误")
        if body.get("model") != "gpt-image-1":
            return _error(400, "model 参数错误")
        return self._paint(request, body, EDIT_FIELDS)

    def _paint(
        self, request: web.Request, body: dict[str, object], known: set[str]
    ) -> web.Response:
        self.posts += 1
        self.bodies.append(body)
        if request.headers.get("Authorization") != f"Bearer {GATEWAY_KEY}":
            return _error(401, "无效的令牌")
        if dict(request.query) not in ({}, {"async": "true"}):
            return _error(400, "query 参数错误")
        if missing := sorted(REQUIRED - body.keys()):
            return _error(400, f"{missing[0]} 不能为空")
        if body.keys() - known or body["size"] not in SIZES.get(str(body["model"]), ()):
            return _error(400, "参数错误")
        self.paid += 1
        self.asked_for_task += "async" in request.query
        url = str(request.url.with_path("/files/fox.png").with_query(None))
        return web.json_response({"created": 1, "data": [{"url": url}] * int(str(body["n"]))})

    async def file(self, request: web.Request) -> web.Response:
        """Send the picture, but to nobody who shows a key."""
        assert "Authorization" not in request.headers
        return web.Response(body=picture_bytes(), content_type="image/png")


def _is_fine(file: tuple[str, str, bytes]) -> bool:
    _, kind, data = file
    return kind in ("image/png", "image/webp", "image/jpeg") and 0 < len(data) < MAX_FILE


def _error(status: int, message: str) -> web.Response:
    error = {"message": message, "type": "new_api_error", "param": "", "code": ""}
    return web.json_response({"error": error}, status=status)
