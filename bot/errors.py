"""What can go wrong, as data: a message id and facts, never prose, never a secret.

``i18n/*/errors.ftl`` holds one sentence for every ``message_id``; a test walks both.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import ClassVar

from bot.domain import Billed

Fact = str | int | float


@dataclass(eq=False)
class EaselError(Exception):
    """Something that a person is told in one sentence."""

    message_id: ClassVar[str] = "error-unexpected"

    @property
    def facts(self) -> dict[str, Fact | None]:
        """Return what the sentence needs, by name."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.message_id} {self.facts}"


class Refusal(EaselError):
    """A request that changes nothing: nobody was charged and no card was posted."""


# --- the catalogue: options of /imagine -----------------------------------------------------


@dataclass(eq=False, kw_only=True)
class PromptEmpty(Refusal):
    """The prompt holds no visible character."""

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
class WrongSize(Refusal):
    """The model cannot paint that size; the rest says which it can (``Model.sizes_taken``)."""

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
    """The model has no such option: quality, style or background."""

    option: str
    model: str
    message_id = "error-option-not-taken"


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
    """There is a mask, but no reference picture that it lies over."""

    message_id = "error-mask-without-reference"


# --- the ledger -----------------------------------------------------------------------------


class LimitLevel(StrEnum):
    """Whose limit decided."""

    USER = "user"
    ROLE = "role"
    EVERYONE = "everyone"
    DEFAULT = "default"
    SERVER = "server"
    SERVER_QUOTA = "server-quota"
    TOTAL = "total"
    BUDGET = "budget"


PERSONAL_LEVELS = (LimitLevel.USER, LimitLevel.ROLE, LimitLevel.EVERYONE, LimitLevel.DEFAULT)


@dataclass(eq=False, kw_only=True)
class QuotaSpent(Refusal):
    """A limit has no room for this request.

    ``credits`` are asked, ``limit`` is *N credits per period*, ``left`` what remains of it;
    ``frees_at`` is in milliseconds since the epoch, None when waiting cannot help.
    """

    level: LimitLevel
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
    """A limit was to be set for two of a person, a role and the whole server at once."""

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
class Blocked(Refusal):
    """An admin blocked the person in this server; ``reason`` is in the admin's words, or empty."""

    reason: str
    message_id = "error-blocked"


@dataclass(eq=False, kw_only=True)
class NotBlocked(Refusal):
    """There is no block to lift."""

    message_id = "error-not-blocked"


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
class NoSuchCost(Refusal):
    """The server has no cost of its own for that model and quality."""

    message_id = "error-no-such-cost"


# --- the studio -----------------------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class TooManyWaiting(Refusal):
    """The person already has as many waiting requests as are allowed."""

    limit: int
    message_id = "error-too-many-waiting"


@dataclass(eq=False, kw_only=True)
class ShuttingDown(Refusal):
    """The bot is stopping and takes no new requests."""

    message_id = "error-shutting-down"


@dataclass(eq=False, kw_only=True)
class CardNotPlaced(EaselError):
    """The card could not be posted, so nobody saw the job: it is cancelled and released."""

    message_id = "error-card-not-placed"


@dataclass(eq=False, kw_only=True)
class NotDelivered(EaselError):
    """The pictures could not be posted anywhere; the requester is not charged."""

    message_id = "error-not-delivered"


@dataclass(eq=False, kw_only=True)
class NotKept(Refusal):
    """The pictures of that job are kept no longer, or never were this person's."""

    message_id = "error-not-kept"


@dataclass(eq=False, kw_only=True)
class NotPosted(Refusal):
    """What somebody looked back at cannot be posted here."""

    message_id = "error-not-posted"


@dataclass(eq=False, kw_only=True)
class NoRoom(Refusal):
    """The room for pictures is full, and everything in it is still needed."""

    message_id = "error-no-room"


@dataclass(eq=False, kw_only=True)
class Interrupted(EaselError):
    """A restart ended the job before its request was sent."""

    message_id = "error-interrupted"


@dataclass(eq=False, kw_only=True)
class InterruptedInDoubt(EaselError):
    """A restart ended the job after its request was sent: the picture may have been made."""

    message_id = "error-interrupted-in-doubt"


@dataclass(eq=False, kw_only=True)
class Recorded(EaselError):
    """An error as the journal kept it, to be told again after a restart."""

    recorded_id: str
    recorded_facts: dict[str, Fact | None]

    @property
    def message_id(self) -> str:  # type: ignore[override]  # it speaks with another's id
        """Return the id of the recorded error's sentence."""
        return self.recorded_id

    @property
    def facts(self) -> dict[str, Fact | None]:
        """Return the recorded facts."""
        return self.recorded_facts


@dataclass(eq=False, kw_only=True)
class Unexpected(EaselError):
    """A defect of ours; ``reference`` finds the log record."""

    reference: str
    message_id = "error-unexpected"


@dataclass(eq=False, kw_only=True)
class ServerNotListed(Refusal):
    """The operator's ALLOWED_SERVERS does not hold this server."""

    message_id = "error-server-not-listed"


@dataclass(eq=False, kw_only=True)
class OutdatedCommand(Refusal):
    """The person's Discord still shows an earlier version of a command."""

    message_id = "error-outdated-command"


# --- gateways -------------------------------------------------------------------------------


class GatewayErrorKind(StrEnum):
    """How an exchange with an image endpoint can fail."""

    AUTH = "auth"
    QUOTA = "quota"
    RATE_LIMITED = "rate-limited"
    MODERATION = "moderation"
    INVALID_REQUEST = "invalid-request"
    MODEL_UNAVAILABLE = "model-unavailable"
    UPSTREAM = "upstream"
    TIMEOUT_UNKNOWN = "timeout-unknown"
    BAD_RESPONSE = "bad-response"
    NO_IMAGE = "no-image"
    DOWNLOAD_FAILED = "download-failed"
    UNREACHABLE = "unreachable"
    DISK_FULL = "disk-full"
    REFERENCE_LOST = "reference-lost"
    TASK_FAILED = "task-failed"
    TASK_LOST = "task-lost"
    TASK_UNFINISHED = "task-unfinished"


@dataclass(eq=False, kw_only=True)
class GatewayFailure(EaselError):
    """An exchange that brought no picture.

    ``billed`` says whether the operator may have paid for it; ``retry_after_s`` is the gateway's
    own hint. ``needless_field`` is one that nobody chose and the gateway surely does not know, or
    empty. ``detail`` holds the gateway's redacted words: for the operator's log only, so it is no
    fact of the sentence. ``declined``: for another picture of the job, moderation declined the
    same prompt.
    """

    kind: GatewayErrorKind
    gateway: str
    billed: Billed
    param: str = ""
    retry_after_s: float | None = None
    http_status: int | None = None
    request_id: str | None = None
    needless_field: str = ""
    detail: str = ""
    declined: bool = False

    @property
    def message_id(self) -> str:  # type: ignore[override]  # one sentence for each kind
        """Return the id of this kind's sentence."""
        return f"error-gateway-{self.kind}"

    @property
    def facts(self) -> dict[str, Fact | None]:
        """Return what a person may see: neither gateway, host nor the gateway's words."""
        shown: dict[str, Fact | None] = {"param": self.param, "retry_after_s": self.retry_after_s}
        return shown | {"declined": 1} if self.declined else shown


# --- the start ------------------------------------------------------------------------------


class StartRefused(Exception):
    """The start cannot go on; its text is one sentence that names the variable and the mend."""
