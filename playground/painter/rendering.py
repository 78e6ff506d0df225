"""Rendering: a request's pictures as PNG bytes with captions, and a store of the latest ones."""

import hashlib
import io
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageOps

from playground.art.composer import caption, paint

_LEAST, _MOST = 96, 2400  # pixels on a side: below, figures dissolve; above, painting takes long


@dataclass(frozen=True, slots=True)
class RenderedPicture:
    """A finished picture as PNG, a caption of what is on it, and the seed that gives it again."""

    png: bytes
    caption: str
    seed: int

    @property
    def name(self) -> str:
        """Return a file name that depends on the content."""
        return hashlib.sha256(self.png).hexdigest()[:24] + ".png"


def render(
    prompt: str,
    size: tuple[int, int],
    seed: int,
    *,
    detail: float = 1.0,
    references: Sequence[Image.Image] = (),
    base: Image.Image | None = None,
    negative: str = "",
    strength: float | None = None,
) -> RenderedPicture:
    """Paint and encode one picture; takes some tenths of a second, so call it in a thread.

    ``detail`` is how large it is painted before it is brought to its size: below 1 it becomes
    coarse, above 1 fine. ``base`` is an RGBA picture of that size, made from the first reference,
    that stays where it is opaque. With a ``strength`` below 1 the first reference shows through.
    """
    shown = references if base is None else references[1:]
    picture = paint(
        prompt, size=_painted_size(size, detail), seed=seed, references=shown, negative=negative
    )
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    if strength is not None and references:
        below = ImageOps.fit(references[0].convert("RGB"), size)
        picture = Image.blend(below, picture, strength)
    words = caption(prompt, reference_count=len(shown), negative=negative)
    if base is not None:
        picture.paste(base, mask=base.getchannel("A"))
        words = words.removesuffix(".") + ", where the mask of your picture is open"
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=4)
    return RenderedPicture(file.getvalue(), words, seed)


def _painted_size(size: tuple[int, int], detail: float) -> tuple[int, int]:
    """Return the size to paint at, of the same shape as far as the limits allow."""
    least, most = min(1.0, _LEAST / min(size)), max(1.0, _MOST / max(size))
    wide, high = (round(side * min(max(detail, least), most)) for side in size)
    return wide, high


class PictureStore:
    """The last pictures that were answered as URLs; older ones are dropped."""

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._pictures: OrderedDict[str, bytes] = OrderedDict()

    def add(self, picture: RenderedPicture) -> str:
        """Keep a picture and return its name."""
        self._pictures[picture.name] = picture.png
        self._pictures.move_to_end(picture.name)
        while len(self._pictures) > self._capacity:
            self._pictures.popitem(last=False)
        return picture.name

    def find(self, name: str) -> bytes | None:
        """Return the PNG of a picture that is still kept."""
        return self._pictures.get(name)
