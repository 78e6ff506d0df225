"""The painter's worker: one thread that paints, after the time that a real model would take."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import ParamSpec, TypeVar

from playground.painter.errors import PainterError
from playground.painter.paint_request import PaintRequest, Quality
from playground.painter.rendering import RenderedPicture, render

# How long a picture takes, as a multiple of the latency, and how finely it is painted.
TIME_FACTOR: dict[Quality, float] = {"low": 0.5, "medium": 1.0, "high": 2.0}
CHAT_TIME_FACTOR = 0.5
DETAIL: dict[Quality, float] = {"low": 0.25, "medium": 1.0, "high": 1.5}

P = ParamSpec("P")
T = TypeVar("T")


class PaintWorker:
    """Runs work in one thread; ``rng`` decides which requests fail."""

    def __init__(self, *, fail_rate: float, rng: Random) -> None:
        self._fail_rate, self._rng = fail_rate, rng
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="painter")

    def shutdown(self) -> None:
        """Cancel the work that has not begun."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function in the thread: painting takes long, and pictures make long JSON."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def paint(self, request: PaintRequest, *, after_s: float) -> list[RenderedPicture]:
        """Wait, then paint every picture; raises PainterError for a failure by chance."""
        await self.pause(after_s=after_s * TIME_FACTOR[request.quality])
        return [await self.run(_render, request, seed) for seed in request.seeds()]

    async def pause(self, *, after_s: float) -> None:
        """Wait; raises PainterError for a failure by chance."""
        await asyncio.sleep(after_s)
        if self._rng.random() < self._fail_rate:
            message = "The painter failed on purpose (--fail-rate). Nothing was charged; try again."
            raise PainterError(message, "server_error", status=500, kind="server_error")


def _render(request: PaintRequest, seed: int) -> RenderedPicture:
    return render(
        request.prompt,
        request.size,
        seed,
        detail=DETAIL[request.quality],
        references=request.references,
        base=request.base,
        negative=request.negative_prompt,
        strength=request.strength,
    )
