"""The posters: the same words give the same picture, other words another one."""

import io
import time
import unicodedata
from itertools import pairwise, product

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat

from playground.art.backdrops import BACKDROPS
from playground.art.canvas import Canvas, Figure
from playground.art.colour import Gradient, Rgb, brightness, colour_at, from_hex, mix
from playground.art.composer import WHAT_IT_DRAWS, can_draw, caption, paint
from playground.art.lettering import drawable, is_drawable
from playground.art.palette import MOODS
from playground.art.prompt_parser import (
    BACKDROP_WORDS,
    MOOD_WORDS,
    SUBJECT_BACKDROPS,
    SUBJECT_WORDS,
    parse_prompt,
)
from playground.art.recolouring import recolour
from playground.art.references import prepare
from playground.art.shapes import closed_curve, ellipse, outlines, points, rough_skyline, y_at
from playground.art.subjects import SUBJECTS
from playground.art.texture import Size, gradient_image, halo, seeded, smooth_noise
from playground.painter.rendering import render

SMALL = (96, 96)
WORDS = {**SUBJECT_WORDS, **BACKDROP_WORDS}
UNKNOWN_PROMPTS = [
    "a dragon on a bicycle",
    "hot-air balloons in a storm",
    "إلى كل من يقرأ",
    "一只可爱的猫在看书",
    "Быстрая черепаха",
    "\ud800 lone surrogate",
    "\x00\x01\x1f",
    "🦊" * 500,
    "a" * 32_000,
    "((((*+?[a-z]\\b",
    "'; DROP TABLE jobs; --",
    "…",
]
# One prompt for each way in which references are shown: on a line, and as discs.
REFERENCE_PROMPTS = ["a lighthouse at dusk", "a dragon"]


def drawing(ground: str, figure: str, size: Size = (120, 90)) -> Image.Image:
    """Draw a reference: a disc and a bar, left of the middle."""
    picture = Image.new("RGBA", size, ground)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((size[0] // 6, size[1] // 4, size[0] // 2, size[1] * 3 // 4), fill=figure)
    pen.rectangle((0, size[1] * 7 // 8, size[0] // 3, size[1]), fill=figure)
    return picture


TEAL, ROSE, GREY = (
    drawing("#2f7f83", "#f2c14e"),
    drawing("#e86a8a", "#3b1f4f"),
    drawing("#777777", "#eeeeee"),
)
LOGO = drawing("#00000000", "#5b3df5")
STRANGE_REFERENCES = [
    Image.new("RGBA", (50, 50)),  # nothing but transparency
    Image.new("RGB", (1, 1), "red"),
    *(drawing("navy", "gold", size) for size in ((16, 16), (4000, 100), (60, 3000))),
    *(TEAL.convert(mode) for mode in ("1", "L", "LA", "P", "CMYK", "YCbCr")),
    TEAL.convert("L").convert("I").convert("I;16"),
    Image.effect_noise((300, 200), 90),
]


def apart(first: Image.Image, second: Image.Image) -> float:
    """Return the mean difference of a pixel, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(first, second)).mean) / 3


@pytest.mark.parametrize("prompt", ["a lighthouse at dusk", "a boat, watercolour", "a dragon"])
def test_the_same_request_gives_the_same_bytes(prompt: str) -> None:
    """Somebody who notes a seed finds the picture again, with references too."""
    assert render(prompt, SMALL, 7) == render(prompt, SMALL, 7)
    first, again = (render(prompt, SMALL, 7, references=[TEAL.copy(), LOGO]) for _ in range(2))
    assert first == again


def test_what_a_negative_prompt_names_is_left_out() -> None:
    """Somebody who tries it in the playground sees what it does."""
    assert caption("a boat at night") != caption("a boat at night", negative="boat")
    assert "boat" not in caption("a boat at night", negative="boats").casefold()
    assert "sea" in caption("a boat at night", negative="boat").casefold()
    assert "night" not in caption("a boat at night", negative="night")
    assert "snow" not in caption("mountains, snow", negative="snow").casefold()
    assert "小" not in caption("一只狐狸", negative="狐狸")
    assert "fox" not in caption("一只狐狸", negative="狐狸").casefold()
    for negative in ("", "cars", "boat sea mountain forest fox night day dusk", "x" * 1000, "\0"):
        assert paint("a boat", size=SMALL, seed=1, negative=negative).size == SMALL
    assert paint("a boat", size=SMALL, seed=1, negative="cars") == paint(
        "a boat", size=SMALL, seed=1
    )


def test_a_strength_says_how_far_the_reference_shows_through() -> None:
    """1 percent is almost the reference, 100 percent a new picture."""
    below = ImageOps.fit(TEAL.convert("RGB"), SMALL)

    def departs(strength: float | None) -> float:
        made = render("a boat", SMALL, 3, references=[TEAL.copy()], strength=strength)
        with Image.open(io.BytesIO(made.png)) as picture:
            return apart(picture.convert("RGB"), below)

    assert departs(0.01) < departs(0.3) < departs(0.7) < departs(1.0)
    assert departs(0.01) < 3
    assert departs(1.0) == departs(None)


@pytest.mark.parametrize("prompt", [*WORDS, "a dragon"])
def test_two_seeds_of_a_prompt_are_clearly_two_pictures(prompt: str) -> None:
    """A re-roll that looks the same would make people think the bot is broken."""
    first, second = (paint(prompt, size=SMALL, seed=seed) for seed in (1, 2))
    assert apart(first, second) > 4
    for picture in (first, second):
        assert max(ImageStat.Stat(picture).stddev) > 8, "the picture is nearly empty"


def test_prompts_make_clearly_different_pictures() -> None:
    """The picture must visibly depend on the prompt."""
    prompts = ["a lighthouse at dusk", "a boat at night", "mountains", "a dragon", "forest"]
    pictures = [paint(prompt, size=SMALL, seed=1) for prompt in prompts]
    assert all(apart(one, other) > 15 for one, other in pairwise(pictures))


def test_the_mood_decides_how_light_a_picture_is() -> None:
    """A night that is brighter than noon would be the wrong palette."""
    night, noon = (
        ImageStat.Stat(paint(f"the sea {hour}", size=SMALL, seed=3).convert("L")).mean[0]
        for hour in ("at night", "at noon")
    )
    assert night + 40 < noon


@pytest.mark.parametrize("size", [(96, 768), (768, 96), (257, 311)])
def test_a_picture_has_exactly_the_size_asked_for(size: Size) -> None:
    """Odd and extreme shapes are painted, not refused and not rounded."""
    for prompt in ("a boat by the mountains", "a dragon"):
        assert paint(prompt, size=size, seed=1).size == size


@pytest.mark.parametrize("prompt", [*WORDS, "a dragon"])
def test_every_subject_shows_something_in_every_shape(prompt: str) -> None:
    """A subject that fails at one shape would fail in front of everybody."""
    for shape in ((48, 160), (160, 48)):
        picture = paint(prompt, size=shape, seed=4)
        assert max(ImageStat.Stat(picture).stddev) > 8, "the picture is nearly empty"


@pytest.mark.parametrize("detail", [0, 0.25, 1.5, 100])
def test_detail_has_its_limits(detail: float) -> None:
    """A coarse or fine picture has its size and shows something, and memory stays bounded."""
    size = (300, 257) if detail < 2 else (1400, 96)
    with Image.open(io.BytesIO(render("a boat", size, 1, detail=detail).png)) as boat:
        assert boat.size == size
        assert max(ImageStat.Stat(boat).stddev) > 8, "the picture is nearly empty"


def test_every_mood_suits_its_backdrop() -> None:
    """Any mood may be asked of any place, and of a poster; the odd ones of all."""
    places = [*BACKDROP_WORDS, "dragon"]
    asked = [(mood, places[n % len(places)]) for n, mood in enumerate(MOOD_WORDS)]
    for mood, place in asked + list(product(("mist", "winter"), places)):
        prompt = f"{place} {MOOD_WORDS[mood].split()[0]}"
        assert parse_prompt(prompt).mood == mood
        assert paint(prompt, size=SMALL, seed=2).size == SMALL


def test_snow_changes_the_picture() -> None:
    """Words about snow are not ignored."""
    assert parse_prompt("the sea with snow").is_snowing
    plain, changed = (
        paint(f"mountains at night{more}", size=SMALL, seed=1) for more in ("", ", snow")
    )
    assert apart(plain, changed) > 1


@pytest.mark.parametrize("subject", SUBJECT_BACKDROPS)
def test_every_subject_stands_in_all_its_backdrops(subject: str) -> None:
    """A subject asked for in another place is painted there."""
    for backdrop in SUBJECT_BACKDROPS[subject]:
        prompt = f"{subject} {backdrop}"
        parsed = parse_prompt(prompt)
        assert (parsed.subject, parsed.backdrop) == (subject, backdrop)
        assert paint(prompt, size=SMALL, seed=1).size == SMALL
        assert caption(prompt)


@pytest.mark.parametrize(
    ("prompt", "drawn", "mood"),
    [
        ("a lighthouse at dusk", "lighthouse", "dusk"),
        ("a red fox in an autumn forest", "fox", "autumn"),
        ("hills in the rain at night", "mountain", "night"),
        ("sailing boat under the moon", "boat", "night"),
        ("海边的灯塔", "lighthouse", None),
        ("黄昏的山", "mountain", "dusk"),
        ("夜 狐", "fox", "night"),
        ("Scattered thoughts about foxtrot and overseas", None, None),
    ],
)
def test_words_are_understood(prompt: str, drawn: str | None, mood: str | None) -> None:
    """English and Chinese words choose the subject and the mood; parts of words do not."""
    parsed = parse_prompt(prompt)
    assert (parsed.subject or parsed.backdrop) == drawn
    assert can_draw(prompt) == (drawn is not None)
    assert mood is None or parsed.mood == mood


@pytest.mark.parametrize("seed", [0, -1, 2**63 - 1, -(2**63)])
def test_every_seed_paints(seed: int) -> None:
    """Seeds at the ends of their range are seeds too."""
    assert paint("a boat", size=SMALL, seed=seed).mode == "RGB"


def test_every_word_leads_to_something_painted() -> None:
    """A new word needs a backdrop or a subject, and a mood a palette."""
    assert set(BACKDROP_WORDS) == set(BACKDROPS)
    assert set(SUBJECT_BACKDROPS) == set(SUBJECTS) == set(SUBJECT_WORDS)
    assert set(MOOD_WORDS) == set(MOODS)


def test_a_full_picture_is_neither_slow_nor_heavy() -> None:
    """A demonstration stays snappy with five references, and Discord's upload limit stays far."""
    photo = Image.effect_noise((700, 512), 80).convert("RGB")
    began = time.process_time()
    made = render("a fox in the snow", (1024, 1024), 3, references=[photo] * 5)
    assert time.process_time() - began < 4, "generous, for busy machines; measured: 0.4 s"
    assert 400_000 < len(made.png) < 2_500_000


# --- posters --------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", UNKNOWN_PROMPTS)
def test_unknown_words_become_a_poster_of_their_own(prompt: str) -> None:
    """Nobody gets a landscape that they did not ask for, and no words break the painter."""
    assert not can_draw(prompt)
    assert render(prompt, SMALL, 1) == render(prompt, SMALL, 1)
    assert WHAT_IT_DRAWS in caption(prompt)
    assert len(caption(prompt)) < 150, "a card would cut it"


def test_the_words_are_what_a_poster_shows() -> None:
    """With one palette and composition, other words make another poster."""
    for one, other in (("ALPHA", "OMEGA"), ("猫", "犬")):
        shown = [paint(f"{words} at dusk", size=SMALL, seed=1) for words in (one, other)]
        assert apart(*shown) > 1


@pytest.mark.parametrize(
    ("words", "lettered"),
    [
        ("a dragon", "A DRAGON"),
        ("Żółta  łódź\nświt", "ZOTA ODZ SWIT"),  # "ł" is not built on another letter
        ("straße 🦊!", "STRASSE !"),
        ("x" * 500, "X" * 159 + "…"),
    ],
)
def test_letters_that_the_font_lacks_are_replaced_or_left_out(words: str, lettered: str) -> None:
    """A poster shows no boxes in place of letters."""
    assert is_drawable(words)
    assert drawable(words) == lettered


@pytest.mark.parametrize("words", ["一只可爱的猫", "مرحبا بالعالم", "Привет", "🦊", "", "\x00"])
def test_a_script_that_the_font_lacks_becomes_tiles(words: str) -> None:
    """Half of a sentence in letters would say something else."""
    assert not is_drawable(words)
    assert caption(words).startswith("A tile for each character.")


# --- captions -------------------------------------------------------------------------------------


def test_the_caption_says_what_was_painted() -> None:
    """The revised prompt is honest: subject, place, mood and weather."""
    assert caption("a lighthouse at dusk") == "A lighthouse at dusk"
    assert caption("a cabin in the snow by the sea") == "A cabin by the sea in winter with snow"
    assert caption("a fox at noon") == "A red fox in the forest by day"
    assert caption("a castle").startswith("Your words on a poster. This demonstration painter")
    for name in WORDS:
        assert name[:4] in WHAT_IT_DRAWS


@pytest.mark.parametrize(
    ("prompt", "count", "said"),
    [
        ("lighthouse at dusk", 1, "A lighthouse at dusk with your reference on a line, in its col"),
        (
            "boat at dusk",
            3,
            "A sailing boat at dusk with your 3 references on a line, in their col",
        ),
        ("a dragon", 1, "Your words on a poster with your reference as a disc, in its colours."),
        ("a dragon", 2, "with your 2 references as discs, in their colours."),
        ("cabin in snow", 1, "with snow and your reference on a line"),
    ],
)
def test_the_caption_tells_where_references_went(prompt: str, count: int, said: str) -> None:
    """Whoever reads the caption knows what to look for."""
    assert said in caption(prompt, reference_count=count)


# --- references -----------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", REFERENCE_PROMPTS)
def test_a_reference_changes_the_picture_at_first_sight(prompt: str) -> None:
    """Somebody who attaches a photo, or another one, must see that it mattered."""
    plain, teal, rose, grey, several = (
        paint(prompt, size=SMALL, seed=3, references=shown)
        for shown in ([], [TEAL], [ROSE], [GREY], [TEAL, ROSE])
    )
    assert all(apart(*pair) > 12 for pair in pairwise((plain, teal, rose, grey)))
    assert apart(teal, several) > 5


@pytest.mark.parametrize("prompt", REFERENCE_PROMPTS)
def test_a_reference_is_shown_and_not_only_its_colours(prompt: str) -> None:
    """A mirrored photo has the same colours; only what is shown of it differs."""
    scene, mirrored = (
        paint(prompt, size=SMALL, seed=3, references=[shown])
        for shown in (TEAL, ImageOps.mirror(TEAL))
    )
    assert apart(scene, mirrored) > 0.5


@pytest.mark.parametrize("reference", STRANGE_REFERENCES)
def test_any_picture_can_be_a_reference(reference: Image.Image) -> None:
    """Every mode and the oddest shapes are painted."""
    for prompt in REFERENCE_PROMPTS:
        assert paint(prompt, size=SMALL, seed=1, references=[reference]).size == SMALL


@pytest.mark.parametrize("size", [(64, 256), (256, 64)])
def test_references_find_room_in_every_shape(size: Size) -> None:
    """A banner and a bookmark hold five prints as well as one."""
    shown = [TEAL, ROSE, GREY, LOGO, drawing("navy", "gold", (16, 16))]
    for prompt, count in product(REFERENCE_PROMPTS, (1, 5)):
        assert paint(prompt, size=size, seed=2, references=shown[:count]).size == size


@pytest.mark.parametrize("mood", MOODS)
def test_a_palette_takes_the_hues_of_references_and_keeps_its_brightness(mood: str) -> None:
    """Dusk in the colours of a rose is rosy, and still dusk."""
    for palette in MOODS[mood]:
        rosy, sea = (recolour(palette, [prepare(reference)]) for reference in (ROSE, TEAL))
        assert _warmth(rosy.sky[0]) > _warmth(sea.sky[0])
        for before, after in zip(palette.sky, rosy.sky, strict=True):
            assert abs(brightness(before) - brightness(after)) < 0.2


def _warmth(colour: Rgb) -> int:
    return colour[0] - colour[1]


def test_a_grey_reference_leaves_one_strong_colour() -> None:
    """A black and white photo makes a monochrome print with an accent, not a dead one."""
    (palette, *_) = MOODS["dusk"]
    grey = recolour(palette, [prepare(GREY)])
    assert grey.accent == palette.accent
    assert all(max(tone) - min(tone) < 12 for tone in grey.sky)
    assert recolour(palette, []) == palette


# --- parts ----------------------------------------------------------------------------------------


def test_colours_mix_and_gradients_run_from_first_to_last_stop() -> None:
    """Palettes are built on these few functions."""
    black, white = from_hex("000000"), from_hex("ffffff")
    assert mix(black, white, 0.5) == (128, 128, 128)
    assert colour_at((black, white), -1) == black
    assert colour_at((black, white), 2) == white
    assert colour_at((white,), 0.5) == white
    assert brightness(white) == pytest.approx(1)
    sheet = gradient_image(Gradient((black, white)), (3, 50))
    top, bottom = (sheet.crop((0, y, 3, y + 1)) for y in (0, 49))
    assert ImageStat.Stat(top).mean[0] < 4
    assert ImageStat.Stat(bottom).mean[0] > 251


def test_noise_is_reproducible_and_uses_its_whole_range() -> None:
    """Clouds and mist depend on it."""
    first, again = (smooth_noise(seeded("sky", 1), (90, 60), cells=(3, 3)) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert first.getextrema() == (0, 255)
    assert halo(100, falloff=1).getpixel((0, 50)) == 0, "a halo must be empty at its rim"


def test_outlines_stay_where_they_are_put() -> None:
    """Figures are drawn around a foot; a mirrored one is upside down."""
    figure = Figure(Canvas((9, 9), seeded(1)), MOODS["dusk"][0], 100, 200, 50)
    assert figure.spot(1, 1) == (150, 150)
    assert figure.mirrored().spot(1, 1) == (150, 250)
    assert points("0,1 -2.5,3") == [(0, 1), (-2.5, 3)]
    assert outlines("sail 0,1\n tip 2,-3 4,5") == {"sail": [(0, 1)], "tip": [(2, -3), (4, 5)]}
    assert len(closed_curve([(0, 0), (1, 0), (1, 1)], steps=4)) == 12
    assert max(x for x, _ in ellipse(10, 10, 5)) == pytest.approx(15)
    line = rough_skyline(seeded(2), 100, 50, 10, roughness=0.5)
    assert min(y for _, y in line) <= y_at(line, 50) <= max(y for _, y in line)


def test_unicode_forms_letter_alike() -> None:
    """An accent typed as a character of its own does not become a hole in a word."""
    assert drawable(unicodedata.normalize("NFD", "é")) in {"E", "É"}
