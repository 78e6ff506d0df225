"""A doorman before SimCord's page: browsers come to him, and he lets one action in at a time.

SimCord answers an action with HTTP 400 when it is just publishing something, after which the page
is stuck, and refuses one whose page has not yet seen the newest publication. The doorman waits for
his turn and tells the page's action the newest revision, so that every click arrives.
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

from playground.live import Live
from playground.mending import mend

HOST = "127.0.0.1"
# SimCord takes files of 25 MiB together.
MOST_BYTES = 27 * 1024 * 1024
_HOP_BY_HOP = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding", "date"}
)
# Inside a JSON text quotes are escaped, so this can only be the envelope's own field.
_REVISION = re.compile(rb'"published_revision":\s*\d+')
_TITLE = b"<title>SimCord Preview</title>"
_OUR_TITLE = b'<title>Easel playground</title><link rel="icon" href="/easel.svg">'
# Of two rules that say the same of a thing, the later one holds: ours.
_HEAD_END = b"</head>"
_OUR_HEAD_END = b'<link rel="stylesheet" href="/easel.css"></head>'
_END = b"</body>"
_OUR_END = b'<script type="module" src="/easel.js"></script></body>'
_ADDED = {_TITLE: _OUR_TITLE, _HEAD_END: _OUR_HEAD_END, _END: _OUR_END}
# One transparent pixel. SimCord forgets a preview as soon as its card is edited.
_NOTHING = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_OURS = {
    "/easel.svg": "image/svg+xml",
    "/easel.css": "text/css",
    "/easel.js": "application/javascript",
}


class Doorman:
    """Passes requests on to the page behind him."""

    def __init__(self, page: URL, session: aiohttp.ClientSession, live: Live) -> None:
        self.port = 0
        self._page = page
        self._session = session
        self._live = live

    async def ours(self, request: web.Request) -> web.Response:
        """Hand out what we add: an icon, a style and a few habits."""
        body = files("playground").joinpath(request.path.removeprefix("/")).read_bytes()
        return web.Response(body=body, content_type=_OURS[request.path])

    async def front(self, request: web.Request) -> web.Response:
        """Show the page under our name."""
        page = await self._pass_on(request)
        if isinstance(page.body, bytes):
            for theirs, ours in _ADDED.items():
                page.body = page.body.replace(theirs, ours)
        return page

    async def channel(self, request: web.Request) -> web.Response:
        """Show the messages as Discord would."""
        page = await self._pass_on(request, await request.read())
        if page.status == HTTPStatus.OK and isinstance(page.body, bytes):
            page.body = json.dumps(mend(json.loads(page.body))).encode()
        return page

    async def act(self, request: web.Request) -> web.Response:
        """Let one action in, as if its page had seen everything."""
        body = await request.read()
        async with self._live.turn():
            revision = await self._revision(request)
            if revision is not None:
                body = _REVISION.sub(b'"published_revision":%d' % revision, body, count=1)
            return await self._pass_on(request, body)

    async def look(self, request: web.Request) -> web.Response:
        """Let somebody look at whatever the page has."""
        return await self._pass_on(request, await request.read())

    async def picture(self, request: web.Request) -> web.Response:
        """Show a picture, or nothing where a newer one took its place before it was fetched."""
        found = await self._pass_on(request)
        if found.status == HTTPStatus.NOT_FOUND:
            return web.Response(body=_NOTHING, content_type="image/gif")
        return found

    async def _revision(self, request: web.Request) -> int | None:
        headers = self._headers(request)
        headers.pop("Content-Type", None)
        async with self._session.get(self._page / "api/state", headers=headers) as answer:
            if answer.status != HTTPStatus.OK:
                return None
            return int((await answer.json())["publishedRevision"])

    async def _pass_on(self, request: web.Request, body: bytes = b"") -> web.Response:
        url = self._page.join(request.rel_url)
        data = io.BytesIO(body) if body else None
        headers = self._headers(request)
        async with self._session.request(request.method, url, headers=headers, data=data) as answer:
            kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP]
            return web.Response(
                body=await answer.read(), status=answer.status, headers=CIMultiDict(kept)
            )

    def _headers(self, request: web.Request) -> CIMultiDict[str]:
        ours, theirs = f":{self.port}", f":{self._page.port}"
        headers = CIMultiDict(
            (k, v) for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP
        )
        for name in ("Host", "Origin"):  # the page checks both, so only the port is exchanged
            if name in headers:
                headers[name] = headers[name].replace(ours, theirs)
        return headers


@asynccontextmanager
async def doorman(page: str, live: Live, *, port: int = 0) -> AsyncIterator[str]:
    """Stand before the page at a URL; yields the URL to go to instead.

    Port 0 takes a free one. Raises OSError where the port cannot be had.
    """
    inside = URL(page)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        man = Doorman(inside.origin(), session, live)
        runner = web.AppRunner(_app(man), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            man.port = runner.addresses[0][1]
            yield str(inside.with_port(man.port))
        finally:
            await runner.cleanup()


def _app(man: Doorman) -> web.Application:
    app = web.Application(client_max_size=MOST_BYTES)
    app.router.add_get("/", man.front)
    for path in _OURS:
        app.router.add_get(path, man.ours)
    app.router.add_get("/api/state", man.channel)
    app.router.add_post("/api/pages", man.channel)
    app.router.add_post("/api/action", man.act)
    app.router.add_get("/api/assets/{id}", man.picture)
    app.router.add_route("*", "/{path:.*}", man.look)
    return app
