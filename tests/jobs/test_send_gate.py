"""Whether the requests of a stopped job may still be sent."""

import asyncio

import pytest

from bot.jobs.send_gate import SendGate


async def test_who_comes_to_a_closed_gate_is_stopped_at_once() -> None:
    """A slot that prepared its references meanwhile must not wait for its gateway first."""
    gate = SendGate()

    async def slot() -> None:
        gate.wait()
        await asyncio.Event().wait()

    gate.close()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asyncio.ensure_future(slot()), 5)


async def test_whose_request_is_out_is_left_alone() -> None:
    """What was paid for is waited for."""
    gate, received = SendGate(), asyncio.Event()

    async def slot() -> bool:
        gate.wait()
        passed = gate.pass_through()
        await received.wait()
        return passed

    running = asyncio.ensure_future(slot())
    await asyncio.sleep(0)
    gate.close()
    received.set()
    assert await running
    assert gate.is_closed
