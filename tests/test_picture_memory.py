"""Large pictures and bombs, used everywhere: how much memory that takes."""

import base64
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web
from PIL import Image

from tests.cogs.scripted_gateway import png
from tests.images.picture_collection import bombs, broken_pictures, heic, whole_pictures
from tests.memory_group import DISK, MOST_BYTES, run_in_small_machine

RecordProperty = Callable[[str, object], None]

HUFFMAN_ONLY = 2  # of zlib: noise has no repetitions to look for
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
    # As large as what is enlarged.
    "enlarged.webp": ("RGBA", (2500, 2000)),
    "enlarged-transparent.png": ("RGBA", (2500, 2000)),
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
    how = {"compress_level": 1, "compress_type": HUFFMAN_ONLY} if kind == "png" else {}
    picture.save(data, kind, exif=exif, speed=10, method=0, **how)
    return data.getvalue()


def noise_of_4096() -> bytes:
    """Return the largest picture of the usual sizes, which no format makes small."""
    data = io.BytesIO()
    picture = Image.frombytes("RGB", (4096, 4096), os.urandom(4096 * 4096 * 3))
    picture.save(data, "PNG", compress_level=0)
    return data.getvalue()


@contextmanager
def folder_of(files: dict[str, bytes]) -> Iterator[Path]:
    """Make a folder on disk with the files in a folder of their own."""
    with TemporaryDirectory(dir=DISK, prefix="easel-test-") as folder:
        (Path(folder) / "files").mkdir()
        for name, data in files.items():
            (Path(folder) / "files" / name).write_bytes(data)
        yield Path(folder)


def collection() -> dict[str, bytes]:
    """Return the collection by names without spaces that say what each is."""
    kinds = {"bomb": bombs(), "broken": broken_pictures(), "whole": whole_pictures()}
    return {
        f"2-{kind}-{number}": data
        for kind, pictures in kinds.items()
        for number, data in enumerate(pictures.values())
    }


def lines_of(said: str, files: dict[str, bytes]) -> list[list[str]]:
    """Return the words of the line that a process printed for each file."""
    lines = [line.split() for line in said.splitlines() if line.partition(" ")[0] in files]
    assert len(lines) == len(files)
    return lines


def first_too_large(lines: list[list[str]]) -> list[str]:
    """Return the first line that tells too much memory."""
    return next((line for line in lines if int(line[1]) > MOST_BYTES), [])


@pytest.mark.slow
async def test_no_picture_takes_more_memory_than_a_small_machine_has(
    record_property: RecordProperty,
) -> None:
    """As reference, result, attachment and thumbnail, and enlarged, on a machine of 512 MB."""
    files = {
        f"0-{name}": large_picture(name.rpartition(".")[2], mode, size)
        for name, (mode, size) in LARGE.items()
    }
    files |= {"1-noise.png": noise_of_4096()} | collection()
    with folder_of(files) as folder:
        said = await run_in_small_machine(
            *("-W", "ignore", "-m", "tests.large_picture_process", str(folder)),
            record_property=record_property,
        )
    assert first_too_large(lines_of(said, files)) == []


@asynccontextmanager
async def painting_gateway(folder: Path) -> AsyncIterator[str]:
    """Open a gateway that answers with the file that the prompt names, else a small picture."""

    async def generate(request: web.Request) -> web.Response:
        painted = folder / (await request.json())["prompt"]
        known = painted.exists()
        b64_json = base64.b64encode(painted.read_bytes()).decode() if known else png("64x64")
        return web.json_response({"created": 1, "data": [{"b64_json": b64_json}]})

    app = web.Application(client_max_size=1 << 27)
    for path in ("/v1/images/generations", "/v1/images/edits"):
        app.router.add_post(path, generate)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@pytest.mark.slow
async def test_no_picture_that_is_used_takes_more_memory_than_a_small_machine_has(
    record_property: RecordProperty,
) -> None:
    """*Use as reference* and *Use* in a whole bot: bombs are refused, whole pictures are used."""
    files = collection()
    with folder_of(files) as folder:
        async with painting_gateway(folder / "files") as url:
            said = await run_in_small_machine(
                *("-W", "ignore", "-m", "tests.use_picture_process", str(folder), url),
                record_property=record_property,
            )
    lines = lines_of(said, files)
    assert first_too_large(lines) == []
    ways = {name: done for name, _, done in lines}
    assert {ways[name] for name in files if "bomb" in name} <= {"result", "-"}
    assert {ways[name] for name in files if "whole" in name} == {"menu,result,button"}
