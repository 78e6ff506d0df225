"""One module decodes, one picture at a time, and only with limits."""

import asyncio
import threading
from pathlib import Path

from bot.images.decoding import in_pixel_thread, wait_for_pixel_thread

BOT = Path(__file__).parents[2] / "bot"


def test_no_other_module_opens_pictures() -> None:
    """A second place would decode without the limits."""
    opening = {path.name for path in BOT.rglob("*.py") if "Image.open(" in path.read_text("utf-8")}
    assert opening == {"decoding.py"}


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
