import pytest

from bot.gateways.reply.task_status import TaskState, task_state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_PROGRESS", "pending"),
        ("NOT_FOUND", "failure"),
        ("TASK_STATUS_QUEUED", "pending"),
        ("WAITING", "pending"),
        ("IN_QUEUE", "pending"),
        ("IN PROGRESS", "pending"),
        ("GENERATING", "pending"),
        ("TASK_STATUS_SUCCEED", "success"),
        ("TASK_STATUS_FAILED", "failure"),
        ("CONTENT MODERATED", "failure"),
        ("CONTENT FILTERED", "failure"),
        ("TIMED_OUT", "failure"),
        ("BLOCKED", "failure"),
        ("READY", "success"),
        ("NOT_READY", None),
        ("NOT_FINISHED", None),
        ("PARTIALLY COMPLETED", None),
        ("MARINATING", None),
        ("", None),
    ],
)
def test_a_state_is_known_by_all_its_words_or_by_the_last(
    status: str, state: TaskState | None
) -> None:
    """Many interfaces put a word of their own before the usual one."""
    assert task_state(status) == state
