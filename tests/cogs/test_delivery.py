"""Where a picture goes when its card, its channel or its token is gone."""

import asyncio

import discord
import pytest
from pydantic import SecretStr

from bot.settings.settings import GatewayKey
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import KEY, ClosedConnection, ErrorReply, ScriptedReply


async def begun(world: DiscordWorld, *moods: ScriptedReply) -> None:
    """Let Ada ask, and hold her picture back."""
    world.gateway.replies.extend(moods)
    world.gateway.gate.clear()
    await world.imagine(world.ada)


async def finish(world: DiscordWorld) -> None:
    """Let the picture arrive."""
    world.gateway.gate.set()
    await world.wait_for_jobs()


def delivered_once(world: DiscordWorld) -> None:
    """Check the database: one picture, one credit, one end."""
    assert world.credits() == 1
    assert world.rows("SELECT state, told FROM jobs") == [("done", 1)]
    assert len(world.gateway.bodies) == 1


async def test_a_token_that_ran_out_leaves_the_card_and_calls_the_requester(
    build: WorldBuilder,
) -> None:
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


async def test_a_refusal_after_the_token_ran_out_calls_the_requester_too(
    build: WorldBuilder,
) -> None:
    """Nobody waits an hour for a card that has long said no."""
    async with build.world(declared=True) as world:
        await begun(world, ErrorReply(400, "moderation_blocked"))
        world.skipped_ms = 16 * 60_000
        await finish(world)
        card, notice = world.messages()
        assert "declined" in str(card.embeds[0].description)
        assert "there is no picture" in notice.content


def patient(build: WorldBuilder) -> dict[str, object]:
    """Return settings under which a request may take an hour, one at a time."""
    file = build.folder.parent / "gateways.toml"
    file.write_text(
        "[gateways.slow]\n"
        f'base_url = "{build.gateway.url}"\n'
        'models = ["dall-e-3"]\n'
        "[gateways.slow.abilities.dall-e-3]\n"
        "timeout_s = 3600\n"
    )
    slow = {"slow": GatewayKey(api_key=SecretStr(KEY))}
    return {
        "gateways_file": file,
        "image_api_url": "",
        "gateways": slow,
        "max_concurrent_jobs": 1,
    }


def ways(world: DiscordWorld, card: discord.Message) -> list[str]:
    """Return how a card was edited, in order: by its token (webhooks), or in its channel."""
    edits = [each.path for each in world.env.http_requests if each.method == "PATCH"]
    return [path.split("/")[1] for path in edits if path.endswith(f"/{card.id}")]


async def test_cards_outlive_their_tokens_in_line_at_work_and_at_the_end(
    build: WorldBuilder,
) -> None:
    """A model took sixteen minutes, and Ben waited behind it: each is called once, alone."""
    async with build.world(declared=True, **patient(build)) as world:
        await begun(world)
        await asyncio.wait_for(world.gateway.asked.wait(), 60)
        await world.imagine(world.ben)
        await world.imagine(world.ben, "an owl")
        world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
        cards = world.messages()
        # In steps: while they wait, their estimates are looked at every quarter of a minute.
        for _ in range(16):
            await world.env.advance_time(60)
        early = [ways(world, card) for card in cards]
        await finish(world)
        late = [ways(world, card)[len(edits) :] for card, edits in zip(cards, early, strict=True)]
        assert {way for edits in early for way in edits} == {"webhooks"}
        assert {way for edits in late for way in edits} == {"channels"}
        # Ada's picture; Ben's refusal and his picture, each after its card showed it at work.
        assert all(len(edits) >= least for edits, least in zip(late, (1, 2, 2), strict=True))
        pictures = [bool(message.attachments) for message in world.messages()]
        assert pictures == [True, False, True, False, False, False]
        called = {
            (each.content, *(one.id for one in each.mentions)) for each in world.messages()[3:]
        }
        ada, ben = world.ada.id, world.ben.id
        assert called == {
            (f"<@{ada}> your picture is ready.", ada),
            (f"<@{ben}> there is no picture this time; the message above says why.", ben),
            (f"<@{ben}> your picture is ready.", ben),
        }
        assert world.credits() == 2
        assert world.rows("SELECT DISTINCT told FROM jobs") == [(1,)]


async def test_a_token_that_discord_drops_early_is_no_end(build: WorldBuilder) -> None:
    """50027 after a few minutes: the card is edited in its channel, from the first try on."""
    async with build.world(declared=True) as world:
        await begun(world)
        before = len(ways(world, world.card))
        world.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027)
        await finish(world)
        (card,) = world.messages()
        assert ways(world, card)[before:][:2] == ["webhooks", "channels"]
        assert "webhooks" not in ways(world, card)[before + 1 :]
        assert len(card.attachments) == 1
        delivered_once(world)


async def test_a_limit_that_is_lower_than_it_said_makes_the_picture_smaller(
    build: WorldBuilder,
) -> None:
    """40005 once: fitted anew, and posted in the same card."""
    async with build.world(declared=True) as world:
        await begun(world)
        world.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005)
        await finish(world)
        (card,) = world.messages()
        (attachment,) = card.attachments
        assert attachment.filename.endswith(".webp")
        assert "Shown as WebP" in str(card.embeds[0].description)
        delivered_once(world)


async def test_a_deleted_card_is_posted_anew(build: WorldBuilder) -> None:
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
        await world.wait_for_jobs()
        assert len(world.gateway.bodies) == 2


async def test_a_deleted_channel_becomes_a_direct_message(build: WorldBuilder) -> None:
    """The place is gone, the person is not."""
    async with build.world(declared=True) as world:
        await begun(world)
        channel = world.bot.client.get_channel(world.channel.id)
        await channel.delete()  # type: ignore[union-attr]  # a text channel
        await finish(world)
        (message,) = world.ada.user.dm_channel.history()
        assert len(message.attachments) == 1
        delivered_once(world)


async def test_a_lost_permission_after_the_token_died_becomes_a_direct_message(
    build: WorldBuilder,
) -> None:
    """Neither way to the card is left, and nothing new can be posted beside it."""
    async with build.world(declared=True) as world:
        await begun(world)
        channel = world.bot.client.get_channel(world.channel.id)
        assert isinstance(channel, discord.TextChannel)
        await channel.set_permissions(channel.guild.me, view_channel=False)
        world.skipped_ms = 16 * 60_000
        await finish(world)
        (message,) = world.ada.user.dm_channel.history()
        assert len(message.attachments) == 1
        delivered_once(world)


@pytest.mark.parametrize("place", ["channel", "server"])
async def test_a_refusal_that_can_be_told_nowhere_ends_in_the_journal(
    build: WorldBuilder, place: str
) -> None:
    """No card, no channel, no direct message: the credits are back, and no start tries again."""
    async with build.world(declared=True) as world:
        await begun(world, ErrorReply(400, "moderation_blocked"))
        channel = world.bot.client.get_channel(world.channel.id)
        assert isinstance(channel, discord.TextChannel)
        await (channel.delete() if place == "channel" else channel.guild.leave())
        world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
        await finish(world)
        assert world.credits() == 0
        assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]


async def test_a_bot_that_was_sent_away_writes_to_the_person(build: WorldBuilder) -> None:
    """The server removed Easel in the middle of a job."""
    async with build.world(declared=True) as world:
        await begun(world)
        server = world.bot.client.get_guild(world.guild.id)
        assert server is not None
        await server.leave()
        await finish(world)
        (message,) = world.ada.user.dm_channel.history()
        assert len(message.attachments) == 1
        delivered_once(world)


async def test_a_person_who_takes_no_messages_finds_it_in_the_history(build: WorldBuilder) -> None:
    """No card, no channel, no direct message: it is kept, and charged."""
    async with build.world(declared=True) as world:
        await begun(world)
        channel = world.bot.client.get_channel(world.channel.id)
        await channel.delete()  # type: ignore[union-attr]  # a text channel
        world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=9)
        await finish(world)
        delivered_once(world)
        assert world.rows("SELECT COUNT(*) FROM pictures") == [(1,)]


async def test_a_channel_that_was_closed_to_the_bot_still_gets_a_young_card(
    build: WorldBuilder,
) -> None:
    """The token works without permissions."""
    async with build.world(declared=True) as world:
        await begun(world)
        channel = world.bot.client.get_channel(world.channel.id)
        server = world.bot.client.get_guild(world.guild.id)
        assert server is not None
        await channel.set_permissions(server.me, view_channel=False)  # type: ignore[union-attr]  # a text channel
        await finish(world)
        delivered_once(world)
        assert len(world.card.attachments) == 1


async def test_a_picture_that_discord_finds_too_large_is_kept_and_the_card_says_so(
    build: WorldBuilder,
) -> None:
    """40005 for every size."""
    async with build.world(declared=True) as world:
        await begun(world)
        world.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005, times=4)
        await finish(world)
        delivered_once(world)
        (card,) = world.messages()
        assert "use `/history` to get it" in str(card.embeds[0].description)
        assert card.attachments == []


async def test_a_prompt_declined_beside_a_doubt_is_taken_off_the_card_too(
    build: WorldBuilder,
) -> None:
    """The sentence speaks of the doubt, for there money is at stake."""
    async with build.world(declared=True) as world:
        world.gateway.replies.extend([ClosedConnection(), ErrorReply(400, "moderation_blocked")])
        await world.imagine(world.ada, "something terrible", n=2)
        await world.wait_for_jobs()
        said = str(world.card.embeds[0].to_dict())
        assert "terrible" not in said
        assert "The prompt is not shown here" in said
        assert world.rows("SELECT state, told FROM jobs") == [("unknown", 1)]


async def test_a_card_that_is_deleted_after_a_refusal_costs_nobody_a_traceback(
    build: WorldBuilder,
) -> None:
    """The sentence goes where it can be read."""
    async with build.world(declared=True) as world:
        await begun(world, ErrorReply(400, "moderation_blocked"))
        await world.mia.delete(world.card)
        await finish(world)
        (message,) = world.messages()
        assert message.content.startswith(f"<@{world.ada.id}> ")
        assert "declined this prompt" in message.content
        assert world.credits() == 0
        assert world.rows("SELECT state, told FROM jobs") == [("failed", 1)]
