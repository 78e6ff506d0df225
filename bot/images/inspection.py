"""Judge what a gateway sent: a picture as Discord shows it, another one to convert, or none."""

import os
from pathlib import Path

import structlog

from bot.core.models import PictureFormat
from bot.images.decoding import (
    SHOWN_FORMATS,
    PictureTooLarge,
    PictureUnreadable,
    decode_upright,
    open_picture,
    wait_for_pixel_thread,
)
from bot.images.sniff import PictureInfo, sniff

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_HEAD = 4096
_AS_IT_IS: tuple[PictureFormat, ...] = ("png", "jpeg", "webp")


def inspect_picture(path: Path) -> PictureInfo | None:
    """Return the format and size of a picture that Discord shows; None if the file is none.

    What the quick check doubts, Pillow decides: a whole picture with something after its end is
    one, and a picture in a format that Discord does not show becomes a PNG in the same file.
    It blocks, so call it in a thread.
    """
    return sniff(path) or wait_for_pixel_thread(_decide, path)


def _decide(path: Path) -> PictureInfo | None:
    try:
        return _decoded(path)
    except (PictureTooLarge, PictureUnreadable) as wrong:
        cause = repr(wrong.__cause__ or wrong)
        log.warning("picture.refused", file=path.name, reason=_reason(path), error=cause)
        return None


def _decoded(path: Path) -> PictureInfo:
    with open_picture(path) as image:
        kind = SHOWN_FORMATS.get(image.format)
        if kind in _AS_IT_IS:
            image.load()
            return PictureInfo(kind, image.width, image.height)
        shown = decode_upright(image)
    converted = path.with_name(f"{path.name}.png")
    try:
        with converted.open("wb") as file:
            shown.save(file, "PNG")
            file.flush()
            os.fsync(file.fileno())
        converted.replace(path)
    finally:
        converted.unlink(missing_ok=True)
    log.info("picture.converted", file=path.name, width=shown.width, height=shown.height)
    return PictureInfo("png", shown.width, shown.height)


def _reason(path: Path) -> str:
    """Return in words for the log what a file is instead of a picture."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "the file is empty"
    if b"<svg" in head.lower():
        return "an SVG drawing, which Discord does not show"
    if head[4:8] == b"ftyp":
        return "a HEIC photo or a film, which cannot be read here"
    if head.lstrip().startswith((b"<", b"{")):
        return "text instead of a picture"
    return "damaged, too large, or in an unknown format"
