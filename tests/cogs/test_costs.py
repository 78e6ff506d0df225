"""What pictures cost people: shown before, charged after, and set by each server's admins."""

import pytest

from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_gateways import described

RATES = '{ "gpt-image-2" = { max_n = 1, credits = { default = 2, low = 1, high = 4 } } }'


async def own_cost(world: DiscordWorld, quality: str | None, credits: int) -> None:
    """Let the server's admins decide, as /quota cost does."""
    services, server_id = world.bot.services, world.guild.id
    await services.database.write(
        services.ledger.set_cost,
        server_id=server_id,
        model="gpt-image-2",
        quality=quality,
        credits=credits,
        actor_id=world.mia.id,
    )
    services.server_costs.cache.set(server_id, "gpt-image-2", quality, credits)


def facts(world: DiscordWorld) -> str:
    """Return the newest card's line of facts."""
    return str(world.card.embeds[0].footer.text)


async def offered(world: DiscordWorld, option: str, typed: str, **others: str) -> dict[str, str]:
    """Return what is suggested: what people read, by what is sent."""
    found = await world.ada.autocomplete(
        world.channel, "imagine", option, typed, prompt="p", **others
    )
    return {choice["value"]: choice["name"] for choice in found}


async def test_the_cost_is_on_the_card_before_and_after_the_work(build: WorldBuilder) -> None:
    """Nobody learns only from the result what a dear quality costs."""
    rates = described(build, abilities=RATES)
    async with build.world(declared=True, **rates) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada, quality="high", n=2)
        await world.env.advance_time(2)
        assert "Painting for Ada" in world.title
        assert facts(world) == "gpt-image-2 · 2 pictures · high · 8 credits"
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert facts(world).endswith("8 credits · 12 of 20 left today")
        assert world.credits() == 8


async def test_suggestions_say_what_a_picture_costs(build: WorldBuilder) -> None:
    """A person chooses with the price in view, and sends the bare word."""
    async with build.world(declared=False, **described(build, abilities=RATES)) as world:
        offers = await offered(world, "model", "")
        assert offers == {"gpt-image-2": "GPT Image 2 · 2 credits · default"}
        high = await offered(world, "model", "", quality="HIGH")
        assert high == {"gpt-image-2": "GPT Image 2 · 4 credits · default"}
        for chosen in ({}, {"model": "GPT-image-2"}):
            assert await offered(world, "quality", "", **chosen) == {
                "low": "low · 1 credit",
                "medium": "medium · 2 credits",
                "high": "high · 4 credits",
                "auto": "auto · 2 credits",
            }
        assert await offered(world, "quality", "", model="gone") == {}


async def test_a_server_has_costs_of_its_own(build: WorldBuilder) -> None:
    """What its admins set is what people read, hold and pay, there and nowhere else."""
    async with build.world(declared=False, **described(build, abilities=RATES)) as world:
        await own_cost(world, None, 3)
        await own_cost(world, "high", 0)
        offers = await offered(world, "model", "")
        assert offers == {"gpt-image-2": "GPT Image 2 · 3 credits · default"}
        words = await offered(world, "quality", "")
        assert (words["low"], words["high"]) == ("low · 3 credits", "high · 0 credits")
        await world.imagine(world.ada, n=2, quality="low")
        await world.wait_for_jobs()
        assert "6 credits · 14 of 20 left today" in facts(world)
        await world.imagine(world.ada, n=2, quality="high")
        await world.wait_for_jobs()
        assert world.credits() == 6
        elsewhere = world.bot.services.pricing.credits_each(
            world.guild.id + 1, "gpt-image-2", "high"
        )
        assert elsewhere == 4


async def test_a_servers_own_costs_are_known_after_a_restart(build: WorldBuilder) -> None:
    """They are admins' decisions, not a process's memory."""
    async with build.world(declared=False, **described(build, abilities=RATES)) as world:
        await own_cost(world, None, 7)
        await world.restart()
        offers = await offered(world, "model", "")
        assert offers == {"gpt-image-2": "GPT Image 2 · 7 credits · default"}


@pytest.mark.parametrize("own", [None, 3])
async def test_what_did_not_arrive_is_given_back_picture_by_picture(
    build: WorldBuilder, own: int | None
) -> None:
    """Three of four at the cost of the quality, or of the server."""
    async with build.world(declared=False, **described(build, abilities=RATES)) as world:
        if own is not None:
            await own_cost(world, "high", own)
        world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
        await world.imagine(world.ada, n=4, quality="high")
        await world.wait_for_jobs()
        assert "3 of 4 pictures arrived." in str(world.card.embeds[0].description)
        each = 4 if own is None else own
        assert f"{3 * each} credits · {20 - 3 * each} of 20 left today" in facts(world)
        assert world.credits() == 3 * each
