"""What the service manager hears on its socket, and how late the event loop is."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from bot.core.metrics import LOOP_LAG
from bot.monitoring.event_loop import LOOK_EVERY_S, LoopLag, ServiceManager
from bot.monitoring.exposition import Exposition
from tests.monitoring.monitored import Scrape

WATCHDOG_S = 0.2


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """Be the service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.setblocking(False)
        yield manager


async def heard(manager: socket.socket) -> str:
    async with asyncio.timeout(30):
        return (await asyncio.get_running_loop().sock_recv(manager, 1000)).decode()


def anything(manager: socket.socket) -> list[str]:
    """Return what was sent and not heard yet."""
    found = []
    try:
        while True:
            found.append(manager.recv(1000).decode())
    except BlockingIOError:
        return found


@pytest.fixture(params=["file", "abstract"])
def socket_names(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Return the address of a socket, and how NOTIFY_SOCKET names it."""
    if request.param == "file":
        return (str(tmp_path / "notify"),) * 2
    name = f"easel-{uuid4().hex}"
    return f"\0{name}", f"@{name}"


async def test_the_service_manager_hears_ready_alive_and_stopping(
    socket_names: tuple[str, str],
) -> None:
    """Systemd counts the start as done with the first, and ends a bot that is silent."""
    address, name = socket_names
    usec = str(int(WATCHDOG_S * 1_000_000))
    environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": usec, "WATCHDOG_PID": str(os.getpid())}
    with listening(address) as manager:
        async with ServiceManager(environment) as telling:
            await telling.ready()
            assert [await heard(manager) for _ in range(3)] == [
                "READY=1",
                "WATCHDOG=1",
                "WATCHDOG=1",
            ]
            telling.stopping()
            while (said := await heard(manager)) == "WATCHDOG=1":
                pass
            assert said == "STOPPING=1"
        anything(manager)
        await asyncio.sleep(2 * WATCHDOG_S)
        assert anything(manager) == []


async def test_a_loop_that_hangs_says_nothing(tmp_path: Path) -> None:
    """Its watchdog ends the process: a bot that answers nobody is started again."""
    usec = str(int(WATCHDOG_S * 1_000_000))
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": usec}
    with listening(environment["NOTIFY_SOCKET"]) as manager:
        async with ServiceManager(environment) as telling:
            await telling.ready()
            assert [await heard(manager) for _ in range(2)] == ["READY=1", "WATCHDOG=1"]
            anything(manager)
            time.sleep(2 * WATCHDOG_S)  # noqa: ASYNC251 - that is what hangs
            assert anything(manager) == []
            assert await heard(manager) == "WATCHDOG=1"


@pytest.mark.parametrize(
    "watchdog",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}],
    ids=["none", "off", "of another process"],
)
async def test_without_a_watchdog_only_ready_is_said(
    tmp_path: Path, watchdog: dict[str, str]
) -> None:
    """A unit without WatchdogSec, and a process that the bot starts, must not be ended."""
    environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), **watchdog}
    with listening(environment["NOTIFY_SOCKET"]) as manager:
        async with ServiceManager(environment) as telling:
            await telling.ready()
            assert await heard(manager) == "READY=1"
            await asyncio.sleep(WATCHDOG_S)
            assert anything(manager) == []


async def test_no_service_manager_is_no_error(tmp_path: Path) -> None:
    """Most bots run without one; one that is gone must not end people's pictures."""
    async with ServiceManager({}) as telling:
        await telling.ready()
        telling.stopping()
    with capture_logs() as events:
        async with ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}) as telling:
            await telling.ready()
    assert [event["event"] for event in events] == ["service_manager.not_told"]


async def test_a_late_event_loop_is_counted() -> None:
    """One slow call of a library keeps everybody waiting: the graph says when."""
    exposition = Exposition()
    async with LoopLag(exposition) as lag:
        lag.begin()
        await asyncio.sleep(0)
        time.sleep(LOOK_EVERY_S + 0.3)  # noqa: ASYNC251 - that is what is late
        await asyncio.sleep(0.01)
    text, _ = exposition.show(())
    found = Scrape.of(text.decode())
    assert found.value(f"{LOOP_LAG.name}_count") == 1
    assert 0.25 < (found.value(f"{LOOP_LAG.name}_sum") or 0) < 5
