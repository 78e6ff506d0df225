"""Whose limit decides, and how an operator writes limits."""

import pytest

from bot.core.models import OPERATOR
from bot.quota.levels import (
    ORIGIN_COLUMNS,
    ChargeOrigin,
    LimitLevel,
    Rule,
    meters_of,
    personal_rule,
    role_subject,
    server_rules,
    user_subject,
)
from bot.quota.limits import Limit, Period, parse_limits, split_charge, split_hold
from bot.quota.stripes import BUDGET_METER, TOTAL_METER

NONE = parse_limits("")


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", ()),
        ("  ", ()),
        ("0/day", (Limit(0, Period.DAY),)),
        ("5/hour, 20/day", (Limit(5, Period.HOUR), Limit(20, Period.DAY))),
        ("1000000000000 / month,7/week", (Limit(10**12, Period.MONTH), Limit(7, Period.WEEK))),
    ],
)
def test_limits_are_read_as_the_operator_writes_them(text: str, limits: tuple[Limit, ...]) -> None:
    """DEFAULT_QUOTA, SERVER_QUOTA and TOTAL_QUOTA are written like this."""
    assert parse_limits(text) == limits
    assert parse_limits(", ".join(str(limit) for limit in limits)) == limits


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("20", "'20' is not a limit: write a number"),
        ("20/year", "hour, day, week or month"),
        ("-1/day", "is not a limit"),
        ("1000000000001/day", "0 to 1000000000000"),
        ("٣/day", "is not a limit"),
        ("5/day,", "'' is not a limit"),
        ("5/day, 6/day", "contains a period twice"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, says: str) -> None:
    """The sentence ends up in the operator's terminal, beside the variable's name."""
    with pytest.raises(ValueError, match=says):
        parse_limits(text)


def test_periods_are_rolling_stretches_of_fixed_length() -> None:
    """A month is 30 days, whatever the calendar says."""
    hours = [period.ms / 3_600_000 for period in Period]
    assert hours == [1, 24, 168, 720]


def test_a_person_with_limits_of_their_own_has_only_those() -> None:
    """Everyone 20/day, Bob 100/month: Bob has only 100/month."""
    bob, everyone = parse_limits("100/month"), parse_limits("20/day")
    rule = personal_rule(own=bob, roles=[everyone], everyone=everyone, default=everyone)
    assert rule == Rule(LimitLevel.USER, (bob,))


def test_of_several_roles_one_whole_set_must_hold() -> None:
    """Role A 5/hour and 20/day, role B 50/day; a role without limits says nothing."""
    a, b = parse_limits("5/hour, 20/day"), parse_limits("50/day")
    rule = personal_rule(own=NONE, roles=[a, NONE, b], everyone=a, default=a)
    assert rule == Rule(LimitLevel.ROLE, (a, b))


def test_without_roles_everyone_decides_and_then_the_default() -> None:
    """A server that sets nothing has the operator's DEFAULT_QUOTA."""
    everyone, default = parse_limits("20/day"), parse_limits("3/day")
    rule = personal_rule(own=NONE, roles=[NONE], everyone=everyone, default=default)
    assert rule == Rule(LimitLevel.EVERYONE, (everyone,))
    rule = personal_rule(own=NONE, roles=[], everyone=NONE, default=default)
    assert rule == Rule(LimitLevel.DEFAULT, (default,))


def test_unlimited_decides_its_level_and_caps_nothing() -> None:
    """An unlimited person is not caught by the default."""
    free = (Limit(None, Period.DAY),)
    rule = personal_rule(own=free, roles=[], everyone=NONE, default=parse_limits("0/day"))
    assert rule == Rule(LimitLevel.USER, (free,))
    assert rule.is_free
    assert str(free[0]) == "unlimited/day"


def test_one_unlimited_period_leaves_the_others() -> None:
    """Unlimited per day and 5 per hour still means 5 per hour."""
    limits = (Limit(None, Period.DAY), Limit(5, Period.HOUR))
    rule = Rule(LimitLevel.USER, (limits,))
    assert rule.caps == (((5, Period.HOUR),),)
    assert not rule.is_free


def test_one_unlimited_role_is_enough() -> None:
    """At least one role's whole set must hold, and this one always does."""
    assert Rule(LimitLevel.ROLE, ((Limit(0, Period.DAY),), (Limit(None, Period.DAY),))).is_free


def test_role_0_and_role_10_is_10() -> None:
    """A role of nothing takes nothing from another: one set that holds is enough."""
    nothing, ten = parse_limits("0/day"), parse_limits("10/day")
    rule = personal_rule(own=NONE, roles=[nothing, ten], everyone=NONE, default=NONE)
    assert rule.caps == (((0, Period.DAY),), ((10, Period.DAY),))


def test_everyone_unlimited_leaves_the_server_its_hundred() -> None:
    """Unlimited lifts its own level only; the operator's ceiling stays as well."""
    free, hundred = (Limit(None, Period.DAY),), parse_limits("100/month")
    ceiling = parse_limits("50/day")
    personal = personal_rule(own=NONE, roles=[], everyone=free, default=ceiling)
    assert personal.is_free
    assert server_rules(own=hundred, quota=ceiling) == (
        Rule(LimitLevel.SERVER, (hundred,)),
        Rule(LimitLevel.SERVER_QUOTA, (ceiling,)),
    )
    assert server_rules(own=free, quota=NONE)[0].is_free


@pytest.mark.parametrize(
    ("asked", "room", "granted", "own"),
    [(4, 3, 5, 3), (4, 0, 4, 0), (4, 3, 0, None), (4, 3, 1, 3), (4, 9, 0, 4), (0, 0, 0, 0)],
)
def test_the_own_level_pays_what_it_has_room_for_and_the_grant_the_rest(
    asked: int, room: int, granted: int, own: int | None
) -> None:
    """A grant is used when the own level is spent, never before."""
    assert split_hold(asked, room=room, granted=granted) == own


@pytest.mark.parametrize(("charged", "own"), [(4, 3), (3, 3), (2, 2), (0, 0)])
def test_the_grants_part_comes_back_first(charged: int, own: int) -> None:
    """Of 4 credits the own level paid 3: a grant has no expiry, a day's credits have."""
    assert split_charge(3, charged=charged) == own


def test_meters_find_their_charges_by_origin() -> None:
    """Each condition of a meter is on a column that every hold writes."""
    meters = meters_of(ChargeOrigin(0, 1))
    assert {where.split()[0] for meter in meters for where, _ in meter.origin} <= set(
        ORIGIN_COLUMNS
    )
    assert ChargeOrigin(10, 1).ids == (10, 1)
    assert meters_of(ChargeOrigin.of(OPERATOR)) == (TOTAL_METER, BUDGET_METER)


def test_subjects_are_named_as_the_database_keeps_them() -> None:
    """Renaming one would silently lift every limit already set."""
    assert (user_subject(7), role_subject(8)) == ("user:7", "role:8")
