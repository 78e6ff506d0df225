"""Who may paint what where: the rules that the admins of a server set, at every door."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.core.errors.base import Refusal
from bot.preferences.values import ServerSettings


@dataclass(eq=False, kw_only=True)
class ChannelNotAllowed(Refusal):
    """Pictures are painted elsewhere: in ``channel`` or ``another``, ids as text.

    ``channel`` is empty when all allowed channels were deleted.
    """

    channel: str
    another: str
    message_id = "error-channel-not-allowed"


@dataclass(eq=False, kw_only=True)
class RoleNotAllowed(Refusal):
    """Only people with ``role`` or ``another``, ids as text, may paint.

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
    """The server keeps what hangs under a result for who asked for it."""

    message_id = "error-controls-not-yours"


def check_access(
    settings: ServerSettings, *, channel_ids: Collection[int], role_ids: Collection[int]
) -> None:
    """Refuse a place or a person; ``channel_ids`` are the channel's, its parent's and category's.

    Raises:
        ChannelNotAllowed, RoleNotAllowed
    """
    channels, roles = settings.channels, settings.roles
    if channels is not None and not set(channels) & set(channel_ids):
        channel, another = _two(channels)
        raise ChannelNotAllowed(channel=channel, another=another)
    if roles is not None and not set(roles) & set(role_ids):
        role, another = _two(roles)
        raise RoleNotAllowed(role=role, another=another)


def check_model(settings: ServerSettings, model: str, *, offered: Collection[str]) -> None:
    """Refuse a model, whether it is ``offered`` or not.

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


def check_controls(settings: ServerSettings, *, user_id: int, requester_id: int) -> None:
    """Refuse who presses something under another's result, where the server wants that.

    Raises:
        ControlsNotYours
    """
    if settings.controls == "requester" and user_id != requester_id:
        raise ControlsNotYours


def _two(ids: tuple[int, ...]) -> tuple[str, str]:
    first, second, *_ = (*map(str, ids), "", "")
    return first, second
