"""One module decodes, one picture at a time, and only with limits."""

import asyncio
import io
import threading
from pathlib import Path
from traceback import walk_tb
from types import FrameType

import pytest
from PIL import Image

from bot.images.decoding import (
    PictureUnreadable,
    in_pixel_thread,
    small_copy,
    wait_for_pixel_thread,
)
from tests.images.picture_collection import drawn, encoded

BOT = Path(__file__).parents[2] / "bot"


def images_of(frame: FrameType) -> list[Image.Image]:
    """Return the pictures that a frame holds."""
    return [each for each in frame.f_locals.values() if isinstance(each, Image.Image)]


def test_no_other_module_opens_pictures() -> None:
    """A second place would decode without the limits."""
    opening = {path.name for path in BOT.rglob("*.py") if "Image.open(" in path.read_text("utf-8")}
    assert opening == {"decoding.py"}


def test_an_error_does_not_hold_the_pixels() -> None:
    """It lives until the card is updated: a cut picture of 25 megapixels would take 100 MB."""
    cut = encoded("PNG", drawn(size=(4_000, 1_000)))[:-200]
    with pytest.raises(PictureUnreadable) as refused:
        small_copy(io.BytesIO(cut), 100)
    frames = [frame for frame, _ in walk_tb(refused.value.__traceback__)]
    (image,) = {id(each): each for frame in frames for each in images_of(frame)}.values()
    with pytest.raises(ValueError, match="closed"):
        image.load()
    assert refused.value.__cause__ is not None
    assert refused.value.__cause__.__traceback__ is None


async def test_one_picture_is_decoded_at_a_time_in_the_whole_process() -> None:
    """Two large ones at once would take twice the memory."""
    running, most = 0, 0
    counting = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with counting:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.001)
        with counting:
            running -= 1

    await asyncio.gather(
        *(in_pixel_thread(work) for _ in range(10)),
        *(asyncio.to_thread(wait_for_pixel_thread, work) for _ in range(10)),
    )
    assert most == 1
