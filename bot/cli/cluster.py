"""``python -m bot cluster``: run the clusters of a bot on this machine, each in a process."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
from filelock import FileLock, Timeout

from bot.cli.bot_requests import AskedBot, ask
from bot.cli.cluster_process import EXIT_REFUSED, ClusterProcess, ProcessWaits, State
from bot.cli.notices import NoticeSockets
from bot.cli.reload import ANOTHER_USERS, EXIT_NOTHING_DONE, print_answer
from bot.cli.signals import Heard, on_signal
from bot.core.bot_process import (
    RequestAnswer,
    announce_bot,
    announced,
    answer_requests,
    open_requests,
    reloads_heard,
)
from bot.core.errors.base import StartRefused
from bot.core.private_files import make_private_folder
from bot.monitoring.event_loop import ServiceManager
from bot.settings.cluster_settings import cluster_of, supervisor_folder
from bot.settings.settings import Settings

COMMAND = (sys.executable, "-m", "bot")
# A bot edits cards and closes files after its SHUTDOWN_GRACE.
CLOSING_S = 20.0
_OF_THIS_PROCESS = frozenset({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"})
_A_DAY_S = 86_400.0

log: structlog.stdlib.BoundLogger = structlog.get_logger()


# --- restart: from another process ----------------------------------------------------------------


def restart_clusters(settings: Settings) -> int:
    """Let the supervisor here restart its processes, and return the exit code."""
    folder = supervisor_folder(settings)
    bot = AskedBot("the supervisor of this machine", folder, lambda: announced(folder) is not None)
    if not bot.is_alive():
        print(
            f"easel: No python -m bot cluster runs here on DATA_DIR={settings.data_dir}: start it, "
            "or restart each process where it was started.",
            file=sys.stderr,
        )
        return EXIT_NOTHING_DONE
    try:
        return print_answer(ask(bot, "restart", timeout_s=_A_DAY_S))
    except PermissionError:
        print(f"easel: {ANOTHER_USERS}", file=sys.stderr)
    except StartRefused as refused:
        print(f"easel: {refused}", file=sys.stderr)
    return EXIT_NOTHING_DONE


# --- run ------------------------------------------------------------------------------------------


def run_cluster(settings: Settings) -> int:
    """Run all clusters here until they are stopped; return the exit code.

    Raises:
        StartRefused: the settings are wrong for it, or it runs here already.
    """
    cluster = cluster_of(settings)
    if cluster.is_alone:
        raise StartRefused(
            "CLUSTERS is 1, so there is nothing to supervise: start python -m bot, or set CLUSTERS "
            "and SHARD_COUNT, which needs PostgreSQL as DATABASE_URL."
        )
    folder = supervisor_folder(settings)
    make_private_folder(folder)
    try:
        with FileLock(folder / "supervisor.lock").acquire(blocking=False):
            return asyncio.run(
                supervise(
                    range(cluster.count),
                    folder,
                    ProcessWaits(settings.shutdown_grace + CLOSING_S),
                )
            )
    except Timeout:
        raise StartRefused(
            f"python -m bot cluster already runs on DATA_DIR={settings.data_dir}: stop it first, "
            "or restart it with python -m bot cluster restart."
        ) from None


async def supervise(
    numbers: Sequence[int], folder: Path, waits: ProcessWaits, command: Sequence[str] = COMMAND
) -> int:
    """Run a process of each number until they are stopped, or nothing but a change starts them."""
    async with AsyncExitStack() as stack:
        sockets = await stack.enter_async_context(NoticeSockets.open())
        refused = asyncio.Event()
        children = _Children(command, sockets, waits, refused)
        supervisor = Supervisor([await children.add(number) for number in numbers], folder, refused)

        def end_at_once() -> None:
            supervisor.signal(signal.SIGTERM)

        heard = stack.enter_context(on_signal(restarts=True, before_the_end=end_at_once))
        stack.enter_context(reloads_heard())
        manager = await stack.enter_async_context(ServiceManager(os.environ))
        stack.enter_context(announce_bot(folder))
        return await supervisor.run(heard, manager)


@dataclass(frozen=True)
class _Children:
    """How the processes are started."""

    command: Sequence[str]
    sockets: NoticeSockets
    waits: ProcessWaits
    refused: asyncio.Event

    async def add(self, number: int) -> ClusterProcess:
        """Return the process of a cluster, which does not run yet."""
        env = {name: value for name, value in os.environ.items() if name not in _OF_THIS_PROCESS}

        async def spawn(_: int) -> asyncio.subprocess.Process:
            # In a group of its own a Ctrl-C reaches only this process, which stops it in order.
            return await asyncio.create_subprocess_exec(*self.command, env=env, process_group=0)

        process = ClusterProcess(number, spawn, self.waits, self.refused)
        env["CLUSTER"] = str(number)
        env["NOTIFY_SOCKET"] = await self.sockets.add(number, process.told)
        env["WATCHDOG_USEC"] = str(int(self.waits.watchdog_s * 1_000_000))
        return process


@dataclass(frozen=True)
class Supervisor:
    """The processes of this machine, and what is asked of all of them."""

    processes: Sequence[ClusterProcess]
    folder: Path
    refused: asyncio.Event

    async def run(self, heard: Heard, manager: ServiceManager) -> int:
        """Keep them running until a stop is asked for, or they are all refused.

        Returns:
            The exit code: 0, or that of a refused start where no process has been ready.
        """
        async with asyncio.TaskGroup() as group:
            for process in self.processes:
                group.create_task(process.run())
            others = [
                group.create_task(work)
                for work in (
                    self._tell_ready(manager),
                    self._reload_for_ever(heard.reload),
                    self._restart_for_ever(heard.restart),
                )
            ]
            stopped = group.create_task(heard.stop.wait())
            refused = group.create_task(self._until_refused())
            await asyncio.wait((stopped, refused), return_when=asyncio.FIRST_COMPLETED)
            is_refused = not heard.stop.is_set()
            manager.stopping()
            for task in (*others, stopped, refused):
                task.cancel()
            log.info("clusters.stopping")
            await asyncio.gather(*(process.stop() for process in self.processes))
        return EXIT_REFUSED if is_refused else 0

    def signal(self, number: int) -> None:
        """Send a signal to all of them."""
        for process in self.processes:
            process.signal(number)

    async def restart_all(self) -> RequestAnswer:
        """Restart one after the other, each when the one before it is ready again."""
        for process in self.processes:
            log.info("cluster.restarting", cluster=process.number)
            if not await process.restart():
                return RequestAnswer(
                    is_done=False,
                    sentence=f"Cluster {process.number} did not become ready again, so those "
                    "behind it run as before: its log says why. Mend it, and restart once more.",
                )
        return RequestAnswer(
            is_done=True,
            sentence=f"Restarted {len(self.processes)} clusters, one after the other.",
        )

    async def _tell_ready(self, manager: ServiceManager) -> None:
        for process in self.processes:
            await process.until(State.READY)
        log.info("clusters.ready", clusters=len(self.processes))
        await manager.ready()

    async def _reload_for_ever(self, heard: asyncio.Event) -> None:
        while True:
            await heard.wait()
            heard.clear()
            for process in self.processes:
                process.reload()

    async def _restart_for_ever(self, heard: asyncio.Event) -> None:
        while True:
            await heard.wait()
            heard.clear()
            requests = open_requests(self.folder, "restart")
            answer = await self.restart_all()
            log.info("clusters.restarted", done=answer.is_done)
            try:
                answer_requests(requests, answer)
            except OSError as error:  # whoever asked is told by the end of this process
                log.warning("restart.not_answered", why=error.strerror)

    async def _until_refused(self) -> None:
        """Wait until one is refused that was never ready, or all of them are."""
        while True:
            await self.refused.wait()
            self.refused.clear()
            refused = [each for each in self.processes if each.state is State.REFUSED]
            is_first_start = not all(each.was_ready for each in refused)
            if is_first_start or len(refused) == len(self.processes):
                return
