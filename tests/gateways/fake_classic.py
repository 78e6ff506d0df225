"""Strict fakes of seeds 000 (utoken) and 001 (dddai): the ten classic fields, and a slash."""

from dataclasses import dataclass, field

from aiohttp import web

from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import b64, picture_bytes

FIELDS = {
    "prompt",
    "model",
    "n",
    "size",
    "background",
    "moderation",
    "quality",
    "stream",
    "style",
    "user",
}
# By model: the longest prompt, the most pictures, the sizes.
MODELS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "gpt-image-1": (32000, 10, ("1024x1024", "1536x1024", "1024x1536", "auto")),
    "dall-e-2": (1000, 10, ("256x256", "512x512", "1024x1024")),
    "dall-e-3": (4000, 1, ("1024x1024", "1792x1024", "1024x1792")),
}
WORDS = {"background": ("transparent", "opaque", "auto"), "moderation": ("low", "auto")}
ONLY_GPT = ("background", "moderation")
PATH = "/v1/images/generations/"


@dataclass
class FakeClassic:
    """What both documents have in common; the pictures lie on the gateway itself."""

    posts: int = 0
    paid: int = 0
    gets: int = 0
    bodies: list[dict[str, object]] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_post(PATH, self.generate)
        app.router.add_post(PATH.rstrip("/"), self.without_slash)
        app.router.add_get("/files/fox.png", self.file)
        app.router.add_route("*", "/{elsewhere:.*}", self.elsewhere)
        return app

    async def generate(self, request: web.Request) -> web.Response:
        """Check what the document says, then paint."""
        self.posts += 1
        if not self.lets_in(request):
            return _error(401, "invalid token", "")
        body = await request.json()
        self.bodies.append(body)
        if wrong := _wrong(body):
            return _error(400, f"invalid {wrong}", wrong)
        self.paid += 1
        item = self.item(str(request.url.with_path("/files/fox.png").with_query(None)))
        details = {"text_tokens": 10, "image_tokens": 40}
        usage = {"total_tokens": 150, "input_tokens": 50, "output_tokens": 100}
        return web.json_response(
            {
                "created": 1,
                "data": [item] * body.get("n", 1),
                "usage": usage | {"input_tokens_details": details},
            }
        )

    def lets_in(self, request: web.Request) -> bool:
        """Tell whether the key is right."""
        raise NotImplementedError

    def item(self, url: str) -> dict[str, str]:
        """Return one picture of a reply."""
        raise NotImplementedError

    async def without_slash(self, request: web.Request) -> web.Response:
        """Send the visitor to the slash."""
        raise NotImplementedError

    async def file(self, request: web.Request) -> web.Response:
        """Send the picture, but to nobody who shows a key."""
        self.gets += 1
        if "Authorization" in request.headers:
            return web.Response(status=403)
        return web.Response(body=picture_bytes(), content_type="image/png")

    async def elsewhere(self, request: web.Request) -> web.Response:
        """Answer with a page, as web servers do."""
        return web.Response(status=404, text="<html>404</html>", content_type="text/html")


@dataclass
class FakeUtoken(FakeClassic):
    """Seed 000: no key in its example, 301 to the slash, both kinds of pictures in one item."""

    def lets_in(self, request: web.Request) -> bool:
        """Accept no key, but no wrong one."""
        return request.headers.get("Authorization") in (None, f"Bearer {GATEWAY_KEY}")

    def item(self, url: str) -> dict[str, str]:
        """Fill one of the two fields and leave the other empty."""
        return (
            {"url": "", "b64_json": b64(picture_bytes())}
            if self.paid % 2
            else {
                "url": url,
                "b64_json": "",
            }
        )

    async def without_slash(self, request: web.Request) -> web.Response:
        """Redirect as nginx and Django do; whoever follows loses the body."""
        self.posts += 1
        return web.Response(status=301, headers={"Location": PATH})


@dataclass
class FakeDddai(FakeClassic):
    """Seed 001: a key, addresses only, 307 to the slash, and a page below /v1/v1."""

    def lets_in(self, request: web.Request) -> bool:
        """Demand the key."""
        return request.headers.get("Authorization") == f"Bearer {GATEWAY_KEY}"

    def item(self, url: str) -> dict[str, str]:
        """Give the address, which is what the document requires."""
        return {"url": url}

    async def without_slash(self, request: web.Request) -> web.Response:
        """Redirect as gin and FastAPI do."""
        self.posts += 1
        return web.Response(status=307, headers={"Location": PATH})


def _wrong(body: dict[str, object]) -> str:
    """Return the name of a wrong field, or nothing."""
    if unknown := body.keys() - FIELDS:
        return min(unknown)
    longest, most, sizes = MODELS.get(str(body.get("model")), (0, 0, ()))
    if not sizes:
        return "model"
    if not 1 <= len(str(body.get("prompt", ""))) <= longest:
        return "prompt"
    if body.get("size", sizes[0]) not in sizes:
        return "size"
    n = body.get("n", 1)
    if not isinstance(n, int) or not 1 <= n <= most:
        return "n"
    return _wrong_word(body)


def _wrong_word(body: dict[str, object]) -> str:
    for name, words in WORDS.items():
        known = words if body["model"] == "gpt-image-1" else ()
        if name in body and body[name] not in known:
            return name
    if not all(isinstance(body.get(name, ""), str) for name in ("quality", "style", "user")):
        return "quality"
    return ""


def _error(status: int, message: str, param: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": ""}
    return web.json_response({"error": error}, status=status)
