"""Models with age_restricted = true paint only where Discord asks for people's age."""

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from pydantic import SecretStr

from bot.settings.settings import GatewayKey
from tests.cogs.actions import ephemeral_text, finished_card, form_values, press, select_labels
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.history_page import HistoryPage
from tests.cogs.scripted_gateway import KEY
from tests.cogs.test_help import field
from tests.cogs.test_picture_actions import act, choose
from tests.cogs.test_refusal_buttons import labels

ADULT, OPEN = "gpt-image-2", "dall-e-3"
REFUSED = f"{ADULT} may be used in age-restricted channels only"


def settings(build: WorldBuilder, *models: str, **more: object) -> dict[str, object]:
    """Return settings where one model is marked, with these models in order."""
    file = build.folder.parent / "gateways.toml"
    names = ", ".join(f'"{name}"' for name in models or (OPEN, ADULT))
    file.write_text(
        f'[gateways.mine]\nbase_url = "{build.gateway.url}"\nmodels = [{names}]\n'
        f'[gateways.mine.abilities."{ADULT}"]\nage_restricted = true\n'
    )
    key = GatewayKey(api_key=SecretStr(KEY))
    return {"gateways_file": file, "image_api_url": "", "gateways": {"mine": key}, **more}


@pytest.fixture
async def world(build: WorldBuilder) -> AsyncIterator[DiscordWorld]:
    async with build.world(declared=False, **settings(build)) as world:
        yield world


def restrict(world: DiscordWorld, *, mark: bool = True) -> None:
    """Mark the channel as age-restricted, or no longer.

    SimCord has no such mark, so the channel in the cache gets what CHANNEL_UPDATE would bring.
    """
    place = world.bot.client.get_channel(world.channel.id)
    assert isinstance(place, discord.TextChannel)
    place.nsfw = mark


async def thread_of(world: DiscordWorld) -> Any:
    """Return a new thread of the usual channel."""
    place = world.bot.client.get_channel(world.channel.id)
    assert isinstance(place, discord.TextChannel)
    with world.env.time_context():
        await place.create_thread(name="night", type=discord.ChannelType.public_thread)
        await world.env.settle()
    (thread,) = world.channel.threads
    return thread


async def card_in(world: DiscordWorld, channel: Any, n: int = 1) -> discord.Message:
    """Return a finished card of the marked model in a channel."""
    await world.ada.slash(channel, "imagine", prompt="a fox", model=ADULT, n=n)
    await world.wait_for_jobs()
    return channel.last_message  # type: ignore[no-any-return]  # of a simulated channel


async def models_offered(world: DiscordWorld, channel: Any) -> list[str]:
    """Return the models that Ada is offered in a channel."""
    choices = await world.ada.autocomplete(channel, "imagine", "model", "", prompt="p")
    return [choice["value"] for choice in choices]


@pytest.mark.parametrize("private", [None, True])
async def test_it_paints_where_the_channel_is_age_restricted(
    world: DiscordWorld, private: bool | None
) -> None:
    """Elsewhere a person is told where, and offered another model; also for what only they see."""
    options: dict[str, object] = {} if private is None else {"private": private}
    refused = await world.imagine(world.ada, "a fox", model=ADULT, **options)
    assert REFUSED in reply_text(refused)
    assert labels(refused) == [OPEN]
    # Its sizes are of no use here, so they are not what is told.
    assert REFUSED in reply_text(await world.imagine(world.ada, "a fox", model=ADULT, size="7x7"))
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(0,)]
    assert world.credits() == 0
    restrict(world)
    await world.imagine(world.ada, "a fox", model=ADULT, **options)
    await world.wait_for_jobs()
    assert [body["model"] for body in world.gateway.bodies] == [ADULT]


async def test_a_thread_counts_as_its_channel(world: DiscordWorld) -> None:
    """A thread has no mark of its own."""
    thread = await thread_of(world)
    answer = await world.ada.slash(thread, "imagine", prompt="a fox", model=ADULT)
    assert REFUSED in reply_text(answer)
    restrict(world)
    await card_in(world, thread)
    assert len(world.gateway.bodies) == 1


async def test_what_is_refused_is_not_offered(world: DiscordWorld) -> None:
    """Suggestions, forms and the default are for the channel; /help lists all, marked."""
    assert await models_offered(world, world.channel) == [OPEN]
    card = await finished_card(world)
    shown = await press(world, world.ada, card, "edit")
    assert [label.split(" ")[0] for label in select_labels(shown, "model")] == [OPEN]
    restrict(world)
    assert await models_offered(world, world.channel) == [OPEN, ADULT]
    shown = await press(world, world.ben, card, "edit")
    assert [label.split(" ")[0] for label in select_labels(shown, "model")] == [OPEN, ADULT]
    helped = field(
        reply_embed(await world.ada.slash(world.channel, "help")),
        "Models, and what a picture costs",
    )
    assert "GPT Image 2 🔞" in helped
    assert helped.count("🔞") == 1


async def test_the_default_model_is_one_that_may_paint_there(build: WorldBuilder) -> None:
    """Whoever chooses no model gets the operator's first one only where that is allowed."""
    async with build.world(declared=False, **settings(build, ADULT, OPEN)) as world:
        assert await models_offered(world, world.channel) == [OPEN]
        await finished_card(world)
        await world.ada.slash(world.channel, "preferences defaults", model=ADULT)
        await finished_card(world)
        restrict(world)
        await finished_card(world)
        assert [body["model"] for body in world.gateway.bodies] == [OPEN, OPEN, ADULT]


async def test_a_bot_with_marked_models_only_offers_none_elsewhere(build: WorldBuilder) -> None:
    """The person is told where to go, and not charged."""
    async with build.world(declared=False, **settings(build, ADULT)) as world:
        assert await models_offered(world, world.channel) == []
        assert REFUSED in reply_text(await world.imagine(world.ada))
        assert world.gateway.bodies == []


async def test_a_result_is_not_carried_into_a_channel_for_all(world: DiscordWorld) -> None:
    """Re-rolls, forms, variations and pictures from the history ask where they are, too."""
    restrict(world)
    card = await card_in(world, world.channel, n=2)
    restrict(world, mark=False)
    history = await HistoryPage.open(world, world.ada)
    assert REFUSED in reply_text(await history.post_again())
    assert REFUSED in ephemeral_text(await press(world, world.ben, card, "again"))
    await world.ben.react(card, "🔄")
    await world.wait_for_jobs()
    assert REFUSED in world.card.content
    chosen = await choose(world, world.ben, card)
    assert REFUSED in ephemeral_text(await act(world, world.ben, chosen, "post"))
    shown = await press(world, world.ben, card, "edit")
    assert form_values(shown)["model"] == [OPEN]
    assert len(world.gateway.bodies) == 1


@pytest.mark.parametrize("allowed", [False, True])
async def test_in_direct_messages_the_operator_decides(build: WorldBuilder, allowed: bool) -> None:
    """Discord does not ask for anybody's age there."""
    changes = {"allow_direct_messages": True, "allow_age_restricted_in_dms": allowed}
    async with build.world(declared=False, **settings(build, **changes)) as world:
        answer = await world.ada.user.slash("imagine", prompt="a fox", model=ADULT)
        await world.wait_for_jobs()
        assert len(world.gateway.bodies) == int(allowed)
        if not allowed:
            assert REFUSED in reply_text(answer)
        # The permission is for direct messages alone.
        assert REFUSED in reply_text(await world.imagine(world.ada, model=ADULT))
