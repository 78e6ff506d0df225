"""``python -m playground.shots``: pictures of every card, taken of running pages in Chromium.

One page is an evening with the real bot, the other a wall with one of each card of a job.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from playground.browser import Person, headless, playing
from playground.specimens import NAMES, NARROW

PRESETS = {
    "Poster": "a travel poster of {prompt}, flat colours, bold shapes",
    "Watercolour": "{prompt} as a loose watercolour on rough paper",
}

Colour = tuple[int, int, int]

FOLDER = Path("docs/pictures")
SCALE = 1.5  # pixels for each point: sharp on good screens
COLOURS = 128  # of a picture that would be too large, with one pixel for each point
WIDE = 560  # points, with room for a card and the avatar beside it
PHONE = 400
TALL = (1280, 2200)  # no card is higher
MARGIN = 8
MOST_BYTES = 50_000
FLAT_COLOURS = 24  # of the page; the others are for the paintings


def main(argv: Sequence[str] | None = None) -> int:
    """Take every picture; returns 0, or 2 where there is no browser."""
    parser = argparse.ArgumentParser(prog="python -m playground.shots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with headless() as browser:
            _wall(browser, folder)
            _evening(browser, folder)
    except FileNotFoundError as missing:
        print(f"easel: {missing}.", file=sys.stderr)
        return 2
    return 0


class Album:
    """Keeps pictures of what somebody sees in a channel of some width (points)."""

    def __init__(self, person: Person, folder: Path, *, width: int = WIDE) -> None:
        self.person = person
        self._folder = folder
        self._width = width

    def _set_width(self) -> None:
        # The page's own rules forbid style sheets of strangers.
        self.person.tab.evaluate(
            "([width, gap]) => {"
            " const list = document.getElementById('channel-message-list');"
            " list.style.maxWidth = width;"
            " for (const message of list.children) message.style.marginBottom = gap; }",
            [f"{self._width}px", f"{3 * MARGIN}px"],
        )

    def keep(self, name: str, message: Locator | None = None) -> None:
        """Keep a message, or the newest one, as a picture."""
        path = self._folder / f"{name}.png"
        with Image.open(io.BytesIO(self._shot(message or self.person.card))) as shot:
            colours = shot.convert("RGB")
        _in_few_colours(colours, 256).save(path, optimize=True)
        if path.stat().st_size > MOST_BYTES:
            points = (round(colours.width / SCALE), round(colours.height / SCALE))
            smaller = colours.resize(points, Image.Resampling.LANCZOS)
            _in_few_colours(smaller, COLOURS).save(path, optimize=True)
        print(f"{path}  {path.stat().st_size // 1024} KB")

    def _shot(self, message: Locator) -> bytes:
        self.person.wait_for_pictures()
        self._set_width()
        self.person.tab.mouse.move(0, 0)
        message.evaluate("element => element.scrollIntoView({block: 'center'})")
        box = message.bounding_box()
        assert box is not None  # noqa: S101 - it is visible
        top, height = box["y"] - MARGIN, box["height"] + 2 * MARGIN
        return self.person.tab.screenshot(
            clip={"x": box["x"], "y": top, "width": self._width, "height": height}
        )


def _in_few_colours(shot: Image.Image, count: int) -> Image.Image:
    """Return the picture with so many colours, among them exactly the page's own."""
    # Pillow's type is that of all modes; this one is RGB.
    counted = cast("list[tuple[int, Colour]]", shot.getcolors(shot.width * shot.height) or [])
    flat = [colour for _, colour in sorted(counted, reverse=True)[:FLAT_COLOURS]]
    rest = shot.quantize(count - len(flat)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(part for colour in flat for part in colour), *rest])
    return shot.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _wall(browser: Browser, folder: Path) -> None:
    with playing(module="playground.wall") as url:
        person = Person(browser, url, scale=SCALE, size=TALL)
        expect(person.messages).to_have_count(len(NAMES))
        history_pages = Album(person, folder)
        for number, name in enumerate(NAMES):
            history_pages.keep(name, person.messages.nth(number))
        history_pages = Album(person, folder, width=PHONE)
        for name in NARROW:
            history_pages.keep(f"{name}-phone", person.messages.nth(NAMES.index(name)))


def _evening(browser: Browser, folder: Path) -> None:
    with playing() as url:
        history_pages = Album(Person(browser, url, scale=SCALE, size=TALL), folder)
        _paint(history_pages)
        _limit(history_pages)
        _look_up(history_pages)


def _paint(history_pages: Album) -> None:
    person = history_pages.person
    for prompt in ("a lighthouse at dusk", "a boat at night", "a whale under the stars"):
        person.type_command("imagine", prompt=prompt)
        person.wait_for_card("A picture for Ada", pictures=1)
    last = "a whale under the stars"
    person.press("Details", on=last, until=lambda: person.wait_for_words("/imagine prompt:"))
    history_pages.keep("details")
    person.type_command("imagine", prompt="a forbidden garden")
    person.wait_for_words("declined")
    person.switch_to("Ben")
    person.type_command("imagine", prompt="a fox in the snow", n=4)
    person.wait_for_card("4 pictures for Ben", pictures=4)


def _limit(history_pages: Album) -> None:
    person = history_pages.person
    person.switch_to("Mia")
    person.type_command("quota set", credits=4, per="day")
    person.wait_for_words("Everyone may now spend 4 credits per day")
    person.type_command("settings defaults", n=2)
    person.wait_for_words("Saved")
    person.switch_to("Ben")
    person.type_command("imagine", prompt="a fox by the sea")
    person.wait_for_words("used up")
    history_pages.keep("refusal")


def _look_up(history_pages: Album) -> None:
    person = history_pages.person
    person.switch_to("Ada")
    person.type_command("preferences defaults", n=2)
    person.wait_for_words("Saved")
    for command in ("usage", "history", "preferences show"):
        _keep_answer(history_pages, command)
    for name, prompt in PRESETS.items():
        person.type_command("preset save", name=name, n=2, prompt=prompt)
        person.wait_for_words("Saved as")
    _keep_answer(history_pages, "preset list")
    person.switch_to("Mia")
    for command in ("quota show", "quota usage", "quota audit", "quota cost", "settings show"):
        _keep_answer(history_pages, command)


def _keep_answer(history_pages: Album, command: str) -> None:
    before = history_pages.person.messages.count()
    history_pages.person.type_command(command)
    expect(history_pages.person.messages).to_have_count(before + 1)
    expect(history_pages.person.card).not_to_contain_text("Thinking")
    history_pages.keep(command.replace(" ", "-"))


if __name__ == "__main__":
    sys.exit(main())
