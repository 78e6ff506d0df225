"""What a model accepts as seed, negative prompt and strength, and how it is sent."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from bot.gateways.sizes import Positive

MAX_SEED = 2**32 - 1
MAX_STRENGTH = 100  # percent

FieldName = Annotated[str, Meta(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedOption:
    """A model accepts a seed from 0 to ``max`` as ``field``."""

    max: Annotated[int, Meta(ge=1, le=2**63 - 1)] = MAX_SEED
    field: FieldName = "seed"

    def accepts(self, seed: int) -> bool:
        """Tell whether the model accepts this seed."""
        return 0 <= seed <= self.max

    def following(self, seed: int, places: int) -> int:
        """Return the seed so many places later; after the last comes 0."""
        return (seed + places) % (self.max + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeOption:
    """A model accepts a negative prompt of at most ``max`` characters as ``field``."""

    max: Positive = 1000
    field: FieldName = "negative_prompt"

    def accepts(self, text: str) -> bool:
        """Tell whether the model accepts this text."""
        return len(text) <= self.max


@dataclass(frozen=True, slots=True, kw_only=True)
class StrengthOption:
    """A model accepts how far a result may depart from the reference picture, as ``field``.

    The number that is sent is at most ``scale``: a whole number if that is more than 1. It
    ``means`` the change, or the likeness, of which a high one changes little.
    """

    field: FieldName = "strength"
    scale: Positive = 1
    means: Literal["change", "likeness"] = "change"

    def value(self, percent: int) -> float:
        """Return the number to send for a strength of 1 to 100 percent."""
        share = (percent if self.means == "change" else MAX_STRENGTH - percent) / MAX_STRENGTH
        if self.scale == 1:
            return round(share, 2)
        return max(1, round(share * self.scale))
