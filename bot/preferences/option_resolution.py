"""How presets and defaults complete the options that somebody typed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.core.errors.options import PromptEmpty
from bot.core.models import OPTION_NAMES, ImageOptions, OptionName, OptionValue

PLACEHOLDER = "{prompt}"

SupportsOption = Callable[[str, OptionName, OptionValue], bool]
"""Tells whether a model accepts a value of an option."""

ReadFlags = Callable[[ImageOptions], ImageOptions]
"""Reads the flags in a prompt, such as ``--ar 16:9``, as options."""

NO_OPTIONS = ImageOptions()


def resolve_options(
    typed: ImageOptions,
    *,
    preset: ImageOptions = NO_OPTIONS,
    person: ImageOptions = NO_OPTIONS,
    server: ImageOptions = NO_OPTIONS,
    models: Sequence[str],
    supports: SupportsOption,
    read_flags: ReadFlags,
    references: int = 0,
) -> ImageOptions:
    """Return the options that apply: typed before preset, person, server and operator.

    Options that are flags of the prompt count as typed, but less than options of their own. Flags
    in a preset's prompt are options of the preset: the two texts are read one by one, as ``--no``
    of one would take the words of the other.

    ``models`` are those that may be used here; the first is used where nobody chose one. What was
    typed is kept even if it is wrong, and so is a preset's model: they are checked later. Values
    of presets and defaults that the model does not accept are left out, as is their strength where
    there are no ``references`` to depart from.

    Raises:
        PromptEmpty: the preset needs a prompt, and there is none.
        Refusal: the value of a flag is wrong.
    """
    model = typed.model or preset.model or _default_model((person, server), models)
    typed, template = read_flags(replace(typed, model=model)), preset.prompt
    if template is not None and (typed.prompt is None or PLACEHOLDER in template):
        preset = _filled_in(read_flags(replace(preset, model=model)), template, typed.prompt)
        left_out = dict.fromkeys((*(typed.left_out or ()), *(preset.left_out or ())))
        typed = replace(typed, prompt=preset.prompt, left_out=tuple(left_out) or None)
    found = typed
    for options in (preset, person, server):
        unused = {"prompt", "model", "left_out"} | _unsupported(options, model, supports)
        if not references:
            unused |= {"strength"}
        found = found.with_defaults(replace(options, **dict.fromkeys(unused)))
    return found


def resolve_operation(
    typed: ImageOptions, *, person: ImageOptions, server: ImageOptions, models: Sequence[str]
) -> ImageOptions:
    """Return the options of an operation that apply, where these ``models`` have it.

    Defaults of the person and the server say only which model, and how the result is shown: the
    others are for painting.
    """
    usual = person.with_defaults(server)
    model = typed.model or _default_model((person, server), models)
    shown = ImageOptions(model=model, private=usual.private, spoiler=usual.spoiler)
    return typed.with_defaults(shown)


def _default_model(defaults: Iterable[ImageOptions], models: Sequence[str]) -> str | None:
    allowed = {name.casefold(): name for name in models}
    chosen = (allowed.get(options.model.casefold()) for options in defaults if options.model)
    return next((name for name in (*chosen, *models) if name), None)


def _unsupported(
    options: ImageOptions, model: str | None, supports: SupportsOption
) -> set[OptionName]:
    """Return the options whose values the model does not accept."""
    given = {name: value for name in OPTION_NAMES if (value := getattr(options, name)) is not None}
    return {
        name for name, value in given.items() if model is None or not supports(model, name, value)
    }


def _filled_in(preset: ImageOptions, template: str, words: str | None) -> ImageOptions:
    """Return a preset with what was typed in the place of the placeholder.

    ``template`` is its prompt with the flags: the placeholder may be the value of ``--no``.
    """
    if PLACEHOLDER not in template:
        return preset
    if not (words and words.strip()):
        raise PromptEmpty
    prompt, negative = preset.prompt or "", preset.negative
    return replace(
        preset,
        prompt=prompt.replace(PLACEHOLDER, words),
        negative=negative and negative.replace(PLACEHOLDER, words),
    )
