"""What the preference store keeps: servers' settings, people's preferences and presets.

A field that is None was not set.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal, Self, TypeVar, get_args

from bot.core.errors.base import Refusal
from bot.core.models import ImageOptions

T = TypeVar("T")

Controls = Literal["anyone", "requester"]
Moderation = Literal["auto", "low"]
MODERATIONS: tuple[Moderation, ...] = get_args(Moderation)

DEFAULT_REROLL_EMOJI = "🔄"
DEFAULT_DELETE_EMOJI = "❌"


@dataclass(eq=False, kw_only=True)
class NothingChosen(Refusal):
    """A command was sent without any of its options."""

    message_id = "error-nothing-chosen"


@dataclass(eq=False, kw_only=True)
class NotOnTheList(Refusal):
    """What was to be removed from a list of allowed items is not on it."""

    name: str
    message_id = "error-not-on-the-list"


@dataclass(eq=False, kw_only=True)
class UnknownLanguage(Refusal):
    """There is no translation into that language; ``allowed`` is a comma list."""

    language: str
    allowed: str
    message_id = "error-unknown-language"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What the admins of a server set.

    ``models``, ``channels`` and ``roles`` are those that are allowed: None is all of them, an
    empty list none, because all that were allowed have been deleted. A category stands for its
    channels, a channel for its threads. ``words`` are forbidden in prompts. ``log_channel`` is
    told of each job of the server, with its prompt if ``log_prompts``.
    """

    model: str | None = None
    size: str | None = None
    n: int | None = None
    models: tuple[str, ...] | None = None
    channels: tuple[int, ...] | None = None
    roles: tuple[int, ...] | None = None
    controls: Controls = "anyone"
    reroll: str = DEFAULT_REROLL_EMOJI
    delete: str = DEFAULT_DELETE_EMOJI
    moderation: Moderation | None = None
    language: str | None = None
    spoiler: bool | None = None
    words: tuple[str, ...] = ()
    log_channel: int | None = None
    log_prompts: bool = False

    @property
    def options(self) -> ImageOptions:
        """Return the default options of the server."""
        return ImageOptions(model=self.model, size=self.size, n=self.n, spoiler=self.spoiler)

    def without_deleted(self, *, channels: Collection[int], roles: Collection[int]) -> Self:
        """Return the settings without channels and roles that were deleted.

        A list that becomes empty by this stays empty, so that not everything is allowed suddenly.
        """
        return replace(
            self, channels=_among(self.channels, channels), roles=_among(self.roles, roles)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalPreferences:
    """What a person set for themselves, everywhere."""

    model: str | None = None
    size: str | None = None
    n: int | None = None
    quality: str | None = None
    language: str | None = None
    private: bool | None = None
    spoiler: bool | None = None
    ping: bool = True

    @property
    def options(self) -> ImageOptions:
        """Return the default options of the person."""
        return ImageOptions(
            model=self.model,
            size=self.size,
            n=self.n,
            quality=self.quality,
            private=self.private,
            spoiler=self.spoiler,
        )


@dataclass(frozen=True, slots=True)
class Preset:
    """Options that a person saved under a name; ``at`` is in milliseconds since the epoch."""

    name: str
    options: ImageOptions
    at: int


def with_allowed(allowed: tuple[T, ...] | None, one: T) -> tuple[T, ...]:
    """Return a list of allowed items with one more; where all were allowed, it is the only one."""
    return tuple(dict.fromkeys((*(allowed or ()), one)))


def without_allowed(allowed: tuple[T, ...] | None, one: T, *, name: str) -> tuple[T, ...] | None:
    """Return a list of allowed items without one; without the last one, all are allowed.

    Raises:
        NotOnTheList: the item is not on the list; the refusal names it by ``name``.
    """
    if one not in (allowed or ()):
        raise NotOnTheList(name=name)
    return tuple(other for other in allowed or () if other != one) or None


def _among(allowed: tuple[int, ...] | None, existing: Collection[int]) -> tuple[int, ...] | None:
    return None if allowed is None else tuple(one for one in allowed if one in existing)
