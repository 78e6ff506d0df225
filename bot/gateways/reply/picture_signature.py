"""Tell by its first bytes whether data is a picture, also in formats that are converted later."""

import re

SIGNATURE_BYTES = 12

_SIGNATURE = re.compile(
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8|RIFF....WEBP|BM....\0\0|II\*\0|MM\0\*"
    rb"|....ftyp(?:avi|hei|hev|mif|msf)|\xff\x0a|\0\0\0\x0cJXL |\0\0\0\x0cjP  |8BPS|qoif",
    re.DOTALL,
)


def begins_like_picture(data: bytes) -> bool:
    """Tell whether data begins like a PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF, HEIC or JPEG XL."""
    return bool(_SIGNATURE.match(data))
