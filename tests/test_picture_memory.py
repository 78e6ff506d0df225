"""Large pictures and bombs, used everywhere: how much memory that takes."""

import asyncio
import io
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.images.picture_collection import bombs, broken_pictures, heic, whole_pictures

MOST_BYTES = 300 << 20
PATIENCE_S = 1_500  # of a loaded machine; alone it takes a tenth of that

LARGE = {
    "8K.png": ("RGB", (7680, 4320)),
    "transparent.png": ("RGBA", (4096, 4096)),
    "turned.jpeg": ("RGB", (6000, 4000)),
    "ink.jpeg": ("CMYK", (4500, 4500)),
    "4K.webp": ("RGBA", (3840, 2160)),
    "photo.avif": ("RGB", (4000, 3000)),
    "photo.heic": ("RGB", (4000, 3000)),
    "palette.gif": ("P", (5000, 5000)),
    "scan.tiff": ("RGB", (4500, 4400)),
}


def large_picture(kind: str, mode: str, size: tuple[int, int]) -> bytes:
    """Return a picture of many pixels whose file is not small."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    side = (size[0] // 8, size[1] // 8)
    picture = Image.frombytes(mode, side, os.urandom(side[0] * side[1] * bands)).resize(size)
    if kind == "heic":
        return heic(picture)
    exif = Image.Exif()
    exif[0x0112] = 6 if kind == "jpeg" else 1
    data = io.BytesIO()
    picture.save(data, kind, compress_level=1, exif=exif, speed=10, method=0)
    return data.getvalue()


@pytest.mark.slow
async def test_no_picture_takes_more_memory_than_a_small_machine_has(tmp_path: Path) -> None:
    """As reference, result, attachment and thumbnail; a machine of 512 MB must survive each."""
    files = tmp_path / "files"
    files.mkdir()
    for name, (mode, size) in LARGE.items():
        (files / f"0-{name}").write_bytes(large_picture(name.rpartition(".")[2], mode, size))
    (files / "1-noise.png").write_bytes(noise_of_4096())
    collection = bombs() | broken_pictures() | whole_pictures()
    for number, data in enumerate(collection.values()):
        (files / f"2-{number}").write_bytes(data)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "ignore", "-m", "tests.large_picture_process", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    lines = [line.split() for line in said.decode().splitlines() if line[:2] in {"0-", "1-", "2-"}]
    assert process.returncode == 0
    assert len(lines) == len(LARGE) + 1 + len(collection)
    assert [line for line in lines if int(line[1]) > MOST_BYTES][:1] == []


def noise_of_4096() -> bytes:
    """Return the largest picture of the usual sizes, which no format makes small."""
    data = io.BytesIO()
    picture = Image.frombytes("RGB", (4096, 4096), os.urandom(4096 * 4096 * 3))
    picture.save(data, "PNG", compress_level=0)
    return data.getvalue()
