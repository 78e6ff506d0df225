from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.images.sniff import PictureInfo, sniff
from tests.gateways.sample_pictures import picture_bytes

KINDS = ("png", "jpeg", "webp", "gif")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a path for the picture."""
    return tmp_path / "a"


def _looks(file: Path, data: bytes) -> PictureInfo | None:
    file.write_bytes(data)
    return sniff(file)


@pytest.mark.parametrize("kind", KINDS)
def test_format_and_pixels_come_from_the_bytes(kind: str, file: Path) -> None:
    """Names, content types and output_format lie."""
    assert _looks(file, picture_bytes(kind, width=300, height=7)) == PictureInfo(kind, 300, 7)  # type: ignore[arg-type]  # one of KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_picture_is_none(kind: str, file: Path) -> None:
    """A connection that broke must not deliver half a picture."""
    data = picture_bytes(kind, width=64, height=64, noise=True)
    assert not [end for end in range(0, len(data) - 1, 37) if _looks(file, data[:end])]
    assert _looks(file, data[:-2]) is None


def test_the_end_of_a_gif_inside_its_data_is_not_its_end(file: Path) -> None:
    """Noise holds the bytes of the trailer now and then; a cut there is a cut all the same."""
    data = picture_bytes("gif", width=64, height=64, noise=True)
    block = data.index(b"\xff", data.index(b",\0\0\0\0") + 10) + 1
    assert _looks(file, data[: block + 9] + b"\0;") is None
    assert _looks(file, data[: block + 9] + b"\0;\0\0") is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_little_behind_the_end_is_no_harm(kind: str, file: Path) -> None:
    """Some encoders pad their files."""
    assert _looks(file, picture_bytes(kind) + b"\0\0\0") is not None


def test_a_gif_of_several_frames_with_their_own_colours(file: Path) -> None:
    """Each frame has its block, and may have its table of colours."""
    first, *others = [Image.linear_gradient("L").rotate(90 * turn) for turn in range(3)]
    others[0] = others[0].convert("RGB").quantize(7)
    first.save(file, "gif", save_all=True, append_images=others, duration=90, comment=b"!,;" * 200)
    assert sniff(file) == PictureInfo("gif", 256, 256)


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"exif": b"x" * 40}])
def test_all_kinds_of_webp(options: dict[str, object], file: Path) -> None:
    """Lossy, lossless and extended files keep their size in different places."""
    Image.new("RGBA", (501, 17), (1, 2, 3, 4)).save(file, "webp", **options)
    assert sniff(file) == PictureInfo("webp", 501, 17)


def test_a_jpeg_with_long_tables_before_its_size(file: Path) -> None:
    """Provenance records may come before it, 64 KB each."""
    data = picture_bytes("jpeg", width=33)
    segment = b"\xff\xeb\xff\xff" + b"C2PA" * 0x3FFF + b"!"
    assert _looks(file, data[:2] + segment * 3 + data[2:]) == PictureInfo("jpeg", 33, 6)


def test_fill_bytes_before_markers_are_skipped(file: Path) -> None:
    """Any marker of a JPEG may be preceded by them (ITU T.81 B.1.1.2)."""
    data = picture_bytes("jpeg", width=33)
    filled = data[:2] + b"\xff\xff" + data[2:].replace(b"\xff\xc0", b"\xff\xff\xff\xc0")
    assert _looks(file, filled) == PictureInfo("jpeg", 33, 6)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg/>",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\x00\x01\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x02\x00\x00\x00\x00\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x06JFIF\xff\xd9",
        b"\xff\xd8\xff\xe0\xff\xff\xff\xd9",
        b"RIFF\x04\0\0\0WAVE",
        b"RIFF\x10\0\0\0WEBPVP9 \0\0\0\0\0\0\0\0",
        b"GIF89a\0\0\0\0\0;",
    ],
)
def test_what_is_no_picture(data: bytes, file: Path) -> None:
    """A gateway may send anything."""
    assert _looks(file, data) is None


@settings(deadline=None)
@given(kind=st.sampled_from(KINDS), data=st.binary(max_size=200), keep=st.integers(0, 40))
def test_no_bytes_raise(
    kind: str, data: bytes, keep: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The file comes from a stranger."""
    file = tmp_path_factory.getbasetemp() / "any"
    looks = _looks(file, picture_bytes(kind)[:keep] + data)
    assert looks is None or looks.width > 0
