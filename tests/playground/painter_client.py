"""Orders at the painter's door: plain requests, and the bot's own client."""

import base64
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image, ImageDraw

from bot.core.models import Size
from bot.gateways.gateway import Gateway
from playground.painter.responses import MODEL
from playground.painter.server import make_app

Client = TestClient[web.Request, web.Application]

GENERATE = "/v1/images/generations"
EDIT = "/v1/images/edits"
ORDER: dict[str, Any] = {
    "prompt": "a lighthouse at dusk",
    "size": "256x256",
    "quality": "low",
    "seed": 1,
}
SMALL = Size(256, 256)
OPEN = (64, 64, 191, 191)  # where the mask lets the picture change


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Client]:
    """Serve the painter."""
    async with TestClient(TestServer(make_app(**options))) as opened:
        yield opened


def gateway_of(client: Client, **changes: Any) -> Gateway:
    """Return the painter as a gateway of the bot."""
    return Gateway(name="p", base_url=str(client.make_url("/v1")), models=(MODEL,), **changes)


def encoded(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def plain(colour: str = "teal", form: str = "PNG", size: tuple[int, int] = (256, 256)) -> bytes:
    """Return a file of one colour."""
    return encoded(Image.new("RGB", size, colour), form)


def stencil(size: tuple[int, int] = (256, 256), hole: tuple[int, int, int, int] = OPEN) -> bytes:
    """Return a mask that is open in a rectangle."""
    mask = Image.new("RGBA", size, "black")
    ImageDraw.Draw(mask).rectangle(hole, fill=(0, 0, 0, 0))
    return encoded(mask)


def data_uri(data: bytes) -> str:
    """Spell a file as JSON needs it."""
    return "data:image/png;base64," + base64.b64encode(data).decode()


def opened(data: str | bytes) -> Image.Image:
    """Decode a picture."""
    png = base64.b64decode(data, validate=True) if isinstance(data, str) else data
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


def events_in(stream: str) -> list[dict[str, Any]]:
    """Return the data of a stream's events, whose names must agree with it."""
    events = []
    for block in stream.removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events
