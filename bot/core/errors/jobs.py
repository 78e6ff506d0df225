"""Errors that end a job or prevent one, and refusals of requests around a job."""

from dataclasses import dataclass

from bot.core.errors.base import EaselError, Fact, Refusal


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
class CardNotSent(EaselError):
    """The job's message could not be sent, so the job is cancelled and its credits released."""

    message_id = "error-card-not-placed"


@dataclass(eq=False, kw_only=True)
class PicturesMissing(EaselError):
    """No request failed, but fewer pictures arrived than were asked for."""

    message_id = "error-pictures-missing"


@dataclass(eq=False, kw_only=True)
class RestNotSent(EaselError):
    """Somebody stopped the job when some of its requests were out: the others were not sent."""

    message_id = "error-rest-not-sent"


@dataclass(eq=False, kw_only=True)
class PicturesLost(EaselError):
    """Some of the pictures were made and paid for, but could not be downloaded or read."""

    message_id = "error-pictures-lost"


@dataclass(eq=False, kw_only=True)
class NotDelivered(EaselError):
    """Discord took the pictures nowhere; the requester is not charged unless they are kept."""

    message_id = "error-not-delivered"


@dataclass(eq=False, kw_only=True)
class NeitherPostedNorKept(EaselError):
    """The pictures arrived, and could not be stored either; the requester is not charged."""

    message_id = "error-neither-posted-nor-kept"


@dataclass(eq=False, kw_only=True)
class PicturesKept(EaselError):
    """The pictures could not be posted anywhere; the requester pays for them and can get them."""

    message_id = "error-pictures-kept"


@dataclass(eq=False, kw_only=True)
class PicturesLate(EaselError):
    """``count`` pictures of a slot of an ended job came after all; they cost ``credits``."""

    count: int
    credits: int
    slot: int
    message_id = "error-pictures-late"


@dataclass(eq=False, kw_only=True)
class NotKept(Refusal):
    """The pictures of that job are no longer kept, or are not this person's."""

    message_id = "error-not-kept"


@dataclass(eq=False, kw_only=True)
class PictureNotKept(Refusal):
    """One picture of a job is no longer kept, or the job never had so many."""

    number: str
    message_id = "error-picture-not-kept"


@dataclass(eq=False, kw_only=True)
class NotAskedYou(Refusal):
    """Everybody sees a question that one person alone may answer."""

    message_id = "error-not-asked-you"


@dataclass(eq=False, kw_only=True)
class CostChanged(Refusal):
    """A button showed another cost than its request would have now: ``credits``."""

    credits: int
    message_id = "error-cost-changed"


@dataclass(eq=False, kw_only=True)
class EnlargingGone(Refusal):
    """No model that this person may use here enlarges pictures any more."""

    message_id = "error-enlarging-gone"


@dataclass(eq=False, kw_only=True)
class PrivateNotPosted(Refusal):
    """A picture of a private result is not posted where others see it."""

    message_id = "error-private-not-posted"


@dataclass(eq=False, kw_only=True)
class NoLongerPosted(Refusal):
    """The result was deleted here, and somebody else than its requester wants to show it."""

    message_id = "error-no-longer-posted"


@dataclass(eq=False, kw_only=True)
class NotPosted(Refusal):
    """Pictures of the history cannot be posted in this channel."""

    message_id = "error-not-posted"


@dataclass(eq=False, kw_only=True)
class PictureStorageFull(Refusal):
    """MAX_DISK is used up, and every kept picture is still needed."""

    message_id = "error-no-room"


@dataclass(eq=False, kw_only=True)
class PictureStorageAway(Refusal, OSError):
    """The storage of pictures does not answer, or refuses."""

    message_id = "error-storage-away"


@dataclass(eq=False, kw_only=True)
class Interrupted(EaselError):
    """A restart ended the job before its request was sent."""

    message_id = "error-interrupted"


@dataclass(eq=False, kw_only=True)
class InterruptedInDoubt(EaselError):
    """A restart ended the job after its request was sent: the picture may have been made."""

    message_id = "error-interrupted-in-doubt"


@dataclass(eq=False, kw_only=True)
class RecordedError(EaselError):
    """An error that was stored with its job, to be reported again after a restart."""

    recorded_id: str
    recorded_facts: dict[str, Fact | None]

    @property
    def message_id(self) -> str:  # type: ignore[override]  # the id of the recorded error
        """Return the id of the recorded error's sentence."""
        return self.recorded_id

    @property
    def facts(self) -> dict[str, Fact | None]:
        """Return the recorded facts."""
        return self.recorded_facts


@dataclass(eq=False, kw_only=True)
class Unexpected(EaselError):
    """A defect of Easel; ``reference`` finds the log record."""

    reference: str
    message_id = "error-unexpected"


@dataclass(eq=False, kw_only=True)
class ServerNotListed(Refusal):
    """The operator's ALLOWED_SERVERS does not contain this server."""

    message_id = "error-server-not-listed"


@dataclass(eq=False, kw_only=True)
class OutdatedCommand(Refusal):
    """The person's Discord still shows an earlier version of a command."""

    message_id = "error-outdated-command"


@dataclass(eq=False, kw_only=True)
class ActionExpired(Refusal):
    """A button's task, its gateway or its kind is there no more."""

    message_id = "error-gateway-action-expired"


@dataclass(eq=False, kw_only=True)
class ActionRuns(Refusal):
    """A job that somebody started by the same button has not ended."""

    message_id = "error-action-runs"
