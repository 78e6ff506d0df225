"""Every kind of picture as reference, result, thumbnail and history: no defect, nothing lost."""

import io
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from structlog.testing import capture_logs

from bot.core.models import ImageRequest, Picture, PictureFormat, Reference
from bot.images.contact_sheet import draw_contact_sheet
from bot.images.content_store import ContentStore
from bot.images.conversion import fit_to_limit
from bot.images.decoding import PictureTooLarge, PictureUnreadable
from bot.images.inspection import inspect_picture
from bot.images.references import (
    Attachments,
    ReferenceLoader,
    ReferenceTooManyPixels,
    ReferenceUnreadable,
    Upload,
)
from bot.images.thumbnails import Thumbnails
from tests.images.kept_files import keep_bytes, path_in
from tests.images.picture_collection import bombs, broken_pictures, everything, whole_pictures

# Damaged notes of a picture are told as warnings, which tests would raise.
pytestmark = pytest.mark.filterwarnings("ignore")
REQUEST = ImageRequest("a fox", "m", "auto", 1)
MOST_BYTES = 50_000


def reading(data: bytes) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return data

    return read


def upload(data: bytes) -> Upload:
    return Upload(len(data), reading(data))


async def kept_reference(store: ContentStore, data: bytes) -> Reference:
    """Return what is kept of an attachment."""
    loader = ReferenceLoader(store, now=lambda: 7)
    return (await loader.fetch_and_keep(Attachments((upload(data),)), REQUEST)).references[0]


def test_no_file_of_the_collection_is_large() -> None:
    """They are made by a script, and none is a burden."""
    assert not [name for name, data in everything().items() if len(data) > MOST_BYTES]


@pytest.mark.parametrize("name", whole_pictures())
async def test_a_whole_picture_becomes_a_reference_in_the_normal_form(
    content_store: ContentStore, tmp_path: Path, name: str
) -> None:
    """Gateways refuse what is turned, moves, or has other colours, or paint something else."""
    kept = await kept_reference(content_store, whole_pictures()[name])
    with Image.open(path_in(tmp_path, kept)) as picture:
        picture.load()
        assert picture.mode in {"RGB", "RGBA"}
        assert getattr(picture, "n_frames", 1) == 1 or picture.format == "MPO"
        assert picture.getexif().get(0x0112, 1) in {1, 9}
        assert (picture.format or "").lower().replace("mpo", "jpeg") == kept.format
        if "turned 6" in name:
            assert picture.size == (32, 48)
    again = await kept_reference(content_store, path_in(tmp_path, kept).read_bytes())
    assert again == kept
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []


@pytest.mark.parametrize("name", whole_pictures())
def test_a_whole_picture_is_never_lost_as_a_result(tmp_path: Path, name: str) -> None:
    """What Discord does not show is converted; what it shows stays as it is."""
    data = whole_pictures()[name]
    path = tmp_path / "slot-0-1.part"
    path.write_bytes(data)
    info = inspect_picture(path)
    assert info is not None
    is_shown = name.startswith(("PNG", "JPEG", "WEBP", "GIF", "MPO", "progressive", "lossless"))
    assert (path.read_bytes() == data) == is_shown
    with Image.open(path) as picture:
        assert picture.size == (info.width, info.height)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", whole_pictures())
async def test_a_whole_picture_is_shown_in_small_and_within_any_limit(
    content_store: ContentStore, tmp_path: Path, name: str
) -> None:
    """In the history, beside a result, and in a message of a server with a small limit."""
    store, data = content_store, whole_pictures()[name]
    (made,) = await Thumbnails(store).contact_sheets([[await keep_bytes(store, data, "png")]])
    assert made is not None
    assert draw_contact_sheet([io.BytesIO(data)] * 2) is not None
    (tmp_path / "x").write_bytes(data)
    picture = Picture(tmp_path / "x", "png", 48, 32, 10**9)
    assert fit_to_limit(picture, max_bytes=10_000, folder=tmp_path).bytes <= 10_000


@pytest.mark.parametrize("name", bombs())
async def test_a_bomb_is_refused_everywhere(
    content_store: ContentStore, tmp_path: Path, name: str
) -> None:
    """Nothing of it is decoded."""
    with pytest.raises((ReferenceTooManyPixels, ReferenceUnreadable)):
        await kept_reference(content_store, bombs()[name])
    await survives(content_store, tmp_path, bombs()[name])


@pytest.mark.parametrize("name", broken_pictures())
async def test_a_broken_picture_is_no_defect(
    content_store: ContentStore, tmp_path: Path, name: str
) -> None:
    """It is refused with a sentence, or read as far as Pillow reads it."""
    await survives(content_store, tmp_path, broken_pictures()[name])


async def survives(store: ContentStore, folder: Path, data: bytes) -> None:
    """Use a file everywhere; only errors that people are told may be raised."""
    with suppress(ReferenceTooManyPixels, ReferenceUnreadable):
        await kept_reference(store, data)
    await Thumbnails(store).contact_sheets([[await keep_bytes(store, data, "png")]])
    draw_contact_sheet([io.BytesIO(data)])
    path = folder / "x.part"
    path.write_bytes(data)
    with suppress(PictureTooLarge, PictureUnreadable):
        fit_to_limit(Picture(path, "png", 9, 9, 10**9), max_bytes=10_000, folder=folder)
    inspect_picture(path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SVG", "an SVG drawing, which Discord does not show"),
        ("HEIC", "a HEIC photo or a film, which cannot be read here"),
        ("HTML", "text instead of a picture"),
        ("nothing", "the file is empty"),
        ("PNG cut at 60 %", "damaged, too large, or in an unknown format"),
    ],
)
def test_the_log_says_why_a_result_is_no_picture(tmp_path: Path, name: str, reason: str) -> None:
    """The operator paid for it, and asks the gateway why."""
    path = tmp_path / "slot-0-1.part"
    path.write_bytes(broken_pictures()[name])
    with capture_logs() as logs:
        assert inspect_picture(path) is None
    assert [(each["event"], each["reason"]) for each in logs] == [("picture.refused", reason)]


@pytest.mark.parametrize("kind", ["png", "gif"])
async def test_a_gateways_picture_is_checked_like_an_upload(
    content_store: ContentStore, tmp_path: Path, kind: PictureFormat
) -> None:
    """*Use* sends it to a model, which takes no film and no palette."""
    store = content_store
    result = await keep_bytes(store, whole_pictures()[f"{kind.upper()} P"], kind)
    loader = ReferenceLoader(store, now=lambda: 7)
    request = ImageRequest("a fox", "m", "auto", 1, references=(result,))
    (kept,) = (await loader.fetch_and_keep(Attachments(), request)).references
    assert kept != result
    with Image.open(path_in(tmp_path, kept)) as picture:
        assert picture.mode in {"RGB", "RGBA"}
