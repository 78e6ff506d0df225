"""What is done next with a finished task of a gateway: the values of actions and their buttons."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskButton:
    """A button under a finished task, as the gateway has it; ``kind`` is the operator's word."""

    custom_id: str
    kind: str
    face: str


@dataclass(frozen=True, slots=True)
class TaskAction:
    """A press of such a button: only the gateway that has the task can do it.

    ``credits`` and ``price`` (in micros) are the kind's own; None for those of one picture.
    """

    gateway: str
    task_id: str
    custom_id: str
    face: str
    credits: int | None = None
    price: int | None = None


@dataclass(frozen=True, slots=True)
class OfferedAction:
    """A button under a result: the ``place``-th of the task of a slot, and what it costs.

    ``unit`` is the number of the picture, or grid, of that task; 0 where no other task has buttons.
    """

    slot: int
    place: int
    face: str
    credits: int
    unit: int = 0
