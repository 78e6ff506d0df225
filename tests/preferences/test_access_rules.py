"""The access rules of a server."""

import pytest

from bot.core.models import ImageRequest, Job, Requester
from bot.preferences.access_rules import (
    ChannelNotAllowed,
    ControlsNotYours,
    ModelNotAllowed,
    RoleNotAllowed,
    allowed_models,
    check_access,
    check_controls,
    check_model,
)
from bot.preferences.stored_preferences import (
    NotOnTheList,
    ServerSettings,
    with_allowed,
    without_allowed,
)

OFFERED = ("a", "b", "C")


def somebody(
    role_ids: tuple[int, ...] = (), channel_ids: tuple[int, ...] = (1,), *, user_id: int = 1
) -> Requester:
    """Return a person with these roles in a channel."""
    return Requester(user_id, 7, "somebody", role_ids, channel_ids)


def job_of(user_id: int) -> Job:
    """Return a job of this person."""
    request = ImageRequest("a fox", "a", "auto", 1)
    return Job("1", request, somebody(user_id=user_id), credits=1, created_at=0)


def test_nothing_set_forbids_nothing() -> None:
    """A server that never saw /settings works."""
    nothing_set = ServerSettings()
    check_access(nothing_set, somebody((), (1,)))
    check_model(nothing_set, "a", offered=OFFERED)
    check_controls(nothing_set, somebody(user_id=1), job_of(2))


def test_a_channel_counts_with_its_parent_and_its_category() -> None:
    """A thread of an allowed channel is allowed; another one is told where to go."""
    settings = ServerSettings(channels=(5, 6, 7))
    check_access(settings, somebody((), (99, 6)))
    with pytest.raises(ChannelNotAllowed) as refused:
        check_access(settings, somebody((), (99, 98)))
    assert (refused.value.channel, refused.value.another) == ("5", "6")


def test_one_allowed_role_is_enough() -> None:
    """People have many roles."""
    settings = ServerSettings(roles=(5,))
    check_access(settings, somebody((4, 5), (1,)))
    with pytest.raises(RoleNotAllowed) as refused:
        check_access(settings, somebody((4,), (1,)))
    assert (refused.value.role, refused.value.another) == ("5", "")


def test_what_was_closed_stays_closed_when_its_key_is_deleted() -> None:
    """A deleted channel must not open the whole server to the operator's key."""
    settings = ServerSettings(channels=(5,), roles=(6,))
    emptied = settings.without_deleted(channels={1}, roles={2})
    assert emptied == ServerSettings(channels=(), roles=())
    with pytest.raises(ChannelNotAllowed) as refused:
        check_access(emptied, somebody((2,), (1,)))
    assert refused.value.channel == ""
    assert ServerSettings().without_deleted(channels=set(), roles=set()) == ServerSettings()


def test_models_are_allowed_whatever_their_case() -> None:
    """And refused with those that are, in the operator's order, as far as they still exist."""
    settings = ServerSettings(models=("c", "gone", "A"))
    assert allowed_models(settings, OFFERED) == ("a", "C")
    check_model(settings, " A ", offered=OFFERED)
    for wrong in ("b", "gone", "never"):
        with pytest.raises(ModelNotAllowed) as refused:
            check_model(settings, wrong, offered=OFFERED)
        assert refused.value.allowed == "a, C"


def test_controls_may_be_for_the_requester_alone() -> None:
    """A stranger's press is refused, the requester's is not."""
    settings = ServerSettings(controls="requester")
    check_controls(settings, somebody(user_id=1), job_of(1))
    with pytest.raises(ControlsNotYours):
        check_controls(settings, somebody(user_id=2), job_of(1))


def test_lists_grow_and_shrink() -> None:
    """The first one makes a list, the last one ends it, nothing stands there twice."""
    one = with_allowed(None, 5)
    two = with_allowed(with_allowed(one, 6), 6)
    assert (one, two, with_allowed((), 5)) == ((5,), (5, 6), (5,))
    assert without_allowed(two, 5, name="#five") == (6,)
    assert without_allowed(one, 5, name="#five") is None
    for nothing in (None, (), (6,)):
        with pytest.raises(NotOnTheList):
            without_allowed(nothing, 5, name="#five")
