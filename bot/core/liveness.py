"""Whether the processes on one database live, and whether this one may still act for its jobs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from bot.core import process_lock
from bot.core.process_lock import LockFolders, hold_process_lock


@dataclass(frozen=True, slots=True)
class SessionWaits:
    """How long is waited, in seconds.

    The session is asked every ``check_s`` whether it lives, and answers within ``answer_s``. From
    the begin of a check that it answered, this process relies on it for ``lease_s``. Others take a
    process for dead whose lock they saw free for ``dead_s``, which is longer. For ``rest_s`` after
    each connect nobody is taken for dead: after a failover all of them are about to come back. A
    lock that another holds is tried for ``taken_s``.
    """

    check_s: float = 1.5
    answer_s: float = 5.0
    lease_s: float = 6.0
    dead_s: float = 9.0
    rest_s: float = 30.0
    taken_s: float = 5.0


SESSION_WAITS = SessionWaits()
"""For a server some milliseconds away."""


class Liveness(Protocol):
    """What this process holds while it lives, and what it sees of the others."""

    @property
    def owner(self) -> str:
        """Return the id of this process, which its jobs carry."""

    @property
    def has_others(self) -> bool:
        """Whether several processes of a bot may be meant to run on the database at once."""

    @property
    def may_send(self) -> bool:
        """Whether nobody can have taken over the jobs of this process."""

    @property
    def may_adopt(self) -> bool:
        """Whether what looks dead is dead: after an outage others are about to come back."""

    async def until_may_send(self) -> None:
        """Wait for ``may_send``."""

    async def is_dead(self, owner: str) -> bool:
        """Return whether the owner's process is gone for good, so that its jobs may be taken.

        It may take some seconds to be sure. False where that cannot be known.
        """

    async def others_alive(self) -> bool:
        """Return whether another process runs on the database."""

    def on_lost(self, callback: Callable[[], object]) -> None:
        """Call a function when others may take this process for dead; it must not wait."""

    def on_regained(self, callback: Callable[[], Awaitable[object]]) -> None:
        """Await a function when that is over, before ``may_send`` is True again."""


class FileLiveness:
    """Liveness by locks of files: the kernel frees them only when the process ends."""

    has_others = False
    may_send = True
    may_adopt = True

    def __init__(self, folders: LockFolders, owner: str) -> None:
        self._folders = folders
        self.owner = owner

    async def until_may_send(self) -> None:
        """Return at once."""

    async def is_dead(self, owner: str) -> bool:
        """Return whether the owner's lock is free; raises StartRefused as ``process_lock``."""
        return process_lock.is_dead(self._folders, owner)

    async def others_alive(self) -> bool:
        """Return whether another process holds a lock."""
        return process_lock.others_alive(self._folders, self.owner)

    def on_lost(self, callback: Callable[[], object]) -> None:
        """Do nothing: it is never lost."""

    def on_regained(self, callback: Callable[[], Awaitable[object]]) -> None:
        """Do nothing: it is never lost."""


@asynccontextmanager
async def hold_file_liveness(folders: LockFolders) -> AsyncIterator[FileLiveness]:
    """Hold the locks of a new owner; raises as ``hold_process_lock``."""
    with hold_process_lock(folders) as owner:
        yield FileLiveness(folders, owner)
