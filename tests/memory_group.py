"""Run a process in a small machine: a control group of 400 MB, where a test may make one."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Files here are on a disk: a control group counts those of a file system in memory as memory.
DISK = "/var/tmp"  # noqa: S108 - only a root: each test makes a folder of its own below it
MOST_BYTES = 300 << 20
MACHINE_BYTES = 400_000_000
PATIENCE_S = 1_500  # of a loaded machine; alone it takes a tenth of that

_ROOT = Path("/sys/fs/cgroup")
# Of cgroup v2 and v1; the limits of swap are missing where a kernel does not count it.
_LIMITS = {"memory.max": MACHINE_BYTES, "memory.limit_in_bytes": MACHINE_BYTES}
_SWAP_LIMITS = {"memory.swap.max": 0, "memory.memsw.limit_in_bytes": MACHINE_BYTES}
_EVENTS = ("memory.events", "memory.oom_control")


@dataclass(frozen=True)
class MemoryGroup:
    """A control group; without a folder, none could be made."""

    folder: Path | None

    @property
    def command(self) -> tuple[str, ...]:
        """Return the beginning of a command that runs in the group from its start."""
        if self.folder is None:
            return ()
        return ("/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.folder / "cgroup.procs"))

    @property
    def kills(self) -> int:
        """Return how many processes the kernel ended because the memory was used up."""
        if self.folder is None:
            return 0
        (events,) = (self.folder / name for name in _EVENTS if (self.folder / name).exists())
        counts = dict(line.split() for line in events.read_text("ascii").splitlines())
        return int(counts["oom_kill"])

    def __str__(self) -> str:
        """Say which it is, for the report of the run."""
        if self.folder is None:
            return "not bounded: this machine lets nobody make a cgroup"
        return f"a cgroup of {MACHINE_BYTES // 1_000_000} MB without swap"


@contextmanager
def memory_group() -> Iterator[MemoryGroup]:
    """Make a control group beside or in that of this process, and remove it at the end."""
    made = next(filter(None, map(_made, _parents())), None)
    try:
        yield MemoryGroup(made)
    finally:
        if made is not None:
            made.rmdir()


def _parents() -> Iterator[Path]:
    """Yield where a group can be made (cgroups(7), /proc/[pid]/cgroup)."""
    own = Path("/proc/self/cgroup")
    for line in own.read_text("utf-8").splitlines() if own.exists() else ():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            # In v2 a group with processes has no groups with limits in it, but beside it.
            here = _ROOT / path.lstrip("/")
            yield from (each for each in (here, here.parent) if each.is_relative_to(_ROOT))
        elif "memory" in controllers.split(","):
            yield _ROOT / "memory" / path.lstrip("/")


def _made(parent: Path) -> Path | None:
    folder = parent / f"easel-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError:
        return None
    try:
        if _limit(folder, _LIMITS):
            _limit(folder, _SWAP_LIMITS)
            return folder
    except OSError:
        pass  # as without the file
    folder.rmdir()
    return None


def _limit(folder: Path, limits: dict[str, int]) -> bool:
    files = [folder / name for name in limits if (folder / name).exists()]
    for file in files:
        file.write_text(str(limits[file.name]), "ascii")
    return bool(files)


async def run_in_small_machine(
    *arguments: str, record_property: Callable[[str, object], None]
) -> str:
    """Run ``python …`` in a group and return what it printed; it must end well, and not be killed.

    What bounded its memory comes into the report of the run.
    """
    with memory_group() as group:
        record_property("memory", str(group))
        process = await asyncio.create_subprocess_exec(
            *group.command, sys.executable, *arguments, stdout=asyncio.subprocess.PIPE
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert (group.kills, process.returncode) == (0, 0)
    return said.decode()


def peak_bytes() -> int:
    """Return the most memory that this process ever had (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
