"""Pictures that a stranger or a gateway may send: whole in every mode and format, odd, cut, bombs.

They are made at run time. A whole one is a picture that Pillow can read; a broken one may be
refused, but never as a defect.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from random import Random

from PIL import Image

SIZE = (48, 32)

_MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("1", "L", "P"),
    "AVIF": ("RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr", "LAB"),
}
HAS_HEIC = find_spec("pillow_heif") is not None
if HAS_HEIC:
    _MODES["HEIC"] = ("L", "RGB", "RGBA")


def drawn(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Return a picture with some detail, half transparent where the mode can be."""
    picture = Image.frombytes("RGB", (12, 8), Random(3).randbytes(12 * 8 * 3)).resize(size)
    if mode in {"RGBA", "LA"}:
        picture.putalpha(Image.linear_gradient("L").resize(size))
    if mode == "LAB":
        return Image.merge("LAB", picture.split())
    if mode == "I;16":
        return picture.convert("L").convert("I").convert("I;16")
    return picture.convert(mode)


def encoded(kind: str, picture: Image.Image | None = None, **options: object) -> bytes:
    """Return a picture as a file."""
    if kind == "HEIC":
        return heic(picture or drawn(), **options)  # type: ignore[arg-type]  # by name
    data = io.BytesIO()
    (picture or drawn()).save(data, kind, **options)
    return data.getvalue()


def heic(
    *pictures: Image.Image,
    exif: Image.Exif | None = None,
    says: tuple[int, int] | None = None,
    bits: int = 8,
) -> bytes:
    """Return a HEIC photo of these pictures, which ``says`` that it has this size.

    Pillow's own way would register the decoder, as only the bot does.
    """
    from pillow_heif import from_bytes, from_pillow  # noqa: PLC0415 - not every platform has it

    first, *others = pictures
    photo, data = from_pillow(first), io.BytesIO()
    if bits > 8:
        photo = from_bytes("RGB;16", first.size, bytes(6 * first.width * first.height))
    if exif is not None:
        photo[0].info["exif"] = exif.tobytes()
    for other in others:
        photo.add_from_pillow(other)
    photo.save(data, quality=60, chroma=444, enc_params={"preset": "ultrafast"})
    if says is None:
        return data.getvalue()
    before = b"ispe" + struct.pack(">III", 0, *first.size)
    return data.getvalue().replace(before, b"ispe" + struct.pack(">III", 0, *says))


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG with its right checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    """Return a PNG that says it has this size, with these compressed rows."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def turned(kind: str, orientation: int) -> bytes:
    """Return a picture that its camera wants to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(kind, exif=exif)


@cache
def whole_pictures() -> dict[str, bytes]:
    """Return every mode and format, and odd pictures which Pillow reads."""
    found = {
        f"{kind} {mode}": encoded(kind, drawn(mode)) for kind in _MODES for mode in _MODES[kind]
    }
    return found | dict(_turned_pictures()) | dict(_moving_pictures()) | _odd_pictures()


def _turned_pictures() -> Iterator[tuple[str, bytes]]:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", *({"HEIC"} & _MODES.keys())):
        for orientation in (3, 6) if kind != "JPEG" else range(1, 10):
            yield f"{kind} turned {orientation}", turned(kind, orientation)


def _moving_pictures() -> Iterator[tuple[str, bytes]]:
    frames = [drawn().rotate(90 * turn) for turn in range(3)]
    for kind in ("GIF", "PNG", "WEBP", "AVIF", "TIFF"):
        yield f"{kind} of three", encoded(kind, save_all=True, append_images=frames, duration=90)
    if "HEIC" in _MODES:
        yield "HEIC of three", heic(*frames)
    yield "MPO", encoded("MPO", save_all=True, append_images=frames)


def _odd_pictures() -> dict[str, bytes]:
    jpeg, png = encoded("JPEG"), encoded("PNG")
    sixteen = zlib.compress((b"\0" + bytes(range(96)) * 3) * 32)
    palette = drawn("P")
    return {
        "JPEG with 9 KB behind": jpeg + b"\0\0\0\x18ftypmp42" + bytes(9000),
        "JPEG with fill bytes": jpeg[:2] + b"\xff\xff\xff" + jpeg[2:],
        "JPEG of 3 by 5": encoded("JPEG", drawn(size=(3, 5))),
        "JPEG of 1 by 1": encoded("JPEG", drawn(size=(1, 1))),
        "progressive JPEG": encoded("JPEG", progressive=True),
        "JPEG with a broken note": encoded("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"),
        "PNG with 9 KB behind": png + bytes(9000),
        "PNG without its end": png[:-12],
        "PNG of 1 by 1": encoded("PNG", drawn(size=(1, 1))),
        "PNG of 16-bit colours": png_of(48, 32, sixteen, depth=16),
        "PNG with a transparent colour": encoded("PNG", transparency=(0, 0, 0)),
        "PNG palette with a transparent colour": encoded("PNG", palette, transparency=3),
        "GIF palette with a transparent colour": encoded("GIF", palette, transparency=3),
        "PNG as long as a ribbon": encoded("PNG", drawn(size=(20_000, 2))),
        "lossless WebP": encoded("WEBP", lossless=True),
        "compressed TIFF": encoded("TIFF", compression="tiff_lzw"),
        "TIFF with JPEG inside": encoded("TIFF", compression="jpeg"),
    }


@cache
def bombs() -> dict[str, bytes]:
    """Return small files that would unpack to gigabytes."""
    rows = zlib.compress(bytes(1_000_000), 9)
    huge = {f"PNG of {side}": png_of(side, side, rows) for side in (6_001, 13_000, 16_000, 65_000)}
    gif, bmp = bytearray(encoded("GIF")), bytearray(encoded("BMP"))
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    bmp[18:26] = struct.pack("<ii", 60_000, 60_000)
    jpeg = bytearray(encoded("JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    webp = encoded("WEBP", lossless=True)
    header = webp[:21] + struct.pack("<I", 0x3FFF | 0x3FFF << 14) + webp[25:]
    if "HEIC" in _MODES:
        huge["HEIC"] = heic(drawn(size=(64, 64)), says=(60_000, 60_000))
        huge["HEIC that says it is small"] = heic(Image.new("RGB", (1_600, 1_600)), says=SIZE)
    return huge | {
        "GIF": bytes(gif),
        "BMP": bytes(bmp),
        "JPEG": bytes(jpeg),
        "WebP": header,
        "grey PNG": png_of(6_001, 6_001, rows, colour=0),
    }


@cache
def broken_pictures() -> dict[str, bytes]:
    """Return cut and damaged pictures, and files that are none."""
    kinds = {kind: encoded(kind, drawn()) for kind in _MODES}
    cut = {
        f"{kind} cut at {share} %": data[: len(data) * share // 100]
        for kind, data in kinds.items()
        for share in (1, 10, 40, 60)
    }
    return cut | dict(_damaged(kinds)) | _no_pictures()


def _damaged(kinds: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for kind, data in kinds.items():
        for seed in range(12):
            chance, damaged = Random(seed), bytearray(data)
            for _ in range(1 + seed % 4):
                damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
            yield f"{kind} damaged {seed}", bytes(damaged)


def _no_pictures() -> dict[str, bytes]:
    return {
        "nothing": b"",
        "text": b"not a picture",
        "JPEG without its end": encoded("JPEG").removesuffix(b"\xff\xd9"),
        "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "HTML": b"<!doctype html><title>502</title>",
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300),
        "film": b"\0\0\0\x18ftypmp42" + bytes(200),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "PNG with wrong rows": png_of(48, 32, b"no zlib at all"),
        "PNG without rows": png_of(48, 32, b""),
        "PNG of 0 by 0": png_of(0, 0, zlib.compress(b"")),
    }


def everything() -> dict[str, bytes]:
    """Return all of them by name."""
    return whole_pictures() | bombs() | broken_pictures()
