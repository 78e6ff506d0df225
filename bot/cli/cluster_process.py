"""One process of a bot that is started again whenever it ends."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain, repeat

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

Spawn = Callable[[int], Awaitable[asyncio.subprocess.Process]]

EXIT_REFUSED = 2
"""With which a bot ends whose start was refused, in sentences that it has printed."""
# A network that is away refuses a start as well as a wrong setting, which no further one mends.
MOST_REFUSALS = 5


class State(Enum):
    """What a process does."""

    STARTING = "starting"
    READY = "ready"
    PAUSING = "pausing"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ProcessWaits:
    """How long is waited, in seconds.

    ``stop_s`` for a process that was told to stop, ``watchdog_s`` for a sign of life of one that is
    ready, ``pauses_s`` before the starts of one that ends again and again: each start costs as many
    of Discord's session starts of a day as it has shards. Once it was ready for ``stable_s``, its
    next end counts as the first one.
    """

    stop_s: float
    watchdog_s: float = 60.0
    pauses_s: tuple[float, ...] = (1.0, 5.0, 15.0, 60.0, 300.0)
    stable_s: float = 600.0

    def pauses(self) -> Iterator[float]:
        """Return the pauses."""
        return chain(self.pauses_s, repeat(self.pauses_s[-1]))


class ClusterProcess:
    """The process of one cluster, which ``spawn`` starts; ``refused`` is set when it is."""

    def __init__(
        self, number: int, spawn: Spawn, waits: ProcessWaits, refused: asyncio.Event
    ) -> None:
        self.number = number
        self.state = State.STARTING
        self.was_ready = False
        self._spawn, self._waits, self._refused = spawn, waits, refused
        self._process: asyncio.subprocess.Process | None = None
        self._starts = 0
        self._changed, self._wake = asyncio.Event(), asyncio.Event()
        self._is_stopping = self._is_reload_due = False
        self._heard_at = self._ready_at = 0.0

    async def run(self) -> None:
        """Keep it running until it is stopped."""
        pauses, refusals = self._waits.pauses(), 0
        while not self._is_stopping:
            self._wake.clear()
            code = await self._run_once()
            refusals = refusals + 1 if code == EXIT_REFUSED else 0
            if self._ready_at and _now() - self._ready_at > self._waits.stable_s:
                pauses = self._waits.pauses()
            if self._wake.is_set():
                continue
            if refusals and (not self.was_ready or refusals > MOST_REFUSALS):
                await self._wait_refused()
                refusals = 0
            else:
                await self._pause(next(pauses), code)
        self._set(State.ENDED)

    async def until(self, *states: State) -> State:
        """Wait until its state is one of these, and return it."""
        while self.state not in states:
            await self._changed.wait()
        return self.state

    def told(self, message: str) -> None:
        """Hear what it says to its service manager (sd_notify(3))."""
        self._heard_at = _now()
        if message == "READY=1" and self.state is State.STARTING:
            self._ready_at, self.was_ready = _now(), True
            log.info("cluster.ready", cluster=self.number)
            self._set(State.READY)
            if self._is_reload_due:
                self.reload()

    def reload(self) -> None:
        """Let it read its files anew, as soon as it can hear of that."""
        self._is_reload_due = self.state is not State.READY
        if not self._is_reload_due:
            self.signal(signal.SIGHUP)

    async def restart(self) -> bool:
        """Stop it in order and start it anew; return whether it became ready."""
        await self.until(*set(State) - {State.STARTING})
        before = self._starts
        self._wake.set()
        await self._end()
        while self._starts == before and not self._is_stopping:
            await self._changed.wait()
        return await self.until(*set(State) - {State.STARTING}) is State.READY

    async def stop(self) -> None:
        """Stop it in order, for good."""
        self._is_stopping = True
        self._wake.set()
        await self._end()

    def signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def _run_once(self) -> int:
        """Run one process to its end, and return its exit code."""
        self._starts += 1
        self._ready_at = 0.0
        self._set(State.STARTING)
        try:
            self._process = await self._spawn(self.number)
        except OSError as error:
            log.warning("cluster.not_started", cluster=self.number, why=error.strerror)
            return 1
        if self._is_stopping:
            self.signal(signal.SIGTERM)
        watching = asyncio.get_running_loop().create_task(self._watch())
        try:
            return await self._process.wait()
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        """Kill it once it has been silent for too long: its event loop hangs."""
        while True:
            await asyncio.sleep(self._waits.watchdog_s / 4)
            silent_s = _now() - self._heard_at
            if self.state is State.READY and silent_s > self._waits.watchdog_s:
                log.error("cluster.hangs", cluster=self.number, silent_s=round(silent_s))
                self.signal(signal.SIGKILL)

    async def _wait_refused(self) -> None:
        log.error("cluster.refused", cluster=self.number, fix="its own log says what to change")
        self._set(State.REFUSED)
        self._refused.set()
        await self._wake.wait()

    async def _pause(self, pause_s: float, code: int) -> None:
        log.warning("cluster.ended", cluster=self.number, code=code, starts_again_in_s=pause_s)
        self._set(State.PAUSING)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), pause_s)

    async def _end(self) -> None:
        """Let it end as it wants to, and kill one that does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self._waits.stop_s)
        except TimeoutError:
            log.warning("cluster.killed", cluster=self.number)
            self.signal(signal.SIGKILL)
            await process.wait()

    def _set(self, state: State) -> None:
        self.state = state
        self._changed.set()
        self._changed = asyncio.Event()


def _now() -> float:
    return asyncio.get_running_loop().time()
