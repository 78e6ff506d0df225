"""A read that hangs delays nobody for long, and is not asked for twice."""

import asyncio

import pytest

from bot.monitoring.bounded_read import BoundedRead

SHORT_S = 0.02


async def test_a_read_that_hangs_is_waited_for_once_and_only_so_long() -> None:
    """A network disk that is away must neither hang the scrape nor collect a thread for each."""
    began, goes_on = 0, asyncio.Event()

    async def read() -> str:
        nonlocal began
        began += 1
        await goes_on.wait()
        return "there"

    async with asyncio.timeout(30), BoundedRead(read, within_s=SHORT_S) as bounded:
        assert [await bounded.value() for _ in range(3)] == [None, None, None]
        assert began == 1
        goes_on.set()
        assert await bounded.value() == "there"
        assert await bounded.value() == "there"
        assert began == 2


async def test_what_came_too_late_is_not_told_to_who_asks_later() -> None:
    """A database that is back would look as if it were away until the question after next."""
    answers, goes_on = iter(["late", "now"]), asyncio.Event()

    async def read() -> str:
        await goes_on.wait()
        return next(answers)

    async with asyncio.timeout(30), BoundedRead(read, within_s=SHORT_S) as bounded:
        assert await bounded.value() is None
        goes_on.set()
        await asyncio.sleep(SHORT_S)
        assert await bounded.value() == "now"


async def test_two_who_ask_at_once_share_one_read() -> None:
    """A scrape and a health check cost one commit."""
    began = 0

    async def read() -> int:
        nonlocal began
        began += 1
        await asyncio.sleep(0)
        return began

    async with BoundedRead(read, within_s=30) as bounded:
        both = await asyncio.gather(bounded.value(), bounded.value())
    assert list(both) == [1, 1]


async def test_what_fails_has_no_value_and_is_tried_again() -> None:
    """One error must not hide a gauge for ever."""
    fails = True

    async def read() -> int:
        if fails:
            raise OSError
        return 1

    async with BoundedRead(read, within_s=30) as bounded:
        assert await bounded.value() is None
        fails = False
        assert await bounded.value() == 1


async def test_a_read_that_hangs_ends_with_its_owner() -> None:
    """A process that stops must not wait for a disk that is away."""
    ended = False

    async def read() -> bool:
        nonlocal ended
        try:
            return await asyncio.Event().wait()
        finally:
            ended = True

    async with asyncio.timeout(30), BoundedRead(read, within_s=SHORT_S) as bounded:
        assert await bounded.value() is None
    assert ended


async def test_whoever_gives_up_does_not_end_the_read_of_others() -> None:
    """Prometheus closes its connection after its time-out, while another asks."""
    goes_on = asyncio.Event()

    async def read() -> int:
        await goes_on.wait()
        return 1

    async with BoundedRead(read, within_s=30) as bounded:
        first, second = (asyncio.create_task(bounded.value()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        goes_on.set()
        assert await second == 1
