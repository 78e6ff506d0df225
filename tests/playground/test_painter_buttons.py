"""What the buttons of the painter's tasks paint: it can be seen where each picture comes from."""

import pytest
from PIL import Image, ImageChops, ImageStat

from playground.art.composer import paint
from playground.art.scene import View
from tests.playground.midjourney_client import cells_of, faces, painted, picture_of, press
from tests.playground.painter_client import data_uri, plain, serving

FOX = "a fox in the snow --seed 5"


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how much two pictures differ on average, 0 to 255."""
    return float(sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3)


async def test_u_gives_exactly_that_quadrant() -> None:
    """Of the four, in reading order."""
    async with serving(capacity=64) as client:
        grid = await painted(client, prompt=FOX)
        cells = await cells_of(client, grid)
        for number, cell in enumerate(cells, 1):
            assert await picture_of(client, await press(client, grid, f"U{number}")) == cell


async def test_v_gives_that_picture_in_other_colours() -> None:
    """None of which could be taken for another, or for those of before."""
    async with serving(capacity=64) as client:
        grid = await painted(client, prompt=FOX)
        parent = (await cells_of(client, grid))[1]
        cells = await cells_of(client, await press(client, grid, "V2"))
    assert all(difference(cell, parent) > 8 for cell in cells)
    assert min(difference(a, b) for a in cells for b in cells if a is not b) > 8


async def test_again_gives_four_others_of_the_same_prompt() -> None:
    """With other seeds."""
    async with serving(capacity=64) as client:
        grid = await painted(client, prompt=FOX)
        again = await press(client, grid, "🔄")
        assert faces(again) == faces(grid)
        assert again["prompt"] == grid["prompt"]
        assert await cells_of(client, again) != await cells_of(client, grid)


async def test_an_enlarged_picture_is_twice_as_large_and_the_same() -> None:
    """It is painted finer, and has fewer buttons, whose pictures have the usual size again."""
    async with serving(capacity=64) as client:
        one = await press(client, await painted(client, prompt=FOX), "U1")
        before = await picture_of(client, one)
        large = await press(client, one, "Upscale (Subtle)")
        picture = await picture_of(client, large)
        assert picture.size == (1280, 1280)
        assert difference(picture.resize(before.size), before) < 6
        assert "Upscale (Subtle)" not in faces(large)
        zoomed = await press(client, large, "Zoom Out 2x")
        assert (await picture_of(client, zoomed)).size == (1280, 1280)


async def test_zooming_out_keeps_the_colours_and_shows_more() -> None:
    """The same sky, around a smaller fox."""
    async with serving(capacity=64) as client:
        one = await press(client, await painted(client, prompt=FOX), "U1")
        before = await picture_of(client, one)
        for cell in await cells_of(client, await press(client, one, "Zoom Out 2x")):
            assert _orange(cell) < 0.55 * _orange(before)
            assert difference(_sky(cell), _sky(before)) < 30


def _orange(picture: Image.Image) -> int:
    """Return how many pixels have the colour of the fox."""
    red, _, blue = picture.split()
    return ImageChops.subtract(red, blue).point([0] * 60 + [1] * 196).histogram()[1]


def _sky(picture: Image.Image) -> Image.Image:
    return picture.crop((0, 0, picture.width, picture.height // 5)).resize((1, 1))


async def test_panning_moves_what_is_there() -> None:
    """To the left, so that it is farther to the right."""
    async with serving(capacity=64) as client:
        one = await press(client, await painted(client, prompt="a boat --seed 7"), "U1")
        before = await picture_of(client, one)
        left, right = [
            (await cells_of(client, await press(client, one, arrow)))[0] for arrow in ("⬅️", "➡️")
        ]
    assert _middle(right) < _middle(before) < _middle(left)


def _middle(picture: Image.Image) -> float:
    """Return where the red sail is, in pixels from the left."""
    red, _, blue = picture.split()
    box = ImageChops.subtract(red, blue).point([0] * 90 + [255] * 166).getbbox()
    assert box is not None
    return (box[0] + box[2]) / 2


async def test_a_blend_has_buttons_that_work() -> None:
    """It has no words, so that its own pixels are coloured and set back."""
    async with serving(capacity=64) as client:
        uris = [data_uri(plain(colour)) for colour in ("crimson", "gold")]
        grid = await painted(client, "blend", base64Array=uris)
        cells = await cells_of(client, grid)
        assert await cells_of(client, await press(client, grid, "V1")) != cells
        one = await press(client, grid, "U1")
        for face in ("Zoom Out 1.5x", "Vary (Strong)", "⬆️"):
            assert await cells_of(client, await press(client, one, face)) != cells


# --- views ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["a lighthouse at dusk", "mountains at dawn", "hello"])
def test_the_usual_view_is_the_picture_itself(prompt: str) -> None:
    """Nothing that was painted before this has changed."""
    usual = paint(prompt, size=(96, 96), seed=1)
    assert paint(prompt, size=(96, 96), seed=1, view=View()) == usual
    assert paint(prompt, size=(96, 96), seed=1, view=View(zoom=0.5)) != usual
