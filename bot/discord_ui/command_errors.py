"""Errors of commands: discord.py's own refusals, mapped to errors with a sentence for people."""

from dataclasses import dataclass

from discord import app_commands

from bot.core.errors.base import EaselError, Refusal
from bot.core.errors.jobs import OutdatedCommand
from bot.database.outage import DatabaseBusy, is_passing


@dataclass(eq=False, kw_only=True)
class PermissionMissing(Refusal):
    """The person lacks ``permissions``, a comma list in Discord's words."""

    permissions: str
    message_id = "error-permission-missing"


@dataclass(eq=False, kw_only=True)
class BotPermissionMissing(Refusal):
    """The bot lacks ``permissions`` here, a comma list in Discord's words."""

    permissions: str
    message_id = "error-bot-permission-missing"


@dataclass(eq=False, kw_only=True)
class TooSoon(Refusal):
    """The person used the command a moment ago."""

    retry_after_s: float
    message_id = "error-too-soon"


@dataclass(eq=False, kw_only=True)
class ServersOnly(Refusal):
    """The command works in servers only."""

    message_id = "error-servers-only"


@dataclass(eq=False, kw_only=True)
class NotAllowed(Refusal):
    """A role, or another condition of this command, is not met."""

    message_id = "error-not-allowed"


def error_for_person(error: Exception) -> EaselError | None:
    """Return the error to show to a person, None for a defect; narrower cases come first."""
    match error:
        case app_commands.CommandInvokeError(original=EaselError() as known) | (
            EaselError() as known
        ):
            return known
        case (
            app_commands.CommandNotFound()
            | app_commands.CommandSignatureMismatch()
            | app_commands.TransformerError()
        ):
            return OutdatedCommand()
        case app_commands.CheckFailure():
            return _failed_check(error)
        case app_commands.CommandInvokeError(original=Exception() as cause) if is_passing(cause):
            return DatabaseBusy()
        case Exception() if is_passing(error):
            return DatabaseBusy()
    return None


def _failed_check(error: app_commands.CheckFailure) -> EaselError:
    match error:
        case app_commands.MissingPermissions(missing_permissions=names):
            return PermissionMissing(permissions=_permission_names(names))
        case app_commands.BotMissingPermissions(missing_permissions=names):
            return BotPermissionMissing(permissions=_permission_names(names))
        case app_commands.CommandOnCooldown(retry_after=seconds):
            return TooSoon(retry_after_s=seconds)
        case app_commands.NoPrivateMessage():
            return ServersOnly()
    return NotAllowed()


def _permission_names(permissions: list[str]) -> str:
    """Return permissions as Discord's settings call them, such as *Manage Server*."""
    return ", ".join(
        name.replace("guild", "server").replace("_", " ").title() for name in permissions
    )
