"""Errors of the painter in the shape of OpenAI's error bodies."""

from collections.abc import Mapping
from dataclasses import dataclass

Json = Mapping[str, object]

FORBIDDEN = "forbidden"
"""The word in a prompt that is declined, so that a decline can be seen."""


@dataclass(eq=False)
class PainterError(Exception):
    """A request that is answered with an OpenAI error body."""

    message: str
    code: str | None
    param: str | None = None
    status: int = 400
    kind: str = "invalid_request_error"

    def body(self) -> Json:
        """Return the error as OpenAI spells it."""
        facts = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": facts}


class PromptDeclinedError(PainterError):
    """The prompt says the forbidden word."""

    def __init__(self) -> None:
        message = f"Your request was rejected by the safety system (the prompt says '{FORBIDDEN}')."
        super().__init__(message, "moderation_blocked", kind="image_generation_user_error")


def missing(name: str) -> PainterError:
    """Return the error of a request without this parameter."""
    return PainterError(
        f"Missing required parameter: '{name}'.", "missing_required_parameter", name
    )


def wrong_type(name: str, wanted: str) -> PainterError:
    """Return the error of another type; ``name`` may end with an index, as ``image[1]``."""
    param = name.partition("[")[0]
    return PainterError(f"Invalid type for '{name}': expected {wanted}.", "invalid_type", param)


def wrong_value(name: str, wanted: str) -> PainterError:
    """Return the error of a wrong value; ``name`` may end with an index, as ``image[1]``."""
    param = name.partition("[")[0]
    return PainterError(f"Invalid value for '{name}': expected {wanted}.", "invalid_value", param)
