"""Styles of a server: prompts with options that its admins offer to everybody there."""

from dataclasses import dataclass, replace
from typing import Self

from bot.core.errors.base import Refusal
from bot.core.i18n.escaping import width
from bot.core.models import ImageOptions, Reference
from bot.preferences.option_resolution import PLACEHOLDER
from bot.preferences.presets import clean_preset_name, preset_key

MAX_STYLES = 100  # of a server
MAX_STYLE_PROMPT = 2_000


@dataclass(eq=False, kw_only=True)
class StyleWithoutPlaceholder(Refusal):
    """The prompt of a style does not say where what people type goes."""

    name: str
    message_id = "error-style-without-placeholder"


@dataclass(eq=False, kw_only=True)
class StylePromptTooLong(Refusal):
    """The prompt of a style has more than ``limit`` characters."""

    name: str
    length: int
    limit: int
    message_id = "error-style-prompt-too-long"


@dataclass(eq=False, kw_only=True)
class StyleForbidden(Refusal):
    """A style has text that the operator or the server forbids."""

    name: str
    message_id = "error-style-forbidden"


@dataclass(eq=False, kw_only=True)
class NoSuchStyle(Refusal):
    """The server has no style of that name."""

    name: str
    message_id = "error-no-such-style"


@dataclass(eq=False, kw_only=True)
class NoStyles(Refusal):
    """The server has no styles that could be exported."""

    message_id = "error-no-styles"


@dataclass(eq=False, kw_only=True)
class StylesFull(Refusal):
    """The server has, or would have, more styles than any may have."""

    limit: int
    message_id = "error-styles-full"


@dataclass(frozen=True, slots=True)
class ServerStyle:
    """Options under a name; the prompt has ``{prompt}``, ``at`` is in milliseconds since the epoch.

    ``picture`` is an example, None without one.
    """

    name: str
    options: ImageOptions
    at: int = 0
    picture: Reference | None = None

    @classmethod
    def of(cls, name: str, options: ImageOptions) -> Self:
        """Return a style as it is saved.

        Raises:
            PresetNameEmpty, PresetNameTooLong, StyleWithoutPlaceholder, StylePromptTooLong
        """
        style, prompt = cls(clean_preset_name(name), options), options.prompt or ""
        if PLACEHOLDER not in prompt:
            raise StyleWithoutPlaceholder(name=style.name)
        if width(prompt) > MAX_STYLE_PROMPT:
            raise StylePromptTooLong(name=style.name, length=width(prompt), limit=MAX_STYLE_PROMPT)
        return style

    @property
    def key(self) -> str:
        """Return the key of its name, the same for names that differ only in case."""
        return preset_key(self.name)

    def saved_over(self, before: "ServerStyle | None", at: int) -> Self:
        """Return the style to keep: without a picture of its own, the one before lends its."""
        picture = self.picture or (before.picture if before else None)
        return replace(self, at=at, picture=picture)
