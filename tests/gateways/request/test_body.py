import asyncio
import json
import os
import random
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed, ImageRequest
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import GatewayRequest, Sending
from bot.gateways.gateway import Gateway
from bot.gateways.reference_limits import ReferenceLimits
from bot.gateways.request.body import RequestBody
from bot.gateways.routing.router import Router
from tests.gateways.fake_painter import FakePainter
from tests.gateways.generation_harness import (
    AttachedFile,
    RecordingClock,
    attach_file,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, http_reply, loopback_server, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

TAKES = ReferenceLimits(transport="json_image_data_uris", max_count=5, max_bytes=20_000_000)
URLS = ReferenceLimits(transport="json_image_urls", max_count=5, max_bytes=20_000_000)
PAINTER = make_model("painter", references=TAKES, timeout_s=20)
BY_URL = make_model("painter", references=URLS, timeout_s=5)
GOOD = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})
URL = "https://cdn.discordapp.example/attachments/1/fox.png?ex=1&hm=2"
PIECE = 196_608
TEN_MINUTES_MS = 600_000


@pytest.fixture
async def painter() -> AsyncIterator[tuple[FakePainter, Gateway]]:
    """Open the strict fake."""
    fake = FakePainter()
    async with TestServer(fake.app()) as server:
        yield fake, Gateway(name="p", base_url=str(server.make_url("")), models=("painter",))


def _sent(request: bytes) -> dict[str, object]:
    head, body = request.split(b"\r\n\r\n", 1)
    assert f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n"
    return dict(json.loads(body))


async def test_the_gateway_gets_the_exact_bytes_in_order(
    painter: tuple[FakePainter, Gateway], tmp_path: Path
) -> None:
    """The bytes must arrive unchanged."""
    sizes = [1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 2]
    for first, second in zip(sizes, reversed(sizes), strict=True):
        data = random.randbytes(first), random.randbytes(second)
        one = attach_file(tmp_path / "one", data[0], kind="webp")
        result = await run_generation(
            painter[1],
            tmp_path / "job",
            known=PAINTER,
            attached=[one, attach_file(tmp_path / "two", data[1], kind="jpeg"), one],
        )
        assert result.names == ["Sending", "Received"]
        images = [("webp", data[0]), ("jpeg", data[1]), ("webp", data[0])]
        assert painter[0].images == images


async def test_everything_asked_for_is_in_one_body(tmp_path: Path) -> None:
    """References stand beside the other fields, in JSON that any parser reads."""
    one = attach_file(tmp_path / "one", b"abc")
    options = {"quality": "high", "style": 'a "b"', "background": "opaque"}
    async with replay_gateway(GOOD) as raw:
        await run_generation(
            raw.gateway(),
            tmp_path / "job",
            known=PAINTER,
            attached=[one, one],
            prompt='fox }],"image":[',
            options=options,
        )
    uri = "data:image/png;base64,YWJj"
    assert _sent(raw.requests[0]) == options | {
        "model": "painter",
        "prompt": 'fox }],"image":[',
        "n": 1,
        "image": [uri, uri],
    }


@pytest.mark.parametrize(
    ("url", "age_ms", "is_url"),
    [
        (URL, 0, True),
        (URL, TEN_MINUTES_MS - 1, True),
        (URL, TEN_MINUTES_MS, False),
        (None, 0, False),
    ],
)
async def test_an_address_is_passed_on_while_it_is_fresh(
    url: str | None, age_ms: int, is_url: bool, tmp_path: Path
) -> None:
    """Discord's addresses expire; a re-roll next month sends the picture itself."""
    one = attach_file(tmp_path / "one", b"abc", url=url, age_ms=age_ms)
    async with replay_gateway(GOOD) as raw:
        await run_generation(raw.gateway(), tmp_path / "job", known=BY_URL, attached=[one])
    image = _sent(raw.requests[0])["image"]
    assert image == [URL if is_url else "data:image/png;base64,YWJj"]


async def test_a_model_of_data_uris_never_gets_an_address(tmp_path: Path) -> None:
    """A self-hosted gateway may be unable to fetch from the internet."""
    one = attach_file(tmp_path / "one", b"abc", url=URL)
    async with replay_gateway(GOOD) as raw:
        await run_generation(raw.gateway(), tmp_path / "job", known=PAINTER, attached=[one])
    assert _sent(raw.requests[0])["image"] == ["data:image/png;base64,YWJj"]


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_gets_the_whole_body_again(status: int, tmp_path: Path) -> None:
    """The first hop has read the files to their end."""
    one = attach_file(tmp_path / "one", random.randbytes(PIECE + 1))
    there = http_reply(status, headers={"Location": "/v1/images/generations/"})
    async with replay_gateway(there, GOOD) as raw:
        result = await run_generation(
            raw.gateway(), tmp_path / "job", known=PAINTER, attached=[one, one]
        )
    assert result.names == ["Sending", "Received"]
    first, second = map(_sent, raw.requests)
    assert first == second


async def test_busy_gets_the_whole_body_again(tmp_path: Path) -> None:
    """The files are opened again for each request."""
    one = attach_file(tmp_path / "one", random.randbytes(PIECE + 1))
    busy = http_reply(429, {"error": {"message": "wait"}}, {"Retry-After": "1"})
    async with replay_gateway(busy, GOOD) as raw:
        result = await run_generation(
            raw.gateway(), tmp_path / "job", known=PAINTER, attached=[one]
        )
    assert result.names == ["Sending", "RequestRefused", "Waiting", "Sending", "Received"]
    assert _sent(raw.requests[0]) == _sent(raw.requests[1])


# --- certain that nothing was sent ----------------------------------------------------------


async def _refused(one: AttachedFile, folder: Path, **known: object) -> Kind:
    async with replay_gateway(GOOD) as raw:
        painter = make_model("painter", **known)
        result = await run_generation(
            raw.gateway(), folder / "job", known=painter, attached=[one, one]
        )
    assert (raw.posts, result.names, result.left) == (0, [], [])
    assert (result.failed.billed, result.failed.param) == (Billed.NO, "references")
    assert str(folder) not in result.failed.detail
    return result.failed.kind


async def test_a_lost_file_stops_before_sending(tmp_path: Path) -> None:
    """A reference whose file was removed stops the request, which costs nothing."""
    one = attach_file(tmp_path / "one", b"abc")
    one.path.write_bytes(b"ab")
    assert await _refused(one, tmp_path, references=TAKES) is Kind.REFERENCE_LOST
    one.path.write_bytes(b"abcd")
    assert await _refused(one, tmp_path, references=TAKES) is Kind.REFERENCE_LOST
    one.path.unlink()
    assert await _refused(one, tmp_path, references=TAKES) is Kind.REFERENCE_LOST
    one.path.mkdir()
    assert await _refused(one, tmp_path, references=TAKES) is Kind.REFERENCE_LOST


@pytest.mark.parametrize(
    "references",
    [
        None,
        ReferenceLimits(transport="json_image_urls", max_count=1, max_bytes=9),
        ReferenceLimits(transport="json_image_urls", max_count=5, max_bytes=2),
    ],
    ids=["none", "too many", "too large"],
)
async def test_references_are_never_left_out_in_silence(
    references: ReferenceLimits | None, tmp_path: Path
) -> None:
    """A re-roll of an old job passes no catalogue; its model may take less by now."""
    one = attach_file(tmp_path / "one", b"abc", url=URL)
    assert await _refused(one, tmp_path, references=references) is Kind.INVALID_REQUEST


async def test_a_reference_without_its_file_is_a_defect(tmp_path: Path) -> None:
    """The caller must pass the file of every reference."""
    one = attach_file(tmp_path / "one", b"abc")
    request = ImageRequest("x", "painter", "auto", 1, references=(one.reference,))
    catalogue = Catalogue(["painter"], {"painter": PAINTER})
    order = GatewayRequest(request, 1, tmp_path / "job", "slot-0")
    async with (
        replay_gateway(GOOD) as raw,
        Router([raw.gateway()], catalogue, clock=RecordingClock().clock) as router,
    ):
        with pytest.raises(ValueError, match="shorter"):
            await anext(router.generate(order))
    assert raw.posts == 0


# --- while it is sent -----------------------------------------------------------------------


async def _spoiled(one: AttachedFile, folder: Path, *, by: str) -> list[str]:
    """Paint, and cut or remove the file at the moment of ``Sending``; return the events."""
    request = ImageRequest("x", "painter", "auto", 1, references=(one.reference,))
    order = GatewayRequest(request, 1, folder / "job", "slot-0", (one.path,))
    catalogue = Catalogue(["painter"], {"painter": PAINTER})
    names = []
    async with (
        replay_gateway(GOOD) as raw,
        Router([raw.gateway()], catalogue, clock=RecordingClock().clock) as router,
        aclosing(router.generate(order)) as events,
    ):
        async for event in events:
            names.append(type(event).__name__)
            if isinstance(event, Sending):
                os.truncate(one.path, 1) if by == "cut" else one.path.unlink()
    return names


async def test_a_file_removed_while_sending_is_sent_whole(tmp_path: Path) -> None:
    """The content store may remove files at any time."""
    one = attach_file(tmp_path / "one", random.randbytes(PIECE * 2))
    assert await _spoiled(one, tmp_path, by="remove") == ["Sending", "Received"]


async def test_a_file_cut_while_sending_ends_at_once(tmp_path: Path) -> None:
    """Both sides would wait for each other until the timeout."""
    one = attach_file(tmp_path / "one", random.randbytes(PIECE * 2))
    with pytest.raises(GatewayFailure) as failed:
        await _spoiled(one, tmp_path, by="cut")
    assert (failed.value.kind, failed.value.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)
    assert "cut while it was sent" in failed.value.detail


@asynccontextmanager
async def _hasty_gateway(*answers: RawReply) -> AsyncIterator[Gateway]:
    """Open a gateway that answers after the headers, and drops what follows (as nginx does)."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0).data)
        writer.write_eof()
        try:
            while await reader.read(1 << 20):
                pass
        except ConnectionError:
            pass  # the bot hung up in the middle of its body

    async with loopback_server(serve) as origin:
        yield Gateway(name="hasty", base_url=origin, models=("painter",))


async def test_a_refusal_in_the_middle_of_the_body_is_read(tmp_path: Path) -> None:
    """Proxies refuse large bodies as soon as they see their length."""
    one = attach_file(tmp_path / "one", b"a" * 9_000_000)
    too_large = http_reply(413, b"<html><title>413 Request Entity Too Large</title></html>")
    async with _hasty_gateway(too_large) as gateway:
        failed = (
            await run_generation(gateway, tmp_path / "job", known=PAINTER, attached=[one])
        ).failed
    assert (failed.kind, failed.billed, failed.http_status) == (
        Kind.INVALID_REQUEST,
        Billed.NO,
        413,
    )


async def test_a_redirect_in_the_middle_of_the_body_is_followed(tmp_path: Path) -> None:
    """Routers redirect a missing slash without reading what was sent."""
    one = attach_file(tmp_path / "one", b"a" * 9_000_000)
    there = http_reply(307, headers={"Location": "/v1/images/generations/"})
    async with _hasty_gateway(there, GOOD) as gateway:
        result = await run_generation(gateway, tmp_path / "job", known=PAINTER, attached=[one])
    assert result.names == ["Sending", "Received"]


async def test_memory_stays_flat_with_the_largest_references(tmp_path: Path) -> None:
    """Five references of 20 MB are 133 MB of base64, and many people paint at once."""
    whole = 5 * (20_000_000 + 2) // 3 * 4
    arrived = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        await reader.readuntil(b'"image":[')
        while arrived < whole:
            arrived += len(await reader.read(1 << 16))
        writer.write(GOOD.data)

    one = attach_file(tmp_path / "one", bytes(20_000_000))
    async with loopback_server(serve) as origin:
        gateway = Gateway(name="g", base_url=origin, models=("painter",))
        tracemalloc.start()
        result = await run_generation(gateway, tmp_path / "job", known=PAINTER, attached=[one] * 5)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert result.names == ["Sending", "Received"]
    assert arrived >= whole
    assert peak < 6_000_000


def test_a_body_is_never_text() -> None:
    """As a string it would be in memory twice."""
    with pytest.raises(TypeError):
        RequestBody((b"{}",)).decode()
