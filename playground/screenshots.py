"""``python -m playground.screenshots``: screenshots of every card, taken in Chromium.

One page runs the real bot, the other shows a sample of each card of a job.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from playground.art.composer import paint
from playground.browser import BrowserUser, headless, running_playground
from playground.painter.responses import GRID_PAINTER
from playground.samples import NAMES, NARROW

PRESETS = {
    "Poster": "a travel poster of {prompt}, flat colours, bold shapes",
    "Watercolour": "{prompt} as a loose watercolour on rough paper",
}

STYLES = {
    "Black and white": (
        "a black-and-white photograph of {prompt}",
        "a fox in the snow",
    ),
    "Bold poster": ("a poster of {prompt}, five flat colours, bold shapes", "a boat at sunset"),
}
"""The prompt of each, and what its example shows."""

EXAMPLE_SIZE = (512, 512)

Colour = tuple[int, int, int]

FOLDER = Path("docs/pictures")
SCALE = 1.5  # pixels for each point
COLOURS = 128  # of a screenshot that would be too large, with one pixel for each point
WIDE = 560  # points, with room for a card and the avatar beside it
PHONE = 400
FIVE_BUTTONS = 690  # with their credits, in a row
TALL = (1280, 2200)  # no card is higher
MARGIN = 8
MAX_BYTES = 50_000
FLAT_COLOURS = 24  # of the page; the others are for the pictures
# As a person scrolls, with the wheel: otherwise the page goes back to the newest message.
_SCROLL_TO = """message => {
    document.getElementById('channel-timeline').dispatchEvent(new Event('wheel'));
    message.scrollIntoView({block: 'center'});
    return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Take every screenshot; returns 0, or 2 where there is no browser."""
    parser = argparse.ArgumentParser(prog="python -m playground.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with headless() as browser:
            _samples(browser, folder)
            _session(browser, folder)
    except FileNotFoundError as missing:
        print(f"easel: {missing}.", file=sys.stderr)
        return 2
    return 0


class ScreenshotFolder:
    """Keeps screenshots of what somebody sees in a channel of some width (points)."""

    def __init__(self, person: BrowserUser, folder: Path, *, width: int = WIDE) -> None:
        self.person = person
        self._folder = folder
        self._width = width

    def _set_width(self) -> None:
        # The page's content security policy forbids other style sheets.
        self.person.tab.evaluate(
            "([width, gap]) => {"
            " const list = document.getElementById('channel-message-list');"
            " list.style.maxWidth = width;"
            " for (const message of list.children) message.style.marginBottom = gap; }",
            [f"{self._width}px", f"{3 * MARGIN}px"],
        )

    def take(self, name: str, message: Locator | None = None) -> None:
        """Take a screenshot of a message, or of the newest one."""
        path = self._folder / f"{name}.png"
        with Image.open(io.BytesIO(self._shot(message or self.person.card))) as shot:
            colours = shot.convert("RGB")
        _in_few_colours(colours, 256).save(path, optimize=True)
        if path.stat().st_size > MAX_BYTES:
            points = (round(colours.width / SCALE), round(colours.height / SCALE))
            smaller = colours.resize(points, Image.Resampling.LANCZOS)
            _in_few_colours(smaller, COLOURS).save(path, optimize=True)
        print(f"{path}  {path.stat().st_size // 1024} KB")

    def _shot(self, message: Locator) -> bytes:
        self.person.wait_for_pictures()
        self._set_width()
        self.person.tab.mouse.move(0, 0)
        message.evaluate(_SCROLL_TO)
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


def _samples(browser: Browser, folder: Path) -> None:
    with running_playground(module="playground.card_index") as url:
        person = BrowserUser(browser, url, scale=SCALE, size=TALL)
        expect(person.messages).to_have_count(len(NAMES))
        shots = ScreenshotFolder(person, folder)
        for number, name in enumerate(NAMES):
            shots.take(name, person.messages.nth(number))
        shots = ScreenshotFolder(person, folder, width=PHONE)
        for name in NARROW:
            shots.take(f"{name}-phone", person.messages.nth(NAMES.index(name)))


def _session(browser: Browser, folder: Path) -> None:
    with running_playground() as url:
        shots = ScreenshotFolder(BrowserUser(browser, url, scale=SCALE, size=TALL), folder)
        _paint(shots)
        _choose(shots)
        _limit(shots)
        _look_up(shots)
        _show_buttons(shots.person, folder)


def _paint(shots: ScreenshotFolder) -> None:
    person = shots.person
    for prompt in ("a lighthouse at dusk", "a boat at night", "mountains at dawn"):
        person.type_command("imagine", prompt=prompt)
        person.wait_for_card("A picture for Ada", pictures=1)
    last = "mountains at dawn"
    person.press("Details", on=last, until=lambda: person.wait_for_words("/imagine prompt:"))
    shots.take("details")
    person.type_command("imagine", prompt="a forbidden garden")
    person.wait_for_words("declined")
    person.switch_to("Ben")
    person.type_command("imagine", prompt="a fox in the snow", n=4)
    person.wait_for_card("4 pictures for Ben", pictures=4)


def _choose(shots: ScreenshotFolder) -> None:
    """Show what Ben can do with one of four pictures, and the form under all of them."""
    person, four = shots.person, "4 pictures for Ben"
    alone = person.messages.filter(has_text="Picture 2 of 4 for Ben")
    person.press("Edit", on=four, until=lambda: expect(person.form).to_be_visible())
    shots.take("form", person.form)
    person.tab.keyboard.press("Escape")
    expect(person.form).to_be_hidden()
    person.choose(
        "Choose a picture …", "Picture 2", until=lambda: person.wait_for_words("Picture 2 of 4")
    )
    shots.take("picture-chosen")
    person.press(
        "Post alone · free", on="Picture 2 of 4", until=lambda: expect(alone).to_have_count(1)
    )
    shots.take("picture-alone", alone)


def _limit(shots: ScreenshotFolder) -> None:
    person = shots.person
    person.switch_to("Mia")
    person.type_command("quota set", credits=4, per="day")
    person.wait_for_words("Everyone may now spend 4 credits per day")
    person.type_command("settings defaults", n=2)
    person.wait_for_words("Saved")
    person.switch_to("Ben")
    person.type_command("imagine", prompt="a fox by the sea")
    person.wait_for_words("used up")
    shots.take("refusal")
    person.switch_to("Ada")
    person.type_command("imagine", prompt="a fox by the sea", n=4)
    person.wait_for_words("ask for fewer pictures")
    shots.take("refusal-fewer")
    person.type_command("imagine", prompt="a fox by the sea", n=1, size="3000x2000")
    person.wait_for_words("3000x2000")
    shots.take("refusal-size")


def _look_up(shots: ScreenshotFolder) -> None:
    person = shots.person
    person.switch_to("Ada")
    person.type_command("preferences defaults", n=2)
    person.wait_for_words("Saved")
    for command in ("usage", "history", "preferences show", "help"):
        _take_answer(shots, command)
    for name, prompt in PRESETS.items():
        person.type_command("preset save", name=name, n=2, prompt=prompt)
        person.wait_for_words("Saved as")
    _take_answer(shots, "preset list")
    person.switch_to("Mia")
    _offer_styles(shots)
    for command in ("quota show", "quota usage", "quota audit", "quota cost", "settings show"):
        _take_answer(shots, command)
    _take_answer(shots, "help", name="help-setup", topic="setup")


def _offer_styles(shots: ScreenshotFolder) -> None:
    person = shots.person
    person.type_command("style import")
    person.wait_for_words("were saved")
    with TemporaryDirectory(prefix="easel-") as folder:
        for name, (prompt, paints) in STYLES.items():
            example = Path(folder) / f"{name}.png"
            paint(paints, size=EXAMPLE_SIZE, seed=1).save(example)
            person.type_command("style save", {"example": example}, name=name, prompt=prompt)
            person.wait_for_words(f"Saved as {name}")
    _take_answer(shots, "style list")


def _show_buttons(person: BrowserUser, folder: Path) -> None:
    person.type_command("imagine", prompt="a boat at sunset", model=GRID_PAINTER, n=1)
    person.wait_for_card("4 pictures for Mia", pictures=4)
    ScreenshotFolder(person, folder, width=FIVE_BUTTONS).take("result-buttons")


def _take_answer(
    shots: ScreenshotFolder, command: str, *, name: str = "", **options: object
) -> None:
    before = shots.person.messages.count()
    shots.person.type_command(command, **options)
    expect(shots.person.messages).to_have_count(before + 1)
    expect(shots.person.card).not_to_contain_text("Thinking")
    shots.take(name or command.replace(" ", "-"))


if __name__ == "__main__":
    sys.exit(main())
