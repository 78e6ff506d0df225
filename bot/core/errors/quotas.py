"""Refusals by the ledger."""

from dataclasses import dataclass

from bot.core.errors.base import Refusal


@dataclass(eq=False, kw_only=True)
class QuotaSpent(Refusal):
    """A limit has no room for this request.

    ``level`` says whose limit it is, ``credits`` are asked, ``limit`` is *N credits per period*,
    ``left`` what remains of it; ``frees_at`` is in milliseconds since the epoch, None when waiting
    cannot help.
    """

    level: str
    limit: int
    period: str
    left: int
    credits: int
    frees_at: int | None
    message_id = "error-quota-spent"


@dataclass(eq=False, kw_only=True)
class LimitOutOfRange(Refusal):
    """An admin asked for a limit outside 0 to ``limit``."""

    credits: int
    limit: int
    message_id = "error-limit-out-of-range"


@dataclass(eq=False, kw_only=True)
class LimitAboveCeiling(Refusal):
    """An admin asked for more than the operator's SERVER_QUOTA allows a server."""

    credits: int
    limit: int
    period: str
    message_id = "error-limit-above-ceiling"


@dataclass(eq=False, kw_only=True)
class OneSubjectOnly(Refusal):
    """A limit was to be set for several subjects at once."""

    message_id = "error-one-subject-only"


@dataclass(eq=False, kw_only=True)
class NoSuchLimit(Refusal):
    """There is no limit to remove."""

    message_id = "error-no-such-limit"


@dataclass(eq=False, kw_only=True)
class BudgetSpent(Refusal):
    """The operator's OPERATOR_BUDGET has no room for what this request is expected to cost.

    ``frees_at`` is in milliseconds since the epoch, None when waiting cannot help.
    """

    frees_at: int | None
    message_id = "error-budget-spent"


@dataclass(eq=False, kw_only=True)
class TooManyDoubtful(Refusal):
    """As many requests of the last day as MAX_DOUBTFUL_PER_DAY were in doubt, or paid and lost.

    ``frees_at`` is in milliseconds since the epoch.
    """

    limit: int
    frees_at: int
    message_id = "error-too-many-doubtful"


@dataclass(eq=False, kw_only=True)
class Blocked(Refusal):
    """An admin blocked the person in this server; ``reason`` is in the admin's words, or empty."""

    reason: str
    message_id = "error-blocked"


@dataclass(eq=False, kw_only=True)
class BlockedEverywhere(Blocked):
    """The operator blocked the person in every server; ``reason`` is theirs, or empty."""

    message_id = "error-blocked-everywhere"


@dataclass(eq=False, kw_only=True)
class NotBlocked(Refusal):
    """The person is not blocked."""

    message_id = "error-not-blocked"


@dataclass(eq=False, kw_only=True)
class TooManyRequests(Refusal):
    """The person made MAX_REQUESTS_PER_MINUTE requests in the last minute, in all servers together.

    ``frees_at`` is in milliseconds since the epoch.
    """

    limit: int
    frees_at: int
    message_id = "error-too-many-requests"


@dataclass(eq=False, kw_only=True)
class GrantOutOfRange(Refusal):
    """An admin wanted to grant credits outside 1 to ``limit``."""

    credits: int
    limit: int
    message_id = "error-grant-out-of-range"


@dataclass(eq=False, kw_only=True)
class CostOutOfRange(Refusal):
    """An admin asked for a cost of a picture outside 0 to ``limit``."""

    credits: int
    limit: int
    message_id = "error-cost-out-of-range"


@dataclass(eq=False, kw_only=True)
class CostBelowTheOperators(Refusal):
    """An admin asked for less than the model's credits, while the operator limits credits."""

    credits: int
    limit: int
    message_id = "error-cost-below-the-operators"


@dataclass(eq=False, kw_only=True)
class NoSuchCost(Refusal):
    """The server has no cost of its own for that model and quality."""

    message_id = "error-no-such-cost"
