"""Flags in a prompt: read as options, left out and told, or left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors.base import Refusal
from bot.core.errors.options import WrongCount, WrongFlag, WrongNumber
from bot.core.i18n.texts import Texts
from bot.core.models import ImageOptions
from bot.gateways.catalogue import Catalogue
from bot.gateways.model_abilities import ModelAbilities, shipped_models, undescribed_model
from bot.gateways.prompt_flags import read_flags
from tests.gateways.generation_harness import make_model

SHIPPED = shipped_models()
PAINTER = SHIPPED["easel-painter"]
DALL_E = SHIPPED["dall-e-3"]


def read(prompt: str, model: ModelAbilities = PAINTER, **typed: object) -> ImageOptions:
    """Return the options of a prompt."""
    return read_flags(ImageOptions(prompt=prompt, **typed), model)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("a fox --ar 16:9", {"size": "16:9"}),
        ("a fox --aspect 3:2", {"size": "3:2"}),
        ("a fox --AR 16:9", {"size": "16:9"}),
        ("a fox —ar 16:9", {"size": "16:9"}),
        ("a fox ——ar 16:9", {"size": "16:9"}),
        ("--ar 16:9 a fox", {"size": "16:9"}),
        ("--ar 16:9, a fox", {"size": "16:9"}),
        ("a --ar 16:9 fox", {"size": "16:9"}),
        ("a fox --ar 1:1 --ar 16:9", {"size": "16:9"}),
        ("a fox --seed 5", {"seed": 5}),
        ("a fox --seed 0", {"seed": 0}),
        ("a fox --no people, cars", {"negative": "people, cars"}),
        ("a fox --no people --no cars --ar 1:1", {"negative": "people, cars", "size": "1:1"}),
        ("a fox --iw 3", {"strength": 1}),
        ("a fox --iw 1.5", {"strength": 50}),
        ("a fox --iw 0", {"strength": 100}),
        ("a fox --n 4", {"n": 4}),
        ("a fox --repeat 2", {"n": 2}),
    ],
)
def test_a_flag_is_read_and_taken_out(prompt: str, options: dict[str, object]) -> None:
    """Whoever comes from Midjourney types them without thinking."""
    assert read(prompt) == ImageOptions(prompt="a fox", **options)  # type: ignore[arg-type]  # by name


def test_chinese_has_no_spaces() -> None:
    """A flag may follow a Chinese letter at once, and its value may be Chinese."""
    assert read("一只狐狸--ar 3:2 --no 人物") == ImageOptions(
        prompt="一只狐狸", size="3:2", negative="人物"
    )


def test_a_word_of_the_model_is_read() -> None:
    """DALL·E 3 has a quality hd and a style vivid; Midjourney's numbers are none of its words."""
    found = read("a fox --quality hd --style vivid", DALL_E)
    assert found == ImageOptions(prompt="a fox", quality="hd", style="vivid")
    told = read("a fox --q 2 --style raw", DALL_E)
    assert told == ImageOptions(prompt="a fox", left_out=("--q 2", "--style raw"))


@pytest.mark.parametrize(
    ("prompt", "left_out"),
    [
        ("a fox --chaos 20", ("--chaos 20",)),
        ("a fox --c 20 --s 750 --w 10 --v 6.1", ("--c 20", "--s 750", "--w 10", "--v 6.1")),
        ("a fox --niji --tile", ("--niji", "--tile")),
        ("a fox --niji 6", ("--niji 6",)),
        ("a fox --sref https://x.example/a.png 123 --sw 50", None),
        ("a fox --p", ("--p",)),
        ("a fox --draft --raw --hd --fast --relax --turbo --stealth --public --video", None),
        ("a fox --exp 5 --ow 100 --cw 0 --stop 80 --version 7", None),
        ("a fox --chaos 20 --chaos 20", ("--chaos 20",)),
        ("a fox —chaos 20", ("--chaos 20",)),
    ],
)
def test_a_flag_without_meaning_is_left_out_and_told(
    prompt: str, left_out: tuple[str, ...] | None
) -> None:
    """Nobody pays for words that no model understands."""
    found = read(prompt)
    assert found.prompt == "a fox"
    assert found.left_out
    assert left_out is None or found.left_out == left_out


def test_a_flag_that_only_other_models_have_is_told() -> None:
    """DALL·E 3 knows no seed, and a model of one size no ratio."""
    found = read("a fox --seed 5 --no cars --iw 1", DALL_E)
    assert found == ImageOptions(prompt="a fox", left_out=("--seed 5", "--no cars", "--iw 1"))
    sizeless = make_model("sizeless").without(["size"])
    assert read("a fox --ar 16:9", sizeless).left_out == ("--ar 16:9",)


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox --with love",
        "a fox --no-sound",
        "a well--known fox",
        "a fox -ar 16:9",
        "a fox - ar 16:9",
        "a fox -- ar 16:9",
        "a fox --- ar",
        "a fox — or two —",
        "snow—ar 16:9 of it",
        "a sign that says --no entry-- on a door",
        "un cartel —no pasar— en la puerta",
        "ein Haus --fast fertig--, am See",
        "the sea —fast and cold— at night",
        "the sea —raw power of nature",
        "he shouts —stop it at once",
        "a parrot —repeat after me",
        "墙上写着——no smoking——的房间",
        'a sign that says "--no entry--"',
        "https://x.example/a--no b",
        "--",
        "—",
    ],
)
def test_other_words_stay_as_they_are(prompt: str) -> None:
    """A prompt is not a command line."""
    assert read(prompt) == ImageOptions(prompt=prompt)


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("a fox —tile —ar 16:9", {"size": "16:9", "left_out": ("--tile",)}),
        ("—ar 16:9 a fox", {"size": "16:9"}),
        ("a fox —no people, well—known cars", {"negative": "people, well—known cars"}),
        ("a fox --no 人物——尤其是孩子", {"negative": "人物——尤其是孩子"}),
        ("a fox —no cars, half-", {"negative": "cars, half-"}),
        ("a fox —no entry— —no cars", {"prompt": "a fox —no entry—", "negative": "cars"}),
    ],
)
def test_dashes_of_phones_are_still_flags(prompt: str, options: dict[str, object]) -> None:
    """Phones make one dash of two hyphens, also of Midjourney's people."""
    expected = {"prompt": "a fox"} | options
    assert read(prompt) == ImageOptions(**expected)  # type: ignore[arg-type]  # by name


def test_a_words_after_a_flag_stay_in_the_prompt() -> None:
    """Only what looks like its value belongs to a flag."""
    assert read("a --tile red fox").prompt == "a red fox"
    assert read("a --chaos red fox").prompt == "a red fox"
    assert read("a --p portrait of a fox").prompt == "a portrait of a fox"
    assert read("a fox --no cats --with love").negative == "cats"
    assert read("a fox --no cats --with love").prompt == "a fox --with love"
    assert read("a fox,\nin oil --ar 1:1\nby night").prompt == "a fox,\nin oil\nby night"


@pytest.mark.parametrize(
    "flag",
    [
        *("--ar 0:0", "--ar", "--ar 16", "--ar landscape", "--ar 1:99", "--seed abc", "--seed"),
        *("--no", "--seed -1", "--seed 1.5", "--seed 五", f"--seed {'9' * 5000}", "--n x"),
        *("--iw 4", "--iw x"),
    ],
)
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_a_wrong_value_is_refused_with_a_right_one(flag: str, locale: str) -> None:
    """One sentence that shows how the flag is written; nothing is sent."""
    with pytest.raises(WrongFlag) as refused:
        read(f"a fox {flag}")
    sentence = Texts().sentence(refused.value, locale)
    right = {"size": "--ar 16:9", "seed": "--seed 5", "n": "--n 4", "strength": "--iw 1"}
    assert right.get(refused.value.option, "--no ") in sentence
    assert len(sentence) < 200


@pytest.mark.parametrize(
    ("prompt", "refusal"),
    [
        ("a fox --n 11", WrongCount),
        ("a fox --n 0", WrongCount),
        ("a fox --seed 4294967296", WrongNumber),
        ("a fox --seed 18446744073709551616", WrongNumber),
    ],
)
def test_a_value_out_of_range_is_refused_like_a_typed_one(
    prompt: str, refusal: type[Refusal]
) -> None:
    """The same check with the same sentence."""
    catalogue = Catalogue([PAINTER.name], SHIPPED)
    with pytest.raises(refusal):
        catalogue.build_request(catalogue.read_flags(ImageOptions(prompt=prompt)))


def test_a_typed_option_counts_more() -> None:
    """Who filled in an option decided; the flag goes, even with a wrong value."""
    found = read("a fox --ar 0:0 --seed 5 --no cats", size="1:1", seed=7, negative="dogs")
    assert found == ImageOptions(prompt="a fox", size="1:1", seed=7, negative="dogs")


def test_a_model_that_reads_flags_itself_gets_its_prompt_untouched() -> None:
    """Midjourney's own users lose nothing."""
    native = make_model("midjourney", prompt_flags="native")
    prompt = "a fox --ar 0:0 --chaos 20  --no  cats"
    assert read(prompt, native) == ImageOptions(prompt=prompt)


def test_a_model_that_nobody_described() -> None:
    """A ratio passes as its size, and what it may not have is told."""
    found = read("a fox --ar 16:9 --seed 5 --q 2", undescribed_model("new"))
    assert found == ImageOptions(prompt="a fox", size="16:9", left_out=("--seed 5", "--q 2"))


pieces = st.sampled_from(
    [
        *("--ar", "—ar", "16:9", "0:0", "--no", "--seed", "5", "--chaos", "20", "--sref", "--tile"),
        *("--x", "a fox", ",", "，", "\n", "狐狸", "—", "--", "--iw 1", "--q", "hd", "--n 2"),
        *("\u200b", "https://a"),
    ]
)


@given(st.lists(pieces, max_size=12).map(" ".join) | st.text(max_size=80))
def test_to_read_twice_changes_nothing(prompt: str) -> None:
    """What was read is gone from the prompt, whatever stands around it."""
    try:
        found = read(prompt, DALL_E)
    except WrongFlag:
        return
    assert read_flags(found, DALL_E) == found


def test_a_prompt_of_flags_alone_is_no_prompt_and_takes_no_time() -> None:
    """Four thousand characters of them are read in a moment, and few are told."""
    found = read(" ".join(f"--c {number}" for number in range(600))[:4000])
    assert found.prompt == ""
    assert found.left_out is not None
    assert len(found.left_out) <= 10
    assert read(f"a --sref https://x.example/{'y' * 3000} fox").left_out == (
        f"--sref https://x.example/{'y' * 34}…",
    )
