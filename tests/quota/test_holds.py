"""Holding and settling: who may spend, what is charged, what comes back."""

import asyncio
from pathlib import Path

import pytest

from bot.core.errors.quotas import LimitLevel, QuotaSpent
from bot.core.models import OPERATOR
from bot.quota.ledger import Settlement
from bot.quota.rules import EVERYONE, SERVER, role, user
from tests.quota.till import DAY, HOUR, NOON, SERVER_ID, Till, requester

BOB = requester(1)
ANN = requester(2)


async def test_twenty_at_once_get_exactly_the_five_credits_there_are(tmp_path: Path) -> None:
    """The closest existing bot lets all of them pass."""
    async with Till.open(tmp_path, default="5/day") as till:
        attempts = await asyncio.gather(
            *(till.hold(BOB) for _ in range(20)), return_exceptions=True
        )
    refused = [attempt for attempt in attempts if isinstance(attempt, QuotaSpent)]
    assert len(refused) == 15
    assert all(isinstance(attempt, str | QuotaSpent) for attempt in attempts)


async def test_a_refusal_says_which_limit_and_when_it_frees(tmp_path: Path) -> None:
    """A person can decide to wait, and knows for how long."""
    async with Till.open(tmp_path, default="5/day") as till:
        await till.hold(BOB, 2)
        till.clock.ms += HOUR
        await till.hold(BOB, 2)
        spent = await till.refused(BOB, 3)
        assert (spent.level, spent.limit, spent.period) == (LimitLevel.DEFAULT, 5, "day")
        assert (spent.left, spent.credits, spent.frees_at) == (1, 3, NOON + DAY)
        till.clock.ms = NOON + DAY - 1
        await till.refused(BOB, 3)
        till.clock.ms += 1
        await till.hold(BOB, 3)


async def test_waiting_for_more_than_the_first_charge(tmp_path: Path) -> None:
    """Several charges, some in the same hour, must leave before there is room."""
    async with Till.open(tmp_path, default="5/day") as till:
        for minutes in (0, 1, 2, 90, 91):
            till.clock.ms = NOON + minutes * 60_000
            await till.hold(BOB)
        waits = [(await till.refused(BOB, credits)).frees_at for credits in range(1, 6)]
    assert waits == [NOON + DAY + minutes * 60_000 for minutes in (0, 1, 2, 90, 91)]


async def test_waiting_cannot_help_when_the_limit_is_smaller_than_the_request(
    tmp_path: Path,
) -> None:
    """No time must be promised that never comes."""
    async with Till.open(tmp_path, default="5/day") as till:
        assert (await till.refused(BOB, 6)).frees_at is None


async def test_all_limits_of_a_subject_apply_and_the_longest_wait_is_told(tmp_path: Path) -> None:
    """Telling the hour's limit would send the person away for too short a time."""
    async with Till.open(tmp_path, default="1/hour, 2/day") as till:
        await till.hold(BOB)
        assert (await till.refused(BOB)).period == "hour"
        till.clock.ms += HOUR
        await till.hold(BOB)
        spent = await till.refused(BOB)
        assert (spent.period, spent.frees_at) == ("day", NOON + DAY)


async def test_of_two_spent_levels_the_one_that_frees_last_is_told(tmp_path: Path) -> None:
    """Both must have room, so the person waits for the later."""
    async with Till.open(tmp_path, default="1/week", server_quota="1/day") as till:
        await till.hold(BOB)
        assert (await till.refused(BOB)).level is LimitLevel.DEFAULT
        assert (await till.refused(ANN)).level is LimitLevel.SERVER_QUOTA


async def test_own_limits_replace_those_of_everyone(tmp_path: Path) -> None:
    """Everyone 2/day, Bob 4/month: Bob has only 4/month."""
    async with Till.open(tmp_path) as till:
        await till.limit(EVERYONE, "2/day")
        await till.limit(user(1), "4/month")
        for _ in range(4):
            await till.hold(BOB)
        assert (await till.refused(BOB)).level is LimitLevel.USER
        await till.hold(ANN, 2)
        assert (await till.refused(ANN)).level is LimitLevel.EVERYONE


async def test_one_role_with_a_whole_set_that_holds_is_enough(tmp_path: Path) -> None:
    """Role A 2/hour and 3/day, role B 5/day: five in one hour, through B."""
    both = requester(1, SERVER_ID, 7, 8)
    async with Till.open(tmp_path) as till:
        await till.limit(role(7), "2/hour, 3/day")
        await till.limit(role(8), "5/day")
        await till.hold(both, 5)
        assert (await till.refused(both)).limit == 5
        only_a = requester(3, SERVER_ID, 7)
        await till.hold(only_a, 2)
        assert (await till.refused(only_a)).period == "hour"


async def test_a_role_of_nothing_does_not_take_from_another(tmp_path: Path) -> None:
    """Role 0 and role 10: 10."""
    async with Till.open(tmp_path) as till:
        await till.limit(role(7), "0/day")
        await till.limit(role(8), "10/day")
        await till.hold(requester(1, SERVER_ID, 7, 8), 10)
        assert (await till.refused(requester(2, SERVER_ID, 7))).limit == 0


async def test_of_two_spent_roles_the_one_that_frees_first_is_told(tmp_path: Path) -> None:
    """One of them is enough, so the person waits for the sooner."""
    both = requester(1, SERVER_ID, 7, 8)
    async with Till.open(tmp_path) as till:
        await till.limit(role(7), "1/week")
        await till.limit(role(8), "1/hour")
        await till.hold(both)
        assert (await till.refused(both)).frees_at == NOON + HOUR


async def test_unlimited_lifts_only_its_own_level(tmp_path: Path) -> None:
    """Everyone unlimited, server 3/month: three for all together."""
    async with Till.open(tmp_path, default="0/day") as till:
        await till.limit(EVERYONE, "unlimited/day")
        await till.limit(SERVER, "3/month")
        await till.hold(BOB, 2)
        await till.hold(ANN, 1)
        assert (await till.refused(ANN)).level is LimitLevel.SERVER
        await till.hold(requester(1, server_id=11), 0)


async def test_the_operators_ceilings_hold_for_each_server_and_for_all(tmp_path: Path) -> None:
    """No admin can spend more of the operator's money than was allotted."""
    async with Till.open(tmp_path, server_quota="2/day", total_quota="3/day") as till:
        await till.limit(user(1), "unlimited/day")
        await till.hold(BOB, 2)
        assert (await till.refused(BOB)).level is LimitLevel.SERVER_QUOTA
        await till.hold(requester(1, server_id=11), 1)
        assert (await till.refused(requester(1, server_id=11))).level is LimitLevel.TOTAL


async def test_direct_messages_count_as_one_more_server(tmp_path: Path) -> None:
    """The operator's ceiling for each server holds for all direct messages together, too."""
    async with Till.open(tmp_path, default="2/day", server_quota="3/day") as till:
        await till.hold(OPERATOR, 5)
        await till.hold(requester(1, server_id=0), 2)
        assert (await till.refused(requester(1, server_id=0))).level is LimitLevel.DEFAULT
        spent = await till.refused(requester(2, server_id=0), 2)
        assert (spent.level, spent.left) == (LimitLevel.SERVER_QUOTA, 1)
        till.clock.ms += DAY - HOUR  # the ceiling now looks at the cut hour's charges
        await till.refused(requester(2, server_id=0), 2)
        await till.hold(requester(2, server_id=0), 1)


async def test_the_terminal_has_only_the_total(tmp_path: Path) -> None:
    """The operator is nobody's member."""
    async with Till.open(
        tmp_path, default="0/day", server_quota="0/day", total_quota="4/day"
    ) as till:
        await till.hold(OPERATOR, 3)
        assert (await till.refused(OPERATOR, 2)).level is LimitLevel.TOTAL
        assert till.ledger.subjects(OPERATOR) == ("operator", "budget")
        (allowance,) = await till.allowances(OPERATOR)
        assert (allowance.level, allowance.left) == (LimitLevel.TOTAL, 1)


async def test_what_was_not_delivered_comes_back(tmp_path: Path) -> None:
    """Three of four pictures cost three credits."""
    async with Till.open(tmp_path, default="4/day") as till:
        job_id = await till.hold(BOB, 4)
        assert await till.settle(job_id, 3) == Settlement(3, 1, doubt_charged=False)
        assert await till.left(BOB) == 1


async def test_settling_twice_changes_nothing(tmp_path: Path) -> None:
    """After a crash a job may be settled again; the second time must not give more back."""
    async with Till.open(tmp_path, default="4/day") as till:
        job_id = await till.hold(BOB, 4)
        await till.settle(job_id, 3)
        assert await till.settle(job_id, 0) is None
        assert await till.settle("no such job", 1) is None
        assert await till.left(BOB) == 1


async def test_a_release_returns_at_the_hour_of_its_hold(tmp_path: Path) -> None:
    """A job over the hour must not leave one hour too full and another too empty."""
    async with Till.open(tmp_path, default="4/day") as till:
        job_id = await till.hold(BOB, 4)
        till.clock.ms += 2 * HOUR
        await till.settle(job_id, 0)
        assert [row["credits"] for row in await till.rows("SELECT credits FROM meters")] == [0] * 3
        await till.hold(BOB, 4)


async def test_doubt_returns_to_the_person_but_not_to_the_operator(tmp_path: Path) -> None:
    """The picture may have been made: the operator may have to pay for it."""
    async with Till.open(tmp_path, default="4/day", total_quota="5/day") as till:
        job_id = await till.hold(BOB, 4)
        settled = await till.settle(job_id, 1, doubtful=2)
        assert settled == Settlement(1, 3, doubt_charged=False)
        assert await till.left(BOB) == 3
        spent = await till.refused(ANN, 3)
        assert (spent.level, spent.left) == (LimitLevel.TOTAL, 2)


async def test_after_three_doubtful_jobs_in_a_day_the_next_is_charged(tmp_path: Path) -> None:
    """Nobody can turn a sent request into a free one again and again."""
    async with Till.open(tmp_path, default="9/day") as till:
        for _ in range(3):
            settled = await till.settle(await till.hold(BOB), 0, doubtful=1)
            assert settled == Settlement(0, 1, doubt_charged=False)
        charged = await till.settle(await till.hold(BOB, 2), 0, doubtful=1)
        assert charged == Settlement(1, 1, doubt_charged=True)
        assert await till.settle(await till.hold(BOB), 0) == Settlement(0, 1, doubt_charged=False)
        other = await till.settle(await till.hold(ANN), 0, doubtful=1)
        assert other == Settlement(0, 1, doubt_charged=False)
        elsewhere = await till.hold(requester(1, server_id=11))
        assert await till.settle(elsewhere, 0, 1) == Settlement(0, 1, doubt_charged=False)
        till.clock.ms += DAY + 1
        again = await till.settle(await till.hold(BOB), 0, doubtful=1)
        assert again == Settlement(0, 1, doubt_charged=False)


async def test_charges_of_the_future_count(tmp_path: Path) -> None:
    """A clock that was set back must not hand out the day's credits a second time."""
    async with Till.open(tmp_path, default="2/day") as till:
        await till.hold(BOB, 2)
        till.clock.ms -= 3 * DAY
        assert (await till.refused(BOB)).frees_at == NOON + DAY


@pytest.mark.parametrize("credits", [-1, -5])
async def test_negative_credits_are_a_defect_that_the_database_stops(
    tmp_path: Path, credits: int
) -> None:
    """A wrong price must not fill somebody's account."""
    async with Till.open(tmp_path, default="2/day") as till:
        with pytest.raises(Exception, match="CHECK constraint"):
            await till.hold(BOB, credits)
