"""Jobs, their attempts and their posted messages: every state is written before it is acted on.

A **job** is ``queued → working → received → delivered → done``, or ends ``failed``,
``cancelled`` or ``unknown``. An **attempt** is one paid POST: ``sending → task → answered →
received``, of which task and answered may be skipped, or ``refused`` (certain that nothing was
made), or ``unknown``. All methods work inside the caller's transaction.
"""

from collections.abc import Callable, Sequence

import msgspec

from bot.core.errors.base import EaselError
from bot.core.metrics import NO_METRICS, Metrics
from bot.core.models import (
    OPEN_STATES,
    AnnouncedCard,
    AttachmentUrls,
    Billed,
    CardAddress,
    Job,
    JobState,
)
from bot.core.traces import NO_TRACES, Traces
from bot.database.transaction import Transaction, Value
from bot.jobs.repository.costs import write_attempt_cost
from bot.jobs.repository.job_counts import INTERRUPTED, RECEIVED, AttemptEnd, JobCounts
from bot.jobs.repository.late_attempts import FIRST_LOOK_MS, look_again
from bot.jobs.repository.ownership import lock_job, own
from bot.jobs.repository.request_files import write_request_files
from bot.jobs.repository.rows import (
    HIDDEN,
    Attempt,
    Cost,
    WrittenAttempt,
    WrittenJob,
    addresses_to_text,
    card_values,
    error_to_text,
    request_to_text,
    written_attempt,
    written_job,
)

# Discord drops an interaction token after 15 minutes (receiving-and-responding).
TOKEN_LIFE_MS = 15 * 60 * 1000

_OPEN = ", ".join(f"'{state}'" for state in OPEN_STATES)
_UNSENT = " AND NOT EXISTS (SELECT 1 FROM attempts WHERE job_id = $4 AND state <> 'refused')"


class JobRepository:
    """Writes what happens to jobs; ``owner`` is this process."""

    def __init__(
        self,
        *,
        owner: str,
        now: Callable[[], int],
        metrics: Metrics = NO_METRICS,
        traces: Traces = NO_TRACES,
    ) -> None:
        self.owner = owner
        self._now = now
        self._counts = JobCounts(metrics, traces)

    # --- jobs ---------------------------------------------------------------------------------

    def queued(
        self,
        tx: Transaction,
        job: Job,
        *,
        attached: AttachmentUrls | None = None,
        card: AnnouncedCard | None = None,
    ) -> None:
        """Write an accepted job, where its attachments lie, and where its card will be.

        A crash may hide whether the card was placed.
        """
        tx.write(
            "INSERT INTO jobs (id, owner, state, server_id, user_id, user_name, locale, request,"
            " credits, created_at, attached, parent, private, channel_id, application_id, token,"
            " max_file_bytes, only_by_token, spoiler)"
            " VALUES ($1, $2, 'queued', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
            " $16, $17, $18)",
            job.id,
            self.owner,
            job.requester.server_id,
            job.requester.user_id,
            job.requester.name,
            job.locale,
            request_to_text(job.request),
            job.credits,
            job.created_at,
            None if attached is None else addresses_to_text(attached),
            job.parent,
            int(job.private),
            *card_values(card),
            self._spoiler_of(tx, job),
        )
        write_request_files(tx, job, at=self._now())

    def forget_expired_tokens(self, tx: Transaction) -> None:
        """Forget the interaction tokens that Discord has dropped meanwhile."""
        tx.write(
            "UPDATE jobs SET token = NULL"
            " WHERE (ended_at IS NULL OR told = 0) AND token IS NOT NULL AND created_at < $1",
            self._now() - TOKEN_LIFE_MS,
        )

    def _spoiler_of(self, tx: Transaction, job: Job) -> int:
        """Return who may show the pictures of a new job: who hid those of its parent."""
        if not job.spoiler:
            return 0
        parent = job.parent and tx.one("SELECT spoiler FROM jobs WHERE id = $1", job.parent)
        return max(HIDDEN, parent["spoiler"]) if parent else HIDDEN

    def not_placed(self, tx: Transaction, job_id: str) -> None:
        """Write that Discord surely did not take the announced card."""
        self._update(tx, job_id, "channel_id = NULL, token = NULL")

    def placed(self, tx: Transaction, job_id: str, card: CardAddress) -> None:
        """Write where the job's card is, and that it is a message of the job."""
        self._update(
            tx,
            job_id,
            "channel_id = $3, message_id = $4, application_id = $5, token = $6,"
            " max_file_bytes = $7, only_by_token = $8",
            card.channel_id,
            card.message_id,
            card.application_id,
            card.token,
            card.max_file_bytes,
            int(card.only_by_token),
        )
        self.posted(tx, job_id, card)

    def referenced(self, tx: Transaction, job: Job) -> None:
        """Write which references the job's request has, now that the content store has them."""
        self._update(tx, job.id, "request = $3, attached = NULL", request_to_text(job.request))
        write_request_files(tx, job, at=self._now())

    def delivered(self, tx: Transaction, job_id: str, messages: Sequence[CardAddress]) -> None:
        """Write that the person has the pictures, and which messages show them."""
        self.told(tx, job_id)
        for message in messages:
            self.posted(tx, job_id, message)

    def ended(
        self, tx: Transaction, job_id: str, state: JobState, error: EaselError | None = None
    ) -> bool:
        """End an open job; return False, and change nothing, if it has ended."""
        own(tx, job_id, self.owner)
        return self._end_job(tx, job_id, state, error)

    def cancelled(self, tx: Transaction, job_id: str, error: EaselError) -> bool:
        """Cancel a job of any process; return False if it has ended, or a request of it is out."""
        # In an earlier statement: the next one sees an attempt that was written before the lock.
        lock_job(tx, job_id)
        return self._end_job(tx, job_id, JobState.CANCELLED, error, only=_UNSENT)

    def _end_job(
        self,
        tx: Transaction,
        job_id: str,
        state: JobState,
        error: EaselError | None,
        *,
        only: str = "",
    ) -> bool:
        found = tx.query(
            "UPDATE jobs SET state = $1, ended_at = $2, error = $3, attached = NULL,"
            # Without it nobody can tell a private card, also after a crash between the two.
            " token = CASE WHEN channel_id IS NULL OR told = 1 THEN NULL ELSE token END,"
            " told = CASE WHEN channel_id IS NULL THEN 1 ELSE told END"
            f" WHERE id = $4 AND state IN ({_OPEN}){only} RETURNING id, created_at, ended_at",
            state,
            self._now(),
            None if error is None else error_to_text(error),
            job_id,
        )
        for row in found:
            self._counts.job_ended(tx, row, state)
        return bool(found)

    def told(self, tx: Transaction, job_id: str) -> None:
        """Write that the job's card says how it ended; its token is needed no more."""
        self._update(tx, job_id, "told = 1, token = NULL")

    def not_told(self, tx: Transaction, job_id: str) -> None:
        """Write that the card could not be told how the job ended."""
        self._update(tx, job_id, "telling_failures = telling_failures + 1")

    def _update(self, tx: Transaction, job_id: str, values: str, *params: Value) -> None:
        """Write values of a job of this process; their parameters begin with $3."""
        sql = f"UPDATE jobs SET {values} WHERE id = $1 AND owner = $2 RETURNING id"
        if tx.one(sql, job_id, self.owner, *params) is None:
            own(tx, job_id, self.owner)
        tx.owned.add(job_id)

    def posted(self, tx: Transaction, job_id: str, card: CardAddress) -> None:
        """Map a posted message to its job: a reaction knows only the message.

        The message is there, whoever the job belongs to by now.
        """
        tx.write(
            "INSERT INTO messages (message_id, channel_id, job_id) VALUES ($1, $2, $3)"
            " ON CONFLICT (message_id) DO NOTHING",
            card.message_id,
            card.channel_id,
            job_id,
        )

    def adopt(self, tx: Transaction, job_id: str, *, owner: str) -> bool:
        """Make this process the owner of a dead ``owner``'s job; False if another was faster.

        Also if the dead one has ended it after all, by a commit that was under way.
        """
        adopted = tx.query(
            "UPDATE jobs SET owner = $1 WHERE id = $2 AND owner = $3"
            " AND (ended_at IS NULL OR told = 0) RETURNING id",
            self.owner,
            job_id,
            owner,
        )
        tx.owned.update(row["id"] for row in adopted)
        return bool(adopted)

    def own(self, tx: Transaction, job_id: str) -> None:
        """Raise JobTakenOver unless a job belongs to this process until the end."""
        own(tx, job_id, self.owner)

    # --- attempts -----------------------------------------------------------------------------

    def sending(
        self, tx: Transaction, job_id: str, slot: int, *, gateway: str, pictures: int
    ) -> Attempt | None:
        """Write that a paid POST is about to leave; return None if the job has ended."""
        start_if_open = (
            f"UPDATE jobs SET state = 'working' WHERE id = $1 AND owner = $2 AND state IN ({_OPEN})"
            " RETURNING id"
        )
        if tx.one(start_if_open, job_id, self.owner) is None:
            own(tx, job_id, self.owner)
            return None
        row = tx.one(
            "INSERT INTO attempts (job_id, slot, number, gateway, asked, state, billed, started_at)"
            " SELECT $1, $2, COUNT(*) + 1, $3, CAST($4 AS BIGINT), 'sending', 'maybe',"
            " CAST($5 AS BIGINT) FROM attempts WHERE job_id = $1 AND slot = $2 RETURNING number",
            job_id,
            slot,
            gateway,
            pictures,
            self._now(),
        )
        assert row is not None  # noqa: S101 - INSERT … SELECT COUNT(*) always makes one row
        return Attempt(job_id, slot, row["number"], gateway)

    def task(self, tx: Transaction, attempt: Attempt, task_id: str) -> None:
        """Write that the gateway works on it as a task."""
        own(tx, attempt.job_id, self.owner)
        tx.write(
            "UPDATE attempts SET state = 'task', task_id = $1"
            " WHERE job_id = $2 AND slot = $3 AND number = $4",
            task_id,
            attempt.job_id,
            attempt.slot,
            attempt.number,
        )

    def attempts(self, rows: Transaction, job_id: str) -> list[WrittenAttempt]:
        """Return the newest attempt of each slot that was not surely refused."""
        found = rows.query(
            "SELECT * FROM attempts AS newest WHERE job_id = $1 AND state <> 'refused'"
            " AND number = (SELECT MAX(number) FROM attempts WHERE job_id = newest.job_id"
            " AND slot = newest.slot) ORDER BY slot",
            job_id,
        )
        return [written_attempt(row) for row in found]

    def answered(self, tx: Transaction, attempt: Attempt, urls: Sequence[str]) -> None:
        """Write that the gateway made the pictures, and where they can be fetched."""
        self._move(tx, attempt, state="answered", billed=Billed.YES, ended_at=self._now())
        tx.write(
            "UPDATE attempts SET urls = $1 WHERE job_id = $2 AND slot = $3 AND number = $4",
            msgspec.json.encode(list(urls)).decode(),
            attempt.job_id,
            attempt.slot,
            attempt.number,
        )

    def received(self, tx: Transaction, attempt: Attempt, cost: Cost) -> None:
        """Write that the pictures are files, and what they cost the operator."""
        self._end(tx, attempt, "received", cost, RECEIVED, billed=Billed.YES)
        write_attempt_cost(tx, attempt, Billed.YES, cost, at=self._now())

    def refused(self, tx: Transaction, attempt: Attempt, model: str, kind: str) -> None:
        """Write that the gateway surely made nothing, and count for which kind of reason."""
        self._end(tx, attempt, "refused", Cost(model), kind, billed=Billed.NO)

    def lost(
        self,
        tx: Transaction,
        attempt: Attempt,
        billed: Billed,
        cost: Cost,
        kind: str,
        *,
        may_come_late: bool = False,
        by_us: bool = False,
    ) -> None:
        """Write that an attempt brought no picture but was, or may have been, paid; count why.

        What is lost ``by_us`` has no end: this bot saw none, as its process died, or a defect or
        its disk ended the attempt. Its requester did nothing for that.
        """
        self._end(tx, attempt, "unknown", cost, kind, billed=billed, is_seen=not by_us)
        write_attempt_cost(tx, attempt, billed, cost, at=self._now())
        if may_come_late:
            look_again(tx, attempt, self._now() + FIRST_LOOK_MS)

    def _end(
        self,
        tx: Transaction,
        attempt: Attempt,
        state: str,
        cost: Cost,
        result: str,
        *,
        billed: Billed,
        is_seen: bool = True,
    ) -> None:
        ended_at = self._now() if is_seen else None
        began_at = self._move(tx, attempt, state=state, billed=billed, ended_at=ended_at)
        end = AttemptEnd(attempt, cost, result, billed, began_at, ended_at)
        self._counts.attempt_ended(tx, end)

    def _move(
        self, tx: Transaction, attempt: Attempt, *, state: str, billed: Billed, ended_at: int | None
    ) -> int:
        """Write the state of an attempt; return when it began."""
        own(tx, attempt.job_id, self.owner)
        row = tx.one(
            "UPDATE attempts SET state = $1, billed = $2, ended_at = $3"
            " WHERE job_id = $4 AND slot = $5 AND number = $6 RETURNING started_at",
            state,
            billed,
            ended_at,
            attempt.job_id,
            attempt.slot,
            attempt.number,
        )
        return self._now() if row is None else int(row["started_at"])

    def close_attempts(
        self, tx: Transaction, job_id: str, *, model: str, price_at: Callable[[str], int | None]
    ) -> None:
        """Put the attempts that a crash, or a defect, left under way in doubt.

        ``price_at`` tells what one picture costs at a gateway, None where no price is stated.
        """
        own(tx, job_id, self.owner)
        for row in tx.query(
            "SELECT slot, number, gateway, asked FROM attempts"
            " WHERE job_id = $1 AND state IN ('sending', 'task', 'answered')",
            job_id,
        ):
            attempt = Attempt(job_id, row["slot"], row["number"], row["gateway"])
            each = price_at(attempt.gateway)
            price = None if each is None else each * row["asked"]
            cost = Cost(model, price=price)
            self.lost(tx, attempt, Billed.MAYBE, cost, INTERRUPTED, by_us=True)

    def delivery_begun(self, tx: Transaction, job_id: str) -> None:
        """Write that the pictures are files, and that a process begins to deliver them."""
        state = f"CASE WHEN state IN ({_OPEN}) THEN 'received' ELSE state END"
        self._update(tx, job_id, f"deliveries = deliveries + 1, state = {state}")

    def is_delivered(self, rows: Transaction, job_id: str) -> bool:
        """Tell whether the person has the pictures of a job that was not settled."""
        row = rows.one("SELECT state FROM jobs WHERE id = $1", job_id)
        return row is not None and row["state"] == JobState.DELIVERED

    def job(self, rows: Transaction, job_id: str) -> WrittenJob | None:
        """Return one job, None where there is no such id."""
        found = rows.one("SELECT * FROM jobs WHERE id = $1", job_id)
        return None if found is None else written_job(found)

    def behind(self, rows: Transaction, message_id: int) -> WrittenJob | None:
        """Return the job that a posted message shows, None for any other message."""
        found = rows.one(
            "SELECT jobs.* FROM jobs JOIN messages ON messages.job_id = jobs.id"
            " WHERE messages.message_id = $1",
            message_id,
        )
        return None if found is None else written_job(found)
