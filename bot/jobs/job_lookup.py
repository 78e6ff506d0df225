"""Look up what is recorded of a job, and who may repeat or delete its result."""

from dataclasses import dataclass

from bot.core.errors.base import Refusal
from bot.core.errors.gateway import is_declined
from bot.core.errors.jobs import NoLongerPosted
from bot.core.models import CardAddress
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.images.references import (
    MaskOpaque,
    MaskUnfit,
    ReferenceLost,
    ReferenceTooLarge,
    ReferenceTooManyPixels,
    ReferenceUnreadable,
)
from bot.images.same_pictures import ReferencesSame
from bot.jobs.repository import job_details
from bot.jobs.repository.attempt_seeds import told_seeds
from bot.jobs.repository.job_details import AttemptSummary
from bot.jobs.repository.kept_pictures import KeptPicture, read_kept_pictures
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import HIDDEN, HIDDEN_BY_MODERATOR, WrittenJob
from bot.quota.ledger import Ledger

_LOST_WITH = frozenset(
    error.message_id
    for error in (
        MaskOpaque,
        MaskUnfit,
        ReferenceLost,
        ReferenceTooLarge,
        ReferenceTooManyPixels,
        ReferenceUnreadable,
        ReferencesSame,
    )
)


@dataclass(eq=False, kw_only=True)
class ResultUnknown(Refusal):
    """There is no such job, or none any more."""

    message_id = "error-result-unknown"


@dataclass(eq=False, kw_only=True)
class ResultRemoved(Refusal):
    """A moderator took the result down, so nothing can be made from it."""

    message_id = "error-result-removed"


@dataclass(eq=False, kw_only=True)
class NotYoursToDelete(Refusal):
    """Only the requester, and who may manage messages there, deletes a result."""

    message_id = "error-not-yours-to-delete"


@dataclass(eq=False, kw_only=True)
class NotYoursToMark(Refusal):
    """Only the requester, and who may manage messages there, hides the pictures of a result."""

    message_id = "error-not-yours-to-mark"


@dataclass(eq=False, kw_only=True)
class HiddenByModerator(Refusal):
    """A moderator hid the pictures, so that only one shows them again."""

    message_id = "error-hidden-by-moderator"


@dataclass(eq=False, kw_only=True)
class ReferencesNeverKept(Refusal):
    """The job ended because of its references, so they were never stored."""

    message_id = "error-references-never-kept"


@dataclass(eq=False, kw_only=True)
class DeclinedToOthers(Refusal):
    """Moderation declined the prompt, and somebody else wants to repeat it."""

    message_id = "error-declined-to-others"


@dataclass(frozen=True, slots=True)
class FoundJob:
    """One job with everything that is recorded of it.

    ``pictures`` are those whose files may still be kept; ``parent`` is the job that it came from,
    None where its card is gone. ``task_seeds`` are those that somebody has asked its gateway for.
    """

    written: WrittenJob
    attempts: AttemptSummary
    charged: int
    pictures: tuple[KeptPicture, ...]
    parent: WrittenJob | None
    task_seeds: tuple[int, ...] = ()

    @property
    def seeds(self) -> list[int]:
        """Return the seeds that the gateway reported, else the one that was sent."""
        sent = self.written.job.request.seed
        told = dict.fromkeys((*self._reported, *self.task_seeds))
        return list(told) or ([] if sent is None else [sent])

    @property
    def has_seeds_without_tasks(self) -> bool:
        """Tell whether a seed is known that no task has to be asked for."""
        return bool(self._reported) or self.written.job.request.seed is not None

    @property
    def _reported(self) -> list[int]:
        return [each.seed for each in self.pictures if each.seed is not None]


class JobLookup:
    """Looks jobs up, for the controls under their results."""

    def __init__(self, *, database: Database, repository: JobRepository, ledger: Ledger) -> None:
        self._database = database
        self._repository = repository
        self._ledger = ledger

    async def job(self, job_id: str) -> WrittenJob:
        """Return a job; raise ResultUnknown where there is no such id."""
        written = await self._database.read(self._repository.job, job_id)
        if written is None:
            raise ResultUnknown
        return written

    @staticmethod
    def check_not_removed(written: WrittenJob) -> None:
        """Raise ResultRemoved where a moderator took the result down."""
        if written.removed:
            raise ResultRemoved

    @classmethod
    def check_repeatable(cls, written: WrittenJob, *, by: int) -> None:
        """Refuse to repeat a request whose references are lost, or which moderation declined.

        Only its requester knows a declined prompt, and may try again.

        Raises:
            ResultRemoved, ReferencesNeverKept, DeclinedToOthers
        """
        cls.check_not_removed(written)
        if is_declined(written.error) and by != written.job.requester.user_id:
            raise DeclinedToOthers
        if written.error is not None and written.error.message_id in _LOST_WITH:
            raise ReferencesNeverKept

    async def messages(self, written: WrittenJob) -> list[CardAddress]:
        """Return the messages that show a job, the oldest first."""
        return await self._database.read(job_details.messages, written.job.id)

    async def by_message(self, message_id: int) -> WrittenJob | None:
        """Return the job that a message shows, None for any other message."""
        return await self._database.read(self._repository.behind, message_id)

    async def details(self, written: WrittenJob) -> FoundJob:
        """Return everything that is recorded of a job."""
        return await self._database.read(self._read, written)

    def _read(self, rows: Transaction, written: WrittenJob) -> FoundJob:
        job_id = written.job.id
        return FoundJob(
            written=written,
            attempts=job_details.attempt_summary(rows, job_id),
            charged=self._ledger.charged(rows, job_id),
            pictures=tuple(read_kept_pictures(rows, job_id)),
            parent=self._parent(rows, written),
            task_seeds=told_seeds(rows, job_id),
        )

    def _parent(self, rows: Transaction, written: WrittenJob) -> WrittenJob | None:
        if written.job.parent is None:
            return None
        parent = self._repository.job(rows, written.job.parent)
        if parent is None or parent.placed is None:
            return None
        there = job_details.messages(rows, parent.job.id)
        is_there = parent.placed.message_id in {each.message_id for each in there}
        return parent if is_there else None

    async def deletable_messages(
        self, written: WrittenJob, *, by: int, moderated: int | None
    ) -> list[CardAddress]:
        """Return the messages of a result that a person may delete.

        Its requester may delete all of them; who manages messages, those in the channel
        ``moderated``.

        Raises:
            NotYoursToDelete: they are neither.
        """
        if by != written.job.requester.user_id and moderated is None:
            raise NotYoursToDelete
        return await self._messages_within_reach(written, by=by, moderated=moderated)

    async def markable_messages(
        self, written: WrittenJob, *, by: int, moderated: int | None, hide: bool
    ) -> list[CardAddress]:
        """Return the messages of a result whose pictures a person may hide, or show again.

        Its requester may hide all of them; who manages messages, those in the channel
        ``moderated``.

        Raises:
            NotYoursToMark: they are neither.
            HiddenByModerator: its requester wants to show what a moderator hid.
        """
        if moderated is None:
            if by != written.job.requester.user_id:
                raise NotYoursToMark
            if written.hidden_by_moderator and not hide:
                raise HiddenByModerator
        return await self._messages_within_reach(written, by=by, moderated=moderated)

    async def record_spoiler(self, written: WrittenJob, *, by: int, hide: bool) -> None:
        """Record that a result's pictures are hidden, and whether a moderator did that."""
        hidden = HIDDEN if by == written.job.requester.user_id else HIDDEN_BY_MODERATOR
        spoiler = hidden if hide else 0
        await self._database.write(job_details.mark_spoiler, written.job.id, spoiler)

    async def _messages_within_reach(
        self, written: WrittenJob, *, by: int, moderated: int | None
    ) -> list[CardAddress]:
        is_theirs = by == written.job.requester.user_id
        messages = await self._database.read(job_details.messages, written.job.id)
        return [each for each in messages if is_theirs or each.channel_id == moderated]

    async def check_still_posted(
        self, written: WrittenJob, *, by: int, channel_id: int | None
    ) -> None:
        """Keep others from showing again what its requester, or a moderator, deleted in a channel.

        They may have chosen a picture of it before; one as reference is shown as a thumbnail.

        Raises:
            NoLongerPosted: as far as this bot knows.
        """
        if by == written.job.requester.user_id:
            return
        messages = await self._database.read(job_details.messages, written.job.id)
        if not any(each.channel_id == channel_id for each in messages):
            raise NoLongerPosted
