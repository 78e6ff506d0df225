"""Rows of jobs and attempts as values, and how requests and errors are kept as text."""

from dataclasses import dataclass, fields, replace

import msgspec

from bot.core.errors.base import EaselError, Fact
from bot.core.errors.jobs import RecordedError
from bot.core.models import (
    DEFAULT_FILE_BYTES,
    AnnouncedCard,
    AttachmentUrls,
    CardAddress,
    ImageRequest,
    Job,
    JobState,
    Reference,
    Requester,
    TokenUsage,
    parse_size,
)
from bot.core.task_actions import TaskAction
from bot.database.transaction import Row

# What decoding raises for text that Easel did not write.
UNREADABLE = (msgspec.MsgspecError, KeyError, TypeError, ValueError)

# The values of the column ``spoiler``, beside 0.
HIDDEN, HIDDEN_BY_MODERATOR = 1, 2

# The pattern of history_search.py finds the first three.
_FIRST_FIELDS = ("prompt", "model", "size")
_REQUEST_FIELDS = tuple(
    dict.fromkeys((*_FIRST_FIELDS, *(field.name for field in fields(ImageRequest))))
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One paid POST: the ``number``-th for this slot of the job, asking for some pictures."""

    job_id: str
    slot: int
    number: int
    gateway: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What the operator paid, or may have paid, for an attempt that brought ``pictures``.

    ``lost`` more were paid for, but are unreadable, expired or too large. ``price`` is for all that
    were asked for, in micros, None where the operator states no price.
    """

    model: str
    pictures: int = 0
    lost: int = 0
    usage: TokenUsage | None = None
    price: int | None = None


@dataclass(frozen=True, slots=True)
class WrittenJob:
    """A job as it is recorded, with its owner and its card.

    A card that was only announced may or may not be there. ``attached`` says where its attachments
    lie, None when there are none left to fetch. ``deliveries`` is how often one was begun.
    ``hidden_by_moderator``: its requester cannot show the pictures again. ``removed``: a moderator
    took the pictures down.
    """

    job: Job
    owner: str
    state: JobState
    card: CardAddress | AnnouncedCard | None
    error: EaselError | None
    attached: AttachmentUrls | None = None
    deliveries: int = 0
    hidden_by_moderator: bool = False
    removed: bool = False

    @property
    def id(self) -> str:
        """Return the job's id."""
        return self.job.id

    @property
    def placed(self) -> CardAddress | None:
        """Return where its card is, None as long as Discord has not said so."""
        return self.card if isinstance(self.card, CardAddress) else None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended, and its pictures were not posted."""
        return self.state in {JobState.QUEUED, JobState.WORKING, JobState.RECEIVED}


@dataclass(frozen=True, slots=True)
class UnreadableJob:
    """A job whose row cannot be read, such as after damage or a change by hand."""

    id: str
    owner: str
    problem: str


@dataclass(frozen=True, slots=True)
class WrittenAttempt:
    """The newest attempt of a slot, as it is recorded.

    ``modal_sent``: the prompt that its task asked for was, or may have been, sent.
    """

    key: Attempt
    asked: int
    state: str
    task_id: str | None
    urls: tuple[str, ...]
    modal_sent: bool = False

    @property
    def has_something(self) -> bool:
        """Whether the gateway surely works on it, or has answered."""
        return self.state in {"task", "received"} or (self.state == "answered" and bool(self.urls))


class _StoredError(msgspec.Struct, frozen=True):
    """An EaselError in the database."""

    message_id: str
    facts: dict[str, Fact | None]


def request_to_text(request: ImageRequest) -> str:
    """Return a request as the database keeps it."""
    values = {name: getattr(request, name) for name in _REQUEST_FIELDS}
    stored = {
        **values,
        "size": str(request.size),
        # The attachment's URL works for a while only; the content store has the picture.
        "references": [replace(kept, url=None) for kept in request.references],
        "mask": request.mask and replace(request.mask, url=None),
    }
    # A seed of 0 is one, and an operation has a prompt, which may be empty.
    known = {
        name: value
        for name, value in stored.items()
        if value or value == 0 or name in _FIRST_FIELDS
    }
    return msgspec.json.encode(known).decode()


def addresses_to_text(addresses: AttachmentUrls) -> str:
    """Return where attachments lie as the database keeps it."""
    return msgspec.json.encode(addresses).decode()


def error_to_text(error: EaselError) -> str:
    """Return an error as the database keeps it."""
    return msgspec.json.encode(_StoredError(error.message_id, error.facts)).decode()


def _to_error(text: str) -> EaselError:
    stored = msgspec.json.decode(text, type=_StoredError)
    return RecordedError(recorded_id=stored.message_id, recorded_facts=stored.facts)


def request_from_text(text: str) -> ImageRequest:
    """Read a request as the database keeps it."""
    stored = msgspec.json.decode(text)
    known = {name: stored[name] for name in _REQUEST_FIELDS if name in stored}
    known["size"] = parse_size(known["size"])
    if references := known.get("references"):
        known["references"] = msgspec.convert(references, tuple[Reference, ...])
    if left_out := known.get("left_out"):
        known["left_out"] = msgspec.convert(left_out, tuple[str, ...])
    if action := known.get("action"):
        known["action"] = msgspec.convert(action, TaskAction)
    if mask := known.get("mask"):
        known["mask"] = msgspec.convert(mask, Reference)
    return ImageRequest(**known)


def written_job(row: Row) -> WrittenJob:
    """Read a row of ``jobs``."""
    job = Job(
        id=row["id"],
        request=request_from_text(row["request"]),
        requester=Requester(row["user_id"], row["server_id"], row["user_name"]),
        credits=row["credits"],
        created_at=row["created_at"],
        locale=row["locale"],
        parent=row["parent"],
        private=bool(row["private"]),
        spoiler=bool(row["spoiler"]),
    )
    error = None if row["error"] is None else _to_error(row["error"])
    return WrittenJob(
        job,
        row["owner"],
        JobState(row["state"]),
        _card(row),
        error,
        _attached(row["attached"]),
        row["deliveries"],
        hidden_by_moderator=row["spoiler"] == HIDDEN_BY_MODERATOR,
        removed=bool(row["removed"]),
    )


def read_job(row: Row) -> WrittenJob | UnreadableJob:
    """Read a row of ``jobs``, or say why that is impossible."""
    try:
        return written_job(row)
    except UNREADABLE as error:
        # The error's text may quote a prompt.
        return UnreadableJob(row["id"], row["owner"], type(error).__name__)


def listed_job(row: Row) -> WrittenJob:
    """Read a row of ``jobs`` for a list; one that cannot be read has an empty request."""
    read = read_job(row)
    if isinstance(read, WrittenJob):
        return read
    requester = Requester(row["user_id"], row["server_id"], row["user_name"])
    request = ImageRequest(prompt="", model="-", size="auto", n=1)
    job = Job(row["id"], request, requester, row["credits"], row["created_at"], row["locale"])
    return WrittenJob(job, row["owner"], JobState(row["state"]), card=None, error=None)


def written_attempt(row: Row) -> WrittenAttempt:
    """Read a row of ``attempts``."""
    return WrittenAttempt(
        key=Attempt(row["job_id"], row["slot"], row["number"], row["gateway"]),
        asked=row["asked"],
        state=row["state"],
        task_id=row["task_id"],
        urls=() if row["urls"] is None else msgspec.json.decode(row["urls"], type=tuple[str, ...]),
        modal_sent=bool(row["modal_sent"]),
    )


def _attached(text: str | None) -> AttachmentUrls | None:
    return None if text is None else msgspec.json.decode(text, type=AttachmentUrls)


def _card(row: Row) -> CardAddress | AnnouncedCard | None:
    if row["channel_id"] is None:
        return None
    card = AnnouncedCard(
        row["channel_id"],
        row["application_id"],
        row["token"],
        row["max_file_bytes"],
        only_by_token=bool(row["only_by_token"]),
    )
    return card if row["message_id"] is None else card.placed(row["message_id"])


def card_values(card: AnnouncedCard | None) -> tuple[int | str | None, ...]:
    """Return what a job's row says of an announced card: place, application, token, limits."""
    if card is None:
        return None, None, None, DEFAULT_FILE_BYTES, 0
    return (
        card.channel_id,
        card.application_id,
        card.token,
        card.max_file_bytes,
        int(card.only_by_token),
    )
