"""The names of presets: how they are shown, compared and searched."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from bot.core.errors.base import Refusal
from bot.core.i18n.escaping import one_line, width

MAX_PRESETS = 1_000
MAX_PRESET_NAME = 50
MAX_PRESET_CHOICES = 25  # Discord shows no more choices


@dataclass(eq=False, kw_only=True)
class PresetNameEmpty(Refusal):
    """The name has no visible character."""

    message_id = "error-preset-name-empty"


@dataclass(eq=False, kw_only=True)
class PresetNameTooLong(Refusal):
    """The name has more than ``limit`` characters."""

    limit: int
    message_id = "error-preset-name-too-long"


@dataclass(eq=False, kw_only=True)
class NoSuchPreset(Refusal):
    """The person has no preset of that name."""

    name: str
    message_id = "error-no-such-preset"


@dataclass(eq=False, kw_only=True)
class PresetsFull(Refusal):
    """The person has as many presets as anybody may have."""

    limit: int
    message_id = "error-presets-full"


class Named(Protocol):
    """A preset or a style."""

    @property
    def name(self) -> str:
        """Return the name as it is shown."""
        ...


def clean_preset_name(name: str) -> str:
    """Return a name as it is saved and shown: in one line, without invisible characters.

    Raises:
        PresetNameEmpty, PresetNameTooLong
    """
    shown = one_line(name, len(name) * 2 + 2)
    if not shown.strip("\u200c\u200d "):
        raise PresetNameEmpty
    if width(shown) > MAX_PRESET_NAME:
        raise PresetNameTooLong(limit=MAX_PRESET_NAME)
    return shown


def preset_key(name: str) -> str:
    """Return the key of a name: names that differ only in case have the same key."""
    shown = one_line(name, len(name) * 2 + 2)
    bare = shown.translate({0x200C: None, 0x200D: None})
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).casefold())


def matching_presets(presets: Mapping[str, Named], typed: str) -> list[str]:
    """Return up to 25 names that contain what was typed, those that begin with it first."""
    wanted = preset_key(typed)
    first = [preset.name for key, preset in presets.items() if key.startswith(wanted)]
    others = (preset.name for key, preset in presets.items() if wanted in key[1:])
    return list(islice(dict.fromkeys((*first, *others)), MAX_PRESET_CHOICES))
