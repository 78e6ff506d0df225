"""The files of the loopback Discord, at addresses that work for a day.

Discord signs them with a moment of expiry (reference, Signed Attachment CDN URLs).
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.discord_rest.fake import FakeDiscord
from tests.discord_rest.messages import path_of

DAY_S = 86_400


@dataclass
class Cdn:
    """Serves files; ``requests`` are those that were served."""

    fake: FakeDiscord
    origin: str = ""
    requests: list[str] = field(default_factory=list)

    def sign(self, path: str) -> str:
        """Return an address of a path that works for a day."""
        now_s = self.fake.now_ms // 1000
        query = f"ex={now_s + DAY_S:x}&is={now_s:x}"
        return f"{self.origin}{path}?{query}&hm={_signature(path, query)}"

    def works(self, address: object) -> bool:
        """Tell whether an address serves a file now."""
        path, _, query = str(address).removeprefix(self.origin).partition("?")
        return bool(query) and self._is_signed(path, query)

    async def serve(self, request: web.Request) -> web.Response:
        """Serve a file of a message."""
        if not self._is_signed(request.path, request.query_string):
            raise web.HTTPNotFound(text="This content is no longer available.")
        for message in self.fake.messages.all.values():
            for number, name in enumerate(message.files, 1):
                if path_of(message, number, name) == request.path:
                    self.requests.append(request.path)
                    return web.Response(body=message.contents[name], content_type="image/png")
        raise web.HTTPNotFound

    def _is_signed(self, path: str, query: str) -> bool:
        signed, _, signature = query.partition("&hm=")
        expires_s = int(signed.partition("&")[0].removeprefix("ex="), 16)
        return signature == _signature(path, signed) and expires_s * 1000 > self.fake.now_ms


def _signature(path: str, query: str) -> str:
    return hashlib.sha256(f"{path}?{query}".encode()).hexdigest()


@asynccontextmanager
async def cdn_of(fake: FakeDiscord) -> AsyncIterator[Cdn]:
    """Serve the files of a loopback Discord, whose messages name these addresses from now on."""
    cdn, app = Cdn(fake), web.Application()
    app.router.add_get("/attachments/{channel}/{id}/{name}", cdn.serve)
    async with TestServer(app) as server:
        cdn.origin = str(server.make_url("")).rstrip("/")
        fake.messages.sign = cdn.sign
        yield cdn
