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
) -> ImageOptions:
    """Return the options that apply: typed before preset, person, server and operator.

    Options that are flags of the prompt count as typed, but less than options of their own.

    ``models`` are those that may be used here; the first is used where nobody chose one. What was
    typed is kept even if it is wrong, and so is a preset's model: they are checked later. Values
    of presets and defaults that the model does not accept are left out.

    Raises:
        PromptEmpty: the preset needs a prompt, and there is none.
        Refusal: the value of a flag is wrong.
    """
    model = typed.model or preset.model or _default_model((person, server), models)
    prompt = _prompt(typed.prompt, preset.prompt)
    found = read_flags(replace(typed, model=model, prompt=prompt))
    for options in (preset, person, server):
        left_out = {"prompt", "model"} | _unsupported(options, model, supports)
        found = found.with_defaults(replace(options, **dict.fromkeys(left_out)))
    return found


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


def _prompt(typed: str | None, template: str | None) -> str | None:
    if template is None or (typed is not None and PLACEHOLDER not in template):
        return typed
    if PLACEHOLDER in template and not (typed and typed.strip()):
        raise PromptEmpty
    return template.replace(PLACEHOLDER, typed or "")
