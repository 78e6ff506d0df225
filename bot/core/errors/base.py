"""The base classes of errors: a message id and facts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import ClassVar

Fact = str | int | float


@dataclass(eq=False)
class EaselError(Exception):
    """An error that a person is told in one sentence."""

    message_id: ClassVar[str] = "error-unexpected"

    @property
    def facts(self) -> dict[str, Fact | None]:
        """Return the facts that the sentence shows, by name."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.message_id} {self.facts}"


class Refusal(EaselError):
    """A refused request: nothing changed, nobody was charged and no message was posted."""


class StartRefused(Exception):
    """The start is refused: one sentence for each problem, which names the variable and the fix."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


@contextmanager
def collect_problems(problems: list[str]) -> Iterator[None]:
    """Add what refuses the start to ``problems``, and go on."""
    try:
        yield
    except StartRefused as refused:
        problems.extend(refused.problems)
