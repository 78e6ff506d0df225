"""What a model is sent: upright, one frame, plain colours; and masks that can be used."""

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.core.models import ImageRequest
from bot.images.content_store import ContentStore
from bot.images.references import (
    Attachments,
    MaskOpaque,
    MaskUnfit,
    ReferenceLoader,
    ReferenceLost,
    ReferenceTooManyPixels,
)
from tests.images.kept_files import path_in
from tests.images.picture_collection import drawn, encoded, png_of, turned
from tests.images.test_content_store import mask_bytes, picture_bytes, upload

REQUEST = ImageRequest("a fox", "m", "auto", 1)


@pytest.fixture
def references(content_store: ContentStore) -> ReferenceLoader:
    return ReferenceLoader(content_store, now=lambda: 7)


async def kept(references: ReferenceLoader, data: bytes, mask: bytes | None = None) -> ImageRequest:
    """Return the request with an attachment, and a mask over it."""
    attached = Attachments((upload(data),), None if mask is None else upload(mask))
    return await references.fetch_and_keep(attached, REQUEST)


def opened(folder: Path, request: ImageRequest) -> Image.Image:
    """Return the first reference as a model sees it."""
    with Image.open(path_in(folder, request.references[0])) as picture:
        picture.load()
        return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
async def test_a_phones_photo_is_sent_upright(
    references: ReferenceLoader, tmp_path: Path, kind: str
) -> None:
    """Models ignore the note "turn me": they would paint a person who lies."""
    picture = opened(tmp_path, await kept(references, turned(kind, 6))).convert("RGB")
    seen = drawn().transpose(Image.Transpose.ROTATE_270)
    assert picture.size == seen.size == (32, 48)
    for place in ((2, 2), (29, 2), (2, 45), (29, 45)):
        assert picture.getpixel(place) == pytest.approx(seen.getpixel(place), abs=40)


@pytest.mark.parametrize("kind", ["png", "webp"])
async def test_a_mask_lies_over_a_turned_photo_as_it_is_seen(
    references: ReferenceLoader, kind: str
) -> None:
    """Whoever draws a mask sees the photo upright; the file of the mask may be of another kind."""
    mask = mask_bytes(kind, size=(32, 48))
    request = await kept(references, turned("JPEG", 6), mask)
    assert request.mask is not None
    assert request.mask.format == "png"
    with pytest.raises(MaskUnfit) as refused:
        await kept(references, turned("JPEG", 6), mask_bytes(size=(48, 32)))
    assert (refused.value.width, refused.value.height) == (32, 48)


@pytest.mark.parametrize(
    "mask",
    [
        picture_bytes("png"),
        picture_bytes("jpeg"),
        encoded("PNG", Image.new("RGBA", (40, 30), "red")),
    ],
    ids=["no transparency", "a jpeg", "opaque"],
)
async def test_a_mask_without_transparency_is_refused(
    references: ReferenceLoader, tmp_path: Path, mask: bytes
) -> None:
    """Nothing could change, and the gateway would be paid for it; nothing is kept."""
    with pytest.raises(MaskOpaque):
        await kept(references, picture_bytes("png"), mask)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_mask_of_a_palette_becomes_one_with_alpha(
    references: ReferenceLoader, tmp_path: Path
) -> None:
    """Editors save few colours as a palette; models want an alpha channel."""
    few = Image.new("P", (40, 30), 1)
    few.paste(0, (0, 0, 20, 30))
    request = await kept(references, picture_bytes("png"), encoded("PNG", few, transparency=0))
    assert request.mask is not None
    with Image.open(path_in(tmp_path, request.mask)) as mask:
        assert mask.mode == "RGBA"
        assert mask.getchannel("A").getextrema() == (0, 255)


async def test_a_mask_of_an_earlier_job_stays_when_a_picture_is_added(
    references: ReferenceLoader,
) -> None:
    """It still lies over the first reference."""
    request = await kept(references, picture_bytes("png"), mask_bytes())
    more = await references.fetch_and_keep(Attachments((upload(picture_bytes("webp")),)), request)
    assert more.mask == request.mask
    assert len(more.references) == 2


async def test_an_address_serves_what_is_kept_or_is_forgotten(references: ReferenceLoader) -> None:
    """What is sent is what is kept: a model must not fetch the photo that lies on its side."""
    plain = await kept(references, turned("JPEG", 1))
    assert plain.references[0].url is not None
    turned_request = await kept(references, turned("JPEG", 6))
    assert turned_request.references[0].url is None


async def test_a_reference_that_changed_on_the_disk_is_lost(
    references: ReferenceLoader, content_store: ContentStore, tmp_path: Path
) -> None:
    """A process that starts later must not send another picture than the person attached."""
    request = await kept(references, picture_bytes("png"))
    path = path_in(tmp_path, request.references[0])
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(ReferenceLost):
        await ReferenceLoader(content_store, now=lambda: 7).fetch_and_keep(Attachments(), request)


@pytest.mark.parametrize(("kind", "limit"), [("PNG", 25), ("WEBP", 10)])
async def test_the_limit_of_pixels_is_that_of_the_format(
    references: ReferenceLoader, kind: str, limit: int
) -> None:
    """A WebP takes four times the memory of a PNG; the sentence says what would be accepted."""
    data = io.BytesIO()
    if kind == "PNG":
        data.write(png_of(5_200, 5_200, b""))
    else:
        Image.new("RGB", (4_000, 4_000)).save(data, kind)
    with pytest.raises(ReferenceTooManyPixels) as refused:
        await kept(references, data.getvalue())
    assert refused.value.limit == limit
