"""Errors of an exchange with a gateway."""

from dataclasses import dataclass
from enum import StrEnum

from bot.core.errors.base import EaselError, Fact
from bot.core.models import Billed


class GatewayErrorKind(StrEnum):
    """The kinds of failure of an exchange with a gateway."""

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
    ACTION_EXPIRED = "action-expired"


@dataclass(eq=False, kw_only=True)
class GatewayFailure(EaselError):
    """An exchange that brought no picture.

    ``billed`` says whether the operator may have paid for it; ``retry_after_s`` is the gateway's
    own hint, and ``retry_at`` the moment that it means, in milliseconds since the epoch, if it is
    too long to be said in seconds. ``removable_field`` is a field that nobody chose and that the
    gateway certainly does not know, or empty. ``other_path`` is another path to try once, because
    the gateway certainly lacks this one, or empty. ``detail`` holds the gateway's redacted words:
    for the operator's log only, so it is no fact of the sentence. ``declined``: for another
    picture of the job, moderation declined the same prompt. ``lost_by_us`` is how many of the
    pictures this bot lost where the gateway lost the others.
    """

    kind: GatewayErrorKind
    gateway: str
    billed: Billed
    param: str = ""
    retry_after_s: float | None = None
    retry_at: int | None = None
    http_status: int | None = None
    request_id: str | None = None
    removable_field: str = ""
    other_path: str = ""
    detail: str = ""
    declined: bool = False
    lost_by_us: int = 0

    @property
    def is_ours(self) -> bool:
        """Whether this bot lost the picture: it then counts against no person."""
        return self.kind is GatewayErrorKind.DISK_FULL

    @property
    def message_id(self) -> str:  # type: ignore[override]  # one sentence for each kind
        """Return the id of this kind's sentence."""
        return f"error-gateway-{self.kind}"

    @property
    def facts(self) -> dict[str, Fact | None]:
        """Return what a person may see: neither gateway, host nor the gateway's words."""
        shown: dict[str, Fact | None] = {
            "param": self.param,
            "retry_after_s": self.retry_after_s,
            "retry_at": self.retry_at,
        }
        return shown | {"declined": 1} if self.declined else shown


_DECLINED = f"error-gateway-{GatewayErrorKind.MODERATION}"


def is_declined(error: EaselError | None) -> bool:
    """Tell whether moderation declined the prompt, also where other pictures were painted from it.

    After a restart the error is a Recorded one with the same id and facts.
    """
    return error is not None and (
        error.message_id == _DECLINED or bool(error.facts.get("declined"))
    )
