"""A strict loopback Discord REST: what it does not know or expect, it refuses and remembers.

While it is open, discord.py of this process speaks to it alone. To extend it: one handler and one
line in ``app``, with the place in Discord's documentation that describes the shape.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from aiohttp import web
from aiohttp.web_middlewares import middleware
from discord.http import Route

from tests.discord_rest.interactions import Interactions
from tests.discord_rest.messages import Limited, Messages
from tests.discord_rest.payloads import Refused

Json = dict[str, object]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Then = Callable[[web.Request, web.StreamResponse], Awaitable[web.StreamResponse]]

TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.Gplant.planted-discord-token-0123456789"
APPLICATION_ID = 1_000_000_000_000_000_001
NOW_MS = 1_800_000_000_000


def user() -> Json:
    """Return the bot's user (resources/user)."""
    return {
        "id": str(APPLICATION_ID),
        "username": "Easel",
        "discriminator": "0001",
        "global_name": None,
        "avatar": None,
        "bot": True,
        "verified": True,
        "mfa_enabled": True,
        "flags": 0,
        "public_flags": 0,
    }


def application(**changes: object) -> Json:
    """Return the application as its owner set it up (resources/application)."""
    owner = {
        "id": "7",
        "username": "olga",
        "discriminator": "0",
        "avatar": None,
        "global_name": None,
    }
    usual: Json = {
        "id": str(APPLICATION_ID),
        "name": "Easel",
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": owner,
        "team": None,
        "interactions_endpoint_url": None,
    }
    return {**usual, **changes}


def guild(id_: int, name: str, permissions: int) -> Json:
    """Return a partial server; permissions come as text (resources/user)."""
    return {
        "id": str(id_),
        "name": name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(permissions),
        "features": [],
    }


@dataclass(frozen=True)
class Answer:
    """An answer that a test wants instead of the usual one; a body of text is an HTML page."""

    status: int
    body: Json | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class FakeDiscord:
    """Discord with one application.

    ``instead`` replaces the answers of a path, ``silent`` paths never answer, ``requests`` are
    the accepted ones and ``refused`` says what was wrong with the others. ``asked`` are all paths,
    and ``heard`` is set at each. ``then`` is what a test does between a deed and its answer.
    ``gateway_url`` is where a bot hears of events, empty without a gateway. ``session_starts`` are
    how many more shards may identify today.
    """

    base: str = ""
    gateway_url: str = ""
    shards: int = 1
    max_concurrency: int = 1
    session_starts: int = 999
    token: str = TOKEN
    now_ms: int = NOW_MS
    application: Json = field(default_factory=application)
    guilds: list[Json] = field(default_factory=list)
    commands: list[Json] = field(default_factory=list)
    instead: dict[str, Answer] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    then: Then | None = None
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.messages = Messages(now=lambda: self.now_ms, user=user())
        self.interactions = Interactions(self.messages)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(middlewares=[self._door], client_max_size=64 * 1024 * 1024)
        app.router.add_get("/api/v10/gateway/bot", self._gateway)
        app.router.add_get("/api/v10/users/@me", self._me)
        app.router.add_get("/api/v10/oauth2/applications/@me", self._application)
        app.router.add_get("/api/v10/users/@me/guilds", self._guilds)
        app.router.add_get("/api/v10/applications/{id}/commands", self._list_commands)
        app.router.add_put("/api/v10/applications/{id}/commands", self._commands)
        app.router.add_get(
            "/api/v10/applications/{id}/guilds/{guild}/commands/{command}/permissions",
            self._permissions,
        )
        self.messages.add_routes(app.router)
        self.interactions.add_routes(app.router)
        return app

    def release(self) -> None:
        """Let the silent answer, so that the server can close."""
        self._released.set()

    @middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await self._admit(request, handler)
        # Whole seconds, as everywhere (RFC 9110, 5.6.7).
        response.headers["Date"] = formatdate(self.now_ms // 1000, usegmt=True)
        return response

    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v10")
        self.asked.append(path)
        self.heard.set()
        if path in self.silent:
            await self._released.wait()
        # An interaction token is the only key to what it answers (receiving-and-responding).
        by_token = path.startswith(("/webhooks/", "/interactions/"))
        if not by_token and request.headers.get("Authorization") != f"Bot {self.token}":
            return self._refuse(401, 0, "401: Unauthorized", request)
        # A library must name itself so (reference, User Agent).
        if not by_token and not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            return self._refuse(403, 40333, "internal network error", request)
        if answer := self.instead.get(path):
            return _response_of(answer)
        try:
            response = await handler(request)
        except Limited as limit:
            return _limited(limit.retry_after_s)
        except Refused as refused:
            return self._refuse(refused.status, refused.code, str(refused), request)
        except web.HTTPException as unknown:
            return self._refuse(unknown.status, 0, f"{unknown.status}: {unknown.reason}", request)
        self.requests.append(f"{request.method} {request.path_qs.removeprefix('/api/v10')}")
        return response if self.then is None else await self.then(request, response)

    def _refuse(self, status: int, code: int, message: str, request: web.Request) -> web.Response:
        self.refused.append(f"{request.method} {request.path}: {message}")
        return _json({"message": message, "code": code}, status=status)

    async def _gateway(self, request: web.Request) -> web.Response:
        """Say where the gateway is, and for how many shards (events/gateway, Get Gateway Bot)."""
        _only(request)
        if not self.gateway_url:
            raise web.HTTPNotFound
        limit = {
            "total": 1000,
            "remaining": max(self.session_starts, 0),
            "reset_after": 3_600_000,
            "max_concurrency": self.max_concurrency,
        }
        return _json({"url": self.gateway_url, "shards": self.shards, "session_start_limit": limit})

    async def _me(self, request: web.Request) -> web.Response:
        _only(request)
        return _json(user())

    async def _application(self, request: web.Request) -> web.Response:
        _only(request)
        return _json(self.application)

    async def _guilds(self, request: web.Request) -> web.Response:
        """Page by id, 200 at most (resources/user, Get Current User Guilds)."""
        _only(request, "limit", "before", "after", "with_counts")
        limit, after = int(request.query.get("limit", "200")), int(request.query.get("after", "0"))
        if not 1 <= limit <= 200 or "before" in request.query:
            raise web.HTTPBadRequest
        later = sorted((g for g in self.guilds if int(str(g["id"])) > after), key=_id)
        return _json(later[:limit])

    async def _commands(self, request: web.Request) -> web.Response:
        """Take the whole list of commands (interactions/application-commands)."""
        _only(request)
        if request.match_info["id"] != str(APPLICATION_ID):
            raise web.HTTPForbidden
        given = await request.json()
        left_out = {*map(_entry_point, self.commands)} - {*map(_entry_point, given), None}
        if left_out:
            message = "You cannot remove this app's Entry Point command in a bulk update operation."
            raise Refused(400, 50240, message)
        self.commands = [
            {
                "description": "",  # of context menus, which come without one
                **command,
                "id": str(number),
                "application_id": str(APPLICATION_ID),
                "version": "1",
                "default_member_permissions": command.get("default_member_permissions"),
            }
            for number, command in enumerate(given, 1)
        ]
        return _json(self.commands)

    async def _permissions(self, request: web.Request) -> web.Response:
        """Say that no admin changed anything."""
        _only(request)
        return _json({"message": "Unknown application command permissions", "code": 10066}, 404)

    async def _list_commands(self, request: web.Request) -> web.Response:
        _only(request, "with_localizations")
        return _json(self.commands)


def _limited(retry_after_s: float) -> web.Response:
    """Ask for patience; discord.py takes a 429 without Via for a ban."""
    limit = _json({"message": "slow", "retry_after": retry_after_s, "global": False}, status=429)
    limit.headers.update({"Retry-After": str(retry_after_s), "Via": "1.1 google"})
    return limit


def _only(request: web.Request, *known: str) -> None:
    if request.query.keys() - set(known):
        raise web.HTTPBadRequest


def _entry_point(command: Json) -> object:
    return command["name"] if command.get("type") == 4 else None


def _id(guild: Json) -> int:
    return int(str(guild["id"]))


def _json(body: object, status: int = 200) -> web.Response:
    # Discord names no charset, and discord.py reads JSON only without one.
    text = json.dumps(body).encode()
    return web.Response(body=text, status=status, content_type="application/json")


def _response_of(answer: Answer) -> web.Response:
    if isinstance(answer.body, str):
        return web.Response(status=answer.status, text=answer.body, content_type="text/html")
    response = _json(answer.body, status=answer.status)
    response.headers.update(answer.headers)
    return response


@asynccontextmanager
async def fake_discord() -> AsyncIterator[FakeDiscord]:
    """Open it on loopback and point discord.py at it."""
    fake, real = FakeDiscord(), Route.BASE
    runner = web.AppRunner(fake.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    Route.BASE = fake.base = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v10"
    try:
        yield fake
    finally:
        Route.BASE = real
        fake.release()
        await runner.cleanup()
