"""Draw charts in a subprocess with a time limit."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import msgspec
import structlog

import bot
from bot.core.clock import ExternalWait

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LIMIT_S = 15.0  # the first chart on a machine reads all its fonts
MODULE = "bot.quota.chart_process"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST_COMPLAINT = 300
# Environment variables that the process needs; keys and tokens are not passed on.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH")

Bars = Sequence[tuple[str, int]]
"""The label and height of each bar, from left to right."""


class Charts:
    """Draws charts with matplotlib, if the extra ``charts`` is installed.

    ``cache`` is the folder where matplotlib caches the fonts of the machine. One
    chart is drawn at a time: a process takes about 80 MB.
    """

    def __init__(self, cache: Path, *, wait: ExternalWait, limit_s: float = LIMIT_S) -> None:
        self._cache = cache
        self._wait = wait
        self._limit_s = limit_s
        self._drawing = asyncio.Lock()

    async def draw(self, bars: Bars) -> bytes | None:
        """Return a PNG of the bars, None when it cannot be drawn here."""
        if find_spec("matplotlib") is None:
            return None
        async with self._drawing:
            return await self._wait(self._drawn(bars), "chart")

    async def _drawn(self, bars: Bars) -> bytes | None:
        with TemporaryFile() as complaints:
            try:
                picture = await self._run(msgspec.json.encode(bars), complaints)
            except (OSError, TimeoutError) as failed:
                log.warning("chart.failed", error=repr(failed))
                return None
            if not picture.startswith(_SIGNATURE):
                log.warning("chart.failed", error=_end_of(complaints))
                return None
            return picture

    async def _run(self, order: bytes, complaints: IO[bytes]) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            MODULE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=self._environment(),
        )
        try:
            async with asyncio.timeout(self._limit_s):
                return await _answer(process, order)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _environment(self) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        services = str(Path(bot.__file__).parents[1])
        return passed_on | {"PYTHONPATH": services, "MPLCONFIGDIR": str(self._cache)}


async def _answer(process: asyncio.subprocess.Process, order: bytes) -> bytes:
    """Send the bars and return the whole output, in one task: ``communicate`` starts three."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(order)
    process.stdin.write_eof()
    return await process.stdout.read()


def _end_of(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read().decode(errors="replace")[-_LONGEST_COMPLAINT:]
