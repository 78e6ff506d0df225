"""Private results: one person sees them, from the first card on, whatever happens meanwhile."""

import asyncio

import discord

from bot.core.models import ImageOptions, Job
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_delivery import patient
from tests.cogs.test_request_builder import caller, request_builder_of
from tests.jobs.service_harness import RecordingCourier


def seen(world: DiscordWorld) -> list[discord.Message]:
    """Return what Ada sees in the channel; the others must see nothing of it."""
    return world.channel.history(viewer=world.ada)


def direct_messages_of(world: DiscordWorld) -> list[discord.Message]:
    """Return Ada's direct messages."""
    return world.ada.user.dm_channel.history()


def only_ada_knows(world: DiscordWorld) -> None:
    """Check that neither a message nor a line in the channel speaks of it."""
    assert world.channel.history(viewer=world.ben) == []
    assert world.channel.history(viewer=world.mia) == []
    assert world.messages() == []


async def waiting(world: DiscordWorld) -> None:
    """Let Ada ask privately, and hold her picture back."""
    world.gateway.gate.clear()
    answer = await world.imagine(world.ada, private=True)
    assert answer.ephemeral


async def finish(world: DiscordWorld) -> None:
    """Let the picture arrive."""
    world.gateway.gate.set()
    await world.wait_for_jobs()


async def ada_has(world: DiscordWorld, *, private: bool) -> Job:
    """Let Ada have a picture, and return its job."""
    await world.imagine(world.ada, private=private)
    await world.wait_for_jobs()
    ((job_id,),) = world.rows("SELECT id FROM jobs")
    written = await world.bot.services.database.read(world.bot.services.repository.job, job_id)
    assert written is not None
    return written.job


async def test_queued_painting_and_result_are_for_one_person_alone(build: WorldBuilder) -> None:
    """Nobody else sees a card, a picture, a reaction or a line."""
    async with build.world(declared=True, **patient(build)) as world:
        await waiting(world)
        await world.env.advance_time(2)
        (card,) = seen(world)
        assert "Painting for Ada" in str(card.embeds[0].author.name)
        only_ada_knows(world)
        await finish(world)
        (card,) = seen(world)
        assert card.flags.ephemeral
        assert len(card.attachments) == 1
        assert card.reactions == []
        only_ada_knows(world)
        assert world.rows("SELECT private, only_by_token, state FROM jobs") == [(1, 1, "done")]
        assert world.credits() == 1


async def test_what_was_typed_counts_before_what_a_person_prefers(world: DiscordWorld) -> None:
    """Option before preference, preference before nothing."""
    await world.ada.slash(world.channel, "preferences private", private=True)
    assert (await world.imagine(world.ada)).ephemeral
    assert not (await world.imagine(world.ada, private=False)).ephemeral
    assert not (await world.imagine(world.ben)).ephemeral
    await world.wait_for_jobs()
    written = world.rows("SELECT user_id, private FROM jobs")
    assert sorted(written) == sorted([(world.ada.id, 0), (world.ada.id, 1), (world.ben.id, 0)])


async def test_a_private_card_can_be_cancelled_by_its_button(build: WorldBuilder) -> None:
    """What hangs under a card works there, too."""
    async with build.world(declared=True, **patient(build)) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ben)
        answer = await world.imagine(world.ada, private=True)
        (card,) = (message for message in seen(world) if message.flags.ephemeral)
        button = card.components[0].children[0]  # type: ignore[union-attr]  # a row
        await world.ada.click(card, custom_id=button.custom_id)  # type: ignore[union-attr]  # a button
        assert answer.response is not None
        assert "Stopped" in str(answer.response.embeds[0].author.name)
        await finish(world)
        assert world.credits() == 1


async def test_a_token_that_died_brings_the_pictures_in_a_direct_message(
    build: WorldBuilder,
) -> None:
    """Sixteen minutes: the ephemeral card is out of reach, and the channel is not for it."""
    async with build.world(declared=True, **patient(build)) as world:
        await waiting(world)
        await world.env.advance_time(16 * 60)
        await finish(world)
        (message,) = direct_messages_of(world)
        assert len(message.attachments) == 1
        assert "it is also in `/history`" in message.content
        only_ada_knows(world)
        assert world.credits() == 1
        assert world.rows("SELECT state, told FROM jobs") == [("done", 1)]


async def test_who_takes_no_direct_message_finds_it_in_the_history(build: WorldBuilder) -> None:
    """It is kept, charged, and marked as private in the list."""
    async with build.world(declared=True, **patient(build)) as world:
        await waiting(world)
        await world.env.advance_time(16 * 60)
        world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=9)
        await finish(world)
        only_ada_knows(world)
        assert world.credits() == 1
        assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]
        listed = await world.ada.slash(world.channel, "history")
        assert "a fox\n-# 🔒" in str(reply_embed(listed).description)


async def test_a_refusal_after_the_token_died_is_said_directly(build: WorldBuilder) -> None:
    """Not even why there is no picture is for the channel."""
    async with build.world(declared=True, **patient(build)) as world:
        world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
        await waiting(world)
        await world.env.advance_time(16 * 60)
        await finish(world)
        (message,) = direct_messages_of(world)
        assert "declined this prompt" in message.content
        only_ada_knows(world)
        assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]


async def in_line(world: DiscordWorld) -> None:
    """Let Ada's private request wait behind Ben's."""
    world.gateway.gate.clear()
    await world.imagine(world.ben)
    await asyncio.wait_for(world.gateway.asked.wait(), 10)
    assert (await world.imagine(world.ada, private=True)).ephemeral


async def test_a_restart_in_the_middle_goes_on_where_only_she_sees_it(build: WorldBuilder) -> None:
    """The job keeps that no channel leads to its message."""
    async with build.world(declared=True, **patient(build)) as world:
        await in_line(world)
        await world.restart()
        await finish(world)
        (card,) = (message for message in seen(world) if message.flags.ephemeral)
        assert len(card.attachments) == 1
        assert len(world.messages()) == 1  # Ben's
        assert direct_messages_of(world) == []


async def test_a_restart_after_the_token_died_brings_it_directly(build: WorldBuilder) -> None:
    """Recovery never posts it where others read."""
    async with build.world(declared=True, **patient(build)) as world:
        await in_line(world)
        await world.env.advance_time(16 * 60)
        await world.restart()
        await finish(world)
        (message,) = direct_messages_of(world)
        assert len(message.attachments) == 1
        told = [message.content for message in world.messages() if "Ada" in str(message.embeds)]
        assert told == []
        states = world.rows("SELECT state, told FROM jobs WHERE private = 1")
        assert states == [("done", 1)]


async def test_what_comes_from_a_private_result_is_private(world: DiscordWorld) -> None:
    """Re-roll, edit and use as reference; not a reaction, which nobody can answer alone."""
    job = await ada_has(world, private=True)
    request_builder = request_builder_of(world)
    who = caller(world)
    assert (await request_builder.repeat(job, who, RecordingCourier())).private
    assert (
        await request_builder.submit(
            ImageOptions(prompt="bluer"), who, RecordingCourier(), parent=job.id
        )
    ).private
    assert not (
        await request_builder.submit(ImageOptions(prompt="another"), who, RecordingCourier())
    ).private
    await world.wait_for_jobs()


async def test_the_controls_under_a_private_result_stay_private(world: DiscordWorld) -> None:
    """A re-roll and an edit are for her alone, and so is the end of it."""
    job = await ada_has(world, private=True)
    (card,) = seen(world)
    await world.ada.click(card, custom_id=f"easel:again:{job.id}")
    await world.wait_for_jobs()
    form = await world.ada.click(card, custom_id=f"easel:edit:{job.id}")
    assert form.modal is not None
    await world.wait_for_jobs()
    assert [len(each.attachments) for each in seen(world)] == [1, 1]
    await world.ada.click(card, custom_id=f"easel:delete:{job.id}")
    assert card.id not in {each.id for each in seen(world)}
    only_ada_knows(world)
    assert world.rows("SELECT DISTINCT private FROM jobs") == [(1,)]


async def test_who_wants_all_private_rolls_anothers_picture_privately(world: DiscordWorld) -> None:
    """A press under Ada's public result shows Ben's to Ben."""
    job = await ada_has(world, private=False)
    await world.ben.slash(world.channel, "preferences private", private=True)
    request_builder = request_builder_of(world)
    assert (await request_builder.repeat(job, caller(world), RecordingCourier())).private
    await world.wait_for_jobs()


async def test_what_is_posted_again_stays_private(world: DiscordWorld) -> None:
    """Whoever wanted it for themselves is not surprised by a channel that reads along."""
    job = await ada_has(world, private=True)
    listed = await world.ada.slash(world.channel, "history")
    only_ada_knows(world)
    assert listed.response is not None
    assert "🔒" in str(listed.response.embeds[0].description)
    await world.ada.select(listed.response, [job.id], custom_id="easel:again")
    posted = [each for each in seen(world) if each.attachments]
    assert [len(each.attachments) for each in posted][-1] == 1
    only_ada_knows(world)


async def test_a_usage_line_links_to_no_private_card(world: DiscordWorld) -> None:
    """A link to an ephemeral message leads nowhere."""
    await ada_has(world, private=True)
    answer = await world.ada.slash(world.channel, "usage")
    assert answer.response is not None
    assert "discord.com/channels" not in str([e.to_dict() for e in answer.response.embeds])


async def test_a_refusal_before_the_card_is_one_sentence(build: WorldBuilder) -> None:
    """As for a public one."""
    async with build.world(default_quota=()) as world:
        assert "prompt" in reply_text(await world.imagine(world.ada, " ", private=True))
