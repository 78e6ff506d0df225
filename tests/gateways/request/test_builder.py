import asyncio
import random
import tracemalloc
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Literal

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, Size
from bot.gateways.calls import Api
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import OutputPreset
from bot.gateways.reference_limits import ReferenceLimits
from tests.gateways.captured_requests import (
    ONE_PICTURE,
    capture_request,
    request_form,
    request_json,
    request_line,
)
from tests.gateways.generation_harness import (
    SECRET_PROMPT,
    AttachedFile,
    attach_file,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import http_reply, loopback_server
from tests.gateways.sample_pictures import picture_bytes

FORM = ReferenceLimits(
    transport="multipart", max_count=16, max_bytes=50_000_000, mask_max_bytes=4_000_000
)
OBJECTS = replace(FORM, transport="json_images_objects")
PAINTER = make_model("painter", references=FORM, timeout_s=20)
PIECE = 196_608
URI = "data:image/png;base64,YWJj"


# --- edits as a form ----------------------------------------------------------------------------


async def test_one_reference_is_a_file_called_image(tmp_path: Path) -> None:
    """As OpenAI's own client sends it."""
    one = attach_file(tmp_path / "one", picture_bytes("webp"), kind="webp")
    raw, result = await capture_request(tmp_path, PAINTER, attached=[one], size=Size(16, 16))
    assert request_line(raw.requests[0]) == "POST /v1/images/edits HTTP/1.1"
    assert request_form(raw.requests[0]) == [
        ("model", None, "text/plain", b"painter"),
        ("prompt", None, "text/plain", SECRET_PROMPT.encode()),
        ("n", None, "text/plain", b"1"),
        ("size", None, "text/plain", b"16x16"),
        ("image", "image-1.webp", "image/webp", picture_bytes("webp")),
    ]
    assert result.names == ["Sending", "Received"]


@pytest.mark.parametrize(
    ("edit_field", "names"),
    [("auto", ["image[]"] * 2), ("image", ["image"] * 2), ("files", ["files"] * 2)],
)
async def test_several_references_and_a_mask(
    edit_field: str, names: list[str], tmp_path: Path
) -> None:
    """In the order of the person, the mask last."""
    two = [
        attach_file(tmp_path / "1", b"abc"),
        attach_file(tmp_path / "2", b"\r\n--x", kind="jpeg"),
    ]
    mask = tmp_path / "mask"
    mask.write_bytes(b"mask")
    raw, _ = await capture_request(
        tmp_path, PAINTER, attached=two, mask=mask, at_edit_field=edit_field
    )
    assert request_form(raw.requests[0])[3:] == [
        (names[0], "image-1.png", "image/png", b"abc"),
        (names[1], "image-2.jpeg", "image/jpeg", b"\r\n--x"),
        ("mask", "mask.png", "image/png", b"mask"),
    ]


async def test_any_prompt_survives_a_form(tmp_path: Path) -> None:
    """It may look like a form itself."""
    prompt = 'fox\r\n--easel-\r\nContent-Disposition: form-data; name="n"\r\n\r\n9 “狐”'
    one = attach_file(tmp_path / "one", b"abc")
    raw, _ = await capture_request(tmp_path, PAINTER, attached=[one], prompt=prompt)
    assert request_form(raw.requests[0])[1] == ("prompt", None, "text/plain", prompt.encode())


async def test_a_form_has_no_moderation_and_no_style(tmp_path: Path) -> None:
    """OpenAI's list of its fields has neither, and unknown ones are refused."""
    known = replace(
        PAINTER,
        moderations=("low",),
        output_formats=("webp",),
        compression=True,
        preset=OutputPreset(moderation="low", output_format="webp", output_compression=0),
        user_field="user",
    )
    one = attach_file(tmp_path / "one", b"abc")
    options = {"quality": "high", "style": "vivid", "background": "opaque"}
    raw, _ = await capture_request(
        tmp_path, known, attached=[one], options=options, user_tag="t" * 32
    )
    fields = {name: data for name, _, _, data in request_form(raw.requests[0])}
    assert fields.keys() == {
        "model",
        "prompt",
        "n",
        "quality",
        "background",
        "output_format",
        "output_compression",
        "user",
        "image",
    }
    assert (fields["output_compression"], fields["user"]) == (b"0", b"t" * 32)


@pytest.mark.parametrize("references", [FORM, OBJECTS], ids=["form", "JSON"])
async def test_a_redirect_gets_the_same_edit_again(
    references: ReferenceLimits, tmp_path: Path
) -> None:
    """The first hop has read all files to their end."""
    one = attach_file(tmp_path / "one", random.randbytes(PIECE + 1))
    mask = tmp_path / "mask"
    mask.write_bytes(random.randbytes(PIECE - 1))
    there = http_reply(307, headers={"Location": "/v1/images/edits/"})
    known = replace(PAINTER, references=references)
    raw, result = await capture_request(
        tmp_path, known, answers=(there, ONE_PICTURE), attached=[one, one], mask=mask
    )
    assert result.names == ["Sending", "Received"]
    first, second = (request.partition(b"\r\n\r\n")[2] for request in raw.requests)
    assert first == second


@pytest.mark.parametrize(
    ("api", "transport", "least"),
    [("images", "multipart", 20_000_000), ("chat", "call", 26_000_000)],
)
async def test_memory_stays_flat_with_the_largest_request(
    api: Api, transport: Literal["multipart", "call"], least: int, tmp_path: Path
) -> None:
    """Sixteen references of 20 MB, as files or in base64, are never in memory together."""
    limits = ReferenceLimits(transport=transport, max_count=16, max_bytes=50_000_000)
    known = make_model("painter", references=limits, timeout_s=20)
    arrived = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        head = await reader.readuntil(b"\r\n\r\n")
        whole = int(message_from_bytes(head.partition(b"\r\n")[2])["Content-Length"])
        while arrived < whole:
            arrived += len(await reader.read(1 << 16))
        writer.write(ONE_PICTURE.data)

    one = attach_file(tmp_path / "one", bytes(20_000_000))
    async with loopback_server(serve) as origin:
        gateway = Gateway(name="g", base_url=origin, models=("painter",), api=api)
        tracemalloc.start()
        result = await run_generation(gateway, tmp_path / "job", known=known, attached=[one] * 16)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert result.names == ["Sending", "Received"]
    assert arrived > 16 * least
    assert peak < 6_000_000


# --- edits as JSON ------------------------------------------------------------------------------


async def test_references_as_objects(tmp_path: Path) -> None:
    """The second form of OpenAI's edits; addresses would have to be fetched in time."""
    two = [attach_file(tmp_path / str(n), b"abc", url="https://cdn.example/fox.png") for n in "12"]
    mask = tmp_path / "mask"
    mask.write_bytes(b"abc")
    known = replace(PAINTER, references=OBJECTS)
    raw, _ = await capture_request(tmp_path, known, attached=two, mask=mask)
    assert request_line(raw.requests[0]) == "POST /v1/images/edits HTTP/1.1"
    assert request_json(raw.requests[0]) == {
        "model": "painter",
        "prompt": SECRET_PROMPT,
        "n": 1,
        "images": [{"image_url": URI}] * 2,
        "mask": {"image_url": URI},
    }


async def test_without_references_nothing_is_edited(tmp_path: Path) -> None:
    """The same model paints from words alone, too."""
    raw, _ = await capture_request(tmp_path, replace(PAINTER, references=OBJECTS))
    assert request_line(raw.requests[0]) == "POST /v1/images/generations HTTP/1.1"
    assert "images" not in request_json(raw.requests[0])


# --- certain that nothing was sent --------------------------------------------------------------


async def _refused(
    folder: Path, mask: Path, *attached: AttachedFile, references: ReferenceLimits | None = FORM
) -> tuple[Kind, str]:
    known = make_model("painter", references=references)
    raw, result = await capture_request(folder, known, answers=(), attached=attached, mask=mask)
    assert (raw.posts, result.names, result.left) == (0, [], [])
    assert result.failed.billed is Billed.NO
    assert str(folder) not in result.failed.detail
    return result.failed.kind, result.failed.param


async def test_a_mask_that_cannot_be_sent_stops_before_sending(tmp_path: Path) -> None:
    """Without the mask the whole picture would be generated anew, and paid for."""
    one, mask = attach_file(tmp_path / "one", b"abc"), tmp_path / "mask"
    assert await _refused(tmp_path, mask, one) == (Kind.REFERENCE_LOST, "mask")
    mask.write_bytes(bytes(4_000_001))
    wrong = (Kind.INVALID_REQUEST, "mask")
    assert await _refused(tmp_path, mask, one) == wrong
    assert await _refused(tmp_path, mask, one, references=replace(OBJECTS)) == wrong
    mask.write_bytes(b"mask")
    assert await _refused(tmp_path, mask) == wrong
    assert await _refused(tmp_path, mask, references=None) == wrong
    no_mask = replace(FORM, mask_max_bytes=None)
    assert await _refused(tmp_path, mask, one, references=no_mask) == wrong


async def test_a_format_that_the_model_does_not_take(tmp_path: Path) -> None:
    """The caller re-encodes references before; the request is refused here."""
    one, mask = attach_file(tmp_path / "one", b"GIF8", kind="gif"), tmp_path / "mask"
    mask.write_bytes(b"mask")
    only_png = replace(FORM, formats=("png",))
    found = await _refused(tmp_path, mask, one, references=only_png)
    assert found == (Kind.INVALID_REQUEST, "references")
