"""The chart of credits per day: the drawing, the process that draws, and when it cannot.

Matplotlib takes a second to load, so that most charts are drawn inside this process.
"""

import asyncio
import importlib
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bot.core.clock import await_directly
from bot.quota.chart import Bars, Charts

pytest.importorskip("matplotlib", reason="the extra charts is not installed")

GROUND = (0x2B, 0x2D, 0x31)
Draw = Callable[[Bars], Image.Image]


def _height(picture: Image.Image, x: int) -> int:
    """Return how many pixels of a column belong to a bar."""
    column = picture.crop((x, 0, x + 1, picture.height)).tobytes()
    return sum(blue - red > 50 for red, blue in zip(column[::3], column[2::3], strict=True))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder where the fonts of the machine are known after the first chart."""
    return tmp_path_factory.mktemp("charts")


@pytest.fixture
def draw(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Return what the process does with the bars."""
    monkeypatch.setenv("MPLCONFIGDIR", str(cache))
    chart_process = importlib.import_module("bot.quota.chart_process")

    def drawn(bars: Bars) -> Image.Image:
        target = io.BytesIO()
        chart_process.draw(bars, target)
        return Image.open(target, formats=["PNG"])

    return drawn


@pytest.fixture
def charts(cache: Path) -> Charts:
    return Charts(cache, wait=await_directly)


@pytest.mark.parametrize(
    "bars",
    [
        [("Nov 20", 3)],
        [(f"Nov {day}", day % 7) for day in range(90)],
        [("Nov 20", 0)],
        [("Nov 20", 2**53), ("Nov 21", 1)],
        [],
    ],
)
def test_every_number_of_days_becomes_a_picture(draw: Draw, bars: Bars) -> None:
    """A server that just began, one that is busy, and one that is quiet."""
    with draw(bars) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 520))
        assert picture.convert("RGB").getpixel((0, 0)) == GROUND


def test_the_heights_are_those_of_the_days(draw: Draw) -> None:
    """A day with half the credits has half the bar."""
    with draw([("Nov 20", 10), ("Nov 21", 5)]) as picture:
        pixels = picture.convert("RGB")
    bars = [_height(pixels, x) for x in range(pixels.width)]
    highest, lower = max(bars), max(bar for bar in bars if bar < max(bars) * 0.75)
    assert lower == pytest.approx(highest / 2, abs=3)


async def test_a_process_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """An admin gets bars of text instead of an answer that never comes."""
    charts = Charts(tmp_path, wait=await_directly, limit_s=0.001)
    assert await charts.draw([("Nov 20", 3)]) is None


async def test_a_process_that_fails_draws_nothing(charts: Charts) -> None:
    """Whatever goes wrong in the child stays there, but for a line in the log."""
    assert await charts.draw([(r"$\frac$", 3)]) is None
    drawn = await charts.draw([("Nov 20", 3)])
    assert drawn is not None
    with Image.open(io.BytesIO(drawn)) as picture:
        assert (picture.format, picture.size) == ("PNG", (1200, 520))


async def test_without_matplotlib_no_process_is_started(
    charts: Charts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator who installed nothing more loses the picture only."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert await charts.draw([("Nov 20", 3)]) is None


async def test_a_machine_that_starts_no_process_draws_nothing(
    charts: Charts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full process table is no reason to fail the command."""
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert await charts.draw([("Nov 20", 3)]) is None


async def test_the_bots_secrets_stay_with_the_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child needs neither the token nor a key, so it does not get them."""
    monkeypatch.setenv("DISCORD_TOKEN", "planted-discord-token")
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n", encoding="utf-8")
    spy.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(spy))
    assert await Charts(tmp_path, wait=await_directly).draw([("Nov 20", 3)]) is None
    seen = (tmp_path / "seen").read_text()
    assert "MPLCONFIGDIR=" in seen
    assert "planted-discord-token" not in seen


async def test_one_chart_is_drawn_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten admins at once must not start ten processes of 80 MB."""
    quick = tmp_path / "quick"
    quick.write_text("#!/bin/sh\nprintf '\\211PNG\\r\\n\\032\\n'\n", encoding="utf-8")
    quick.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(quick))
    running, most = 0, 0

    async def count(awaitable: object, reason: str, /) -> object:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await awaitable  # type: ignore[misc]  # as any Wait
        finally:
            running -= 1

    charts = Charts(tmp_path, wait=count)  # type: ignore[arg-type]  # counts instead of declaring
    drawn = await asyncio.gather(*(charts.draw([("Nov 20", n)]) for n in range(1, 4)))
    assert all(drawn)
    assert most == 1
