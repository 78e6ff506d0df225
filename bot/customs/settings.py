"""What a server and a person may set, as values; None is left to whoever comes next."""

from dataclasses import dataclass
from typing import Literal, get_args

from bot.customs.wish import Wish

Controls = Literal["anyone", "requester"]
Moderation = Literal["auto", "low"]
CONTROLS: tuple[Controls, ...] = get_args(Controls)
MODERATIONS: tuple[Moderation, ...] = get_args(Moderation)

REROLL = "🔄"
DELETE = "❌"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What the admins of a server set.

    ``models``, ``channels`` and ``roles`` are those that are allowed: None is all of them, an
    empty list none, because all that were allowed have been deleted. A category stands for its
    channels, a channel for its threads.
    """

    model: str | None = None
    size: str | None = None
    n: int | None = None
    models: tuple[str, ...] | None = None
    channels: tuple[int, ...] | None = None
    roles: tuple[int, ...] | None = None
    controls: Controls = "anyone"
    reroll: str = REROLL
    delete: str = DELETE
    moderation: Moderation | None = None
    language: str | None = None

    @property
    def wish(self) -> Wish:
        """Return what is painted here where a person says nothing."""
        return Wish(model=self.model, size=self.size, n=self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a person set for themselves, everywhere."""

    model: str | None = None
    size: str | None = None
    n: int | None = None
    quality: str | None = None
    language: str | None = None
    private: bool | None = None
    ping: bool = True

    @property
    def wish(self) -> Wish:
        """Return what is painted for them where they say nothing."""
        return Wish(
            model=self.model, size=self.size, n=self.n, quality=self.quality, private=self.private
        )


@dataclass(frozen=True, slots=True)
class Preset:
    """A wish that a person gave a name; ``at`` is in milliseconds since the epoch."""

    name: str
    wish: Wish
    at: int
