"""Read the settings as far as possible, with one finding for each wrong variable."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError
from pydantic_settings import SettingsError

from bot.cli.doctor.finding import Finding, fine, warning, wrong
from bot.core.errors.base import StartRefused
from bot.settings.fixes import FIXES
from bot.settings.settings import Settings, describe_doubts, load_settings

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
    findings: list[Finding] = []
    instead: dict[str, object] = {}
    while True:
        culprits: list[str] = []
        try:
            settings = load_settings(partial(_built, build, instead, culprits))
        except StartRefused as refused:
            findings.append(wrong("settings", "cannot be used", str(refused)))
            if not culprits or culprits[0] in instead:
                return Setup(None, tuple(findings))
            instead |= _default(culprits[0])
        else:
            unreadable = frozenset(instead) & Settings.model_fields.keys()
            readable = tuple(findings) or (fine("settings", "can be read"),)
            doubts = (warning("settings", *doubt) for doubt in describe_doubts(settings))
            return Setup(settings, (*readable, *doubts), unreadable)


def _built(build: BuildSettings, instead: dict[str, object], culprits: list[str]) -> Settings:
    try:
        return build(**instead)
    except ValidationError as wrong_values:
        culprits.append(str(wrong_values.errors()[0]["loc"][0]))
        raise
    except SettingsError:
        raise StartRefused(f"GATEWAYS cannot be read: {FIXES['GATEWAYS']}.") from None


def _default(name: str) -> dict[str, object]:
    value = Settings.model_fields[name].get_default(call_default_factory=True)
    # pydantic-settings would merge GATEWAYS__… into a given table: hide them from it.
    blind = {"_env_nested_delimiter": "\0"} if name == "gateways" else {}
    return {name: value, **blind}
