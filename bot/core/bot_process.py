"""The running bot for other processes: which one it is, and its answers to requests of a reload.

A signal carries no text. So who wants an answer leaves a request, a file beside the locks, and then
sends SIGHUP; the bot answers each request that was there when it began to read.
"""

import json
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

from bot.core.process_lock import LockFolders

_PID_FILE = "bot.pid"
_REQUEST, _ANSWER = ".request", ".answer"


@dataclass(frozen=True, slots=True)
class ReloadAnswer:
    """What a reload did, or why it did nothing."""

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
def announce_bot(folders: LockFolders) -> Iterator[None]:
    """Write which process is the bot, which holds the locks."""
    for unread in folders.beside_database.glob(f"reload-*{_ANSWER}"):
        unread.unlink(missing_ok=True)
    file = folders.beside_database / _PID_FILE
    _write(file, {"pid": os.getpid(), "started": _started(os.getpid())})
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def open_requests(folders: LockFolders) -> list[Path]:
    """Return the requests that wait for an answer."""
    return sorted(folders.beside_database.glob(f"reload-*{_REQUEST}"))


def answer_requests(requests: Iterable[Path], answer: ReloadAnswer) -> None:
    """Answer requests, each once; whoever asked may have left."""
    for request in requests:
        if request.exists():
            _write(request.with_suffix(_ANSWER), asdict(answer))
            request.unlink(missing_ok=True)


# --- another process ------------------------------------------------------------------------------


@contextmanager
def request_reload(folders: LockFolders) -> Iterator[Path]:
    """Leave a request, for as long as its answer is waited for.

    Raises:
        OSError: the folder belongs to another user.
    """
    request = folders.beside_database / f"reload-{uuid4().hex}{_REQUEST}"
    request.touch()
    try:
        yield request
    finally:
        for file in (request, request.with_suffix(_ANSWER)):
            file.unlink(missing_ok=True)


def answer_of(request: Path) -> ReloadAnswer | None:
    """Return the answer, None while there is none."""
    found = _read(request.with_suffix(_ANSWER))
    return ReloadAnswer(**found) if found else None  # type: ignore[arg-type]  # as it was written


def send_reload(folders: LockFolders) -> bool:
    """Send SIGHUP to the bot; return False if it is not known which process that is.

    Raises:
        PermissionError: the bot belongs to another user.
    """
    found = _read(folders.beside_database / _PID_FILE)
    pid = found.get("pid")
    if not isinstance(pid, int):
        return False
    # A number is used again, and one of a container means another process outside of it.
    if found.get("started") != _started(pid):
        return False
    try:
        os.kill(pid, signal.SIGHUP)
    except ProcessLookupError:
        return False
    return True


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
