"""CPU and memory of a process and its descendants, as Linux counts them (proc(5))."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# proc_pid_stat(5), counted from the state, which follows the name in brackets
_CUTIME, _CSTIME = 13, 14
_CLOCK_OF_PROCESS = 2  # CPUCLOCK_SCHED in Linux's posix-timers.h


@dataclass(slots=True)
class ProcessTree:
    """A process and its descendants; ``peak_kb`` is the most memory that was seen."""

    root: int
    peak_kb: int = 0

    def cpu_s(self) -> float:
        """Return the CPU of all that live, and of the dead that somebody has waited for."""
        return sum(_own_cpu_s(pid) + _cpu_s_of_dead(pid) for pid in self._pids())

    def look_at_memory(self) -> None:
        """Note the resident memory if it is the most so far, or if the root alone had more."""
        self.peak_kb = max(self.peak_kb, self.resident_kb(), _kb(self.root, "VmHWM"))

    def resident_kb(self) -> int:
        """Return the resident memory of all that live."""
        return sum(_kb(pid, "VmRSS") for pid in self._pids())

    def _pids(self) -> list[int]:
        found, unseen = [], [self.root]
        while unseen:
            pid = unseen.pop()
            found.append(pid)
            unseen += _children(pid)
        return found


def _children(pid: int) -> list[int]:
    lists = [_read(path) for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for each in lists for child in each.split()]


def _own_cpu_s(pid: int) -> float:
    """Return the CPU of all threads; the times of ``/proc`` are too coarse for a few pictures."""
    try:
        return time.clock_gettime(~pid << 3 | _CLOCK_OF_PROCESS)  # clock_getcpuclockid(3)
    except OSError:
        return 0.0


def _cpu_s_of_dead(pid: int) -> float:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return sum(map(int, fields[_CUTIME : _CSTIME + 1])) / _TICKS_PER_S


def _kb(pid: int, field: str) -> int:
    lines = _read(Path(f"/proc/{pid}/status")).splitlines()
    found = [int(line.split()[1]) for line in lines if line.startswith(f"{field}:")]
    return found[0] if found else 0


def _read(path: Path) -> str:
    """Return a file of a process, an empty text if the process has ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
