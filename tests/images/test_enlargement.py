"""Pictures are enlarged by resampling, of every kind that is kept, within the limits of memory."""

import asyncio
import io
import threading
from functools import partial
from pathlib import Path
from traceback import walk_tb

import pytest
from PIL import Image, ImageCms

from bot.core.models import Picture
from bot.images.decoding import PictureUnreadable, in_pixel_thread
from bot.images.enlargement import (
    MAX_ENLARGED_PIXELS,
    MOST_AT_ONCE,
    AnimationNotEnlarged,
    Enlarger,
    PictureNotEnlarged,
    StillEnlarging,
    TooManyEnlarging,
    enlarge_picture,
    may_enlarge,
)
from tests.images.picture_collection import drawn, encoded, png_of, turned
from tests.images.test_conversion import noise

MIB = 1024 * 1024


def kept(folder: Path, data: bytes, size: tuple[int, int] = (64, 48)) -> Picture:
    """Return a kept picture with this content; ``size`` is what its row says."""
    path = folder / "kept.bin"
    path.write_bytes(data)
    return Picture(path, "png", *size, len(data), "a fox")


def enlarged(folder: Path, data: bytes, *, max_bytes: int = 10 * MIB) -> Image.Image:
    """Enlarge a picture; return what a person gets, after comparing it with what was said."""
    original = kept(folder, data)
    larger = enlarge_picture(original, max_bytes=max_bytes, folder=folder)
    assert original.path.read_bytes() == data
    assert larger.bytes == larger.path.stat().st_size <= max_bytes
    with Image.open(larger.path) as image:
        image.load()
    assert (image.format or "").lower() == larger.format == larger.path.suffix[1:]
    assert image.size == (larger.width, larger.height)
    return image


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "L"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("PNG", "I;16"),
        ("JPEG", "RGB"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGB"),
        ("GIF", "P"),
        ("AVIF", "RGB"),
        ("TIFF", "RGB"),
    ],
)
def test_an_opaque_picture_of_any_kind_is_twice_as_large(
    tmp_path: Path, kind: str, mode: str
) -> None:
    """A kind that nobody thought of would be an error that no one understands."""
    picture = drawn("L" if mode == "I;16" else mode)
    if mode == "I;16":
        picture = picture.convert("I").point(lambda grey: grey * 257).convert("I;16")
    image = enlarged(tmp_path, encoded(kind, picture))
    assert image.size == (picture.width * 2, picture.height * 2)
    assert (image.format, image.mode) == ("JPEG", "RGB")


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "CMYK"])
def test_the_colours_stay(tmp_path: Path, mode: str) -> None:
    """A grey of 16 bits that was cut instead of scaled would be white."""
    grey: dict[str, object] = {"L": 128, "RGB": (128,) * 3, "I;16": 32896, "CMYK": (0, 0, 0, 127)}
    colour = grey[mode]
    flat = Image.new(mode, (16, 16), colour)  # type: ignore[arg-type]  # as the mode wants it
    image = enlarged(tmp_path, encoded("JPEG" if mode == "CMYK" else "PNG", flat))
    pixel = image.getpixel((16, 16))
    assert isinstance(pixel, tuple)
    assert all(abs(band - 128) <= 2 for band in pixel)


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA")])
def test_what_is_transparent_stays_so(tmp_path: Path, kind: str, mode: str) -> None:
    """A sticker on a white box is no sticker; nor does what is hidden colour its edge."""
    picture = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 16, 32))
    image = enlarged(tmp_path, encoded(kind, picture.convert(mode), lossless=True))
    assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (64, 64))
    assert image.getchannel("A").getextrema() == (0, 255)
    if mode == "RGBA":
        pixels = [image.getpixel((x, 32)) for x in range(64)]
        assert not [each for each in pixels if isinstance(each, tuple) and each[3] and each[0] > 9]


def test_transparency_that_hides_nothing_is_left_out(tmp_path: Path) -> None:
    """Gateways often send such PNGs: as one, the larger picture would be too large to send."""
    opaque = drawn("RGB")
    opaque.putalpha(255)
    assert enlarged(tmp_path, encoded("PNG", opaque)).format == "JPEG"


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_photo_stands_upright(tmp_path: Path, orientation: int) -> None:
    """Its note of how the camera was held is not in the larger file."""
    data = turned("JPEG", orientation)
    with Image.open(io.BytesIO(data)) as camera:
        sides = camera.size if orientation == 3 else camera.size[::-1]
    image = enlarged(tmp_path, data)
    assert image.size == (sides[0] * 2, sides[1] * 2)
    assert not image.getexif()


@pytest.mark.parametrize("alpha", [None, 255, 99])
def test_the_colour_profile_is_kept(tmp_path: Path, alpha: int | None) -> None:
    """Otherwise a photo of a wide-gamut screen turns pale."""
    profile, picture = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), drawn("RGB")
    if alpha is not None:
        picture.putalpha(alpha)
    image = enlarged(tmp_path, encoded("PNG", picture, icc_profile=profile.tobytes()))
    assert image.info["icc_profile"] == profile.tobytes()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_what_moves_is_refused(tmp_path: Path, kind: str) -> None:
    """Its first frame alone, twice as large, is not what somebody asked for."""
    frames = [drawn("RGB"), drawn("RGB").rotate(90)]
    data = encoded(kind, frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(AnimationNotEnlarged):
        enlarge_picture(kept(tmp_path, data), max_bytes=MIB, folder=tmp_path)


def test_a_photo_with_a_second_one_inside_is_enlarged(tmp_path: Path) -> None:
    """Some telephones make them; Pillow takes them for films."""
    photos = [drawn("RGB"), drawn("RGB").rotate(90)]
    data = encoded("MPO", photos[0], save_all=True, append_images=photos[1:])
    assert enlarged(tmp_path, data).size == (photos[0].width * 2, photos[0].height * 2)


@pytest.mark.parametrize(
    "size", [(2236, 2237), (4096, 4096), (8000, 8000), (60_000, 1000)], ids=str
)
def test_a_large_one_is_refused_before_it_is_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    """Its row may say nothing of its size; decoding it would take the memory of the machine."""
    data = png_of(*size, b"")
    with pytest.raises(PictureNotEnlarged) as refused:
        enlarge_picture(kept(tmp_path, data, size), max_bytes=10 * MIB, folder=tmp_path)
    assert (refused.value.width, refused.value.height) == size
    assert not may_enlarge(kept(tmp_path, data, size))
    with pytest.raises(PictureNotEnlarged):
        enlarge_picture(kept(tmp_path, data, (1, 1)), max_bytes=10 * MIB, folder=tmp_path)


def test_the_usual_sizes_are_offered(tmp_path: Path) -> None:
    """Up to five megapixels, which become twenty."""
    sizes = [(1024, 1024), (1536, 1024), (2048, 2048), (2848, 1600)]
    assert all(may_enlarge(kept(tmp_path, b"", size)) for size in sizes)
    assert max(4 * width * height for width, height in sizes) <= MAX_ENLARGED_PIXELS


@pytest.mark.parametrize("data", [b"", b"no picture", encoded("PNG")[:-40]], ids=["", "no", "cut"])
def test_what_is_damaged_is_refused(tmp_path: Path, data: bytes) -> None:
    """The disk lost a part of the file."""
    with pytest.raises(PictureUnreadable):
        enlarge_picture(kept(tmp_path, data), max_bytes=MIB, folder=tmp_path)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_file_fits_the_limit_or_is_refused(tmp_path: Path, mode: str) -> None:
    """A smaller copy of a larger picture would be no larger picture."""
    data = encoded("PNG", noise(mode))
    large = kept(tmp_path, data)
    best = enlarge_picture(large, max_bytes=10 * MIB, folder=tmp_path)
    smaller = enlarge_picture(large, max_bytes=best.bytes - 1, folder=tmp_path)
    assert smaller.bytes < best.bytes
    assert (smaller.width, smaller.height) == (best.width, best.height) == (640, 400)
    with pytest.raises(PictureNotEnlarged) as refused:
        enlarge_picture(large, max_bytes=10_000, folder=tmp_path)
    held = [local for frame, _ in walk_tb(refused.tb) for local in frame.f_locals.values()]
    for image in (each for each in held if isinstance(each, Image.Image)):
        with pytest.raises(ValueError, match="closed"):
            image.load()


def test_a_large_transparent_one_is_never_a_webp(tmp_path: Path) -> None:
    """Its encoder takes 40 bytes for each pixel."""
    large = kept(tmp_path, encoded("PNG", noise("RGBA", (1400, 1400))))
    with pytest.raises(PictureNotEnlarged):
        enlarge_picture(large, max_bytes=5 * MIB, folder=tmp_path)


async def test_one_is_enlarged_at_a_time_and_too_many_are_refused(tmp_path: Path) -> None:
    """A crowd keeps no results from being shown, waits no minutes, and is not one person."""
    picture, enlarger = kept(tmp_path, encoded("PNG")), Enlarger()
    enlarge = partial(enlarger.enlarge, picture, max_bytes=MIB, folder=tmp_path)
    may_work = threading.Event()
    blocked = asyncio.create_task(in_pixel_thread(may_work.wait))
    waiting = [asyncio.create_task(enlarge(user_id=user_id)) for user_id in range(MOST_AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(StillEnlarging):
        await enlarge(user_id=0)
    with pytest.raises(TooManyEnlarging):
        await enlarge(user_id=MOST_AT_ONCE)
    result = asyncio.create_task(in_pixel_thread(lambda: sum(each.done() for each in waiting)))
    await asyncio.sleep(0)
    may_work.set()
    assert await result <= 1
    assert await blocked
    assert {each.width for each in await asyncio.gather(*waiting)} == {2 * drawn().width}
    assert (await enlarge(user_id=0)).width == 2 * drawn().width
