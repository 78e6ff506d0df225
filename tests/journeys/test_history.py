"""/history: what I asked for lately, and its pictures once more."""

import discord
import simcord

from tests.journeys.gateway import Refuses
from tests.journeys.world import Build, World, said, shown


async def looked_back(world: World, who: simcord.MemberActor) -> simcord.InteractionResult:
    """Let somebody type /history."""
    return await who.slash(world.gallery, "history")


def newest(world: World) -> str:
    """Return the id of the newest job."""
    ((job_id,),) = world.rows("SELECT id FROM jobs ORDER BY created_at DESC, rowid DESC LIMIT 1")
    return str(job_id)


async def choose(
    world: World, who: simcord.MemberActor, answer: simcord.InteractionResult, job_id: str
) -> simcord.InteractionResult:
    """Choose a job in the list."""
    assert answer.response is not None
    result = await who.select(answer.response, [job_id], custom_id="easel:again")
    await world.finished()
    return result


async def test_nobody_has_asked_for_anything_yet(world: World) -> None:
    """An empty list says so and offers nothing."""
    answer = await looked_back(world, world.ada)
    assert shown(answer).description == "You have not asked for a picture yet."
    assert answer.response is not None
    assert answer.response.components == []


async def test_my_last_requests_are_listed_to_me_alone(world: World) -> None:
    """The newest first, with how each ended; what failed cannot be posted again."""
    await world.imagine(world.ada, "a *fox*")
    await world.finished()
    await world.env.advance_time(1)
    world.gateway.moods.append(Refuses(400, "moderation_blocked"))
    await world.imagine(world.ada, "an owl")
    await world.finished()
    await world.imagine(world.ben, "a badger")
    await world.finished()
    answer = await looked_back(world, world.ada)
    owl, fox = str(shown(answer).description).splitlines()
    assert owl.startswith("1. ⚠️ <t:")
    assert owl.endswith("an owl")
    assert fox.startswith("2. 🖼️ <t:")
    assert fox.endswith(r"a \*fox\*")
    assert answer.response is not None
    (row,) = answer.response.components
    (select,) = row["components"]
    assert [option["label"] for option in select["options"]] == ["2. a *fox*"]


async def test_pictures_are_posted_again_free_of_charge_and_can_be_rolled(world: World) -> None:
    """They were paid for; a 🔄 under them is a new request."""
    await world.imagine(world.ada, n=2)
    await world.finished()
    await choose(world, world.ada, await looked_back(world, world.ada), newest(world))
    assert len(world.messages()) == 2
    assert len(world.card.attachments) == 2
    assert "from the history of Ada" in world.title
    assert world.credits() == 2
    await world.ben.react(world.card, "🔄")
    await world.finished()
    assert "Ben" in world.title


async def test_a_list_from_before_a_restart_still_works(world: World) -> None:
    """People scroll back."""
    await world.imagine(world.ada)
    await world.finished()
    answer = await looked_back(world, world.ada)
    await world.restart()
    await choose(world, world.ada, answer, newest(world))
    assert len(world.messages()) == 2
    assert len(world.card.attachments) == 1


async def test_where_the_bot_may_not_write_i_alone_see_them(world: World) -> None:
    """The channel became read-only for the bot; what was paid for is still mine to see."""
    await world.imagine(world.ada, n=2)
    await world.finished()
    channel = world.bot.client.get_channel(world.gallery.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.set_permissions(channel.guild.me, send_messages=False)
    answer = await looked_back(world, world.ada)
    posted = await choose(world, world.ada, answer, newest(world))
    assert len(world.messages()) == 1
    assert posted.ephemeral
    assert posted.response is not None
    assert len(posted.response.attachments) == 2
    (sentence,) = posted.followups
    assert sentence.flags.ephemeral
    assert "only you see them" in sentence.content


async def test_pictures_that_can_be_shown_nowhere_are_one_sentence(world: World) -> None:
    """Neither the channel nor an answer takes them."""
    await world.imagine(world.ada)
    await world.finished()
    answer = await looked_back(world, world.ada)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    world.env.inject_error("POST", "/webhooks/*", status=413, code=40005)
    refused = await choose(world, world.ada, answer, newest(world))
    assert "could not be posted here" in said(refused)
    assert len(world.messages()) == 1


async def test_a_prompt_declined_for_one_picture_stays_between_us(world: World) -> None:
    """Two of three were painted, but moderation declined these words: only I read them again."""
    world.gateway.moods.append(Refuses(400, "moderation_blocked"))
    world.gateway.revised_prompt = "something terrible, in oil"
    await world.imagine(world.ada, "something terrible", n=3)
    await world.finished()
    card = world.card
    assert "2 of 3 pictures arrived" in str(card.embeds[0].description)
    assert "The prompt is not repeated here" in str(card.embeds[0].description)
    answer = await looked_back(world, world.ada)
    assert "something terrible" in str(shown(answer).description)
    await choose(world, world.ada, answer, newest(world))
    assert "The prompt is not repeated here" in str(world.card.embeds[0].description)
    for message in (card, world.card):
        assert "terrible" not in str([embed.to_dict() for embed in message.embeds])
        assert [a.description for a in message.attachments] == ["Picture 1 of 2", "Picture 2 of 2"]
    assert world.credits() == 2


async def test_what_was_cleared_away_is_said(world: World) -> None:
    """A list can be older than the pictures in it."""
    await world.imagine(world.ada)
    await world.finished()
    answer = await looked_back(world, world.ada)
    for path in (world.folder / "vault").rglob("*.png"):
        path.unlink()
    refused = await choose(world, world.ada, answer, newest(world))
    assert "kept no longer" in said(refused)
    assert shown(await looked_back(world, world.ada))


async def test_old_pictures_go_after_the_retention(build: Build) -> None:
    """The operator promised people that their pictures do not stay for ever."""
    async with build.world(retention_days=1) as world:
        await world.imagine(world.ada)
        await world.finished()
        assert len(list((world.folder / "vault").rglob("*.png"))) == 1
        await world.env.advance_time(20 * 3600)
        await world.bot.house.gallery.clear()
        assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]
        await world.env.advance_time(5 * 3600)
        await world.bot.house.gallery.clear()
        assert world.rows("SELECT COUNT(*) FROM pictures") == [(0,)]
        assert list((world.folder / "vault").rglob("*.png")) == []


async def test_a_full_disk_refuses_new_requests_with_a_sentence(build: Build) -> None:
    """What is there is still needed, so nothing can be cleared away."""
    async with build.world(max_disk=1000) as world:
        await world.imagine(world.ada)
        await world.finished()
        assert "no room for more pictures" in said(await world.imagine(world.ada))
        await world.env.advance_time(3 * 3600)
        await world.imagine(world.ada)
        await world.finished()
        assert world.credits() == 2
        assert len(list((world.folder / "vault").rglob("*.png"))) == 1
