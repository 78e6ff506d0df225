"""Real processes on one PostgreSQL: their limits hold together, also while they come and go."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic

import pytest
from aiohttp import web

from tests.cli.process import environment, running
from tests.crash.counting_gateway import PICTURE
from tests.crash.sharing_process import PER_PERSON
from tests.database.postgresql_server import Server

PROCESS = "tests.crash.sharing_process"
LIMIT = 6
JOB_S = 0.4
ROUNDS = int(os.environ.get("EASEL_ROLLS", "1"))
TIMEOUT_S = 60


@dataclass
class BusyGateway:
    """A gateway that counts how many requests it has at once: in all, and of each person."""

    url: str = ""
    now: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    most: int = 0
    most_of_person: int = 0
    starts: list[tuple[float, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def at_once(self) -> int:
        """Return how many requests it has now."""
        return self.now.total()

    def is_full_of(self, names: set[str]) -> bool:
        """Return whether these processes have as many requests as they may."""
        return sum(self.now[key] for key in self.now if key[0] in names) == LIMIT

    def has_heard_of(self, names: set[str]) -> bool:
        """Return whether each of these processes has sent a request."""
        return {name for _, name in self.starts} >= names

    async def generate(self, request: web.Request) -> web.StreamResponse:
        """Answer after a while; a killed process' request has ended with its connection."""
        prompt = str((await request.json())["prompt"])
        name, _, person = prompt.partition(" of ")
        self.now[name, person] += 1
        self.starts.append((monotonic(), name))
        self.most = max(self.most, self.at_once)
        of_person = sum(self.now[key] for key in self.now if key[1] == person)
        self.most_of_person = max(self.most_of_person, of_person)
        self.changed.set()
        try:
            await asyncio.sleep(JOB_S)
        finally:
            self.now[name, person] -= 1
        return web.json_response({"created": 1, "data": [{"b64_json": PICTURE}]})

    async def until(self, is_true: Callable[[], bool], within_s: float = TIMEOUT_S) -> float:
        """Wait until something is so when a request comes; return how long that took."""
        began = monotonic()
        async with asyncio.timeout(within_s):
            while not is_true():
                self.changed.clear()
                await self.changed.wait()
        return monotonic() - began


@pytest.fixture
async def busy() -> AsyncIterator[BusyGateway]:
    gateway = BusyGateway()
    app = web.Application()
    app.router.add_post("/v1/images/generations", gateway.generate)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield gateway
    await runner.cleanup()


@dataclass
class Fleet:
    """Processes with jobs; each has a folder and a name of its own."""

    folder: Path
    gateway: BusyGateway
    stack: AsyncExitStack
    numbers: "count[int]" = field(default_factory=count)

    async def start(
        self, url: str, jobs: int, *, people: int = 20, limit: int = LIMIT
    ) -> tuple[str, asyncio.subprocess.Process]:
        """Start a process; return its name, and it."""
        name = f"p{next(self.numbers)}"
        folder = self.folder / name
        folder.mkdir()
        arguments = (str(folder), url, self.gateway.url, name, str(jobs), str(people), str(limit))
        opening = running(PROCESS, *arguments, folder=folder, env=environment(folder))
        return name, await self.stack.enter_async_context(opening)


@pytest.fixture
async def fleet(tmp_path: Path, busy: BusyGateway) -> AsyncIterator[Fleet]:
    async with _fleet(tmp_path, busy) as fleet:
        yield fleet


@asynccontextmanager
async def _fleet(folder: Path, gateway: BusyGateway) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        yield Fleet(folder, gateway, stack)


async def ended(processes: list[asyncio.subprocess.Process]) -> None:
    """Wait until the processes have seen all their jobs through."""
    async with asyncio.timeout(TIMEOUT_S):
        for process in processes:
            assert await process.wait() == 0


@pytest.mark.slow
async def test_the_limit_holds_while_processes_come_and_go(
    postgresql: Server, fleet: Fleet, busy: BusyGateway
) -> None:
    """A killed process' permits are used again within seconds, and never one too many."""
    url = postgresql.migrated_database()
    alive = dict([await fleet.start(url, 40) for _ in range(4)])
    waited_s = []
    for _ in range(ROUNDS):
        await busy.until(partial(busy.has_heard_of, set(alive)))
        alive.pop(next(iter(alive))).kill()
        waited_s.append(await busy.until(partial(busy.is_full_of, set(alive)), 10))
        name, process = await fleet.start(url, 40)
        alive[name] = process
    await ended(list(alive.values()))
    print(f"all permits were used again after {max(waited_s):.1f} s")  # noqa: T201
    assert busy.most == LIMIT
    assert busy.at_once == 0


@pytest.mark.slow
async def test_processes_that_share_nothing_exceed_the_limit(
    postgresql: Server, fleet: Fleet, busy: BusyGateway
) -> None:
    """The control: without common permits the same processes run more at once than they may."""
    processes = [(await fleet.start(postgresql.migrated_database(), 20))[1] for _ in range(3)]
    await ended(processes)
    assert busy.most > LIMIT


@pytest.mark.slow
async def test_one_job_starts_beside_a_process_with_hundreds(
    postgresql: Server, fleet: Fleet, busy: BusyGateway
) -> None:
    """A small process' people wait for one job of the others, not for all of them."""
    url = postgresql.migrated_database()
    await fleet.start(url, 300)
    await busy.until(lambda: busy.at_once == LIMIT and len(busy.starts) > 4 * LIMIT)
    name, small = await fleet.start(url, 1)
    assert small.stdout is not None
    await small.stdout.readline()
    waited_s = await busy.until(lambda: busy.starts[-1][1] == name)
    print(f"its job started after {waited_s:.1f} s")  # noqa: T201
    assert waited_s < JOB_S + 2.0
    assert busy.most == LIMIT


@pytest.mark.slow
async def test_one_person_runs_no_more_in_several_processes(
    postgresql: Server, fleet: Fleet, busy: BusyGateway
) -> None:
    """Somebody who asks in servers of different processes is still one person."""
    url = postgresql.migrated_database()
    processes = [(await fleet.start(url, 12, people=1, limit=50))[1] for _ in range(3)]
    await ended(processes)
    assert busy.most_of_person == PER_PERSON
    assert len(busy.starts) == 36
