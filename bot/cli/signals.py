"""What signals ask a process for that runs until it is stopped."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

_STOPS = (signal.SIGTERM, signal.SIGINT)
_SIGNALLED = 128  # a shell's exit code of a process that a signal ended, plus its number


@dataclass(frozen=True, slots=True)
class Heard:
    """What signals have asked for: to stop, to reload, or to restart one after the other."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)
    restart: asyncio.Event = field(default_factory=asyncio.Event)


def _nothing() -> None:
    """Do nothing."""


@contextmanager
def on_signal(
    *, restarts: bool = False, before_the_end: Callable[[], object] = _nothing
) -> Iterator[Heard]:
    """Yield what signals ask for; a second one to stop ends the process, as a crash does.

    SIGUSR1 is only heard where it ``restarts`` something.
    """
    heard, loop = Heard(), asyncio.get_running_loop()
    others = (signal.SIGHUP, signal.SIGUSR1) if restarts else (signal.SIGHUP,)
    before = {number: signal.getsignal(number) for number in (*_STOPS, *others)}
    has_terminal = sys.stderr.isatty()

    def end_at_once(number: int, _frame: FrameType | None) -> None:
        before_the_end()
        # The default action would not end a container's first process (pid_namespaces(7)).
        os._exit(_SIGNALLED + number)

    def stop() -> None:
        heard.stop.set()
        for number in _STOPS:
            loop.remove_signal_handler(number)
            signal.signal(number, end_at_once)

    def hang_up() -> None:
        # The system sends it also when the terminal is closed that the bot was started in.
        if has_terminal and not sys.stderr.isatty():
            stop()
        else:
            heard.reload.set()

    for number in _STOPS:
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, hang_up)
    if restarts:
        loop.add_signal_handler(signal.SIGUSR1, heard.restart.set)
    try:
        yield heard
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
