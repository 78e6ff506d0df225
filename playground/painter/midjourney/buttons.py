"""The buttons of a finished task, with ids as Midjourney's proxies have them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from playground.painter.errors import Json

ButtonKind = Literal["pick", "variation", "again", "enlarge", "vary", "region", "zoom", "pan"]

GRID_PICTURES = 4
_ALONE = "SOLO"
_PAN = 0.2  # how far a picture moves, as a share of its side
_DIRECTIONS = (
    ("left", "⬅️", (_PAN, 0.0)),
    ("right", "➡️", (-_PAN, 0.0)),
    ("up", "⬆️", (0.0, _PAN / 2)),
    ("down", "⬇️", (0.0, -_PAN / 2)),
)


@dataclass(frozen=True, slots=True)
class Button:
    """One button: ``number`` is the picture of a grid that it is about, from 1.

    ``asks`` whether it waits for a prompt. ``zoom`` and ``shift`` are what it does to the view,
    ``is_bold`` whether it changes much.
    """

    kind: ButtonKind
    custom_id: str
    label: str = ""
    emoji: str = ""
    number: int = 1
    asks: bool = False
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    is_bold: bool = False

    def json(self) -> Json:
        """Return it as a task shows it."""
        face = {"customId": self.custom_id, "emoji": self.emoji, "label": self.label}
        return {**face, "type": 2, "style": 2}


def buttons_of_grid(name: str) -> Iterator[Button]:
    """Yield the buttons of four pictures; ``name`` is a UUID of theirs."""
    for n in range(1, GRID_PICTURES + 1):
        yield Button("pick", f"MJ::JOB::upsample::{n}::{name}", f"U{n}", number=n)
    yield Button("again", f"MJ::JOB::reroll::0::{name}::{_ALONE}", emoji="🔄")
    for n in range(1, GRID_PICTURES + 1):
        yield Button("variation", f"MJ::JOB::variation::{n}::{name}", f"V{n}", number=n)


def buttons_of_single(name: str, *, is_enlarged: bool) -> Iterator[Button]:
    """Yield the buttons of a picture by itself; an enlarged one has fewer."""

    def job(action: str) -> str:
        return f"MJ::JOB::{action}::1::{name}::{_ALONE}"

    if not is_enlarged:
        yield Button("enlarge", job("upsample_v7_2x_subtle"), "Upscale (Subtle)", "upscale_1")
        creative = job("upsample_v7_2x_creative")
        yield Button("enlarge", creative, "Upscale (Creative)", "upscale_1", is_bold=True)
    yield Button("vary", job("low_variation"), "Vary (Subtle)", "🪄")
    yield Button("vary", job("high_variation"), "Vary (Strong)", "🪄", is_bold=True)
    if not is_enlarged:
        region = f"MJ::Inpaint::1::{name}::{_ALONE}"
        yield Button("region", region, "Vary (Region)", "🖌️", asks=True)
    yield Button("zoom", f"MJ::Outpaint::50::1::{name}::{_ALONE}", "Zoom Out 2x", "🔍", zoom=1 / 2)
    smaller = f"MJ::Outpaint::75::1::{name}::{_ALONE}"
    yield Button("zoom", smaller, "Zoom Out 1.5x", "🔍", zoom=2 / 3)
    if is_enlarged:
        yield Button("again", f"MJ::JOB::reroll::0::{name}::{_ALONE}", emoji="🔄")
        return
    custom = f"MJ::CustomZoom::{name}"
    yield Button("zoom", custom, "Custom Zoom", "🔍", asks=True, zoom=1 / 2)
    for direction, arrow, shift in _DIRECTIONS:
        yield Button("pan", job(f"pan_{direction}"), emoji=arrow, shift=shift)
