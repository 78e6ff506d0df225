"""HEIC photos, as telephones make them: converted where their decoder is installed."""

import io
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from bot.core.models import ImageRequest
from bot.images.content_store import ContentStore
from bot.images.decoding import (
    PictureTooLarge,
    PictureUnreadable,
    open_picture,
    small_copy,
)
from bot.images.references import (
    Attachments,
    DeclaredType,
    ReferenceHeic,
    ReferenceLoader,
    Upload,
)
from tests.images.kept_files import path_in
from tests.images.picture_collection import HAS_HEIC, drawn, encoded, heic, turned
from tests.images.test_picture_collection import kept_reference, reading

needs_decoder = pytest.mark.skipif(not HAS_HEIC, reason="there is no wheel for this machine")
REQUEST = ImageRequest("a fox", "m", "auto", 1)


def difference(one: Image.Image, other: Image.Image) -> int:
    """Return the largest difference of two pictures in any place."""
    assert one.size == other.size
    differences = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return max(differences.resize((6, 6)).convert("L").tobytes())


@needs_decoder
@pytest.mark.parametrize(
    ("orientation", "turn"),
    [(1, None), (3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_270)],
)
async def test_a_photo_is_turned_once(
    content_store: ContentStore, tmp_path: Path, orientation: int, turn: Image.Transpose | None
) -> None:
    """The file says twice how its camera was held: a second turn would lay the picture down."""
    kept = await kept_reference(content_store, turned("HEIC", orientation))
    upright = drawn() if turn is None else drawn().transpose(turn)
    assert kept.format == "jpeg"
    with Image.open(path_in(tmp_path, kept)) as picture:
        assert difference(picture, upright) < 40
    # What a history shows of a gateway's photo.
    small = small_copy(io.BytesIO(turned("HEIC", orientation)), 100)
    assert difference(small, upright) < 40


@needs_decoder
async def test_of_several_photos_the_main_one_is_kept(
    content_store: ContentStore, tmp_path: Path
) -> None:
    """A burst is one file."""
    kept = await kept_reference(content_store, heic(drawn(), Image.new("RGB", (64, 64))))
    with Image.open(path_in(tmp_path, kept)) as picture:
        assert difference(picture, drawn()) < 40


@needs_decoder
@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1"])
async def test_the_brand_of_a_file_may_name_no_codec(
    content_store: ContentStore, tmp_path: Path, brand: bytes
) -> None:
    """AVIF files may begin in the same way."""
    photo = encoded("HEIC").replace(b"ftypheic", b"ftyp" + brand, 1)
    assert (await kept_reference(content_store, photo)).format == "jpeg"


@needs_decoder
async def test_transparency_is_kept(content_store: ContentStore, tmp_path: Path) -> None:
    """A JPEG has none, so that such a photo becomes a PNG."""
    kept = await kept_reference(content_store, encoded("HEIC", drawn("RGBA")))
    with Image.open(path_in(tmp_path, kept)) as picture:
        assert (picture.format, picture.mode) == ("PNG", "RGBA")


@needs_decoder
def test_a_photo_is_never_larger_than_it_says() -> None:
    """Its header is what the limits are checked with, before anything is decoded."""
    lies = heic(Image.new("RGB", (1_600, 1_600)), says=(64, 64))
    with (
        pytest.raises(PictureUnreadable) as refused,
        open_picture(io.BytesIO(lies)) as image,
    ):
        image.load()
    assert "exceeds" in str(refused.value.__cause__)


@needs_decoder
@pytest.mark.parametrize("bits", [8, 10])
def test_a_photo_with_more_bits_needs_more_memory(bits: int) -> None:
    """Its planes have two bytes for each colour while it is decoded."""
    size = (3_400, 3_400)
    photo = heic(Image.new("RGB", (64, 64)), says=size, bits=bits)
    refused = pytest.raises(PictureTooLarge) if bits > 8 else nullcontext()
    with refused, open_picture(io.BytesIO(photo)) as image:
        assert image.size == size


@pytest.mark.parametrize("reads_heic", [True, False])
async def test_without_the_decoder_a_photo_is_refused_before_the_card(
    content_store: ContentStore, reads_heic: bool
) -> None:
    """Not every platform has a wheel; the sentence says to send a JPEG."""
    photo = Upload(9, reading(b""), declared=DeclaredType.HEIC)
    loader = ReferenceLoader(content_store, now=lambda: 7, reads_heic=lambda: reads_heic)
    if reads_heic:
        await loader.check(Attachments((photo,)), REQUEST)
    else:
        with pytest.raises(ReferenceHeic):
            await loader.check(Attachments((photo,)), REQUEST)


def test_the_decoder_is_not_loaded_by_a_start() -> None:
    """It takes memory and time, and most bots never see such a photo."""
    loaded = "import bot.app, sys; assert not {'pillow_heif', '_pillow_heif'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-W", "ignore", "-c", loaded], check=True, timeout=60)


def test_a_decoder_that_cannot_be_loaded_is_none(tmp_path: Path) -> None:
    """As where the system lacks a library of it: photos are refused before anything is held."""
    package = tmp_path / "pillow_heif"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('a library of it is missing')")
    asked = "from bot.images.decoding import can_read_heic; assert not can_read_heic()"
    path = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    subprocess.run([sys.executable, "-c", asked], check=True, timeout=60, env=path)
