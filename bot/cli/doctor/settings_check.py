"""Read the settings as far as possible, with one finding for each wrong variable."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.cli.doctor.finding import Finding, fine, warning, wrong
from bot.settings.settings import Settings, describe_doubts, read_settings

BuildSettings = Callable[..., Settings]


@dataclass(frozen=True, slots=True)
class Setup:
    """The settings with defaults for the ``unreadable`` fields; None where nothing can be read."""

    settings: Settings | None
    findings: tuple[Finding, ...]
    unreadable: frozenset[str] = frozenset()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the values that must not be printed."""
        return self.settings.secrets if self.settings else ()


def read_setup(build: BuildSettings = Settings) -> Setup:
    """Read the environment and ``.env``, with one finding for each wrong variable."""
    found = read_settings(build)
    findings = [wrong("settings", "cannot be used", problem) for problem in found.problems]
    if found.settings is None:
        return Setup(None, tuple(findings))
    readable = findings or [fine("settings", "can be read")]
    doubts = (warning("settings", *doubt) for doubt in describe_doubts(found.settings))
    return Setup(found.settings, (*readable, *doubts), found.unreadable)
