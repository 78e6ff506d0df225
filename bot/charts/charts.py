"""Start the process that draws, and end it when it takes too long."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec
import structlog

import bot
from bot.seam import Wait

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LIMIT_S = 15.0  # the first chart on a machine reads all its fonts
MODULE = "bot.charts.drawing"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST_COMPLAINT = 300
# What a process needs to start; the bot's keys and token stay with the bot.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "TEMP", "SYSTEMROOT", "LD_LIBRARY_PATH")

Bars = Sequence[tuple[str, int]]
"""What stands under each bar, and its height, from left to right."""


class Charts:
    """Draws with matplotlib where the extra ``charts`` is installed.

    ``cache`` is the folder where matplotlib keeps what it knows of the machine's fonts. One
    chart is drawn at a time: a process takes about 60 MB.
    """

    def __init__(self, cache: Path, *, wait: Wait, limit_s: float = LIMIT_S) -> None:
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
        try:
            picture, complaint = await self._run(msgspec.json.encode(bars))
        except (OSError, TimeoutError) as failed:
            log.warning("chart.failed", error=repr(failed))
            return None
        if not picture.startswith(_SIGNATURE):
            log.warning("chart.failed", error=complaint.decode(errors="replace"))
            return None
        return picture

    async def _run(self, order: bytes) -> tuple[bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            MODULE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(),
        )
        try:
            async with asyncio.timeout(self._limit_s):
                picture, complaint = await process.communicate(order)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return picture, complaint[-_LONGEST_COMPLAINT:]

    def _environment(self) -> dict[str, str]:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        house = str(Path(bot.__file__).parents[1])
        return passed_on | {"PYTHONPATH": house, "MPLCONFIGDIR": str(self._cache)}
