"""The buttons of finished tasks, and the jobs that presses of them have started."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.errors.jobs import ActionExpired, ActionRuns
from bot.core.models import Job
from bot.core.task_actions import TaskAction, TaskButton
from bot.database.transaction import Row, Transaction
from bot.jobs.repository.ownership import own
from bot.jobs.repository.rows import Attempt


@dataclass(frozen=True, slots=True)
class WrittenButton:
    """A button of the task of a slot: the ``place``-th, from 1.

    ``unit`` is the number of the first picture, or grid, of its job that the task brought; 0 where
    that is unknown.
    """

    slot: int
    unit: int
    place: int
    gateway: str
    task_id: str
    button: TaskButton


def insert_buttons(
    tx: Transaction, attempt: Attempt, task_id: str, buttons: Sequence[TaskButton]
) -> None:
    """Write the buttons of an attempt's task; harmless twice."""
    for place, button in enumerate(buttons, 1):
        tx.write(
            "INSERT INTO task_buttons"
            " (job_id, slot, place, gateway, task_id, custom_id, kind, face)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
            " ON CONFLICT (job_id, slot, place) DO NOTHING",
            attempt.job_id,
            attempt.slot,
            place,
            attempt.gateway,
            task_id,
            button.custom_id,
            button.kind,
            button.face,
        )


def read_buttons(rows: Transaction, job_id: str) -> list[WrittenButton]:
    """Return the buttons of a job's tasks, in order.

    What came late has a later number than its slot. Where nothing is kept, the slots tell.
    """
    found = rows.query(
        "SELECT b.*, CASE WHEN EXISTS (SELECT 1 FROM pictures AS p WHERE p.job_id = b.job_id)"
        " THEN (SELECT COALESCE(MIN(COALESCE(p.grid, p.number)), 0) FROM pictures AS p"
        " WHERE p.job_id = b.job_id AND p.slot = b.slot)"
        " ELSE (SELECT 1 + COALESCE(SUM(c.pictures), 0) FROM costs AS c"
        " WHERE c.job_id = b.job_id AND c.slot < b.slot) END AS unit"
        " FROM task_buttons AS b WHERE b.job_id = $1 ORDER BY b.slot, b.place",
        job_id,
    )
    return [_written(row) for row in found]


def claim_button(tx: Transaction, job: Job) -> None:
    """Write that a job presses its button, in the transaction of its hold.

    Raises:
        ActionRuns: an open job has pressed it.
        ActionExpired: it is recorded no more.
    """
    action = job.request.action
    if action is None:
        return
    # Of two transactions, the second one sees in its next statement what the first has written.
    tx.lock(f"action:{action.gateway}:{action.task_id}:{action.custom_id}")
    pressed = "gateway = $1 AND task_id = $2 AND custom_id = $3"
    of_task = (action.gateway, action.task_id, action.custom_id)
    found = tx.query(
        "SELECT jobs.id FROM task_buttons LEFT JOIN jobs"
        " ON jobs.id = task_buttons.runs AND jobs.ended_at IS NULL"
        f" WHERE {pressed}",
        *of_task,
    )
    if not found:
        raise ActionExpired
    if any(row["id"] is not None for row in found):
        raise ActionRuns
    tx.write(f"UPDATE task_buttons SET runs = $4 WHERE {pressed}", *of_task, job.id)


def delete_buttons(tx: Transaction, action: TaskAction) -> None:
    """Delete the buttons of a task that its gateway knows no more."""
    tx.write(
        "DELETE FROM task_buttons WHERE gateway = $1 AND task_id = $2",
        action.gateway,
        action.task_id,
    )


def note_modal(tx: Transaction, attempt: Attempt, *, owner: str) -> None:
    """Write that the prompt is about to be sent to the task of an attempt."""
    own(tx, attempt.job_id, owner)
    tx.write(
        "UPDATE attempts SET modal_sent = 1 WHERE job_id = $1 AND slot = $2 AND number = $3",
        attempt.job_id,
        attempt.slot,
        attempt.number,
    )


def _written(row: Row) -> WrittenButton:
    button = TaskButton(row["custom_id"], row["kind"], row["face"])
    where = row["slot"], int(row["unit"]), row["place"]
    return WrittenButton(*where, row["gateway"], row["task_id"], button)
