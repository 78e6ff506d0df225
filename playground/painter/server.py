"""The painter's server: its routes, and how an order is answered."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random, SystemRandom

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from playground.art.printing import Print, Wall
from playground.art.references import MOST_BYTES, MOST_REFERENCES
from playground.art.sketch import sketch
from playground.painter import replies
from playground.painter.forms import Part, fields_of, parts_of
from playground.painter.hand import PACE, Hand
from playground.painter.orders import Order, read_edit, read_edit_form, read_generation
from playground.painter.refused import Json, Refused, wrong_value
from playground.painter.tasks import UNKNOWN, Tasks

HOST = "127.0.0.1"

# Base64 makes four bytes of three, and some JSON writers spell each of its slashes as two bytes.
_BODY_BYTES = 256 * 1024 + (MOST_REFERENCES + 1) * (MOST_BYTES * 7 // 5)
_EVENTS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


class Painter:
    """The routes."""

    def __init__(
        self, hand: Hand, *, latency_s: float, now: Callable[[], float], room: int
    ) -> None:
        self._hand, self._latency_s, self._now = hand, latency_s, now
        self._wall = Wall(room=room)
        self._tasks = Tasks(room=room, usual_s=latency_s, now=now)

    async def rest(self, _app: web.Application) -> None:
        """End what is under way."""
        await self._tasks.close()
        self._hand.rest()

    async def models(self, _request: web.Request) -> web.Response:
        """Answer GET /v1/models."""
        return web.json_response(replies.models())

    async def generations(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /v1/images/generations; any model name; `image` holds references."""
        order = await self._hand.do(read_generation, await request.read())
        return await self._answer(request, order)

    async def edits(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /v1/images/edits, a form or JSON, with a mask or without one."""
        if request.content_type == "multipart/form-data":
            order = await self._hand.do(_read_form, await parts_of(request))
        else:
            order = await self._hand.do(read_edit, await request.read())
        return await self._answer(request, order)

    async def task(self, request: web.Request) -> web.Response:
        """Answer GET /v1/images/tasks/ID."""
        found = self._tasks.look(request.match_info["id"])
        if found is None:
            return web.json_response(UNKNOWN, status=400)
        return web.json_response(text=await self._hand.do(json.dumps, found))

    async def file(self, request: web.Request) -> web.Response:
        """Answer GET /v1/files/NAME.png."""
        png = self._wall.find(request.match_info["name"])
        if png is None:
            raise Refused("No such picture; only the latest are kept.", "not_found", status=404)
        return web.Response(body=png, content_type="image/png")

    # --- how an order is answered ---------------------------------------------------------------

    async def _answer(self, request: web.Request, order: Order) -> web.StreamResponse:
        wanted = partial(self._plain, order, request.url.origin())
        if request.query.get("async") == "true":
            if order.previews is not None:
                raise wrong_value("stream", "false for a task")
            return web.json_response(self._tasks.submit(order.action, wanted))
        if order.previews is not None:
            return await self._stream(request, order, order.previews)
        return web.json_response(text=await self._hand.do(json.dumps, await wanted()))

    async def _plain(self, order: Order, origin: URL) -> Json:
        prints = await self._hand.paint(order, after_s=self._latency_s)
        address = partial(self._address, origin)
        created = int(self._now())
        return await self._hand.do(replies.plain, order, prints, created=created, address=address)

    def _address(self, origin: URL, picture: Print) -> str:
        return str(origin / "v1" / "files" / self._wall.hang(picture))

    async def _stream(
        self, request: web.Request, order: Order, previews: int
    ) -> web.StreamResponse:
        """Spread the events over the time that painting takes."""
        share_s = self._latency_s / (previews + 1)
        (picture,) = await self._hand.paint(order, after_s=share_s)
        response = web.StreamResponse(headers=_EVENTS)
        with suppress(ConnectionError):  # whoever hung up wants nothing more
            await response.prepare(request)
            for index in range(previews):
                await response.write(await self._hand.do(self._preview, order, picture, index))
                await asyncio.sleep(share_s * PACE[order.quality])
            await response.write(await self._hand.do(self._completed, order, picture))
        return response

    def _preview(self, order: Order, picture: Print, index: int) -> bytes:
        jpeg = sketch(picture.png, (index + 1) / ((order.previews or 0) + 1))
        return replies.preview(order, jpeg, index, created=int(self._now()))

    def _completed(self, order: Order, picture: Print) -> bytes:
        return replies.completed(order, picture, created=int(self._now()))


def _read_form(parts: list[tuple[str, Part]]) -> Order:
    return read_edit_form(fields_of(parts))


@web.middleware
async def _in_openai_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        wrong = refused
    except web.HTTPRequestEntityTooLarge:
        wrong = Refused("The request body is too large.", "request_too_large", status=413)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as lost:
        message = f"Invalid URL ({request.method} {request.path})"
        wrong = Refused(message, "unknown_url", status=lost.status)
    return web.json_response(wrong.body(), status=wrong.status)


def make_app(
    *,
    latency_s: float = 0.0,
    fail_rate: float = 0.0,
    luck: Random | None = None,
    now: Callable[[], float] = time.time,
    room: int = 16,
    max_bytes: int = _BODY_BYTES,
) -> web.Application:
    """Build the application.

    ``latency_s`` is what an answer takes, ``fail_rate`` (0 to 1) is how often ``luck`` makes it a
    500, ``room`` is how many pictures are kept for URLs and how many tasks, and ``max_bytes`` the
    largest request body.
    """
    hand = Hand(fail_rate=fail_rate, luck=luck or SystemRandom())
    routes = Painter(hand, latency_s=latency_s, now=now, room=room)
    app = web.Application(middlewares=[_in_openai_words], client_max_size=max_bytes)
    app.router.add_get("/v1/models", routes.models)
    app.router.add_post("/v1/images/generations", routes.generations)
    app.router.add_post("/v1/images/edits", routes.edits)
    app.router.add_get("/v1/images/tasks/{id}", routes.task)
    app.router.add_get("/v1/files/{name}", routes.file)
    app.on_cleanup.append(routes.rest)
    return app


@asynccontextmanager
async def painter(
    *, port: int = 0, latency_s: float = 0.0, fail_rate: float = 0.0
) -> AsyncIterator[str]:
    """Serve on loopback inside the running event loop; yields ``http://127.0.0.1:PORT/v1``.

    Port 0 takes a free one. Raises OSError where the port cannot be had.
    """
    app = make_app(latency_s=latency_s, fail_rate=fail_rate)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
