"""Errors of requests for words: /describe, /shorten, better prompts, and the seed of a task."""

from dataclasses import dataclass

from bot.core.errors.base import EaselError, Refusal


@dataclass(eq=False, kw_only=True)
class TextDeclined(EaselError):
    """What answers, its gateway or the rules here declined what was asked or what came."""

    message_id = "error-text-declined"


@dataclass(eq=False, kw_only=True)
class TextBusy(EaselError):
    """The gateway takes nothing right now; nothing was paid for."""

    message_id = "error-text-busy"


@dataclass(eq=False, kw_only=True)
class TextMisconfigured(EaselError):
    """The gateway refuses what only the operator can change: the key, the account, the model."""

    message_id = "error-text-misconfigured"


@dataclass(eq=False, kw_only=True)
class TextUnusable(EaselError):
    """The answer holds nothing that can be used."""

    message_id = "error-text-unusable"


@dataclass(eq=False, kw_only=True)
class TextInDoubt(EaselError):
    """The request was sent, and nobody knows what became of it."""

    message_id = "error-text-in-doubt"


@dataclass(eq=False, kw_only=True)
class SuggestionGone(Refusal):
    """The suggestion is kept no longer, or its person had their data deleted."""

    message_id = "error-suggestion-gone"


@dataclass(eq=False, kw_only=True)
class SuggestionOfAnother(Refusal):
    """Somebody else asked for the suggestion."""

    message_id = "error-suggestion-of-another"


@dataclass(eq=False, kw_only=True)
class SeedUnknown(Refusal):
    """The gateway does not tell the seed of the task, now or later."""

    message_id = "error-seed-unknown"


@dataclass(eq=False, kw_only=True)
class SeedLater(Refusal):
    """The gateway tells no seed right now."""

    message_id = "error-seed-later"
