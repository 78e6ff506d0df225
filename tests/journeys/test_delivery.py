"""Where a picture goes when its card, its channel or its token is gone."""

from tests.journeys.gateway import Mood, Refuses
from tests.journeys.world import Build, World


async def begun(world: World, *moods: Mood) -> None:
    """Let Ada ask, and hold her picture back."""
    world.gateway.moods.extend(moods)
    world.gateway.gate.clear()
    await world.imagine(world.ada)


async def finish(world: World) -> None:
    """Let the picture arrive."""
    world.gateway.gate.set()
    await world.finished()


def delivered_once(world: World) -> None:
    """Check the books: one picture, one credit, one end."""
    assert world.credits() == 1
    assert world.rows("SELECT state, told FROM jobs") == [("done", 1)]
    assert len(world.gateway.bodies) == 1


async def test_a_token_that_ran_out_leaves_the_card_and_calls_the_requester(build: Build) -> None:
    """A model took twenty minutes: same card, and one line that notifies only Ada."""
    async with build.world(declared=True) as world:
        await begun(world)
        world.skipped_ms = 16 * 60_000
        await finish(world)
        card, notice = world.messages()
        assert len(card.attachments) == 1
        assert notice.content == f"<@{world.ada.id}> your picture is ready."
        assert [person.id for person in notice.mentions] == [world.ada.id]
        delivered_once(world)


async def test_a_refusal_after_the_token_ran_out_calls_the_requester_too(build: Build) -> None:
    """Nobody waits an hour for a card that has long said no."""
    async with build.world(declared=True) as world:
        await begun(world, Refuses(400, "moderation_blocked"))
        world.skipped_ms = 16 * 60_000
        await finish(world)
        card, notice = world.messages()
        assert "declined" in str(card.embeds[0].description)
        assert "there is no picture" in notice.content


async def test_a_deleted_card_is_posted_anew(build: Build) -> None:
    """A moderator tidied up; the picture was paid for."""
    async with build.world(declared=True) as world:
        await begun(world)
        await world.mia.delete(world.card)
        await finish(world)
        (message,) = world.messages()
        assert len(message.attachments) == 1
        assert message.content.startswith(f"<@{world.ada.id}>")
        delivered_once(world)
        await world.ben.react(message, "🔄")
        await world.finished()
        assert len(world.gateway.bodies) == 2


async def test_a_deleted_channel_becomes_a_direct_message(build: Build) -> None:
    """The place is gone, the person is not."""
    async with build.world(declared=True) as world:
        await begun(world)
        channel = world.bot.client.get_channel(world.gallery.id)
        await channel.delete()  # type: ignore[union-attr]  # a text channel
        await finish(world)
        (letter,) = world.ada.user.dm_channel.history()
        assert len(letter.attachments) == 1
        delivered_once(world)


async def test_a_bot_that_was_sent_away_writes_to_the_person(build: Build) -> None:
    """The server removed Easel in the middle of a job."""
    async with build.world(declared=True) as world:
        await begun(world)
        server = world.bot.client.get_guild(world.guild.id)
        assert server is not None
        await server.leave()
        await finish(world)
        (letter,) = world.ada.user.dm_channel.history()
        assert len(letter.attachments) == 1
        delivered_once(world)


async def test_a_person_who_takes_no_messages_finds_it_in_the_history(build: Build) -> None:
    """No card, no channel, no direct message: it is kept, and charged."""
    async with build.world(declared=True) as world:
        await begun(world)
        channel = world.bot.client.get_channel(world.gallery.id)
        await channel.delete()  # type: ignore[union-attr]  # a text channel
        world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=9)
        await finish(world)
        delivered_once(world)
        assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]


async def test_a_channel_that_was_closed_to_the_bot_still_gets_a_young_card(build: Build) -> None:
    """The token works without permissions."""
    async with build.world(declared=True) as world:
        await begun(world)
        channel = world.bot.client.get_channel(world.gallery.id)
        server = world.bot.client.get_guild(world.guild.id)
        assert server is not None
        await channel.set_permissions(server.me, view_channel=False)  # type: ignore[union-attr]  # a text channel
        await finish(world)
        delivered_once(world)
        assert len(world.card.attachments) == 1


async def test_a_picture_that_discord_finds_too_large_is_kept_and_the_card_says_so(
    build: Build,
) -> None:
    """40005 for every size."""
    async with build.world(declared=True) as world:
        await begun(world)
        world.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005, times=4)
        await finish(world)
        delivered_once(world)
        (card,) = world.messages()
        assert "`/history` posts them again" in str(card.embeds[0].description)
        assert card.attachments == []


async def test_a_card_that_is_deleted_after_a_refusal_costs_nobody_a_traceback(
    build: Build,
) -> None:
    """The sentence goes where it can be read."""
    async with build.world(declared=True) as world:
        await begun(world, Refuses(400, "moderation_blocked"))
        await world.mia.delete(world.card)
        await finish(world)
        (message,) = world.messages()
        assert message.content.startswith(f"<@{world.ada.id}> ")
        assert "declined this prompt" in message.content
        assert world.credits() == 0
        assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]
