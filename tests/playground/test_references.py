"""Reference pictures in a request: what the painter's endpoint takes, and what it refuses."""

import base64
import io
import json
import struct
import zlib
from collections.abc import AsyncIterator
from random import Random

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from playground.painter.input_images import MAX_BYTES
from playground.painter.server import make_app

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Serve the painter."""
    async with TestClient(TestServer(make_app())) as opened:
        yield opened


async def send(client: Client, image: object) -> tuple[int, dict[str, object]]:
    """Order a lighthouse with references and return the status and the reply."""
    order = {"prompt": "a lighthouse at dusk", "size": "256x256", "seed": 1}
    order |= {"quality": "low", "image": image}
    body = io.BytesIO(json.dumps(order).encode())
    async with client.post("/v1/images/generations", data=body) as response:
        return response.status, await response.json()


async def painted(client: Client, image: object) -> dict[str, str]:
    """Order with references and return the one picture."""
    status, reply = await send(client, image)
    assert status == 200, reply
    data = reply["data"]
    assert isinstance(data, list)
    picture: dict[str, str] = data[0]
    return picture


async def refused(client: Client, image: object) -> dict[str, object]:
    """Order with references that are refused and return the error."""
    status, reply = await send(client, image)
    assert status == 400, "it was painted"
    error = reply["error"]
    assert isinstance(error, dict)
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["param"], error["type"]) == ("image", "invalid_request_error")
    return error


def data_uri(data: bytes) -> str:
    """Spell a picture as gateways want it."""
    return "data:image/png;base64," + base64.b64encode(data).decode()


def plain(form: str, colour: str) -> str:
    """Make a reference of one colour."""
    data = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(data, form)
    return data_uri(data.getvalue())


def claimed(side: int) -> str:
    """Make a tiny PNG that claims to be a square of this side."""
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return data_uri(b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT" + b"\0" * 40)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_a_reference_is_painted_and_named(client: Client, form: str) -> None:
    """Another reference gives another picture, the same one the same, and the caption says so."""
    first, again, other = [
        await painted(client, [plain(form, colour)]) for colour in ("teal", "teal", "salmon")
    ]
    assert first == again
    assert first["b64_json"] != other["b64_json"]
    assert "with your reference on a line" in first["revised_prompt"]


async def test_references_are_counted_as_tokens(client: Client) -> None:
    """A bot that shows what an order cost can be tried with references."""
    _, reply = await send(client, [plain("PNG", "teal")] * 2)
    usage = reply["usage"]
    assert isinstance(usage, dict)
    assert usage["input_tokens_details"] == {"text_tokens": 5, "image_tokens": 2 * 194}
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


@pytest.mark.parametrize("image", [None, []])
async def test_no_reference_is_no_change(client: Client, image: object) -> None:
    """A form that sends an empty list gets what it got before."""
    assert (await painted(client, image))["revised_prompt"] == "A lighthouse at dusk"


async def test_five_heavy_references_fit_into_a_request(client: Client) -> None:
    """Photos of some megabytes are not refused for their weight."""
    grain = Random(1).randbytes(900 * 700 * 3)
    photo = io.BytesIO()
    Image.frombytes("RGB", (900, 700), grain).save(photo, "PNG", compress_level=0)
    picture = await painted(client, [data_uri(photo.getvalue())] * 5)
    assert "your 5 references on a line" in picture["revised_prompt"]


async def test_a_photo_held_sideways_is_turned_upright(client: Client) -> None:
    """A phone stores how it was held beside the pixels."""
    turned, upright = io.BytesIO(), io.BytesIO()
    photo = Image.linear_gradient("L").resize((64, 160)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn clockwise to look at it (Exif 2.32 §4.6.4)
    photo.transpose(Image.Transpose.ROTATE_90).save(turned, "WEBP", exif=exif, lossless=True)
    photo.save(upright, "WEBP", lossless=True)
    first, second = [
        await painted(client, [data_uri(file.getvalue())]) for file in (turned, upright)
    ]
    assert first == second


@pytest.mark.parametrize(
    ("image", "code", "said"),
    [
        (plain("PNG", "red"), "invalid_type", "a list of data URIs"),
        ({}, "invalid_type", "a list"),
        ([7], "invalid_type", "'image[0]': expected a data URI"),
        ([plain("PNG", "red"), None], "invalid_type", "'image[1]'"),
        ([plain("PNG", "red")] * 6, "array_above_max_length", "at most 5"),
        (["https://example.org/a,b.png"], "invalid_value", "send a data URI"),
        (["HTTP://example.org/a.png"], "invalid_value", "send a data URI"),
        (["file:///etc/passwd"], "invalid_value", "a data URI of a PNG"),
        ([""], "invalid_value", "a data URI of a PNG"),
        (["data:text/plain;base64,aGk="], "invalid_value", "a data URI of a PNG"),
        (["data:image/png,rawbytes"], "invalid_value", "in base64"),
        (["data:image/png;base64,"], "invalid_value", "can be read"),
        (["data:image/png;base64,???"], "invalid_value", "valid base64"),
        (["data:image/png;base64,aGk"], "invalid_value", "valid base64"),
        (["data:image/png;base64,\ud800é"], "invalid_value", "valid base64"),
        ([data_uri(b"not a picture")], "invalid_value", "can be read"),
        ([plain("PNG", "red")[:-40]], "invalid_value", "can be read"),
        ([plain("BMP", "red")], "invalid_value", "can be read"),
        ([claimed(50)], "invalid_value", "can be read"),
        # Above 40 megapixels, above where Pillow warns, and above where it stops.
        ([claimed(6_500)], "invalid_value", "at most 40 megapixels"),
        ([claimed(10_000)], "invalid_value", "at most 40 megapixels"),
        ([claimed(20_000)], "invalid_value", "at most 40 megapixels"),
    ],
)
async def test_wrong_references_are_refused_with_a_hint(
    client: Client, image: object, code: str, said: str
) -> None:
    """Whoever sends something else learns which picture it was and what to send instead."""
    error = await refused(client, image)
    assert error["code"] == code
    assert said in str(error["message"])


async def test_a_reference_above_20_megabytes_is_refused(client: Client) -> None:
    """The limit is for each picture, so one heavy photo names itself."""
    heavy = "data:image/png;base64," + "A" * (MAX_BYTES // 3 * 4 + 8)
    error = await refused(client, [plain("PNG", "red"), heavy])
    assert "'image[1]': expected at most 20 MB" in str(error["message"])


async def test_a_body_above_all_limits_is_refused() -> None:
    """Memory stays bounded, whatever is sent."""
    async with TestClient(TestServer(make_app(max_bytes=10_000))) as small:
        status, reply = await send(small, ["A" * 20_000])
    error = reply["error"]
    assert isinstance(error, dict)
    assert (status, error["code"]) == (413, "request_too_large")
