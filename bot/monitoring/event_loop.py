"""How late the event loop is, and telling the service manager that it turns at all."""

import asyncio
import os
import socket
from collections.abc import Mapping

import structlog

from bot.core.background_task import BackgroundTask
from bot.core.metrics import LOOP_LAG, Metrics

LOOK_EVERY_S = 0.5

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class LoopLag(BackgroundTask):
    """Counts how late a timer comes, again and again."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    def begin(self) -> None:
        """Start, in a task that belongs to this object."""
        self.start(self._look())

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due = now() + LOOK_EVERY_S
            await asyncio.sleep(LOOK_EVERY_S)
            self._metrics.observe(LOOP_LAG, max(now() - due, 0))


class ServiceManager(BackgroundTask):
    """Tells systemd that the bot is ready, alive and stopping; nobody where there is none.

    The protocol is that of sd_notify(3): one datagram to NOTIFY_SOCKET for each message. A watchdog
    that hears nothing for WATCHDOG_USEC ends the process: it hears something twice in that time, as
    sd_watchdog_enabled(3) advises.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        self._address = _address_of(environment.get("NOTIFY_SOCKET", ""))
        self._alive_every_s = _watchdog_s(environment) / 2

    async def ready(self) -> None:
        """Say that the bot is ready, and from now on that the event loop turns; harmless twice."""
        self._send("READY=1")
        if self._address and self._alive_every_s and self._task is None:
            self.start(self._say_alive())

    def stopping(self) -> None:
        """Say that the bot finishes its running jobs and ends."""
        self._send("STOPPING=1")

    async def _say_alive(self) -> None:
        while True:
            self._send("WATCHDOG=1")
            await asyncio.sleep(self._alive_every_s)

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
                notifying.setblocking(False)
                notifying.sendto(message.encode(), self._address)
        except OSError as error:  # it is no reason to stop serving people
            log.warning("service_manager.not_told", message=message, error=repr(error))


def _address_of(socket_name: str) -> str:
    """Return the address; a name that begins with @ is one without a file (unix(7), abstract)."""
    return "\0" + socket_name[1:] if socket_name.startswith("@") else socket_name


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Return how long the watchdog waits in seconds, 0 where there is none for this process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    given = environment.get("WATCHDOG_USEC", "")
    return int(given) / 1_000_000 if given.isdecimal() else 0.0
