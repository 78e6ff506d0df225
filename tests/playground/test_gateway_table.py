"""The playground's own table of gateways, with the real bot: each form of the painter paints."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from playground.gateway_table import gateway_table
from playground.painter import painter
from playground.painter.responses import CHAT_PAINTER, GRID_PAINTER, MASTER, MODEL
from tests.cogs.actions import ephemeral_text, finished_card, form_values, submit_form
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.cogs.test_task_actions import labels, press


@asynccontextmanager
async def playground_world(folder: Path, gateway: ScriptedGateway) -> AsyncIterator[DiscordWorld]:
    """Open a simulated Discord whose bot has the playground's table."""
    file = folder / "painter.toml"
    async with painter() as url:
        file.write_text(gateway_table(url, usual_s=2))
        build = WorldBuilder(folder / "data", gateway)
        async with build.world(gateways_file=file, image_api_url="") as world:
            yield world


@pytest.mark.parametrize(
    ("model", "pictures"), [(MODEL, 1), (MASTER, 1), (CHAT_PAINTER, 1), (GRID_PAINTER, 4)]
)
async def test_every_model_paints(
    tmp_path: Path, gateway: ScriptedGateway, model: str, pictures: int
) -> None:
    """A stranger who chooses one in the list gets what it is for."""
    async with playground_world(tmp_path, gateway) as world:
        card = await finished_card(world, "a fox", model=model)
        assert len(card.attachments) == pictures
        assert f"{model} ·" in str(card.embeds[0].footer.text)
        assert bool(labels(card)) == (model == GRID_PAINTER)


async def test_the_first_model_is_the_one_that_it_was(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Who chooses none meets no buttons and no credits that need a word."""
    async with playground_world(tmp_path, gateway) as world:
        card = await finished_card(world)
        assert str(card.embeds[0].footer.text).startswith(f"{MODEL} ·")


@pytest.mark.parametrize("model", [MODEL, CHAT_PAINTER, GRID_PAINTER])
async def test_a_forbidden_prompt_is_declined_by_each(
    tmp_path: Path, gateway: ScriptedGateway, model: str
) -> None:
    """In its own words, which mean the same: nothing is charged."""
    async with playground_world(tmp_path, gateway) as world:
        card = await finished_card(world, "a forbidden garden", model=model)
        assert "declined" in str(card.embeds[0].to_dict())
        assert world.credits() == 0


async def test_a_picture_goes_on_with_its_buttons(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Four files, then the second alone, then a zoom that asks for the words."""
    async with playground_world(tmp_path, gateway) as world:
        card = await finished_card(world, "a fox in the snow", model=GRID_PAINTER, size="3:2")
        assert len(card.attachments) == 4
        await press(world, world.ada, card, "U2")
        one = world.card
        assert (one.id != card.id, len(one.attachments)) == (True, 1)
        shown = await press(world, world.ada, one, "🔍 Custom Zoom")
        assert form_values(shown) == {"prompt": "a fox in the snow"}
        await submit_form(world, world.ada, shown, prompt="a fox in the snow --zoom 1.5")
        assert len(world.card.attachments) == 4
        assert world.credits() == 3


async def test_buttons_of_another_run_are_taken_away(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The painter forgets its tasks; the page's folder may be kept."""
    async with playground_world(tmp_path, gateway) as world:
        card = await finished_card(world, model=GRID_PAINTER)
        async with painter() as other:
            (tmp_path / "painter.toml").write_text(gateway_table(other, usual_s=2))
            await world.restart()
            answer = await press(world, world.ada, card, "U2")
            assert "expired" in ephemeral_text(answer) or not labels(world.messages()[0])
            assert world.credits() == 1
