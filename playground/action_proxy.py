"""A reverse proxy before SimCord's page that lets one action through at a time.

SimCord answers an action with HTTP 400 while it publishes something, after which the page is
stuck, and refuses an action whose page has not yet seen the newest publication. The proxy waits
for the lock and writes the newest revision into the action, so that every click arrives. It also
turns typed commands into commands, and serves what SimCord's page lacks: our scripts and style
sheet, and the context menu of messages.
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
import simcord
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from playground.message_menu import MessageMenu
from playground.page_patches import patch_page
from playground.time_sync import Synchronizer
from playground.typed_actions import refusal, typed_action, understood, with_action
from playground.typed_commands import Json, Names, NotUnderstood

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
# Modules run in their order in the page: ours before SimCord's, whose requests they watch.
_HEAD_END = b"</head>"
_NEW_HEAD_END = (
    b'<link rel="stylesheet" href="/easel.css">'
    b'<script type="module" src="/easel/main.js"></script></head>'
)
_REPLACEMENTS = {_TITLE: _NEW_TITLE, _HEAD_END: _NEW_HEAD_END}
# One transparent pixel. SimCord forgets a preview as soon as its card is edited.
_EMPTY_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_ASSETS = {"/easel.svg": "image/svg+xml", "/easel.css": "text/css"}
_SCRIPTS = "page_scripts"


class ActionProxy:
    """Forwards requests to the page behind it."""

    def __init__(
        self,
        page: URL,
        session: aiohttp.ClientSession,
        sync: Synchronizer,
        *,
        names: Names,
        menu: MessageMenu | None,
    ) -> None:
        self.port = 0
        self._page = page
        self._session = session
        self._sync = sync
        self._names = names
        self._menu = menu

    async def asset(self, request: web.Request) -> web.Response:
        """Answer with the playground's own icon or style sheet."""
        body = files("playground").joinpath(request.path.removeprefix("/")).read_bytes()
        return web.Response(body=body, content_type=_ASSETS[request.path])

    async def script(self, request: web.Request) -> web.Response:
        """Answer with one of the playground's own scripts."""
        script = files("playground").joinpath(_SCRIPTS, request.match_info["name"])
        if not script.is_file():
            raise web.HTTPNotFound
        return web.Response(body=script.read_bytes(), content_type="application/javascript")

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
            patched = patch_page(json.loads(page.body), self._names)
            page.body = json.dumps(patched).encode()
        return page

    async def action(self, request: web.Request) -> web.Response:
        """Forward one action with the newest revision, a typed command as the command."""
        body = await request.read()
        async with self._sync.turn():
            if (action := typed_action(body)) is not None:
                entries = await self._commands(request)
                try:
                    body = with_action(body, understood(action, entries, self._names))
                except NotUnderstood as why:
                    return web.json_response(refusal(action, why))
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

    async def menu(self, _: web.Request) -> web.Response:
        """Answer with the names in the context menu of a message."""
        return web.json_response(self._menu.names() if self._menu else [])

    async def choose(self, request: web.Request) -> web.Response:
        """Run what somebody chose in the context menu of a message."""
        choice = await request.json()
        async with self._sync.turn():
            if self._menu is None or await self._revision(request) is None:
                raise web.HTTPForbidden
            page_id = request.headers.get("X-Simcord-Context", "")
            try:
                await self._menu.run(page_id, str(choice["name"]), int(choice["message"]))
            except (LookupError, ValueError, simcord.SetupError):
                raise web.HTTPNotFound from None
        return web.json_response({})

    async def _revision(self, request: web.Request) -> int | None:
        state = await self._get(request, "api/state")
        return None if state is None else int(state["publishedRevision"])

    async def _commands(self, request: web.Request) -> list[Json]:
        catalogue = await self._get(request, "api/commands")
        return [] if catalogue is None else list(catalogue["entries"])

    async def _get(self, request: web.Request, path: str) -> Json | None:
        headers = self._headers(request)
        headers.pop("Content-Type", None)
        async with self._session.get(self._page / path, headers=headers) as answer:
            return await answer.json() if answer.status == HTTPStatus.OK else None

    async def _forwarded(self, request: web.Request, body: bytes = b"") -> web.Response:
        url = self._page.join(request.rel_url)
        data = io.BytesIO(body) if body else None
        headers = self._headers(request)
        try:
            sent = self._session.request(request.method, url, headers=headers, data=data)
            async with sent as answer:
                kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP]
                return web.Response(
                    body=await answer.read(), status=answer.status, headers=CIMultiDict(kept)
                )
        except aiohttp.ClientError:  # the playground ends
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)

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
async def action_proxy(
    page: str,
    sync: Synchronizer,
    *,
    port: int = 0,
    names: Names | None = None,
    menu: MessageMenu | None = None,
) -> AsyncIterator[str]:
    """Serve a proxy before the page at a URL; yields the URL to open instead.

    Port 0 takes a free one. Raises OSError where the port cannot be had.
    """
    inner = URL(page)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        proxy = ActionProxy(inner.origin(), session, sync, names=names or {}, menu=menu)
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
    app.router.add_get("/easel/menu", proxy.menu)
    app.router.add_post("/easel/menu", proxy.choose)
    app.router.add_get("/easel/{name:[a-z_]+\\.js}", proxy.script)
    app.router.add_get("/api/state", proxy.state)
    app.router.add_post("/api/pages", proxy.state)
    app.router.add_post("/api/action", proxy.action)
    app.router.add_get("/api/assets/{id}", proxy.picture)
    app.router.add_route("*", "/{path:.*}", proxy.forward)
    return app
