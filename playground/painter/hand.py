"""The painter's hand: one thread that paints, after the time that a real one would take."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import ParamSpec, TypeVar

from playground.art.printing import Print, make_print
from playground.painter.orders import Order, Quality
from playground.painter.refused import Refused

# How long a picture is thought about, and how finely it is painted.
PACE: dict[Quality, float] = {"low": 0.5, "medium": 1.0, "high": 2.0}
DETAIL: dict[Quality, float] = {"low": 0.25, "medium": 1.0, "high": 1.5}

P = ParamSpec("P")
T = TypeVar("T")


class Hand:
    """Works in one thread; ``luck`` decides how often it drops the brush."""

    def __init__(self, *, fail_rate: float, luck: Random) -> None:
        self._fail_rate, self._luck = fail_rate, luck
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="painter")

    def rest(self) -> None:
        """Put the brush down: pictures not yet begun are not painted."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def do(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work in the thread: painting takes long, and pictures make long JSON."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def paint(self, order: Order, *, after_s: float) -> list[Print]:
        """Think, then paint everything that was ordered; raises Refused for bad luck."""
        await asyncio.sleep(after_s * PACE[order.quality])
        if self._luck.random() < self._fail_rate:
            message = "The painter dropped the brush (--fail-rate). Nothing was charged; try again."
            raise Refused(message, "server_error", status=500, kind="server_error")
        return [await self.do(_paint, order, seed) for seed in order.seeds()]


def _paint(order: Order, seed: int) -> Print:
    return make_print(
        order.prompt,
        order.size,
        seed,
        detail=DETAIL[order.quality],
        references=order.references,
        ground=order.ground,
    )
