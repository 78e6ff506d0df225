"""The turns of channels: one busy channel has its bound, and the others do not wait for it."""

import asyncio

from bot.discord_ui.courier_parts import MOST_IN_ALL, MOST_IN_ONE_CHANNEL, ChannelTurns


async def test_a_busy_channel_has_a_few_and_the_others_do_not_wait() -> None:
    """A thousand deliveries in one channel: few files are open, and another server is served."""
    turns, over, inside = ChannelTurns(), asyncio.Event(), list[int]()

    async def deliver(channel_id: int) -> None:
        async with turns.turn(channel_id):
            inside.append(channel_id)
            await over.wait()

    tasks = [asyncio.create_task(deliver(1)) for _ in range(1000)]
    tasks.append(asyncio.create_task(deliver(2)))
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == [*[1] * MOST_IN_ONE_CHANNEL, 2]
    over.set()
    await asyncio.gather(*tasks)
    assert len(inside) == 1001


async def test_all_channels_together_are_bounded() -> None:
    """Open files stay below what a process may have, however many channels are busy."""
    turns, over, inside = ChannelTurns(), asyncio.Event(), list[int]()

    async def deliver(channel_id: int) -> None:
        async with turns.turn(channel_id):
            inside.append(channel_id)
            await over.wait()

    tasks = [asyncio.create_task(deliver(channel)) for channel in range(2 * MOST_IN_ALL)]
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(inside) == MOST_IN_ALL
    over.set()
    await asyncio.gather(*tasks)
