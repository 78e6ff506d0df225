"""The rules of a server on who may paint, where, and with which models."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.core.errors.base import Refusal
from bot.core.models import Job, Requester
from bot.preferences.stored_preferences import ServerSettings


@dataclass(eq=False, kw_only=True)
class ChannelNotAllowed(Refusal):
    """Painting is allowed in ``channel`` or ``another`` only, given as ids in text.

    ``channel`` is empty when all allowed channels were deleted.
    """

    channel: str
    another: str
    message_id = "error-channel-not-allowed"


@dataclass(eq=False, kw_only=True)
class RoleNotAllowed(Refusal):
    """Only people with ``role`` or ``another``, given as ids in text, may paint.

    ``role`` is empty when all allowed roles were deleted.
    """

    role: str
    another: str
    message_id = "error-role-not-allowed"


@dataclass(eq=False, kw_only=True)
class ModelNotAllowed(Refusal):
    """The server does not allow the model; ``allowed`` is a comma list of those it does."""

    model: str
    allowed: str
    message_id = "error-model-not-allowed"


@dataclass(eq=False, kw_only=True)
class ControlsNotYours(Refusal):
    """The server allows the controls under a result to its requester only."""

    message_id = "error-controls-not-yours"


def check_access(settings: ServerSettings, requester: Requester) -> None:
    """Refuse a channel or a person that the server does not allow.

    Raises:
        ChannelNotAllowed, RoleNotAllowed
    """
    channels, roles = settings.channels, settings.roles
    if channels is not None and not set(channels) & set(requester.channel_ids):
        channel, another = _first_two(channels)
        raise ChannelNotAllowed(channel=channel, another=another)
    if roles is not None and not set(roles) & set(requester.role_ids):
        role, another = _first_two(roles)
        raise RoleNotAllowed(role=role, another=another)


def check_model(settings: ServerSettings, model: str, *, offered: Collection[str]) -> None:
    """Refuse a model that the server does not allow, whether or not it is among those ``offered``.

    Raises:
        ModelNotAllowed: the server allows others only.
    """
    allowed = allowed_models(settings, offered)
    if settings.models is not None and model.strip().casefold() not in map(str.casefold, allowed):
        raise ModelNotAllowed(model=model, allowed=", ".join(allowed))


def allowed_models(settings: ServerSettings, offered: Collection[str]) -> tuple[str, ...]:
    """Return those of the offered models that the server allows, in the operator's order."""
    if settings.models is None:
        return tuple(offered)
    allowed = {name.casefold() for name in settings.models}
    return tuple(name for name in offered if name.casefold() in allowed)


def check_controls(settings: ServerSettings, caller: Requester, job: Job) -> None:
    """Refuse the controls under another person's result where the server wants that.

    Raises:
        ControlsNotYours
    """
    if settings.controls == "requester" and caller.user_id != job.requester.user_id:
        raise ControlsNotYours


def _first_two(ids: tuple[int, ...]) -> tuple[str, str]:
    first, second, *_ = (*map(str, ids), "", "")
    return first, second
