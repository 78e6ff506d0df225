"""A running bot for other processes: which one it is, and its answers to their requests.

A signal carries no text. So who wants an answer leaves a request, a file in the bot's folder, and
then sends the signal; the bot answers each request that was there when it began its work.
"""

import json
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from bot.core.private_files import make_private_folder

Kind = Literal["reload", "restart"]

_SIGNALS: dict[Kind, signal.Signals] = {"reload": signal.SIGHUP, "restart": signal.SIGUSR1}
_PID_FILE = "bot.pid"
_REQUEST, _ANSWER = ".request", ".answer"


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """What a request did, or why it did nothing."""

    is_done: bool
    sentence: str


def hold_reloads() -> None:
    """Let a SIGHUP wait until the bot can hear it; it would end a process that begins."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})


@contextmanager
def reloads_heard() -> Iterator[None]:
    """Hear SIGHUP, also one that waits; afterwards it waits again."""
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- the bot --------------------------------------------------------------------------------------


@contextmanager
def announce_bot(folder: Path) -> Iterator[None]:
    """Write which process is the bot that this folder belongs to."""
    make_private_folder(folder)
    for unread in folder.glob(f"*{_ANSWER}"):
        unread.unlink(missing_ok=True)
    file = folder / _PID_FILE
    _write(file, {"pid": os.getpid(), "started": _started(os.getpid())})
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def open_requests(folder: Path, kind: Kind = "reload") -> list[Path]:
    """Return the requests that wait for an answer."""
    return sorted(folder.glob(f"{kind}-*{_REQUEST}"))


def answer_requests(requests: Iterable[Path], answer: RequestAnswer) -> None:
    """Answer requests, each once; whoever asked may have left."""
    for request in requests:
        if request.exists():
            _write(request.with_suffix(_ANSWER), asdict(answer))
            request.unlink(missing_ok=True)


# --- another process ------------------------------------------------------------------------------


@contextmanager
def leave_request(folder: Path, kind: Kind = "reload") -> Iterator[Path]:
    """Leave a request, for as long as its answer is waited for.

    Raises:
        OSError: the folder belongs to another user.
    """
    request = folder / f"{kind}-{uuid4().hex}{_REQUEST}"
    request.touch()
    try:
        yield request
    finally:
        for file in (request, request.with_suffix(_ANSWER)):
            file.unlink(missing_ok=True)


def answer_of(request: Path) -> RequestAnswer | None:
    """Return the answer, None while there is none."""
    found = _read(request.with_suffix(_ANSWER))
    return RequestAnswer(**found) if found else None  # type: ignore[arg-type]  # as it was written


def send_request(folder: Path, kind: Kind = "reload") -> bool:
    """Send the bot the signal of a request; return False if it is not known which process that is.

    Raises:
        PermissionError: the bot belongs to another user.
    """
    pid = announced(folder)
    if pid is None:
        return False
    try:
        os.kill(pid, _SIGNALS[kind])
    except ProcessLookupError:
        return False
    return True


def announced(folder: Path) -> int | None:
    """Return the process that is the bot of a folder, None where it is not known, or ended."""
    found = _read(folder / _PID_FILE)
    pid = found.get("pid")
    # A number is used again, and one of a container means another process outside of it.
    if not isinstance(pid, int) or found.get("started") != _started(pid):
        return None
    return pid


def _started(pid: int) -> str:
    """Return when a process started, in ticks since the machine's boot; empty without /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    # The 22nd field; the second one, in brackets, may hold spaces (proc_pid_stat(5)).
    return stat.rpartition(")")[2].split()[19]


def _write(file: Path, content: dict[str, object]) -> None:
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(content))
    part.replace(file)


def _read(file: Path) -> dict[str, object]:
    try:
        content = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
