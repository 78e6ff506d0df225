"""Which options apply: typed before preset, person, server, operator."""

from dataclasses import fields, replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors.options import PromptEmpty
from bot.core.models import OPTION_NAMES, ImageOptions, OptionName, OptionValue
from bot.preferences.option_resolution import resolve_operation
from bot.preferences.option_resolution import resolve_options as resolve_with_flags

# No prompt here has flags.
resolve_options = partial(resolve_with_flags, read_flags=lambda options: options)
MODELS = ("first", "second", "third")
KNOWN = {"first": {"a", "b"}, "second": {"b", "c"}, "third": set[str]()}


def supports(model: str, _word: OptionName, value: OptionValue) -> bool:
    """Tell whether one of three models knows a value."""
    return value in KNOWN.get(model, set())


values = st.none() | st.sampled_from("abcd")
models = st.none() | st.sampled_from([*MODELS, "gone", "FIRST"])
counts = st.none() | st.integers(1, 10)
prompts = st.none() | st.sampled_from(["", "a fox", "{prompt}, in oil", "in ink"])


def some_options(
    prompt: st.SearchStrategy[str | None] = st.none(),  # noqa: B008
) -> st.SearchStrategy[ImageOptions]:
    """Draw options as somebody may have typed or saved them."""
    return st.builds(
        ImageOptions,
        prompt=prompt,
        model=models,
        size=values,
        n=counts,
        quality=values,
        style=values,
        background=values,
        private=st.none() | st.booleans(),
    )


typed_options = some_options(st.just("a fox"))


@given(typed_options, some_options(prompts), some_options(), some_options())
def test_what_was_typed_stands(
    typed: ImageOptions, preset: ImageOptions, person: ImageOptions, server: ImageOptions
) -> None:
    """Nobody's default may change a word that a person typed; wrong ones are refused later."""
    found = resolve_options(
        typed, preset=preset, person=person, server=server, models=MODELS, supports=supports
    )
    for field in fields(ImageOptions):
        said = getattr(typed, field.name)
        if said is not None and field.name != "prompt":
            assert getattr(found, field.name) == said


@given(typed_options, some_options(), some_options(), some_options())
def test_what_nobody_typed_is_nothing_that_the_model_cannot_do(
    typed: ImageOptions, preset: ImageOptions, person: ImageOptions, server: ImageOptions
) -> None:
    """A default for another model must not refuse a request that typed nothing wrong."""
    found = resolve_options(
        typed, preset=preset, person=person, server=server, models=MODELS, supports=supports
    )
    for word in OPTION_NAMES:
        value = getattr(found, word)
        if getattr(typed, word) is None and value is not None:
            assert found.model is not None
            assert supports(found.model, word, value)


@given(typed_options, some_options(), some_options(), some_options())
def test_the_first_that_fits_wins(
    typed: ImageOptions, preset: ImageOptions, person: ImageOptions, server: ImageOptions
) -> None:
    """Precedence: option, preset, person, server; a word that does not fit counts as unsaid."""
    found = resolve_options(
        typed, preset=preset, person=person, server=server, models=MODELS, supports=supports
    )
    model = found.model
    for word in OPTION_NAMES:
        said = [getattr(options, word) for options in (preset, person, server)]
        fitting = [value for value in said if value and model and supports(model, word, value)]
        assert getattr(found, word) == (getattr(typed, word) or next(iter(fitting), None))
    counts = [options.n for options in (typed, preset, person, server) if options.n is not None]
    assert found.n == next(iter(counts), None)
    private = [options.private for options in (typed, preset, person, server)]
    assert found.private == next((said for said in private if said is not None), None)


@given(some_options(), some_options(), st.lists(st.sampled_from(MODELS), unique=True))
def test_a_default_model_is_one_that_may_be_used_here(
    person: ImageOptions, server: ImageOptions, allowed: list[str]
) -> None:
    """A person's favourite of elsewhere must not close this server to them."""
    found = resolve_options(
        ImageOptions(), person=person, server=server, models=allowed, supports=supports
    )
    if allowed:
        assert found.model in allowed
        chosen = [options.model for options in (person, server)]
        usable = [name for name in chosen if name and name.casefold() in allowed]
        assert found.model == (usable[0].casefold() if usable else allowed[0])
    else:
        assert found.model is None


@given(typed_options, some_options(prompts), some_options(), some_options())
def test_to_resolve_twice_changes_nothing(
    typed: ImageOptions, preset: ImageOptions, person: ImageOptions, server: ImageOptions
) -> None:
    """What was decided is complete: no default is left to add."""
    found = resolve_options(
        typed, preset=preset, person=person, server=server, models=MODELS, supports=supports
    )
    again = resolve_options(found, person=person, server=server, models=MODELS, supports=supports)
    assert again == found


def test_a_presets_model_is_as_good_as_typed() -> None:
    """Who uses it is told that it is gone, and not painted by another for their credits."""
    preset = ImageOptions(model="gone", size="a")
    assert (
        resolve_options(ImageOptions(), preset=preset, models=MODELS, supports=supports).model
        == "gone"
    )
    typed = ImageOptions(model="second")
    assert resolve_options(typed, preset=preset, models=MODELS, supports=supports) == replace(
        typed, size=None
    )


@pytest.mark.parametrize(
    ("typed", "template", "prompt"),
    [
        ("a fox", None, "a fox"),
        (None, "in ink", "in ink"),
        ("a fox", "in ink", "a fox"),
        ("a fox", "{prompt}, in ink: {prompt}!", "a fox, in ink: a fox!"),
        ("{prompt}", "{prompt}, in ink", "{prompt}, in ink"),
        (None, None, None),
    ],
)
def test_a_presets_prompt_is_a_template(
    typed: str | None, template: str | None, prompt: str | None
) -> None:
    """A style is saved once and used for many pictures."""
    found = resolve_options(
        ImageOptions(prompt=typed),
        preset=ImageOptions(prompt=template),
        models=MODELS,
        supports=supports,
    )
    assert found.prompt == prompt


@pytest.mark.parametrize("typed", [None, "", "  "])
def test_a_template_wants_words(typed: str | None) -> None:
    """A picture of nothing, in ink, costs a credit like any other."""
    with pytest.raises(PromptEmpty):
        resolve_options(
            ImageOptions(prompt=typed),
            preset=ImageOptions(prompt="{prompt}, in ink"),
            models=MODELS,
            supports=supports,
        )


def test_defaults_of_an_operation_are_the_model_and_who_sees_it() -> None:
    """Sizes and numbers of pictures are for painting; a model without the operation is none."""
    usual = ImageOptions(model="second", size="a", n=4, quality="b", private=True)
    typed = ImageOptions(operation="blend")
    found = resolve_operation(
        typed, person=usual, server=ImageOptions(spoiler=True, size="c"), models=MODELS
    )
    assert found == replace(typed, model="second", private=True, spoiler=True)
    other = resolve_operation(typed, person=usual, server=ImageOptions(), models=("third",))
    assert other.model == "third"
    none = resolve_operation(typed, person=usual, server=ImageOptions(), models=())
    assert none.model is None
    wrong = replace(typed, model="gone")
    assert resolve_operation(wrong, person=usual, server=usual, models=MODELS).model == "gone"
