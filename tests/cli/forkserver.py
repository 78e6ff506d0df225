"""Start the processes of tests as forks of one that has loaded the bot: ``python -m …``.

Loading it takes most of a command's time, and the tests start some two hundred. Standard input is a
socket: each message is a start, with the standard streams of the new process and a pipe, in which
its id is written at once and its exit code when it ends. A fork returns from ``serve`` and runs its
module as ``python -m`` does.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

LOADED = (
    "bot.cli.serve",
    "bot.cli.imagine",
    "bot.cli.jobs",
    "bot.cli.gateways",
    "bot.cli.db",
    "bot.cli.doctor.checks",
    "playground.page",
    "tests.discord_rest.fake",
)
LONGEST_START = 1 << 20


@dataclass(frozen=True)
class Start:
    """What a fork becomes: the arguments behind ``-m``, a folder, and the whole environment."""

    arguments: tuple[str, ...]
    folder: str
    env: dict[str, str]

    def to_bytes(self) -> bytes:
        """Return a message."""
        return json.dumps(asdict(self)).encode()


class Forks:
    """The processes that run, with the pipes in which their ends are told."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pipes: dict[int, int] = {}
        self._ended, self._wakeup = socket.socketpair()
        self._wakeup.setblocking(False)

    def serve(self) -> Start:
        """Fork until nobody asks any more, which ends this process; return only in a fork."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for pytest, which closes the socket
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakeup.fileno())
        while True:
            ready, _, _ = select.select([self._control, self._ended], [], [])
            if self._ended in ready:
                self._ended.recv(4096)
                self._tell_ends()
            if self._control in ready:
                message, fds, _, _ = socket.recv_fds(self._control, LONGEST_START, 4)
                if not message:
                    os._exit(0)  # what coverage has measured is in the forks
                start = Start(**json.loads(message))
                if self._is_fork(*fds):
                    return start

    def _is_fork(self, stdin: int, stdout: int, stderr: int, pipe: int) -> bool:
        pid = os.fork()
        if pid == 0:
            self._forget([*self._pipes.values(), pipe])
            _take((stdin, stdout, stderr))
            return True
        for fd in (stdin, stdout, stderr):
            os.close(fd)
        self._pipes[pid] = pipe
        _tell(pipe, pid)
        return False

    def _tell_ends(self) -> None:
        for pid in list(self._pipes):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                pipe = self._pipes.pop(pid)
                _tell(pipe, os.waitstatus_to_exitcode(status))
                os.close(pipe)

    def _forget(self, pipes: Iterable[int]) -> None:
        """Leave to a fork nothing of this process but what it has loaded."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for pipe in pipes:
            os.close(pipe)
        self._control.close()
        self._ended.close()
        self._wakeup.close()


def _tell(pipe: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more
        os.write(pipe, b"%d\n" % number)


def _take(streams: tuple[int, int, int]) -> None:
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
        os.close(fd)


def load() -> None:
    """Load what the processes of tests use, and parse what they read.

    Frozen, it is not looked through by every fork when it ends: that took half a second of each.
    """
    for name in LOADED:
        importlib.import_module(name)
    texts = importlib.import_module("bot.core.i18n.texts").Texts()
    for locale in texts.locales:
        texts.ids(locale)
    gc.freeze()


if __name__ == "__main__":
    load()
    start = Forks(socket.socket(fileno=os.dup(0))).serve()
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.env)
    sys.path.insert(0, start.folder)
    sys.argv = list(start.arguments)
    runpy.run_module(start.arguments[0], run_name="__main__", alter_sys=True)
