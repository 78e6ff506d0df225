"""Aspect ratios and words for sizes: what people type, and the size that each model has for it."""

import math
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors.base import StartRefused
from bot.core.errors.options import WrongSize
from bot.core.models import ImageOptions, ImageRequest, NamedSize, Size
from bot.gateways.aspect_ratios import parse_ratio, ratio_of
from bot.gateways.catalogue import Catalogue
from bot.gateways.model_abilities import ModelAbilities, read_models, shipped_models
from bot.gateways.sizes import COMMON_RATIOS, SizeRule, common_ratios, nearest_size, ratio_name
from tests.gateways.generation_harness import make_model

SHIPPED = shipped_models()
EVERY = Catalogue(SHIPPED, SHIPPED)


def built(size: str, model: str | ModelAbilities = "gpt-image-2") -> ImageRequest:
    """Return the request for a typed size."""
    one = SHIPPED[model] if isinstance(model, str) else model
    catalogue = Catalogue([one.name], {one.name: one})
    return catalogue.build_request(ImageOptions(prompt="a fox", size=size))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("16:9", "16:9"),
        (" 16 : 9 ", "16:9"),
        ("16/9", "16:9"),
        ("１６：９", "16:9"),
        ("2.39:1", "2.39:1"),
        ("1920:1080", "1920:1080"),
        ("LANDSCAPE", "landscape"),
        ("横", "横"),
        ("竖屏", "竖屏"),
        ("方", "方"),
        ("寬", "寬"),
    ],
)
def test_what_people_type_is_a_ratio(typed: str, name: str) -> None:
    """Also with the keyboard of a Chinese phone, whose digits and colons are wide."""
    ratio = parse_ratio(typed)
    assert ratio is not None
    assert ratio.name == name


@pytest.mark.parametrize(
    "typed",
    [
        *("", "0:0", "0:1", "1:0", "-1:2", "1:51", "51:1", "16:9:4", "16:", ":9", "a:b", "1e3:1"),
        *("7x7", "12345:1", "nan:1", "landscapes", "16;9", "9" * 5000, ":" * 5000, "٣:٢", "auto"),
    ],
)
def test_what_is_no_ratio(typed: str) -> None:
    """It is refused as a size, with the sizes that are right."""
    assert parse_ratio(typed) is None
    with pytest.raises(WrongSize):
        built(typed or "?", "dall-e-3")


@pytest.mark.parametrize(
    ("model", "typed", "size"),
    [
        ("gpt-image-1", "16:9", "1536x1024"),
        ("gpt-image-1", "9:16", "1024x1536"),
        ("gpt-image-1", "1:1", "1024x1024"),
        ("gpt-image-1", "landscape", "1536x1024"),
        ("gpt-image-1", "横", "1536x1024"),
        ("gpt-image-1", "portrait", "1024x1536"),
        ("gpt-image-1", "square", "1024x1024"),
        ("dall-e-3", "wide", "1792x1024"),
        ("dall-e-3", "landscape", "1792x1024"),
        ("dall-e-3", "竖", "1024x1792"),
        # By rule: a legal size of that ratio, of about the pixels of the model's first size.
        ("gpt-image-2", "16:9", "1280x720"),
        ("gpt-image-2", "21:9", "1568x672"),
        ("gpt-image-2", "5:4", "1120x896"),
        # A listed size of that ratio is preferred.
        ("gpt-image-2", "3:2", "1536x1024"),
        ("easel-painter", "1:1", "1024x1024"),
    ],
)
def test_the_nearest_size_is_taken(model: str, typed: str, size: str) -> None:
    """Nobody has to know the pixels of a model."""
    assert str(built(typed, model).size) == size


@pytest.mark.parametrize(
    ("model", "typed"),
    [
        ("dall-e-2", "16:9"),
        ("dall-e-2", "landscape"),
        ("dall-e-3", "4:3"),
        ("gpt-image-1", "21:9"),
        ("gpt-image-2", "50:1"),
        ("imagen-3", "竖"),
    ],
)
def test_a_ratio_far_from_every_size_is_refused_with_the_sizes(model: str, typed: str) -> None:
    """A square for 16:9 is not what was asked for, and would be paid."""
    with pytest.raises(WrongSize) as refused:
        built(typed, model)
    assert refused.value.allowed.endswith(SHIPPED[model].sizes[-1])


def test_another_size_than_the_ratio_is_told() -> None:
    """Who asked for 16:9 and gets 3:2 reads it; who asked for any landscape does not."""
    assert built("16:9", "gpt-image-1").ratio == "16:9"
    assert built("3:2", "gpt-image-1").ratio is None
    assert built("16:9", "gpt-image-2").ratio is None
    assert built("16:9", "dall-e-3").ratio is None  # 7:4 looks the same
    assert built("landscape", "dall-e-3").ratio is None
    assert built("1536x1024", "gpt-image-1").ratio is None


NAMED = make_model("kling", sizes=("1:1", "16:9", "9:16"), auto=False)
PREFIXED = make_model("ideogram", sizes=("ASPECT_1_1", "ASPECT_16_9", "ASPECT_4_3"), auto=False)


def test_a_model_with_names_gets_them_as_they_are() -> None:
    """An exact name always wins, and a word finds the name."""
    assert built("16:9", NAMED).size == NamedSize("16:9")
    assert built("wide", NAMED).size == NamedSize("16:9")
    assert built("4:3", PREFIXED).size == NamedSize("ASPECT_4_3")
    assert built("square", PREFIXED).size == NamedSize("ASPECT_1_1")
    own = make_model("own", sizes=("1024x1024", "landscape", "1536x1024"), auto=False)
    assert built("landscape", own).size == NamedSize("landscape")


def test_a_model_whose_sizes_are_unknown_gets_what_was_typed() -> None:
    """Nothing is known of it, so its own names pass."""
    assert built("16:9", make_model("any")).size == NamedSize("16:9")


def test_a_model_without_a_size_refuses_a_ratio() -> None:
    """Its gateway is never sent one."""
    with pytest.raises(WrongSize):
        built("16:9", SHIPPED["gpt-image-2"].without(["size"]))


rules = st.builds(
    SizeRule,
    max_edge=st.integers(256, 4096),
    min_edge=st.integers(1, 512),
    step=st.sampled_from([1, 8, 16, 64, 100]),
    min_pixels=st.sampled_from([1, 100_000, 655_360]),
    max_pixels=st.none() | st.integers(655_360, 8_294_400),
    max_ratio=st.sampled_from([1.0, 2.0, 3.0, math.inf]),
)
typed_ratios = st.builds("{}:{}".format, st.integers(1, 60), st.integers(1, 60))


@given(rules, typed_ratios | st.sampled_from(["landscape", "竖", "square", "wide"]))
def test_what_stands_for_a_ratio_is_always_a_size_of_the_model(rule: SizeRule, typed: str) -> None:
    """A size that the gateway refuses would be a failed request."""
    model = make_model("ruled", size_rule=rule, sizes=("1024x1024",), auto=False)
    ratio = parse_ratio(typed)
    size = ratio and nearest_size(ratio, model.sizes, rule)
    if ratio and isinstance(size, Size):
        assert model.accepts_size(size) or str(size) in model.sizes
        value = ratio_of(size)
        assert value is not None
        assert ratio.allows(value)


def test_only_what_a_model_can_do_is_offered_and_ratios_come_first() -> None:
    """A suggestion that is refused is worse than none."""
    for name, model in SHIPPED.items():
        offered = EVERY.suggest_sizes(name, "")
        ratios = [each for each in offered if each in COMMON_RATIOS]
        possible = common_ratios(model.sizes, model.size_rule)
        assert list(offered)[: len(ratios)] == ratios == list(possible)
        for typed, size in offered.items():
            assert str(built(typed, replace(model)).size) == size
    assert EVERY.suggest_sizes("dall-e-2", "")["1:1"] == "1024x1024"
    assert "16:9" not in EVERY.suggest_sizes("dall-e-2", "16:9")
    assert EVERY.suggest_sizes("gpt-image-1", "landsc") == EVERY.suggest_sizes("gpt-image-1", "")
    assert next(iter(EVERY.suggest_sizes("gpt-image-1", "横").items())) == ("横", "1536x1024")


@pytest.mark.parametrize("rule", ["{ max_edge = 0 }", "{ max_edge = 9, step = -1 }"])
def test_a_wrong_rule_still_stops_the_start(rule: str) -> None:
    """It would divide by zero later."""
    with pytest.raises(StartRefused):
        read_models(f'[models.x]\nprompt_max = 9\nsizes = ["1x1"]\nsize_rule = {rule}')


@pytest.mark.parametrize(
    ("size", "name"),
    [
        (Size(1024, 1024), "1:1"),
        (Size(1536, 1024), "3:2"),
        (Size(1344, 768), "16:9"),
        (Size(768, 1344), "9:16"),
        (Size(1024, 512), "2:1"),
        (NamedSize("ASPECT_16_9"), "16:9"),
        (NamedSize("5:4"), "5:4"),
        (NamedSize("2K"), None),
        ("auto", None),
    ],
)
def test_a_size_has_the_ratio_that_people_would_write(
    size: Size | NamedSize | Literal["auto"], name: str | None
) -> None:
    """Where a service takes ratios only, it knows the usual ones."""
    assert ratio_name(size) == name
