"""Who may /blend and /swap: the same people, in the same channels, as may /imagine."""

from dataclasses import replace
from typing import Any

import pytest

from bot.discord_ui.command_permissions import OVERRIDES_STAY_MS
from tests.cogs.actions import ephemeral_text
from tests.cogs.discord_world import WorldBuilder
from tests.cogs.test_operations import HARE, OWL, blend, opened, swap
from tests.cogs.test_reroll_reaction import imagine_command


async def test_who_may_not_use_imagine_neither_blends_nor_swaps(build: WorldBuilder) -> None:
    """Admins closed it in Integrations: neither command is a way around that."""
    async with opened(build, swap=True) as (world, fake):
        world.guild.set_command_permissions(await imagine_command(world), {world.channel: False})
        world.skipped_ms += OVERRIDES_STAY_MS
        for answer in (await blend(world, world.ada), await swap(world, world.ada)):
            assert "may not use `/imagine` here" in ephemeral_text(answer)
        assert (fake.orders, world.credits()) == ([], 0)


async def test_a_blocked_person_is_refused(build: WorldBuilder) -> None:
    """As at every request."""
    async with opened(build) as (world, fake):
        await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
        assert "spam" in ephemeral_text(await blend(world, world.ben))
        assert (fake.orders, world.credits()) == ([], 0)


@pytest.mark.parametrize("rule", [{"channels": (1,)}, {"roles": (1,)}, {"models": ("other",)}])
async def test_models_channels_and_roles_hold(build: WorldBuilder, rule: dict[str, Any]) -> None:
    """As for a request that is typed."""
    async with opened(build) as (world, fake):
        await world.bot.preference_store.change_server(
            world.guild.id, lambda settings: replace(settings, **rule)
        )
        assert ephemeral_text(await blend(world, world.ben))
        assert (fake.orders, world.credits()) == ([], 0)


async def test_credits_are_held_before_anything_is_sent(build: WorldBuilder) -> None:
    """The cost that an admin set, and nothing for who has not enough."""
    async with opened(build) as (world, fake):
        await world.mia.slash(world.channel, "quota cost", model="midjourney", credits=3)
        await world.mia.slash(world.channel, "quota set", credits=4, per="day")
        await blend(world, world.ada)
        assert world.credits() == 3
        assert ephemeral_text(await blend(world, world.ada, OWL, HARE))
        assert (len(fake.orders), world.credits()) == (1, 3)
