"""Printing: a painted picture as PNG bytes, with its caption and a name, and where prints hang."""

import hashlib
import io
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from playground.art.studio import describe, paint

_LEAST, _MOST = 96, 2400  # pixels on a side: below, motifs dissolve; above, painting takes long


@dataclass(frozen=True, slots=True)
class Print:
    """A finished picture as PNG, and what is on it."""

    png: bytes
    caption: str

    @property
    def name(self) -> str:
        """Name the picture by its content."""
        return hashlib.sha256(self.png).hexdigest()[:24] + ".png"


def make_print(
    prompt: str,
    size: tuple[int, int],
    seed: int,
    *,
    detail: float = 1.0,
    references: Sequence[Image.Image] = (),
    ground: Image.Image | None = None,
) -> Print:
    """Paint and encode one picture; takes some tenths of a second, so call it in a thread.

    ``detail`` is how large it is painted before it is brought to its size: below 1 it becomes
    coarse, above 1 fine. With a ground, an RGBA picture of that size, the first reference stays
    where that is opaque.
    """
    shown = references if ground is None else references[1:]
    picture = paint(prompt, size=_drawn(size, detail), seed=seed, references=shown)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    caption = describe(prompt, seed=seed, references=shown)
    if ground is not None:
        picture.paste(ground, mask=ground.getchannel("A"))
        caption += ", where the mask of your picture is open"
    sheet = io.BytesIO()
    picture.save(sheet, "PNG", compress_level=4)
    return Print(sheet.getvalue(), caption)


def _drawn(size: tuple[int, int], detail: float) -> tuple[int, int]:
    """Return the size to paint at, of the same shape as far as the limits allow."""
    least, most = min(1.0, _LEAST / min(size)), max(1.0, _MOST / max(size))
    wide, high = (round(side * min(max(detail, least), most)) for side in size)
    return wide, high


class Wall:
    """The last pictures that were answered as URLs; older ones are taken down."""

    def __init__(self, *, room: int) -> None:
        self._room = room
        self._prints: OrderedDict[str, bytes] = OrderedDict()

    def hang(self, picture: Print) -> str:
        """Keep a picture and return its name."""
        self._prints[picture.name] = picture.png
        self._prints.move_to_end(picture.name)
        while len(self._prints) > self._room:
            self._prints.popitem(last=False)
        return picture.name

    def find(self, name: str) -> bytes | None:
        """Return a picture that is still there."""
        return self._prints.get(name)
