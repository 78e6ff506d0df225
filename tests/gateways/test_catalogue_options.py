from functools import partial

import pytest

from bot.core.errors.options import (
    MaskNotTaken,
    MaskWithoutReference,
    NoReferences,
    OptionNotTaken,
    TooManyReferences,
    WrongChoice,
)
from bot.core.models import WORD_OPTIONS, ImageOptions, ImageRequest, WordOption
from bot.gateways.catalogue import Catalogue
from bot.gateways.model_abilities import shipped_models
from tests.gateways.generation_harness import make_model

SHIPPED = shipped_models()
EVERY = Catalogue(SHIPPED, SHIPPED)


def _chosen(
    option: WordOption, typed: str | None, *, model: str | None = None, among: Catalogue = EVERY
) -> str | None:
    """Return the word that would be sent."""
    options = ImageOptions(prompt="x", model=model, n=1).with_option(option, typed)
    sent = among.build_request(options).words
    chosen = sent.pop(option)
    assert set(sent.values()) == {None}
    return chosen


def _with_references(name: str, count: int, *, among: Catalogue = EVERY) -> ImageRequest:
    return among.build_request(ImageOptions(prompt="x", model=name, n=1), references=count)


@pytest.mark.parametrize(
    ("name", "option", "typed", "sent"),
    [
        ("gpt-image-2", "quality", " HIGH\n", "high"),
        ("gpt-image-2.5-flare", "quality", "xHigh", "xhigh"),
        ("gpt-image-1", "background", "Transparent", "transparent"),
        ("dall-e-3", "quality", "HD", "hd"),
        ("dall-e-3", "style", "natural", "natural"),
        ("imagen-3", "style", "VIVID", "vivid"),
        ("gpt-image-2", "quality", "Auto", None),
        ("gpt-image-2", "background", "auto", None),
        ("gpt-image-2", "quality", None, None),
        ("easel-painter", "style", " ", None),
    ],
)
def test_a_choice_is_sent_in_the_words_of_the_model(
    name: str, option: WordOption, typed: str | None, sent: str | None
) -> None:
    """People type in any case; "auto" and an empty value leave the choice to the model."""
    assert _chosen(option, typed, model=name) == sent


@pytest.mark.parametrize(
    ("name", "option", "typed", "allowed"),
    [
        ("gpt-image-2", "quality", "xhigh", "low, medium, high, auto"),
        ("gpt-image-2", "quality", "hd", "low, medium, high, auto"),
        ("dall-e-3", "quality", "auto", "standard, hd"),
        ("dall-e-3", "style", "vivid\0", "vivid, natural"),
        ("gpt-image-1", "background", "x" * 9999, "transparent, opaque, auto"),
    ],
)
def test_a_wrong_choice_names_the_right_ones(
    name: str, option: WordOption, typed: str, allowed: str
) -> None:
    """The person chooses from the sentence, before anything is paid."""
    with pytest.raises(WrongChoice) as refused:
        _chosen(option, typed, model=name)
    wrong = refused.value
    assert (wrong.option, wrong.model, wrong.allowed) == (option, name, allowed)
    assert len(wrong.value) <= 100


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("gpt-image-2", "style"),
        ("dall-e-3", "background"),
        ("gpt-image-2-all", "quality"),
        ("easel-painter", "quality"),
    ],
)
@pytest.mark.parametrize("typed", ["high", "auto"])
def test_an_option_that_the_model_lacks(name: str, option: WordOption, typed: str) -> None:
    """Leaving it out silently would generate another picture than was requested."""
    with pytest.raises(OptionNotTaken) as refused:
        _chosen(option, typed, model=name)
    assert (refused.value.option, refused.value.model) == (option, name)


@pytest.mark.parametrize("option", WORD_OPTIONS)
@pytest.mark.parametrize(
    ("typed", "sent"),
    [(" oil painting ", "oil painting"), ("写实", "写实"), ("HD" * 16, "HD" * 16), ("AUTO", None)],
)
def test_an_unknown_model_takes_any_short_word(
    option: WordOption, typed: str, sent: str | None
) -> None:
    """Easel cannot know its words."""
    assert _chosen(option, typed, among=Catalogue(["flux-9"], {})) == sent


@pytest.mark.parametrize("typed", ["x" * 33, "a\nb", "a\0b", "\u3164", "\ud800", "a\u202eb"])
def test_an_unknown_model_refuses_words_that_nobody_can_read(typed: str) -> None:
    """Free text ends at 32 printable characters."""
    with pytest.raises(WrongChoice, match="any word up to 32 characters"):
        _chosen("quality", typed, among=Catalogue(["flux-9"], {}))


@pytest.mark.parametrize("name", ["gpt-image-2-all", "easel-painter"])
def test_references_up_to_the_limit_of_the_model(name: str) -> None:
    """The request builder adds them after they were fetched."""
    assert _with_references(name, 5).references == ()
    with pytest.raises(TooManyReferences) as refused:
        _with_references(name, 6)
    assert (refused.value.model, refused.value.limit) == (name, 5)


def test_a_model_without_references_names_those_that_take_them() -> None:
    """A reference that is left out silently would make a wrong, paid picture."""
    with pytest.raises(NoReferences) as refused:
        _with_references("dall-e-3", 1)
    assert refused.value.model == "dall-e-3"
    assert refused.value.allowed.startswith("gpt-image-2, ")
    assert refused.value.allowed.endswith("gpt-image-2-all, easel-painter")


@pytest.mark.parametrize("name", ["dall-e-3", "flux-9"])
def test_no_model_here_takes_references(name: str) -> None:
    """Then the sentence names none; what Easel does not know is not sent pictures."""
    with pytest.raises(NoReferences) as refused:
        _with_references(name, 1, among=Catalogue([name], SHIPPED))
    assert refused.value.allowed == ""


def test_a_mask_goes_with_a_reference() -> None:
    """It says which part of that picture may change."""
    asked = partial(
        EVERY.build_request, ImageOptions(prompt="x", model="gpt-image-2", n=1), mask=True
    )
    assert asked(references=1).model == "gpt-image-2"
    with pytest.raises(MaskWithoutReference):
        asked()


@pytest.mark.parametrize(
    ("name", "references", "allowed"),
    [("gpt-image-2-all", 1, "gpt-image-2"), ("dall-e-3", 0, "gpt-image-2"), ("flux-9", 0, "")],
)
def test_a_model_without_masks_names_those_that_take_them(
    name: str, references: int, allowed: str
) -> None:
    """The person can choose another model from the sentence."""
    among = Catalogue([name, *["gpt-image-2"] * bool(allowed)], SHIPPED)
    with pytest.raises(MaskNotTaken) as refused:
        among.build_request(
            ImageOptions(prompt="x", model=name, n=1), references=references, mask=True
        )
    assert (refused.value.model, refused.value.allowed) == (name, allowed)


@pytest.mark.parametrize(
    ("name", "option", "typed", "suggested"),
    [
        ("gpt-image-2", "quality", "", ["low", "medium", "high", "auto"]),
        ("gpt-image-2.5-flare", "quality", "H", ["high", "xhigh", "low", "medium", "max", "auto"]),
        (None, "background", "op", ["opaque", "transparent", "auto"]),
        ("dall-e-3", "background", "op", []),
        ("gpt-im", "quality", "", []),
    ],
)
def test_choices_are_suggested(
    name: str | None, option: WordOption, typed: str, suggested: list[str]
) -> None:
    """Only what the chosen model knows, those that match first."""
    assert EVERY.suggest_choices(name, option, typed) == suggested


def test_no_choices_for_a_model_that_nobody_described() -> None:
    """There is nothing to offer, and free text still works."""
    assert Catalogue(["flux-9"], {}).suggest_choices(None, "quality", "h") == []
    many = make_model("many", styles=tuple(f"style {i}" for i in range(99)))
    assert len(Catalogue(["many"], {"many": many}).suggest_choices(None, "style", "")) == 25
