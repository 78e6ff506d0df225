"""Image options as typed, and how presets and defaults complete them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

from bot.core.errors.options import PromptEmpty

PLACEHOLDER = "{prompt}"

OptionName = Literal["size", "quality", "style", "background"]
OPTION_NAMES: tuple[OptionName, ...] = ("size", "quality", "style", "background")

SupportsOption = Callable[[str, OptionName, str], bool]
"""Tells whether a model accepts a value of an option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """What somebody typed or pressed, unchecked; None is completed by presets and defaults."""

    prompt: str | None = None
    model: str | None = None
    size: str | None = None
    n: int | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    private: bool | None = None

    def with_defaults(self, other: "ImageOptions") -> "ImageOptions":
        """Return these options, with the other's where these are None."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in given.items() if value is not None})

    def with_option(self, option: OptionName, value: str) -> "ImageOptions":
        """Return these options with another value for one of them."""
        values: dict[str, str] = {option: value}
        return replace(self, **values)  # type: ignore[arg-type]  # only options of text

    def without(self, options: Collection[str]) -> "ImageOptions":
        """Return these options with some of them set to None."""
        return replace(self, **dict.fromkeys(options))


NO_OPTIONS = ImageOptions()


def resolve_options(
    typed: ImageOptions,
    *,
    preset: ImageOptions = NO_OPTIONS,
    person: ImageOptions = NO_OPTIONS,
    server: ImageOptions = NO_OPTIONS,
    models: Sequence[str],
    supports: SupportsOption,
) -> ImageOptions:
    """Return the options that apply: typed before preset, person, server and operator.

    ``models`` are those that may be used here; the first is used where nobody chose one. What was
    typed is kept even if it is wrong, and so is a preset's model: they are checked later. Values
    of presets and defaults that the model does not accept are left out.

    Raises:
        PromptEmpty: the preset needs a prompt, and there is none.
    """
    model = typed.model or preset.model or _default_model((person, server), models)
    found = replace(typed, model=model, prompt=_prompt(typed.prompt, preset.prompt))
    for options in (preset, person, server):
        accepted = options.without(_unsupported(options, model, supports))
        found = found.with_defaults(replace(accepted, prompt=None, model=None))
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
