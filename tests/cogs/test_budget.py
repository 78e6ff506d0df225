"""What pictures cost the operator: a budget that holds, and an owner who hears of it in time."""

import pytest

from bot.settings.value_types import parse_budget
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import ClosedConnection, ErrorReply
from tests.cogs.test_gateways import described, direct_messages

PRICED = '{ "gpt-image-2" = { price = { default = 0.1, high = "0.2" } } }'
CENTS_10 = 100_000


def budget(build: WorldBuilder, text: str) -> dict[str, object]:
    """Return settings with a budget and a price of every model."""
    return described(build, abilities=PRICED) | {"operator_budget": parse_budget(text)}


def spent(world: DiscordWorld) -> int:
    """Return what is held or spent in micros, after checking that the meter agrees."""
    ((charged,),) = world.rows("SELECT COALESCE(SUM(price), 0) FROM charges")
    assert world.total("budget") == charged
    return int(charged)


async def painted(world: DiscordWorld, *, n: int = 1, **options: str) -> None:
    """Paint for Ada, to the end."""
    await world.imagine(world.ada, "a fox", n=n, **options)
    await world.wait_for_jobs()


async def test_a_spent_budget_is_refused_privately_and_says_when_it_frees(
    build: WorldBuilder,
) -> None:
    """The operator's money is the last word, and nothing is sent."""
    async with build.world(declared=False, **budget(build, "0.3/day")) as world:
        await painted(world, n=2)
        card, frees_at = world.card.id, world.now() // 1000 + 24 * 3600
        answer = await world.imagine(world.ben, n=2)
        assert "budget" in reply_text(answer)
        assert f"<t:{frees_at}:R>" in reply_text(answer)
        assert (world.card.id, len(world.gateway.bodies)) == (card, 1)
        await painted(world, n=1)
        assert spent(world) == 3 * CENTS_10
        assert world.rows("SELECT price, gateway FROM costs") == [
            (2 * CENTS_10, "moody"),
            (CENTS_10, "moody"),
        ]
        await world.env.advance_time(24 * 3600 + 60)
        assert not (await world.imagine(world.ben, n=3)).ephemeral
        await world.wait_for_jobs()


async def test_the_owner_is_told_at_50_80_and_100_percent_once(build: WorldBuilder) -> None:
    """In time to raise it, and not with every picture."""
    async with build.world(declared=False, **budget(build, "1/day")) as world:
        told = []
        for _ in range(10):
            await painted(world)
            told.append(len(direct_messages(world)))
        assert told == [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]
        for _ in range(2):
            assert (await world.imagine(world.ada)).ephemeral
            await world.env.settle()
        half, most, whole = direct_messages(world)
        assert half.startswith("50 % of your budget of 1 per day is spent")
        assert most.startswith("80 % of your budget of 1 per day is spent")
        assert whole.startswith("Your budget of 1 per day is used up")
        assert all("OPERATOR_BUDGET" in notice for notice in direct_messages(world))


async def test_a_leap_over_several_marks_is_one_message(build: WorldBuilder) -> None:
    """Only the last one matters."""
    async with build.world(declared=False, **budget(build, "1/day, 100/month")) as world:
        await painted(world, n=9)
        (notice,) = direct_messages(world)
        assert notice.startswith("80 %")


async def test_the_owner_hears_of_a_refusal_once_a_day(build: WorldBuilder) -> None:
    """Short of 100 % people are turned away as well, when what they ask does not fit."""
    async with build.world(declared=False, **budget(build, "0.35/day")) as world:
        await painted(world, n=1)
        for _ in range(2):
            assert (await world.imagine(world.ada, n=3)).ephemeral
            await world.env.settle()
        (notice,) = direct_messages(world)
        assert notice.startswith("Your budget of 0.35 per day is used up")
        await world.env.advance_time(24 * 3600 + 60)
        await painted(world, n=1)
        assert (await world.imagine(world.ada, n=3)).ephemeral
        await world.env.settle()
        assert direct_messages(world) == [notice, notice]


async def test_a_request_above_the_whole_budget_is_nobodys_alarm(build: WorldBuilder) -> None:
    """Waiting cannot help it, and the budget is untouched."""
    async with build.world(declared=False, **budget(build, "0.35/day")) as world:
        assert "fewer pictures" in reply_text(await world.imagine(world.ada, n=4))
        await world.env.settle()
        assert direct_messages(world) == []


@pytest.mark.parametrize(
    ("mood", "kept"),
    [(ErrorReply(400, "moderation_blocked"), 0), (ClosedConnection(), 2 * CENTS_10)],
)
async def test_a_failure_gives_its_price_back_unless_it_may_have_been_paid(
    build: WorldBuilder, mood: ErrorReply | ClosedConnection, kept: int
) -> None:
    """What is in doubt counts in full, so that the budget is never exceeded."""
    async with build.world(declared=False, **budget(build, "1/day")) as world:
        world.gateway.replies.append(mood)
        await painted(world, n=2)
        assert world.credits() == 0
        assert spent(world) == kept


async def test_a_quality_has_a_price_of_its_own(build: WorldBuilder) -> None:
    """0.2 for high and 0.1 for what nobody named."""
    async with build.world(declared=False, **budget(build, "1/day")) as world:
        await painted(world, quality="high")
        await painted(world, quality="low")
        assert spent(world) == 3 * CENTS_10


async def test_a_cancelled_job_gives_its_price_back(build: WorldBuilder) -> None:
    """It was held for the dearest case, and nothing was sent."""
    changes = budget(build, "1/day") | {"max_running_per_user": 1}
    async with build.world(declared=True, **changes) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.imagine(world.ada, n=4)
        assert spent(world) == 5 * CENTS_10
        await world.ada.click(world.card, label="Cancel")
        assert spent(world) == CENTS_10
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert spent(world) == CENTS_10
