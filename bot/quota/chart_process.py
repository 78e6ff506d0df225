"""The drawing subprocess: bars as JSON on standard input, a PNG on standard output."""

import json
import sys
from collections.abc import Sequence
from typing import BinaryIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

# Twice as sharp as Discord shows it: 600 by 260 points.
INCHES, DPI, MARGIN_INCHES = (6.0, 2.6), 200, 0.09
GROUND, GRID, WORDS, BAR, HIGHEST = "#2b2d31", "#3b3e45", "#c3c8d0", "#7391d6", "#a9bdea"
SMALL, PLAIN = 9.5, 10.5
MOST_NAMES = 6  # under the bars
FEW_BARS = 9  # fewer stand in the middle, no wider than these would
HEADROOM = 1.16  # above the highest, for its number


def draw_from_stdin() -> int:
    """Draw the bars of standard input."""
    bars = [(str(name), int(height)) for name, height in json.load(sys.stdin)]
    draw(bars, sys.stdout.buffer)
    return 0


def draw(bars: Sequence[tuple[str, int]], target: BinaryIO) -> None:
    """Write a PNG of the bars; the highest is labelled with its height."""
    figure = Figure(figsize=INCHES, dpi=DPI, facecolor=GROUND, layout=_layout())
    axes = figure.add_subplot(facecolor=GROUND)
    heights = [height for _, height in bars]
    top = max(heights, default=0)
    axes.bar(range(len(bars)), heights, width=0.72, color=BAR, zorder=2)
    if top:
        _mark(axes, heights.index(top), top)
    _name(axes, [name for name, _ in bars])
    axes.set_ylim(0, max(top, 1) * HEADROOM)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, min_n_ticks=2))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.grid(visible=True, color=GRID, linewidth=0.8, zorder=0)
    axes.tick_params(length=0, colors=WORDS, labelsize=SMALL, pad=6)
    axes.spines[:].set_visible(False)
    figure.savefig(target, format="png", facecolor=GROUND)


def _layout() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=MARGIN_INCHES, h_pad=MARGIN_INCHES)


def _mark(axes: Axes, at: int, height: int) -> None:
    axes.patches[at].set_color(HIGHEST)
    axes.annotate(
        f"{height:,}",
        (at, height),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        color=WORDS,
        fontsize=PLAIN,
        bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 1},
    )


def _name(axes: Axes, names: Sequence[str]) -> None:
    """Label the bars: the last one always, the others evenly spaced."""
    count = len(names)
    aside = max(0, FEW_BARS - count) / 2 + 0.7
    axes.set_xlim(-aside, count - 1 + aside)
    named = range(count - 1, -1, min(-1, -count // MOST_NAMES))
    axes.set_xticks(list(named), [names[at] for at in named])


if __name__ == "__main__":
    sys.exit(draw_from_stdin())
