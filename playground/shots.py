"""``python -m playground.shots``: the README's pictures, taken of the running page in Chromium."""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from PIL import Image

from playground.browser import Person, headless, playing

Colour = tuple[int, int, int]

FOLDER = Path("docs/pictures")
SCALE = 2  # pixels for each point: sharp on good screens
WIDTH = 560  # points, with room for a card and the avatar beside it
MARGIN = 8
MOST_BYTES = 300_000
FLAT_COLOURS = 24  # of the page; the other 232 are for the paintings


def main(argv: Sequence[str] | None = None) -> int:
    """Take every picture; returns 0, or 2 where there is no browser."""
    parser = argparse.ArgumentParser(prog="python -m playground.shots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with headless() as browser, playing() as url:
            _evening(Album(Person(browser, url, scale=SCALE), folder))
    except FileNotFoundError as missing:
        print(f"easel: {missing}.", file=sys.stderr)
        return 2
    return 0


class Album:
    """Keeps pictures of what somebody sees."""

    def __init__(self, person: Person, folder: Path) -> None:
        self.person = person
        self._folder = folder
        # A narrow channel, as on a phone; the page's own rules forbid style sheets of strangers.
        person.tab.evaluate(
            "size => Object.assign(document.getElementById('channel-message-list').style, size)",
            {"maxWidth": f"{WIDTH}px", "paddingBottom": f"{3 * MARGIN}px"},
        )

    def keep(self, name: str) -> None:
        """Keep the newest message as a picture."""
        path = self._folder / f"{name}.png"
        with Image.open(io.BytesIO(self._shot())) as shot:
            colours = shot.convert("RGB")
        colours.save(path, optimize=True)
        if path.stat().st_size > MOST_BYTES:
            _in_few_colours(colours).save(path, optimize=True)
        print(f"{path}  {path.stat().st_size // 1024} KB")

    def _shot(self) -> bytes:
        self.person.wait_for_pictures()
        self.person.tab.mouse.move(0, 0)
        self.person.tab.evaluate("document.getElementById('channel-timeline').scrollTop = 1e6")
        box = self.person.card.bounding_box()
        assert box is not None  # noqa: S101 - the newest message is visible
        top, height = box["y"] - MARGIN, box["height"] + 2 * MARGIN
        return self.person.tab.screenshot(
            clip={"x": box["x"], "y": top, "width": WIDTH, "height": height}
        )


def _in_few_colours(shot: Image.Image) -> Image.Image:
    """Return the picture with 256 colours, among them exactly the page's own."""
    # Pillow's type is that of all modes; this one is RGB.
    counted = cast("list[tuple[int, Colour]]", shot.getcolors(shot.width * shot.height) or [])
    flat = [colour for _, colour in sorted(counted, reverse=True)[:FLAT_COLOURS]]
    rest = shot.quantize(256 - len(flat)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(part for colour in flat for part in colour), *rest])
    return shot.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _evening(album: Album) -> None:
    person = album.person
    person.type_command("imagine", prompt="a lighthouse at dusk")
    person.wait_for_card("Painting for Ada")
    album.keep("painting")
    person.wait_for_card("A picture for Ada", pictures=1)
    album.keep("result")
    person.switch_to("Ben")
    person.type_command("imagine", prompt="a fox in the snow", n=4)
    person.wait_for_card("4 pictures for Ben", pictures=4)
    album.keep("four")
    person.switch_to("Mia")
    person.type_command("quota set", credits=4, per="day")
    person.wait_for_words("Everyone may now spend 4 credits per day")
    person.switch_to("Ben")
    person.type_command("imagine", prompt="a fox by the sea")
    person.wait_for_words("used up")
    album.keep("refusal")
    person.switch_to("Ada")
    person.type_command("usage")
    person.wait_for_words("3 of 4")
    album.keep("usage")


if __name__ == "__main__":
    sys.exit(main())
