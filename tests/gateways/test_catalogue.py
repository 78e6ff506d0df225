from dataclasses import replace
from datetime import date, timedelta

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.errors.base import Refusal, StartRefused
from bot.core.errors.options import PromptEmpty, PromptTooLong, UnknownModel, WrongCount, WrongSize
from bot.core.models import AnySize, ImageOptions, ImageRequest, NamedSize, Size, WordOption
from bot.gateways.catalogue import Catalogue, unpriced_models
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways
from bot.gateways.model_abilities import shipped_models

SHIPPED = shipped_models()
EVERY = Catalogue(SHIPPED, SHIPPED)
OPTIONS: tuple[WordOption, ...] = ("quality", "style", "background")


def _order(
    *,
    prompt: str = "a fox",
    model: str | None = None,
    size: str | None = None,
    n: int | None = None,
) -> ImageRequest:
    return EVERY.build_request(ImageOptions(prompt=prompt, model=model, size=size, n=n))


def test_the_first_model_is_the_default() -> None:
    """Whoever types only a prompt gets the operator's favourite."""
    catalogue = Catalogue(["dall-e-3", "gpt-image-2", "dall-e-3"], SHIPPED)
    assert [known.name for known in catalogue.models] == ["dall-e-3", "gpt-image-2"]
    request = catalogue.build_request(ImageOptions(prompt=" a fox\n"))
    assert request == ImageRequest("a fox", "dall-e-3", Size(1024, 1024), 1)


def test_a_catalogue_of_gateways() -> None:
    """Models come in the order of the gateways that serve them."""
    gateways = [Gateway(name=n, base_url="http://x", models=(m,)) for n, m in ("ab", "cd")]
    assert [known.name for known in Catalogue.of(gateways).models] == ["b", "d"]


TWO = """
[gateways.a]
base_url = "http://a"
models = ["gpt-image-2", "flux-9"]
drop = ["quality"]

[gateways.a.abilities."gpt-image-2"]
label = "At A"
max_n = 1
retires = 2026-12-01
references = { max_count = 3 }

[gateways.b]
base_url = "http://b"
models = ["dall-e-3", "gpt-image-2", "flux-9"]
"""
BEFORE = date(2026, 10, 31)


def test_people_are_offered_what_the_first_gateway_can() -> None:
    """It paints, as long as it is up."""
    catalogue = Catalogue.of(parse_gateways(TWO, {}))
    front = catalogue.model("gpt-image-2")
    assert [known.name for known in catalogue.models] == ["gpt-image-2", "flux-9", "dall-e-3"]
    assert (front.label, front.max_n, front.credits) == ("At A", 1, 1)
    assert front == catalogue.ability("a", "gpt-image-2")
    assert catalogue.fan_out(catalogue.build_request(ImageOptions(prompt="x", n=2))) == [
        1,
        1,
    ]


def test_each_gateway_has_its_own_abilities() -> None:
    """What one reseller cannot do, another can."""
    catalogue = Catalogue.of(parse_gateways(TWO, {}))
    at_a, at_b = (catalogue.ability(name, "gpt-image-2") for name in "ab")
    assert at_b == SHIPPED["gpt-image-2"]
    assert (at_a.qualities, at_a.backgrounds) == ((), at_b.backgrounds)
    assert at_b.references is not None
    assert at_a.references == replace(at_b.references, max_count=3)
    assert catalogue.ability("elsewhere", "dall-e-3") == SHIPPED["dall-e-3"]
    with pytest.raises(UnknownModel):
        catalogue.ability("a", "gone")


def test_an_unknown_model_is_told_once_for_all_its_gateways() -> None:
    """One hint is enough."""
    with structlog.testing.capture_logs() as logs:
        catalogue = Catalogue.of(parse_gateways(TWO, {}))
    assert [entry["model"] for entry in logs] == ["flux-9"]
    assert catalogue.ability("a", "flux-9").qualities == ()
    assert catalogue.ability("b", "flux-9").qualities is None


def test_a_model_that_retires_is_told_thirty_days_before() -> None:
    """The operator plans, and people do not get used to it."""
    catalogue = Catalogue.of(parse_gateways(TWO, {}))
    last = date(2026, 12, 1)
    assert catalogue.display_name("gpt-image-2", BEFORE) == "At A"
    assert catalogue.display_name("gpt-image-2", BEFORE + timedelta(1)) == "At A (⏳ 2026-12-01)"
    assert catalogue.display_name("gpt-image-2", last) == "At A (⏳ 2026-12-01)"
    assert catalogue.display_name("dall-e-3", last) == "DALL·E 3"
    assert catalogue.display_name("gone", last) == "gone"


def test_no_model_stops_the_start() -> None:
    """A bot that can paint nothing says so at once."""
    with pytest.raises(StartRefused, match="IMAGE_MODELS"):
        Catalogue([], SHIPPED)


def test_a_model_is_found_in_any_case() -> None:
    """People type GPT-Image-2."""
    assert _order(model=" GPT-Image-2 ").model == "gpt-image-2"


@pytest.mark.parametrize("name", ["dall-e-9", "x" * 9999, "\0"])
def test_an_unknown_model_names_the_known_ones(name: str) -> None:
    """The person chooses from the sentence."""
    with pytest.raises(UnknownModel) as refused:
        _order(model=name)
    assert refused.value.allowed.startswith("gpt-image-2, ")
    assert len(refused.value.model) <= 100


@pytest.mark.parametrize(
    "prompt", ["", "  \n", "\0\0", "\u200b\u200d\ufeff", "\u3164\u2800", "\u0301", "\ud800"]
)
def test_a_prompt_without_a_visible_character_is_empty(prompt: str) -> None:
    """It would be paid for and paint nothing."""
    with pytest.raises(PromptEmpty):
        _order(prompt=prompt)


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [(" 👩‍🎨 ", "👩‍🎨"), ("a\0b\x1b", "ab"), ("one\ntwo\t3", "one\ntwo\t3"), ("fo\udfffx", "fox")],
)
def test_a_prompt_is_sent_as_meant(prompt: str, sent: str) -> None:
    """Joined emoji stay whole; what no model can read goes."""
    assert _order(prompt=prompt).prompt == sent


def test_a_long_prompt_is_refused_with_the_numbers() -> None:
    """The limit belongs to the model."""
    assert len(_order(prompt="x" * 4000 + "  ", model="dall-e-3").prompt) == 4000
    with pytest.raises(PromptTooLong) as refused:
        _order(prompt="🦊" * 4001, model="dall-e-3")
    assert (refused.value.length, refused.value.limit) == (4001, 4000)


@pytest.mark.parametrize(
    ("name", "typed", "size"),
    [
        ("gpt-image-1", None, "auto"),
        ("gpt-image-1", " AUTO ", "auto"),
        ("dall-e-3", "", Size(1024, 1024)),
        ("dall-e-3", "1792 × 1024", Size(1792, 1024)),
        ("dall-e-3", "１０２４x１０２４", Size(1024, 1024)),
        ("gpt-image-2", "2880*2880", Size(2880, 2880)),
        ("gpt-image-2", "1024x640", Size(1024, 640)),
        ("easel-painter", "256x2048", Size(256, 2048)),
    ],
)
def test_sizes_that_a_model_takes(name: str, typed: str | None, size: AnySize) -> None:
    """Any sign between the numbers is understood, and digits of any keyboard."""
    assert _order(model=name, size=typed).size == size


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("dall-e-3", "auto"),
        ("dall-e-3", "512x512"),
        ("dall-e-3", "99999999x1"),
        ("gpt-image-2", "1000x1000"),
        ("gpt-image-2", "3840x3840"),
        ("gpt-image-2", "640x640"),
        ("gpt-image-2", "3840x1024"),
        ("gpt-image-2", "0x0"),
        ("gpt-image-2", "2K"),
        ("easel-painter", "255x256"),
        ("easel-painter", "2049x256"),
        ("gpt-image-1", "\0" * 5000),
    ],
)
def test_sizes_that_a_model_refuses(name: str, typed: str) -> None:
    """Refused here, at once, instead of by the gateway after a wait."""
    with pytest.raises(WrongSize) as refused:
        _order(model=name, size=typed)
    assert "1024x1024" in refused.value.allowed
    assert len(refused.value.size) <= 100


@pytest.mark.parametrize("n", [0, -1, 11, 10**30])
def test_a_wrong_number_of_pictures(n: int) -> None:
    """One to ten pictures, whichever command is used."""
    with pytest.raises(WrongCount) as refused:
        _order(n=n)
    assert refused.value.limit == 10


def test_fan_out_asks_for_as_many_at_once_as_the_model_can() -> None:
    """Each entry is one paid POST."""
    counts = {name: EVERY.fan_out(_order(model=name, n=10)) for name in SHIPPED}
    assert counts["gpt-image-2"] == [10]
    assert counts["easel-painter"] == [4, 4, 2]
    assert counts["dall-e-3"] == [1] * 10


PRICED = """
[gateways.a]
base_url = "http://a"
models = ["gpt-image-2", "dall-e-3"]
abilities."gpt-image-2".price = { low = 0.01, high = 0.2 }

[gateways.b]
base_url = "http://b"
models = ["gpt-image-2", "flux-9"]
drop = ["quality"]
abilities."gpt-image-2".price = { default = "0.03", low = 0.02 }
abilities.flux-9 = { prompt_max = 10, auto = true, price = 0 }
"""


@pytest.mark.parametrize(
    ("quality", "at_a", "at_b"),
    [(None, 200_000, 30_000), ("low", 10_000, 30_000), ("medium", 200_000, 30_000)],
)
def test_a_price_is_per_gateway_and_quality(quality: str | None, at_a: int, at_b: int) -> None:
    """A quality that a gateway never hears of costs its default; an unnamed one the highest."""
    catalogue = Catalogue.of(parse_gateways(PRICED, {}))
    request = ImageRequest("x", "gpt-image-2", "auto", 3, quality=quality)
    assert catalogue.price_each("a", request) == at_a
    assert catalogue.price_each("b", request) == at_b
    assert catalogue.highest_price(request) == 3 * max(at_a, at_b)


def test_what_has_no_price_is_named() -> None:
    """A budget cannot count what nobody stated; free is a price, too."""
    gateways = parse_gateways(PRICED, {})
    assert list(unpriced_models(gateways)) == [("a", "dall-e-3")]
    catalogue = Catalogue.of(gateways)
    request = ImageRequest("x", "dall-e-3", "auto", 3)
    assert catalogue.price_each("a", request) is None
    assert catalogue.highest_price(request) == 0
    assert catalogue.price_each("a", replace(request, model="gone")) is None


@pytest.mark.parametrize(
    ("name", "typed", "quality"),
    [
        ("gpt-image-2", " HIGH", "high"),
        ("gpt-image-2", "auto", None),
        ("gpt-image-2", "hi", None),
        ("gpt-image-2", None, None),
        ("easel-painter", "high", None),
        ("gone", "high", None),
    ],
)
def test_a_quality_that_is_still_being_typed(
    name: str, typed: str | None, quality: str | None
) -> None:
    """Its cost is that of the model's own choice until the word is complete."""
    assert EVERY.chosen_quality(name, typed) == quality


def test_an_unknown_model_gets_the_cautious_profile_and_one_hint() -> None:
    """It works at once, and the operator reads how to describe it."""
    with structlog.testing.capture_logs() as logs:
        catalogue = Catalogue(["flux-9", "dall-e-3", "flux-9"], SHIPPED)
    request = catalogue.build_request(ImageOptions(prompt="x", n=3))
    each = catalogue.default.credits_each(None)
    assert (request.size, catalogue.fan_out(request), each) == ("auto", [1] * 3, 1)
    assert [(entry["event"], entry["model"]) for entry in logs] == [
        ("catalogue.model_unknown", "flux-9")
    ]
    with pytest.raises(PromptTooLong):
        catalogue.build_request(ImageOptions(prompt="x" * 4001))


@pytest.mark.parametrize(
    ("typed", "size"),
    [("2K", NamedSize("2K")), ("16:9", NamedSize("16:9")), ("640x360", Size(640, 360))],
)
def test_an_unknown_model_takes_sizes_in_its_own_words(typed: str, size: AnySize) -> None:
    """Easel cannot know them."""
    assert (
        Catalogue(["flux-9"], {}).build_request(ImageOptions(prompt="x", size=typed, n=1)).size
        == size
    )


@pytest.mark.parametrize("typed", ["99999999x1", "x" * 33, "0x0", "512x0", "a\0b", "é", '"}'])
def test_an_unknown_model_refuses_nonsense(typed: str) -> None:
    """Free text ends at 32 plain characters."""
    with pytest.raises(WrongSize) as refused:
        Catalogue(["flux-9"], {}).build_request(ImageOptions(prompt="x", size=typed, n=1))
    assert refused.value.longest_name == 32


def test_models_are_suggested_matching_first() -> None:
    """The list stays whole, so that nobody is lost after a typo."""
    assert EVERY.suggest_models("DALL")[:2] == ["dall-e-3", "dall-e-2"]
    assert EVERY.suggest_models("dall·e")[:2] == ["dall-e-3", "dall-e-2"]
    assert len(EVERY.suggest_models("")) == 14
    many = Catalogue([f"m{i}" for i in range(99)], {})
    assert many.suggest_models("m77")[0] == "m77"
    assert len(many.suggest_models("m")) == 25


@pytest.mark.parametrize(
    ("name", "typed", "first"),
    [
        ("gpt-image-2", "", ["1:1", "3:2", "2:3", "16:9", "9:16", "4:3", "3:4", "21:9", "auto"]),
        (None, "1536", ["3:2", "2:3", "1536x1024", "1024x1536"]),
        ("gpt-image-2", "1600×1200", ["1600x1200"]),
        ("dall-e-3", "1600x1200", ["1:1"]),
        ("gpt-image-2", "2048x2048", ["2048x2048", "1:1"]),
        ("gpt-image-2", "5:4", ["5:4", "1:1"]),
        ("dall-e-2", "16:9", ["1:1", "1024x1024"]),
    ],
)
def test_sizes_are_suggested(name: str | None, typed: str, first: list[str]) -> None:
    """A size by rule is offered itself, as soon as it is right."""
    suggested = list(EVERY.suggest_sizes(name, typed))
    assert suggested[: len(first)] == first
    assert len(suggested) == len(set(suggested))


def test_no_sizes_for_a_model_that_is_not_there() -> None:
    """Discord asks while the person is still typing the model."""
    assert EVERY.suggest_sizes("gpt-im", "10") == {}


Texts = st.text(max_size=60) | st.from_regex(r"\d{0,9}\s?[x×*X]\s?\d{0,9}", fullmatch=True)


Choices = st.none() | Texts | st.sampled_from(["auto", " HD", "High", "vivid", "opaque"])
WITH_UNDESCRIBED = Catalogue([*SHIPPED, "flux-9"], SHIPPED)


@given(
    prompt=Texts,
    name=st.none() | st.sampled_from([*SHIPPED, "flux-9", "?"]),
    size=st.none() | Texts,
    n=st.integers(),
    chosen=st.fixed_dictionaries(dict.fromkeys(OPTIONS, Choices)),
    references=st.integers(-1, 6),
    mask=st.booleans(),
)
@example("x", "flux-9", None, 1, dict.fromkeys(OPTIONS, "HD"), 0, False)
@example("x", "gpt-image-2-all", None, 1, dict.fromkeys(OPTIONS), 5, False)
@example("x", "gpt-image-2", None, 1, dict.fromkeys(OPTIONS), 1, True)
def test_any_input_is_a_request_or_a_refusal(
    prompt: str,
    name: str | None,
    size: str | None,
    n: int,
    chosen: dict[WordOption, str | None],
    references: int,
    mask: bool,
) -> None:
    """No text of a person may raise anything else."""
    try:
        request = WITH_UNDESCRIBED.build_request(
            ImageOptions(
                prompt=prompt,
                model=name,
                size=size,
                n=n,
                quality=chosen["quality"],
                style=chosen["style"],
                background=chosen["background"],
            ),
            references=references,
            mask=mask,
        )
    except Refusal:
        pass
    else:
        painter = WITH_UNDESCRIBED.model(request.model)
        assert painter.accepts_size(request.size)
        assert references <= 0 or painter.references is not None
        assert not mask or references > 0
        assert request.n > painter.max_n or painter.supports(request, n=request.n)
        assert sum(WITH_UNDESCRIBED.fan_out(request)) == request.n
        assert request.prompt.encode()
        for option in OPTIONS:
            word, words = getattr(request, option), painter.allowed_words(option)
            assert word is None or words is None or word in words
            assert word is None or (word.encode() and len(word) <= 32)
    assert len(WITH_UNDESCRIBED.suggest_sizes(name, size or "")) <= 25
    for option in OPTIONS:
        suggested = WITH_UNDESCRIBED.suggest_choices(name, option, chosen[option] or "")
        assert len(suggested) <= 25


def test_a_reload_replaces_the_models_and_keeps_the_price_of_former_ones() -> None:
    """What is under way at a removed gateway still counts in the operator's budget."""
    catalogue = Catalogue.of(parse_gateways(PRICED, {}))
    request = ImageRequest("x", "gpt-image-2", "auto", 1)
    only_b = tuple(one for one in parse_gateways(PRICED, {}) if one.name == "b")
    catalogue.replace(Catalogue.of(only_b))
    assert [model.name for model in catalogue.models] == [*only_b[0].models]
    assert catalogue.price_each("a", request) == 200_000
    assert catalogue.highest_price(request) == catalogue.price_each("b", request)
    dearer = tuple(parse_gateways(PRICED.replace("0.2", "0.3"), {}))
    catalogue.replace(Catalogue.of(dearer))
    assert catalogue.price_each("a", request) == 300_000
