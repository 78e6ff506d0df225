"""A bot of ``benchmarks.bot`` that runs: its process, its Discord, and the people who ask it."""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bot_people import MOST_S, People, PictureMissing, PictureRequest, server_of
from benchmarks.process_tree import ProcessTree
from benchmarks.write_ahead_log import commits_in
from tests.discord_rest.fake import TOKEN, FakeDiscord, fake_discord
from tests.discord_rest.gateway_socket import gateway_socket_of

EASEL, REFERENCE = "easel", "reference"
ROOT = Path(__file__).parent.parent
SETTINGS = {
    "DISCORD_TOKEN": TOKEN,
    "IMAGE_API_KEY": "sk-benchmark",
    "IMAGE_MODELS": "gpt-image-2",
    "DATA_DIR": "data",
    "DEFAULT_QUOTA": "100000/day",
    "MAX_CONCURRENT_JOBS": "200",
    "MAX_RUNNING_PER_USER": "10",
    "MAX_WAITING_PER_USER": "50",
    "MAX_REQUESTS_PER_MINUTE": "1000",
}
NO_SETTINGS: Mapping[str, str] = {}
WARM_UPS = 5
_AT_ONCE = "answered at once"
_POLL_S = 0.01
_QUIET_S = 0.25
_UNSETTLED = (
    "SELECT (SELECT COUNT(*) FROM jobs WHERE ended_at IS NULL OR told = 0)"
    " + (SELECT COUNT(*) FROM charges WHERE state = 'held')"
)


@dataclass(frozen=True, slots=True)
class RunningBot:
    """A bot that has logged in, and those who ask it."""

    name: str
    folder: Path
    process: asyncio.subprocess.Process
    fake: FakeDiscord
    people: People

    @property
    def tree(self) -> ProcessTree:
        """Return its process with those that it started."""
        return ProcessTree(self.process.pid)

    async def settle(self) -> None:
        """Wait until every job is settled, and Discord has not been asked anything for a while.

        The reference has settled a job with its last edit.
        """
        try:
            await until(lambda: self.name == REFERENCE or self._is_settled())
            await until(lambda: time.monotonic() - self.people.last_seen_s > _QUIET_S)
        except TimeoutError:
            raise SystemExit(f"{self.name} did not settle: {log_of(self.folder)}") from None

    def settled_after_ms(self, requests: list[PictureRequest]) -> list[float]:
        """Return how long after its picture was visible each job was settled."""
        rows = self._rows("SELECT message_id, ended_at FROM jobs")
        ended = {message_id: at for message_id, at in rows}  # noqa: C416 - rows have any length
        return [ended[each.message_id] - each.visible_ms for each in requests]

    def commits(self) -> int:
        """Return how many commits are in the database's log; it begins anew after 4,000 pages."""
        return commits_in(self._database.with_name(f"{self._database.name}-wal"))

    @property
    def _database(self) -> Path:
        return self.folder / "data" / "easel.db"

    def _is_settled(self) -> bool:
        (done,) = self._rows("SELECT COUNT(*) FROM jobs WHERE state = 'done'")[0]
        (unsettled,) = self._rows(_UNSETTLED)[0]
        return bool(done == self.people.asked and not unsettled)

    def _rows(self, sql: str) -> list[tuple[int, ...]]:
        uri = f"file:{self._database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=MOST_S)) as database:
            return database.execute(sql).fetchall()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, of which no other process tells this one."""
    async with asyncio.timeout(MOST_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def running_bot(
    name: str,
    url: str,
    people: int,
    *options: object,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> AsyncIterator[RunningBot]:
    """Start a bot with an image gateway and a Discord of its own, and warm it up.

    Its ``settings`` are these beside those that every one has.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        fake = await stack.enter_async_context(fake_discord())
        gateway = await stack.enter_async_context(gateway_socket_of(fake, [server_of(people)]))
        asking = People(fake, gateway, people, counts_deferral=name == REFERENCE)
        arguments = (name, fake.base, fake.gateway_url, *map(str, options))
        env = {"IMAGE_API_URL": f"{url}/v1", **settings}
        process = await stack.enter_async_context(started(folder, env, arguments))
        bot = RunningBot(name, folder, process, fake, asking)
        await _first(gateway.identified.wait(), process.wait())
        if process.returncode is not None:
            raise SystemExit(f"{name} did not start: {log_of(folder)}")
        await asking.one_by_one(WARM_UPS, ends=_AT_ONCE)
        await bot.settle()
        try:
            yield bot
        except* PictureMissing as missing:
            (first, *_) = missing.exceptions
            raise SystemExit(f"{name}: {first}, {fake.refused}\n{log_of(folder)}") from None
        if fake.refused or gateway.rejected:
            raise SystemExit(f"{name} was refused: {fake.refused} {gateway.rejected}")


@asynccontextmanager
async def started(
    folder: Path, settings: Mapping[str, str], arguments: tuple[str, ...]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``benchmarks.bot_process`` in a folder, where its log is, until the context ends."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    env = {**kept, **SETTINGS, "PYTHONPATH": str(ROOT), **settings}
    command = (sys.executable, "-m", "benchmarks.bot_process", *arguments)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=env, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _first(*awaited: Coroutine[object, object, object]) -> None:
    """Wait for the first of them."""
    tasks = [asyncio.ensure_future(each) for each in awaited]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def log_of(folder: Path) -> str:
    """Return the end of what a bot has written."""
    return (folder / "log").read_text("utf-8", "replace")[-2000:]
