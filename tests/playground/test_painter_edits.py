"""The painter's edits: as a form and as JSON, with a mask and without one."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image, ImageChops

from bot.gateways.reference_limits import ReferenceLimits
from playground.painter.responses import MODEL
from tests.gateways.generation_harness import attach_file, make_model, run_generation
from tests.playground.page_client import run_main
from tests.playground.painter_client import (
    EDIT,
    OPEN,
    ORDER,
    SMALL,
    Client,
    data_uri,
    encoded,
    gateway_of,
    opened,
    plain,
    serving,
    stencil,
)

Parts = list[tuple[str, str | bytes]]
WORDS: Parts = [("prompt", ORDER["prompt"]), ("size", "256x256"), ("quality", "low"), ("seed", "1")]
PHOTO = plain()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Serve the painter."""
    async with serving() as opened_:
        yield opened_


def form_of(parts: Parts) -> aiohttp.FormData:
    """Put a form together; bytes become files."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in parts:
        if isinstance(value, bytes):
            form.add_field(name, io.BytesIO(value), filename="x.png")
        else:
            form.add_field(name, value)
    return form


async def by_form(client: Client, *parts: tuple[str, str | bytes]) -> dict[str, Any]:
    """Send a form and return the reply."""
    async with client.post(EDIT, data=form_of(WORDS + list(parts))) as answer:
        assert answer.status == 200, await answer.text()
        reply: dict[str, Any] = await answer.json()
        return reply


async def by_json(client: Client, *images: bytes, **more: object) -> dict[str, Any]:
    """Send JSON and return the reply."""
    body = ORDER | {"images": [{"image_url": data_uri(one)} for one in images]} | more
    async with client.post(EDIT, json=body) as answer:
        assert answer.status == 200, await answer.text()
        reply: dict[str, Any] = await answer.json()
        return reply


async def refused(client: Client, status: int = 400, **request: Any) -> dict[str, Any]:
    """Send something that is refused and return the error."""
    async with client.post(EDIT, **request) as answer:
        assert answer.status == status, await answer.text()
        error: dict[str, Any] = (await answer.json())["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return error


def picture_in(reply: dict[str, Any]) -> Image.Image:
    """Return the one picture."""
    (datum,) = reply["data"]
    return opened(datum["b64_json"])


def changed(picture: Image.Image, photo: bytes) -> tuple[int, int, int, int] | None:
    """Return the part of a picture that is not the photo."""
    return ImageChops.difference(picture, opened(photo).convert("RGB")).getbbox()


# --- references -----------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["image"], ["image[]"], ["image", "image"], ["image[]"] * 3])
async def test_a_form_brings_its_files_under_either_name(client: Client, names: list[str]) -> None:
    """OpenAI's clients write one as image and several as image[]."""
    reply = await by_form(client, *((name, PHOTO) for name in names))
    caption = reply["data"][0]["revised_prompt"]
    assert ("your reference" if len(names) == 1 else f"your {len(names)} references") in caption
    assert reply["usage"]["input_tokens_details"]["image_tokens"] == 194 * len(names)


async def test_a_form_json_and_a_generation_paint_the_same(client: Client) -> None:
    """The way in makes no difference."""
    form = await by_form(client, ("image", PHOTO))
    json_ = await by_json(client, PHOTO)
    async with client.post(
        "/v1/images/generations", json=ORDER | {"image": [data_uri(PHOTO)]}
    ) as answer:
        generation = await answer.json()
    assert form["data"] == json_["data"] == generation["data"]


async def test_a_form_says_numbers_and_truths_as_text(client: Client) -> None:
    """Forms know nothing else."""
    wishes: Parts = [("image", PHOTO), ("n", "2"), ("stream", "false"), ("partial_images", "1")]
    options: Parts = [("model", "x"), ("user", "y"), ("response_format", "url")]
    reply = await by_form(client, *wishes, *options)
    assert [set(datum) for datum in reply["data"]] == [{"url", "revised_prompt", "seed"}] * 2
    async with client.post(
        EDIT, data=form_of([*WORDS, ("image", PHOTO), ("stream", "true")])
    ) as answer:
        assert answer.content_type == "text/event-stream"


async def test_a_file_without_a_name_is_a_file(client: Client) -> None:
    """Some clients leave it out; the type of the part says that it is no text."""
    head = 'Content-Disposition: form-data; name="{}"\r\n{}\r\n'
    body = (
        f"--b\r\n{head.format('prompt', '')}x\r\n"
        f"--b\r\n{head.format('size', '')}256x256\r\n"
        f"--b\r\n{head.format('image', f'Content-Type: image/png{chr(13)}{chr(10)}')}"
    ).encode()
    answer = await client.post(
        EDIT,
        data=body + PHOTO + b"\r\n--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status == 200


# --- masks ----------------------------------------------------------------------------------------


async def test_only_where_the_mask_is_open_something_changes(client: Client) -> None:
    """People see what a mask does: the rest is their picture, pixel for pixel."""
    for reply in (
        await by_form(client, ("image", PHOTO), ("mask", stencil())),
        await by_json(client, PHOTO, mask={"image_url": data_uri(stencil())}),
    ):
        left, top, right, bottom = OPEN
        assert changed(picture_in(reply), PHOTO) == (left, top, right + 1, bottom + 1)
        assert reply["data"][0]["revised_prompt"].endswith("where the mask of your picture is open")


async def test_a_mask_lies_over_the_first_picture(client: Client) -> None:
    """The others are references as ever."""
    mask = ("mask", stencil(hole=(0, 0, 99, 255)))
    reply = await by_form(client, ("image[]", PHOTO), ("image[]", plain("red")), mask)
    assert changed(picture_in(reply), PHOTO) == (0, 0, 100, 256)
    assert "your reference" in reply["data"][0]["revised_prompt"]


async def test_a_masked_picture_fills_the_size_asked_for(client: Client) -> None:
    """Another shape is cropped around the middle, the mask with it."""
    photo, mask = plain(size=(800, 400)), stencil((800, 400), hole=(0, 0, 399, 399))
    picture = picture_in(await by_form(client, ("image", photo), ("mask", mask)))
    left, _, right, _ = changed(picture, PHOTO) or (0, 0, 0, 0)
    assert left == 0
    assert abs(right - 128) <= 4  # the seam is soft where the picture was made smaller


async def test_a_masked_photo_stands_upright(client: Client) -> None:
    """A phone stores how it was held; the mask has the pixels as they are stored."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn clockwise to look at it (Exif 2.32 §4.6.4)
    photo = Image.new("RGB", (256, 256), "teal")
    photo.paste("gold", (0, 0, 256, 40))  # the top, which will be on the right
    file = encoded(photo, "WEBP", exif=exif, lossless=True)
    mask = stencil(hole=(0, 200, 255, 255))  # the bottom, which will be on the left
    picture = picture_in(await by_form(client, ("image", file), ("mask", mask)))
    assert picture.getpixel((250, 128)) == (255, 215, 0)
    assert picture.getpixel((100, 128)) == (0, 128, 128)
    assert picture.getpixel((20, 128)) != (0, 128, 128)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_a_mask_lies_over_any_picture(client: Client, mode: str) -> None:
    """Whatever people attach_file."""
    photo = encoded(Image.new(mode, (256, 256)), "JPEG" if mode == "CMYK" else "PNG")
    await by_form(client, ("image", photo), ("mask", stencil()))


@pytest.mark.parametrize(
    ("photo", "mask", "said"),
    [
        (PHOTO, stencil((255, 256)), "the first picture's size, 256x256"),
        (PHOTO, plain(), "a PNG with an alpha channel"),
        (PHOTO, encoded(Image.new("RGBA", (256, 256)), "WEBP"), "a PNG with an alpha channel"),
        (PHOTO, b"not a picture", "can be read"),
        (PHOTO, bytes(4_000_001), "less than 4 MB"),
    ],
)
async def test_a_mask_that_does_not_fit_is_refused(
    client: Client, photo: bytes, mask: bytes, said: str
) -> None:
    """Whoever sends it learns what a mask is."""
    form = form_of([*WORDS, ("image", photo), ("mask", mask)])
    error = await refused(client, data=form)
    assert (error["code"], error["param"]) == ("invalid_value", "mask")
    assert said in error["message"]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "code", "param"),
    [
        ([], "missing_required_parameter", "image"),
        ([("mask", stencil())], "missing_required_parameter", "image"),
        ([("image", "https://example.org/a.png")], "invalid_type", "image"),
        ([("image", PHOTO), ("mask", "x")], "invalid_type", "mask"),
        ([("image[]", PHOTO)] * 6, "array_above_max_length", "image"),
        ([("image", b"no picture")], "invalid_value", "image"),
        ([("image", PHOTO), ("n", "five")], "invalid_type", "n"),
        ([("image", PHOTO), ("n", "5")], "invalid_value", "n"),
        ([("image", PHOTO), ("stream", "yes")], "invalid_type", "stream"),
        ([("image", PHOTO), ("user", b"a file")], "invalid_type", "user"),
        ([("image", PHOTO), ("moderation", "low")], "unknown_parameter", "moderation"),
    ],
)
async def test_a_wrong_form_names_the_field(
    client: Client, parts: Parts, code: str, param: str
) -> None:
    """Whoever builds a form against the painter learns what is wrong with it."""
    error = await refused(client, data=form_of(WORDS + parts))
    assert (error["code"], error["param"]) == (code, param)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({}, "missing_required_parameter", "images"),
        ({"images": []}, "missing_required_parameter", "images"),
        ({"images": {"image_url": "x"}}, "invalid_type", "images"),
        ({"images": ["data:image/png;base64,"]}, "invalid_type", "images"),
        ({"images": [{"file_id": "file-1"}]}, "invalid_type", "images"),
        ({"images": [{"image_url": "https://example.org/a.png"}]}, "invalid_value", "images"),
        ({"images": [{"image_url": data_uri(PHOTO)}], "mask": "x"}, "invalid_type", "mask"),
        ({"image": [data_uri(PHOTO)]}, "unknown_parameter", "image"),
    ],
)
async def test_wrong_json_names_the_field(
    client: Client, changes: dict[str, object], code: str, param: str
) -> None:
    """The same in the other spelling."""
    error = await refused(client, json=ORDER | changes)
    assert (error["code"], error["param"]) == (code, param)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary",
        b"--b\r\nno header\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\ncut off',
        b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n\xff\r\n--b--',
    ],
)
async def test_a_broken_form_is_refused(client: Client, body: bytes) -> None:
    """No body can break the server."""
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    error = await refused(client, data=body, headers=kind)
    assert error["message"] == "We could not parse the form of your request."
    error = await refused(client, data=body, headers={"Content-Type": "multipart/form-data"})
    assert "form" in error["message"]


async def test_a_heavy_form_is_refused() -> None:
    """Memory stays bounded, whatever is sent."""
    async with serving(max_bytes=5000) as small:
        error = await refused(small, 413, data=form_of([("image", bytes(9000))]))
    assert error["code"] == "request_too_large"


# --- through the bot's own client -----------------------------------------------------------------


@pytest.mark.parametrize("transport", ["multipart", "json_images_objects"])
@pytest.mark.parametrize("count", [1, 2])
async def test_the_bot_edits_with_a_mask(tmp_path: Path, transport: Any, count: int) -> None:
    """Both transports that carry a mask arrive here."""
    takes = ReferenceLimits(transport=transport, max_count=5, max_bytes=10**7, mask_max_bytes=10**6)
    known = make_model(MODEL, references=takes)
    (tmp_path / "mask").write_bytes(stencil())
    kept = attach_file(tmp_path / "photo", PHOTO)
    async with serving() as client:
        painted = await run_generation(
            gateway_of(client),
            tmp_path / "job",
            size=SMALL,
            known=known,
            attached=[kept] * count,
            mask=tmp_path / "mask",
        )
    picture = opened(painted.pictures[0].path.read_bytes())
    assert changed(picture, PHOTO) == (64, 64, 192, 192)


def test_somebody_at_the_terminal_tries_a_mask(tmp_path: Path) -> None:
    """What the playground ships is enough: no key, no setting."""
    (tmp_path / "photo.png").write_bytes(PHOTO)
    (tmp_path / "mask.png").write_bytes(stencil())
    command = ("imagine", "a fox", "--reference", "photo.png", "--mask", "mask.png")
    ended = run_main(*command, "--size", "256x256", folder=tmp_path)
    assert ended.code == 0, ended.err
    picture = opened(Path(tmp_path / ended.out.strip()).read_bytes())
    assert changed(picture, PHOTO) == (64, 64, 192, 192)


async def test_the_strength_of_an_edit(client: Client) -> None:
    """As a number in JSON and as text in a form; a wrong one is refused."""
    weak, strong = [
        (await by_json(client, PHOTO, strength=strength))["data"] for strength in (0.1, 1)
    ]
    assert weak != strong
    form = await by_form(client, ("image", PHOTO), ("strength", "0.1"))
    assert form["data"]
    strengths: list[object] = [-0.1, 1.1, "x", True, [], 10**400]
    for wrong in strengths:
        body = ORDER | {"images": [{"image_url": data_uri(PHOTO)}], "strength": wrong}
        async with client.post(EDIT, json=body) as answer:
            assert answer.status == 400, wrong
