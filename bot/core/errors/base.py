"""What every error of Easel is: a message id and facts."""

from dataclasses import asdict, dataclass
from typing import ClassVar

Fact = str | int | float


@dataclass(eq=False)
class EaselError(Exception):
    """Something that a person is told in one sentence."""

    message_id: ClassVar[str] = "error-unexpected"

    @property
    def facts(self) -> dict[str, Fact | None]:
        """Return what the sentence needs, by name."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.message_id} {self.facts}"


class Refusal(EaselError):
    """A request that changes nothing: nobody was charged and no card was posted."""


class StartRefused(Exception):
    """The start cannot go on; its text is one sentence that names the variable and the mend."""
