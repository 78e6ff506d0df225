"""The painter's server: its routes, and how a paint request is answered."""

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

from playground.painter import responses
from playground.painter.chat_routes import EVENTS, ChatRoutes
from playground.painter.errors import Json, PainterError, wrong_value
from playground.painter.input_images import MAX_BYTES, MAX_REFERENCES
from playground.painter.midjourney.routes import MidjourneyRoutes
from playground.painter.multipart import FormPart, form_fields, form_parts
from playground.painter.paint_request import (
    PaintRequest,
    read_edit,
    read_edit_form,
    read_generation,
)
from playground.painter.partial_images import partial_image
from playground.painter.rendering import PictureStore, RenderedPicture
from playground.painter.tasks import UNKNOWN, PaintTaskRegistry
from playground.painter.worker import TIME_FACTOR, PaintWorker

HOST = "127.0.0.1"

# Base64 makes four bytes of three, and some JSON writers spell each of its slashes as two bytes.
_BODY_BYTES = 256 * 1024 + (MAX_REFERENCES + 1) * (MAX_BYTES * 7 // 5)


class PainterRoutes:
    """The handlers of the painter's routes."""

    def __init__(
        self, worker: PaintWorker, *, latency_s: float, now: Callable[[], float], capacity: int
    ) -> None:
        self._worker, self._latency_s, self._now = worker, latency_s, now
        self._pictures = PictureStore(capacity=capacity)
        self._tasks = PaintTaskRegistry(capacity=capacity, typical_s=latency_s, now=now)
        self._chat = ChatRoutes(worker, latency_s=latency_s, now=now)
        self._midjourney = MidjourneyRoutes(worker, self._pictures, latency_s=latency_s, now=now)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/v1/models", self.models)
        router.add_post("/v1/images/generations", self.generations)
        router.add_post("/v1/images/edits", self.edits)
        router.add_post("/v1/chat/completions", self._chat.completions)
        router.add_get("/v1/images/tasks/{id}", self.task)
        router.add_get("/v1/files/{name}", self.file)
        self._midjourney.add_to(router)

    async def close(self, _app: web.Application) -> None:
        """Cancel what is under way."""
        await self._tasks.close()
        await self._midjourney.close()
        self._worker.shutdown()

    async def models(self, _request: web.Request) -> web.Response:
        """Answer GET /v1/models."""
        return web.json_response(responses.model_list())

    async def generations(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /v1/images/generations; any model name; `image` holds references."""
        wanted = await self._worker.run(read_generation, await request.read())
        return await self._answer(request, wanted)

    async def edits(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /v1/images/edits, a form or JSON, with a mask or without one."""
        if request.content_type == "multipart/form-data":
            wanted = await self._worker.run(_read_form, await form_parts(request))
        else:
            wanted = await self._worker.run(read_edit, await request.read())
        return await self._answer(request, wanted)

    async def task(self, request: web.Request) -> web.Response:
        """Answer GET /v1/images/tasks/ID."""
        found = self._tasks.find(request.match_info["id"])
        if found is None:
            return web.json_response(UNKNOWN, status=400)
        return web.json_response(text=await self._worker.run(json.dumps, found))

    async def file(self, request: web.Request) -> web.Response:
        """Answer GET /v1/files/NAME.png."""
        png = self._pictures.find(request.match_info["name"])
        if png is None:
            message = "No such picture; only the latest are kept."
            raise PainterError(message, "not_found", status=404)
        return web.Response(body=png, content_type="image/png")

    # --- how a paint request is answered ------------------------------------------------------

    async def _answer(self, request: web.Request, wanted: PaintRequest) -> web.StreamResponse:
        plain = partial(self._plain, wanted, request.url.origin())
        if request.query.get("async") == "true":
            if wanted.partial_images is not None:
                raise wrong_value("stream", "false for a task")
            return web.json_response(self._tasks.submit(wanted.action, plain))
        if wanted.partial_images is not None:
            return await self._stream(request, wanted, wanted.partial_images)
        return web.json_response(text=await self._worker.run(json.dumps, await plain()))

    async def _plain(self, wanted: PaintRequest, origin: URL) -> Json:
        pictures = await self._worker.paint(wanted, after_s=self._latency_s)
        address, created = partial(self._address, origin), int(self._now())
        return await self._worker.run(
            responses.plain_response, wanted, pictures, created=created, address=address
        )

    def _address(self, origin: URL, picture: RenderedPicture) -> str:
        return str(origin / "v1" / "files" / self._pictures.add(picture))

    async def _stream(
        self, request: web.Request, wanted: PaintRequest, count: int
    ) -> web.StreamResponse:
        """Spread the events over the time that painting takes."""
        share_s = self._latency_s / (count + 1)
        (picture,) = await self._worker.paint(wanted, after_s=share_s)
        response = web.StreamResponse(headers=EVENTS)
        with suppress(ConnectionError):  # the client hung up
            await response.prepare(request)
            for index in range(count):
                event = await self._worker.run(self._partial_image, wanted, picture, index)
                await response.write(event)
                await asyncio.sleep(share_s * TIME_FACTOR[wanted.quality])
            await response.write(await self._worker.run(self._completed, wanted, picture))
        return response

    def _partial_image(self, wanted: PaintRequest, picture: RenderedPicture, index: int) -> bytes:
        jpeg = partial_image(picture.png, (index + 1) / ((wanted.partial_images or 0) + 1))
        return responses.partial_image_event(wanted, jpeg, index, created=int(self._now()))

    def _completed(self, wanted: PaintRequest, picture: RenderedPicture) -> bytes:
        return responses.completed_event(wanted, picture, created=int(self._now()))


def _read_form(parts: list[tuple[str, FormPart]]) -> PaintRequest:
    return read_edit_form(form_fields(parts))


@web.middleware
async def _openai_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except PainterError as error:
        wrong = error
    except web.HTTPRequestEntityTooLarge:
        wrong = PainterError("The request body is too large.", "request_too_large", status=413)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as lost:
        message = f"Invalid URL ({request.method} {request.path})"
        wrong = PainterError(message, "unknown_url", status=lost.status)
    return web.json_response(wrong.body(), status=wrong.status)


def make_app(
    *,
    latency_s: float = 0.0,
    fail_rate: float = 0.0,
    rng: Random | None = None,
    now: Callable[[], float] = time.time,
    capacity: int = 16,
    max_bytes: int = _BODY_BYTES,
) -> web.Application:
    """Build the application.

    ``latency_s`` is what an answer takes, ``fail_rate`` (0 to 1) is how often ``rng`` makes it a
    500, ``capacity`` is how many pictures are kept for URLs and how many tasks, and ``max_bytes``
    the largest request body.
    """
    worker = PaintWorker(fail_rate=fail_rate, rng=rng or SystemRandom())
    routes = PainterRoutes(worker, latency_s=latency_s, now=now, capacity=capacity)
    app = web.Application(middlewares=[_openai_errors], client_max_size=max_bytes)
    routes.add_to(app.router)
    app.on_cleanup.append(routes.close)
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
