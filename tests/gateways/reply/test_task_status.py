import pytest

from bot.gateways.reply.task_status import TaskState, is_unknown_task, task_state


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


@pytest.mark.parametrize(
    "body",
    [
        {"description": "task_no_found", "type": "upstream_error", "code": 4},  # new-api
        {"code": "task_not_exist", "message": "task_not_exist", "data": None},
        {"error": {"message": "Task not found"}},
        {"message": "任务不存在"},
        {"status": "NOT_FOUND"},
    ],
)
def test_a_task_that_is_unknown(body: dict[str, object]) -> None:
    """Nobody waits for it until the end of its time."""
    assert is_unknown_task(body)


def test_a_task_whose_words_are_its_prompt_is_known() -> None:
    """It runs."""
    assert not is_unknown_task({"status": "IN_PROGRESS", "message": "a poster: task not found"})
