"""Who may open a form, and which of the submitted ones are requests."""

import pytest
import simcord

from bot.discord_ui.command_permissions import OVERRIDES_STAY_MS
from bot.quota.limits import parse_limits
from tests.cogs.actions import (
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    newest_job_id,
    press,
    rename_form,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.test_edit_form import use
from tests.cogs.test_references import PNG
from tests.cogs.test_reroll_reaction import imagine_command


async def submit_again(
    world: DiscordWorld, shown: simcord.InteractionResult, **changes: str
) -> None:
    """Submit a form that was submitted before, as Discord does when it saw no answer."""
    shown._interaction.modal_consumed = False
    await submit_form(world, world.ada, shown, **changes)


@pytest.mark.parametrize("how", ["edit", "use", "menu"])
async def test_who_could_send_nothing_is_refused_before_the_form(
    build: WorldBuilder, how: str
) -> None:
    """Nobody types for minutes only to hear that their credits are used up, or of a block."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        card = await finished_card(world, model="gpt-image-2")
        shown = await (
            use(world, world.ada, card) if how == "menu" else press(world, world.ada, card, how)
        )
        assert shown.modal is None
        assert "used up" in ephemeral_text(shown)
        await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
        shown = await (
            use(world, world.ben, card) if how == "menu" else press(world, world.ben, card, how)
        )
        assert shown.modal is None
        assert "spam" in ephemeral_text(shown)
        assert world.credits() == 1


async def test_two_forms_at_once_are_two_requests(world: DiscordWorld) -> None:
    """Even with the same words; only one form that arrives twice is one request."""
    card = await finished_card(world)
    shown = [await press(world, world.ada, card, "edit") for _ in range(2)]
    for form in shown:
        await submit_form(world, world.ada, form, prompt="an owl")
    assert len(world.gateway.bodies) == 3
    await submit_again(world, shown[0], prompt="an owl")
    assert len(world.gateway.bodies) == 3
    await submit_again(world, shown[0], prompt="a hawk")
    assert [body["prompt"] for body in world.gateway.bodies[1:]] == ["an owl", "an owl", "a hawk"]


async def test_a_form_of_an_earlier_version_is_read(world: DiscordWorld) -> None:
    """It was open while the bot was updated: its id says nothing of its opening."""
    card = await finished_card(world)
    shown = await press(world, world.ada, card, "edit")
    rename_form(shown, f"easel:edited:{newest_job_id(world)}")
    await submit_form(world, world.ada, shown, prompt="an owl")
    assert world.gateway.bodies[-1]["prompt"] == "an owl"


async def test_without_quota_the_words_come_back(build: WorldBuilder) -> None:
    """They can be used tomorrow."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        card = await finished_card(world)
        shown = await press(world, world.ben, card, "edit")
        await world.imagine(world.ben)
        await world.wait_for_jobs()
        refused = await submit_form(world, world.ben, shown, prompt="an owl")
        assert "used up" in ephemeral_text(refused)
        assert "an owl" in str(ephemeral_messages(refused)[1].content)
        assert world.credits() == 2


async def test_the_menu_opens_for_nobody_who_may_not_use_the_command(world: DiscordWorld) -> None:
    """Admins closed the command there in Integrations; a form that was open then is refused."""
    photo = await world.ben.send(world.channel, "look", attachments=[("a.png", PNG)])
    shown = await use(world, world.ada, photo)
    world.guild.set_command_permissions(await imagine_command(world), {world.channel: False})
    world.skipped_ms += OVERRIDES_STAY_MS
    refused = await submit_form(world, world.ada, shown, prompt="an owl")
    again = await use(world, world.ada, photo)
    assert again.modal is None
    for answer in (refused, again):
        sentence = "You may not use `/imagine` here, so please ask an admin of this server."
        assert ephemeral_text(answer) == sentence
    assert world.gateway.bodies == []
