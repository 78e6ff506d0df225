"""Find in the words of a chat reply where its pictures are: addresses, data URIs, placeholders."""

import re
from collections.abc import Sequence
from html import unescape

# The caption may be the prompt, or the address again.
_MARKDOWN_IMAGE = re.compile(
    r"!\[[^\]]{0,1000}\]\(\s*<?\s*"
    r"(data:image/[^\s)>\"]+|(?:[^\s()<>\"]|\([^\s()<>]{0,200}\)){1,2000})",
    re.IGNORECASE,
)
_IMG_TAG = re.compile(r"<img\b[^>]{0,1000}?\ssrc\s*=\s*[\"']?\s*([^\s\"'>]+)", re.IGNORECASE)
_BARE_DATA = re.compile(r"data:image/[\w.+-]{1,40};base64,[\w+/=-]+|\b[0-9a-f]{32}:\d{1,3}\b")
# What a plain link leads to is the same picture again, to be downloaded, or none.
_BARE_ADDRESS = re.compile(
    r"(?<!\]\()(?<!\]\(<)\bhttps?://[^\s\"'<>()\[\]]{1,900}?\.(?:png|jpe?g|webp|gif)\b"
    r"(?:\?[^\s\"'<>()\[\]]{0,900})?",
    re.IGNORECASE,
)
_ONLY_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,2000}", re.IGNORECASE)


def picture_targets(text: str) -> Sequence[str]:
    """Return the pictures of a text in their order: markdown images, else tags, else bare ones."""
    if _ONLY_ADDRESS.fullmatch(text.strip()):
        return [text.strip()]
    bare = [one.rstrip(".,;:!?") for one in _BARE_ADDRESS.findall(text)]
    ways: tuple[list[str], ...] = (
        _MARKDOWN_IMAGE.findall(text),
        list(map(unescape, _IMG_TAG.findall(text))),
        _BARE_DATA.findall(text),
        bare,
    )
    return next(filter(None, ways), [])
