"""The painter's stream: what OpenAI would send, and a painting that comes into being."""

import asyncio
import json
import logging
import time
from pathlib import Path

import aiohttp
import pytest
from PIL import Image, ImageChops, ImageStat
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import TokenUsage
from bot.gateways.events import Preview
from playground.painter.partial_images import partial_image
from playground.painter.rendering import render
from tests.gateways.generation_harness import attach_file, run_generation
from tests.playground.page_client import PageClient, page, run_main
from tests.playground.painter_client import (
    EDIT,
    GENERATE,
    ORDER,
    SMALL,
    data_uri,
    encoded,
    events_in,
    gateway_of,
    opened,
    plain,
    serving,
)

STREAM = {"stream": True, "partial_images": 2}


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Tell how far two pictures are from each other, in grey levels."""
    pair = [picture.convert("L").resize((128, 128)) for picture in (one, other)]
    return float(ImageStat.Stat(ImageChops.difference(*pair)).mean[0])


@pytest.mark.parametrize("count", [0, 1, 2, 3])
async def test_a_stream_is_previews_and_then_the_picture(count: int) -> None:
    """Whoever reads OpenAI's streams can be tried here."""
    async with serving(now=lambda: 1_700_000_000.9) as client:
        order = ORDER | STREAM | {"partial_images": count}
        async with client.post(GENERATE, json=order) as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")
            *previews, last = events_in(await answer.text())
    common = {"created_at", "size", "quality", "background", "output_format", "type", "b64_json"}
    assert [event["partial_image_index"] for event in previews] == list(range(count))
    for event in previews:
        assert event["type"] == "image_generation.partial_image"
        assert set(event) == common | {"partial_image_index"}
    assert last["type"] == "image_generation.completed"
    assert set(last) == common | {"usage", "seed"}, "as OpenAI's, without a revised prompt"
    assert (last["created_at"], last["size"]) == (1_700_000_000, "256x256")
    assert last["usage"]["output_tokens"] == 17 + 100 * count


async def test_the_streamed_picture_is_the_plain_one() -> None:
    """A seed is a promise here, too; what is streamed says its real format."""
    async with serving() as client:
        async with client.post(GENERATE, json=ORDER) as answer:
            plain_one = (await answer.json())["data"][0]["b64_json"]
        async with client.post(GENERATE, json=ORDER | STREAM) as answer:
            *previews, last = events_in(await answer.text())
    assert last["b64_json"] == plain_one
    for event in (*previews, last):
        assert str(opened(event["b64_json"]).format).lower() == event["output_format"]


async def test_references_and_edits_stream() -> None:
    """Both ways to send a picture along; an edit's events have names of their own."""
    uri = data_uri(plain())
    async with serving() as client:
        async with client.post(GENERATE, json=ORDER | STREAM | {"image": [uri]}) as answer:
            assert len(events_in(await answer.text())) == 3
        edit = ORDER | STREAM | {"images": [{"image_url": uri}]}
        async with client.post(EDIT, json=edit) as answer:
            kinds = [event["type"] for event in events_in(await answer.text())]
    assert kinds == ["image_edit.partial_image"] * 2 + ["image_edit.completed"]


@pytest.mark.parametrize("stream", [None, False])
async def test_partial_images_alone_stream_nothing(stream: bool | None) -> None:
    """The number says how many, not whether."""
    async with serving() as client:
        order = ORDER | {"stream": stream, "partial_images": 2}
        async with client.post(GENERATE, json=order) as answer:
            assert answer.content_type == "application/json"


def test_a_painting_comes_into_being() -> None:
    """Each preview is nearer to the picture than the one before, and has its shape."""
    finished = render("a lighthouse at dusk", (288, 192), 1)
    previews = [opened(partial_image(finished.png, share)) for share in (0.25, 0.5, 0.75)]
    away = [_difference(preview, opened(finished.png)) for preview in previews]
    assert away == sorted(away, reverse=True)
    assert len(set(away)) == 3
    assert {preview.size for preview in previews} == {(288, 192)}


@pytest.mark.parametrize("size", [(72, 576), (576, 576)])
def test_a_preview_is_cheap(size: tuple[int, int]) -> None:
    """Even of noise, which no picture is worse than: at most 150 KB."""
    noise = Image.effect_noise(size, 120)
    assert max(len(partial_image(encoded(noise), share)) for share in (0.25, 0.75)) <= 150_000


async def test_the_previews_are_spread_over_the_latency() -> None:
    """People see something before the end: the first of two after a third of the time."""
    async with serving(latency_s=0.3) as client:
        began = time.perf_counter()
        async with client.post(GENERATE, json=ORDER | STREAM) as answer:
            chunks = [(c, time.perf_counter() - began) async for c in answer.content.iter_any()]
    seen = [at_s for chunk, at_s in chunks if b"event:" in chunk]
    assert seen[0] >= 0.05
    assert min(seen[1] - seen[0], seen[2] - seen[1]) >= 0.03


async def test_bad_luck_comes_before_the_stream() -> None:
    """As plain JSON with a status, which is how OpenAI refuses what was not begun."""
    async with (
        serving(fail_rate=1) as client,
        client.post(GENERATE, json=ORDER | STREAM) as answer,
    ):
        assert (answer.status, answer.content_type) == (500, "application/json")


async def test_a_client_that_hangs_up_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody reads a traceback because somebody else closed a window; the next one is served."""
    async with serving(latency_s=0.06) as client:
        answer = await client.post(GENERATE, json=ORDER | STREAM)
        await answer.content.readline()
        answer.close()
        async with client.post(GENERATE, json=ORDER | STREAM) as other:
            assert len(events_in(await other.text())) == 3
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


async def test_the_end_of_the_server_ends_a_stream(caplog: pytest.LogCaptureFixture) -> None:
    """Ctrl-C does not wait for an hour of latency."""
    async with serving(latency_s=3000) as client:
        waiting = asyncio.create_task(client.post(GENERATE, json=ORDER | STREAM))
        await asyncio.sleep(0.02)
        waiting.cancel()
    assert [entry for entry in caplog.records if entry.levelno >= logging.WARNING] == []


# --- through the bot's own client -----------------------------------------------------------------


async def test_the_bot_sees_previews(tmp_path: Path) -> None:
    """With stream = "sse" our client asks for two, shows one at least, and gets the picture."""
    async with serving(latency_s=0.03) as client:
        gateway = gateway_of(client, streaming="sse")
        painted = await run_generation(gateway, tmp_path / "job", size=SMALL)
        kept = attach_file(tmp_path / "x", plain())
        edited = await run_generation(gateway, tmp_path / "edit", size=SMALL, attached=[kept])
    for told in (painted, edited):
        assert any(isinstance(event, Preview) for event in told.events)
        assert told.pictures[0].format == "png"
    assert painted.usage == TokenUsage(7, 266)


async def test_the_bot_understands_bad_luck(tmp_path: Path) -> None:
    """It is the gateway's own problem, whatever was asked for."""
    async with serving(fail_rate=1) as client:
        gateway = gateway_of(client, streaming="sse")
        painted = await run_generation(gateway, tmp_path / "job", size=SMALL)
    assert painted.failed.kind is GatewayErrorKind.UPSTREAM


async def test_the_page_shows_a_preview_and_what_the_painter_draws(tmp_path: Path) -> None:
    """The card has a picture while it is being painted, and a poster says why it is one."""
    async with (
        page("--latency", "3", folder=tmp_path) as url,
        aiohttp.ClientSession() as session,
    ):
        ada = await PageClient(URL(url), session).come_in("Ada")
        await ada.command("imagine", prompt="a castle", size="256x256")
        card = json.dumps(await ada.card("preview.jpeg"))
        assert "Painting for Ada" in card
        assert "demonstration painter" in str(await ada.card("A picture for Ada"))


def test_a_folder_that_takes_no_table_is_named(tmp_path: Path) -> None:
    """The page says in one sentence that it cannot keep anything there."""
    (tmp_path / "mine" / "painter.toml").mkdir(parents=True)
    ended = run_main("--no-open", "--data", "mine", folder=tmp_path)
    assert ended.code == 2
    assert ended.err == "easel: mine/painter.toml cannot be written: name another folder.\n"
