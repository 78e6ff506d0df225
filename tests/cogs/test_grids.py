"""What people see of four pictures that were made, and are paid, as one."""

import pytest

from tests.cogs.actions import ephemeral_messages, finished_card, newest_job_id, press
from tests.cogs.discord_world import WorldBuilder
from tests.cogs.history_page import HistoryPage
from tests.cogs.test_edit_form import originals
from tests.cogs.test_picture_actions import act, choose, items, labels
from tests.jobs.test_grids import grids


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
async def test_a_grid_is_four_pictures_for_the_credits_of_one(
    build: WorldBuilder, locale: str
) -> None:
    """On the card, in the select, in the history and in the details; one credit in all."""
    async with build.world(**grids(build.folder.parent, build.gateway)) as world:
        await world.mia.slash(world.channel, "settings language", language=locale)
        card = await finished_card(world, model="dall-e-3")
        assert len(card.attachments) == 4
        assert ("4 pictures" if locale == "en" else "4 张") in world.title
        (select,) = items(card)[-1]
        assert [each["value"] for each in select["options"]] == ["1", "2", "3", "4"]
        assert world.credits() == 1
        assert len({bytes(each) for each in originals(world)}) >= 1
        page = await HistoryPage.open(world, world.ada)
        await page.post_again()
        assert len(world.card.attachments) == 4
        assert world.credits() == 1


async def test_one_of_a_grid_is_chosen_and_posted(build: WorldBuilder) -> None:
    """Each has a file of its own, whoever asks."""
    async with build.world(**grids(build.folder.parent, build.gateway)) as world:
        card = await finished_card(world, model="dall-e-3")
        answer = await choose(world, world.ben, card, 3)
        (message,) = ephemeral_messages(answer)
        assert message.embeds[0].author.name == "🖼️ Picture 3 of 4"
        assert labels(answer)[-1] == "Post alone · free"
        await act(world, world.ben, answer, "post")
        assert world.title == "🖼️ Picture 3 of 4 for Ada"
        assert world.credits() == 1


async def test_the_details_of_a_grid_count_its_pictures(build: WorldBuilder) -> None:
    """It is whole: nothing is said to be missing."""
    async with build.world(**grids(build.folder.parent, build.gateway)) as world:
        card = await finished_card(world, model="dall-e-3")
        answer = await press(world, world.ada, card, "details")
        (message,) = ephemeral_messages(answer)
        words = str(message.embeds[0].to_dict())
        assert "4 pictures" in words
        assert "of" not in words.partition("4 pictures")[0][-8:]
        assert newest_job_id(world)
