"""Small real pictures, drawn by Pillow."""

import base64
import io
from random import Random

from PIL import Image


def picture_bytes(
    kind: str = "png", *, width: int = 8, height: int = 6, noise: bool = False
) -> bytes:
    """Return a picture file; with ``noise`` one that cannot be compressed."""
    image = Image.new("RGB", (width, height), (200, 40, 90))
    if noise:
        image = Image.frombytes("RGB", (width, height), Random(0).randbytes(width * height * 3))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def b64(data: bytes) -> str:
    """Return plain base64."""
    return base64.b64encode(data).decode()
