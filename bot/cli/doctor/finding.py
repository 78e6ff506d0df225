"""The result of one check, and its output in the terminal."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_NAMES = 10
_NAME_WIDTH = 15
_PLAIN = str.maketrans({"✓": "+", "✗": "x", "→": ">", "…": "_"})


class Sign(StrEnum):
    """The outcome of a check."""

    FINE = "✓"
    WARNING = "!"
    WRONG = "✗"

    @property
    def state(self) -> str:
        """Return the word for it in ``doctor --json``: fine, warning or wrong."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of facts and, where something can be done, one sentence that says what."""

    sign: Sign
    check: str
    facts: str
    fix: str = ""

    def lines(self) -> Iterator[str]:
        """Return the lines for the terminal, without control characters."""
        yield _printable(f"{self.sign} {self.check:<{_NAME_WIDTH}} {self.facts}")
        if self.fix:
            yield _printable(f"  → {self.fix}")

    def as_json(self) -> dict[str, str]:
        """Return what ``doctor --json`` holds of it."""
        return {
            "check": self.check,
            "state": self.sign.state,
            "facts": self.facts,
            "fix": self.fix,
        }


def fine(check: str, facts: str) -> Finding:
    """Return a finding of a check that found no problem."""
    return Finding(Sign.FINE, check, facts)


def warning(check: str, facts: str, fix: str = "") -> Finding:
    """Return a finding of a problem that does not stop the bot."""
    return Finding(Sign.WARNING, check, facts, fix)


def wrong(check: str, facts: str, fix: str) -> Finding:
    """Return a finding of a problem that stops the bot, or a part of it."""
    return Finding(Sign.WRONG, check, facts, fix)


def listing(names: Sequence[str]) -> str:
    """Return at most ten names and how many more there are."""
    shown = ", ".join(names[:MAX_NAMES])
    more = len(names) - MAX_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def print_line(line: str) -> None:
    """Print a line; replace characters that the terminal's encoding lacks."""
    encoding = sys.stdout.encoding
    try:
        line.encode(encoding)
    except UnicodeEncodeError:
        line = line.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    print(line, flush=True)


def _printable(line: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in line)
