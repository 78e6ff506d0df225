"""A process that a supervisor runs in place of the bot; files of its folder say what it does.

``starts`` gets a line of each start and ``heard`` one of each signal. While ``refuse-N`` is there,
number N refuses its start, while ``slow-N`` is, it does not become ready, and while ``silent-N``
is, it says that it is ready and nothing more.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

NUMBER = os.environ["CLUSTER"]


def tell(message: str) -> None:
    """Tell the supervisor something."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notifying:
        notifying.sendto(message.encode(), os.environ["NOTIFY_SOCKET"])


def note(file: str, what: object) -> None:
    """Write a line, which other processes see whole."""
    with Path(file).open("a") as lines:
        lines.write(f"{NUMBER} {what}\n")


def main() -> int:
    """Run until SIGTERM."""
    signals = {signal.SIGTERM, signal.SIGHUP, signal.SIGALRM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    note("starts", os.getpid())
    if Path(f"refuse-{NUMBER}").exists():
        return 2
    while Path(f"slow-{NUMBER}").exists():
        time.sleep(0.02)
    tell("READY=1")
    note("ready", os.getpid())
    every_s = int(os.environ["WATCHDOG_USEC"]) / 4_000_000
    signal.setitimer(signal.ITIMER_REAL, every_s, every_s)
    while (heard := signal.sigwait(signals)) is not signal.SIGTERM:
        if heard is signal.SIGHUP:
            note("heard", heard.name)
        elif not Path(f"silent-{NUMBER}").exists():
            tell("WATCHDOG=1")
    note("ends", os.getpid())
    return 0


if __name__ == "__main__":
    sys.exit(main())
