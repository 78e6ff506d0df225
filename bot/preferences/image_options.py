"""What somebody wishes for: what they typed, over what was made the custom before."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

from bot.core.errors.options import PromptEmpty

PLACEHOLDER = "{prompt}"

OptionName = Literal["size", "quality", "style", "background"]
OPTION_NAMES: tuple[OptionName, ...] = ("size", "quality", "style", "background")

SupportsOption = Callable[[str, OptionName, str], bool]
"""Tell whether a model, named first, knows the value of an option, named second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """What somebody typed or pressed, nothing of it checked; None is left to others."""

    prompt: str | None = None
    model: str | None = None
    size: str | None = None
    n: int | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    private: bool | None = None

    def over(self, other: "ImageOptions") -> "ImageOptions":
        """Return this wish, with the other's where it says nothing."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in said.items() if value is not None})

    def saying(self, word: OptionName, value: str) -> "ImageOptions":
        """Return the wish with another value for one option."""
        words: dict[str, str] = {word: value}
        return replace(self, **words)  # type: ignore[arg-type]  # only options of text

    def without(self, words: Collection[str]) -> "ImageOptions":
        """Return the wish without what it says of these options."""
        return replace(self, **dict.fromkeys(words))


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
    """Return the wish whose every word stands: typed before preset, person, server, operator.

    ``models`` are those that may be used here; the first paints where nobody chose one. What was
    typed stays as it is, and so does a preset's model: somebody else refuses what is wrong.
    Defaults that do not fit are passed over.

    Raises:
        PromptEmpty: the preset wants a prompt, and there is none.
    """
    model = typed.model or preset.model or _default_model((person, server), models)
    words = tuple(_fitting(options, model, supports) for options in (preset, person, server))
    found = replace(typed, model=model, prompt=_prompt(typed.prompt, preset.prompt))
    for options in words:
        found = found.over(replace(options, prompt=None, model=None))
    return found


def _default_model(wishes: Iterable[ImageOptions], models: Sequence[str]) -> str | None:
    allowed = {name.casefold(): name for name in models}
    wished = (allowed.get(options.model.casefold()) for options in wishes if options.model)
    return next((name for name in (*wished, *models) if name), None)


def _fitting(options: ImageOptions, model: str | None, supports: SupportsOption) -> ImageOptions:
    """Return the wish without the words that the model does not know."""
    said = {word: value for word in OPTION_NAMES if (value := getattr(options, word)) is not None}
    unknown = {
        word for word, value in said.items() if model is None or not supports(model, word, value)
    }
    return options.without(unknown)


def _prompt(typed: str | None, template: str | None) -> str | None:
    if template is None or (typed is not None and PLACEHOLDER not in template):
        return typed
    if PLACEHOLDER in template and not (typed and typed.strip()):
        raise PromptEmpty
    return template.replace(PLACEHOLDER, typed or "")
