"""A reverse proxy before SimCord's page that lets one action through at a time.

SimCord answers an action with HTTP 400 while it publishes something, after which the page is
stuck, and refuses an action whose page has not yet seen the newest publication. The proxy waits
for the lock and writes the newest revision into the action, so that every click arrives.
"""

import base64
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.resources import files

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from playground.page_patches import patch_page
from playground.time_sync import Synchronizer

HOST = "127.0.0.1"
# SimCord takes 25 MiB of files in one action.
MAX_BYTES = 27 * 1024 * 1024
_HOP_BY_HOP = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding", "date"}
)
# Inside a JSON text quotes are escaped, so this can only be the envelope's own field.
_REVISION = re.compile(rb'"published_revision":\s*\d+')
_TITLE = b"<title>SimCord Preview</title>"
_NEW_TITLE = b'<title>Easel playground</title><link rel="icon" href="/easel.svg">'
# Of two equal style rules the later one holds: the playground's.
_HEAD_END = b"</head>"
_NEW_HEAD_END = b'<link rel="stylesheet" href="/easel.css"></head>'
_END = b"</body>"
_NEW_END = b'<script type="module" src="/easel.js"></script></body>'
_REPLACEMENTS = {_TITLE: _NEW_TITLE, _HEAD_END: _NEW_HEAD_END, _END: _NEW_END}
# One transparent pixel. SimCord forgets a preview as soon as its card is edited.
_EMPTY_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_ASSETS = {
    "/easel.svg": "image/svg+xml",
    "/easel.css": "text/css",
    "/easel.js": "application/javascript",
}


class ActionProxy:
    """Forwards requests to the page behind it."""

    def __init__(self, page: URL, session: aiohttp.ClientSession, sync: Synchronizer) -> None:
        self.port = 0
        self._page = page
        self._session = session
        self._sync = sync

    async def asset(self, request: web.Request) -> web.Response:
        """Answer with the playground's own icon, style sheet or script."""
        body = files("playground").joinpath(request.path.removeprefix("/")).read_bytes()
        return web.Response(body=body, content_type=_ASSETS[request.path])

    async def index(self, request: web.Request) -> web.Response:
        """Answer with the page, its title replaced and our assets linked."""
        page = await self._forwarded(request)
        if isinstance(page.body, bytes):
            for old, new in _REPLACEMENTS.items():
                page.body = page.body.replace(old, new)
        return page

    async def state(self, request: web.Request) -> web.Response:
        """Answer with the messages, patched to look as in Discord."""
        page = await self._forwarded(request, await request.read())
        if page.status == HTTPStatus.OK and isinstance(page.body, bytes):
            page.body = json.dumps(patch_page(json.loads(page.body))).encode()
        return page

    async def action(self, request: web.Request) -> web.Response:
        """Forward one action with the newest revision."""
        body = await request.read()
        async with self._sync.turn():
            revision = await self._revision(request)
            if revision is not None:
                body = _REVISION.sub(b'"published_revision":%d' % revision, body, count=1)
            return await self._forwarded(request, body)

    async def forward(self, request: web.Request) -> web.Response:
        """Forward any other request."""
        return await self._forwarded(request, await request.read())

    async def picture(self, request: web.Request) -> web.Response:
        """Answer with a picture, or an empty one where a newer one has replaced it."""
        found = await self._forwarded(request)
        if found.status == HTTPStatus.NOT_FOUND:
            return web.Response(body=_EMPTY_GIF, content_type="image/gif")
        return found

    async def _revision(self, request: web.Request) -> int | None:
        headers = self._headers(request)
        headers.pop("Content-Type", None)
        async with self._session.get(self._page / "api/state", headers=headers) as answer:
            if answer.status != HTTPStatus.OK:
                return None
            return int((await answer.json())["publishedRevision"])

    async def _forwarded(self, request: web.Request, body: bytes = b"") -> web.Response:
        url = self._page.join(request.rel_url)
        data = io.BytesIO(body) if body else None
        headers = self._headers(request)
        async with self._session.request(request.method, url, headers=headers, data=data) as answer:
            kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP]
            return web.Response(
                body=await answer.read(), status=answer.status, headers=CIMultiDict(kept)
            )

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        own, inner = f":{self.port}", f":{self._page.port}"
        headers = CIMultiDict(
            (k, v) for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP
        )
        for name in ("Host", "Origin"):  # the page checks both; only the port is replaced
            if name in headers:
                headers[name] = headers[name].replace(own, inner)
        return headers


@asynccontextmanager
async def action_proxy(page: str, sync: Synchronizer, *, port: int = 0) -> AsyncIterator[str]:
    """Serve a proxy before the page at a URL; yields the URL to open instead.

    Port 0 takes a free one. Raises OSError where the port cannot be had.
    """
    inner = URL(page)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        proxy = ActionProxy(inner.origin(), session, sync)
        runner = web.AppRunner(_app(proxy), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            proxy.port = runner.addresses[0][1]
            yield str(inner.with_port(proxy.port))
        finally:
            await runner.cleanup()


def _app(proxy: ActionProxy) -> web.Application:
    app = web.Application(client_max_size=MAX_BYTES)
    app.router.add_get("/", proxy.index)
    for path in _ASSETS:
        app.router.add_get(path, proxy.asset)
    app.router.add_get("/api/state", proxy.state)
    app.router.add_post("/api/pages", proxy.state)
    app.router.add_post("/api/action", proxy.action)
    app.router.add_get("/api/assets/{id}", proxy.picture)
    app.router.add_route("*", "/{path:.*}", proxy.forward)
    return app
