"""Refusals of options of /imagine, by the catalogue."""

from dataclasses import dataclass

from bot.core.errors.base import Refusal
from bot.core.operations import Operation


@dataclass(eq=False, kw_only=True)
class PromptEmpty(Refusal):
    """The prompt has no visible character."""

    message_id = "error-prompt-empty"


@dataclass(eq=False, kw_only=True)
class PromptTooLong(Refusal):
    """The prompt is longer than the chosen model takes."""

    model: str
    limit: int
    length: int
    message_id = "error-prompt-too-long"


@dataclass(eq=False, kw_only=True)
class UnknownModel(Refusal):
    """No gateway here offers that model; ``allowed`` is a comma list."""

    model: str
    allowed: str
    message_id = "error-unknown-model"


@dataclass(eq=False, kw_only=True)
class ModelAgeRestricted(Refusal):
    """The operator allows the model in age-restricted channels only."""

    model: str
    message_id = "error-model-age-restricted"


@dataclass(eq=False, kw_only=True)
class WrongSize(Refusal):
    """The model does not take this size; the other facts say which (``allowed_sizes``)."""

    size: str
    model: str
    allowed: str
    longest_name: int | None = None
    min_edge: str | None = None
    max_edge: str | None = None
    step: int | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    max_ratio: str | None = None
    message_id = "error-wrong-size"


@dataclass(eq=False, kw_only=True)
class WrongCount(Refusal):
    """The number of pictures is outside 1 to ``limit``."""

    n: int
    limit: int
    message_id = "error-wrong-count"


@dataclass(eq=False, kw_only=True)
class WrongChoice(Refusal):
    """The model does not know that value of an option; ``allowed`` is a comma list."""

    option: str
    value: str
    model: str
    allowed: str
    message_id = "error-wrong-choice"


@dataclass(eq=False, kw_only=True)
class OptionNotTaken(Refusal):
    """The model has no such option; ``allowed`` names the models that have it, or is empty."""

    option: str
    model: str
    allowed: str = ""
    message_id = "error-option-not-taken"


@dataclass(eq=False, kw_only=True)
class OptionBesideReference(Refusal):
    """The model has the option, but not together with reference pictures."""

    option: str
    model: str
    message_id = "error-option-beside-reference"


@dataclass(eq=False, kw_only=True)
class WrongNumber(Refusal):
    """An option must be from ``least`` to ``most``; as text, so that no number gets a comma."""

    option: str
    value: str
    least: str
    most: str
    message_id = "error-wrong-number"


@dataclass(eq=False, kw_only=True)
class NegativeTooLong(Refusal):
    """The negative prompt is longer than the model takes."""

    model: str
    limit: int
    length: int
    message_id = "error-negative-too-long"


@dataclass(eq=False, kw_only=True)
class StrengthWithoutReference(Refusal):
    """There is a strength, but no reference picture that it applies to."""

    message_id = "error-strength-without-reference"


@dataclass(eq=False, kw_only=True)
class WrongFlag(Refusal):
    """A flag in the prompt has a wrong value; ``option`` is what it stands for."""

    flag: str
    option: str
    message_id = "error-wrong-flag"


@dataclass(eq=False, kw_only=True)
class NoReferences(Refusal):
    """The model takes no reference pictures; ``allowed`` names those that do, or is empty."""

    model: str
    allowed: str
    message_id = "error-no-references"


@dataclass(eq=False, kw_only=True)
class TooManyReferences(Refusal):
    """More reference pictures than the model takes."""

    model: str
    limit: int
    message_id = "error-too-many-references"


@dataclass(eq=False, kw_only=True)
class MaskNotTaken(Refusal):
    """The model takes no mask; ``allowed`` names those that do, or is empty."""

    model: str
    allowed: str
    message_id = "error-mask-not-taken"


@dataclass(eq=False, kw_only=True)
class MaskWithoutReference(Refusal):
    """There is a mask, but no reference picture that it applies to."""

    message_id = "error-mask-without-reference"


@dataclass(eq=False, kw_only=True)
class OperationNotOffered(Refusal):
    """The model has no such operation; ``allowed`` names those that have it, or is empty."""

    operation: Operation
    model: str
    allowed: str
    message_id = "error-operation-not-offered"


@dataclass(eq=False, kw_only=True)
class WrongPictureCount(Refusal):
    """The model's operation takes from ``least`` to ``most`` pictures, not ``count``."""

    operation: Operation
    model: str
    least: int
    most: int
    count: int
    message_id = "error-wrong-picture-count"
