"""🔄 under a result: the same request again, for whoever reacted, at any time."""

import discord
import pytest
import structlog
from structlog.testing import capture_logs

from bot.discord_ui.courier_parts import MOST_IN_ONE_CHANNEL
from bot.quota.limits import parse_limits
from tests.cogs.actions import ephemeral_text, press
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_references import PNG, sent

REROLL = "🔄"
REACTIONS = 40


def messages(world: DiscordWorld) -> list[discord.Message]:
    """Return the channel's messages, the oldest first."""
    return sorted(world.channel.history(), key=lambda message: message.id)


async def rerollable_card(world: DiscordWorld, **options: object) -> discord.Message:
    """Return the finished card of Ada's request."""
    await world.imagine(world.ada, "a fox", **options)
    await world.wait_for_jobs()
    return world.card


async def react(
    world: DiscordWorld, who: object, message: discord.Message, emoji: str = REROLL
) -> None:
    """Let somebody react and wait for what follows."""
    await who.react(message, emoji)  # type: ignore[attr-defined]  # any of SimCord's actors
    await world.wait_for_jobs()


async def test_the_bot_puts_the_first_arrows_under_a_result(world: DiscordWorld) -> None:
    """People see how to get another one; the bot's own reaction paints nothing."""
    card = await rerollable_card(world)
    assert [(str(r.emoji), r.count) for r in card.reactions] == [(REROLL, 1)]
    assert len(world.gateway.bodies) == 1


async def test_the_requester_gets_another_one_and_pays_for_it(world: DiscordWorld) -> None:
    """The same request, a reply to the original, one more credit."""
    card = await rerollable_card(world, size="1792x1024", quality="hd")
    await react(world, world.ada, card)
    assert len(world.gateway.bodies) == 2
    assert world.gateway.bodies[0] == world.gateway.bodies[1]
    reply = messages(world)[-1]
    assert reply.reference is not None
    assert reply.reference.message_id == card.id
    assert "Ada" in str(reply.embeds[0].author.name)
    assert len(reply.attachments) == 1
    assert reply.mentions == []
    assert world.credits() == 2


async def test_a_stranger_pays_for_their_own_roll(world: DiscordWorld) -> None:
    """Ben likes Ada's fox: his picture, his credit, his name."""
    card = await rerollable_card(world)
    await react(world, world.ben, card)
    assert "Ben" in world.title
    assert world.rows(
        "SELECT user_id, SUM(credits) FROM charges GROUP BY user_id ORDER BY MIN(at)"
    ) == [
        (world.ada.id, 1),
        (world.ben.id, 1),
    ]


async def test_a_roll_can_be_rolled_again(world: DiscordWorld) -> None:
    """A reply is a result like any other."""
    await react(world, world.ben, await rerollable_card(world))
    await react(world, world.ada, world.card)
    assert len(world.gateway.bodies) == 3


async def test_references_come_along(world: DiscordWorld) -> None:
    """Whatever Discord has forgotten, the vault still has."""
    card = await rerollable_card(world, model="easel-painter", reference1=("x.png", PNG))
    await react(world, world.ben, card)
    assert sent(world) == [PNG]
    assert len(world.gateway.bodies) == 2


async def test_a_reference_that_is_gone_is_told_and_nothing_is_painted(world: DiscordWorld) -> None:
    """A picture without its reference is not what was asked for."""
    card = await rerollable_card(world, model="easel-painter", reference1=("x.png", PNG))
    for path in (world.folder / "vault").rglob("*.png"):
        path.unlink()
    await react(world, world.ben, card)
    assert "Reference image 1 could not be downloaded" in messages(world)[-1].content
    assert world.credits() == 1


async def test_a_bots_reaction_paints_nothing(world: DiscordWorld) -> None:
    """Two bots must not keep each other busy with somebody's money."""
    card = await rerollable_card(world)
    other = world.guild.add_member(world.env.create_user("Robot", bot=True))
    await react(world, other, card)
    assert len(world.gateway.bodies) == 1


async def test_another_emoji_paints_nothing(world: DiscordWorld) -> None:
    """Applause is free."""
    await react(world, world.ben, await rerollable_card(world), "👍")
    assert len(world.gateway.bodies) == 1


async def test_a_message_that_shows_no_job_is_left_alone(world: DiscordWorld) -> None:
    """🔄 means something else to other people."""
    chat = await world.ada.send(world.channel, "who wants to play?")
    await react(world, world.ben, chat)
    assert world.gateway.bodies == []
    assert len(messages(world)) == 1


async def test_twice_within_ten_seconds_counts_once(world: DiscordWorld) -> None:
    """A double tap costs one credit; later on it is meant."""
    card = await rerollable_card(world)
    await react(world, world.ben, card)
    await world.ben.unreact(card, REROLL)
    await react(world, world.ben, card)
    assert len(world.gateway.bodies) == 2
    await world.ben.unreact(card, REROLL)
    await world.env.advance_time(11)
    await react(world, world.ben, card)
    assert len(world.gateway.bodies) == 3


async def test_it_works_after_a_restart_on_a_message_in_no_cache(world: DiscordWorld) -> None:
    """A result of last month is as alive as one of today."""
    card = await rerollable_card(world)
    await world.restart()
    assert list(world.bot.client.cached_messages) == []
    await react(world, world.ben, card)
    assert "Ben" in world.title
    assert world.credits() == 2


async def test_without_quota_the_person_is_told_once_and_their_reaction_goes(
    build: WorldBuilder,
) -> None:
    """The reply goes away after ten seconds, and there is at most one per minute."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        card = await rerollable_card(world)
        await react(world, world.ada, card)
        notice = messages(world)[-1]
        assert "used up" in notice.content
        assert f"<@{world.ada.id}>" in notice.content
        assert [r.count for r in messages(world)[0].reactions] == [1]
        await world.env.advance_time(12)
        assert len(messages(world)) == 1
        await react(world, world.ada, card)
        assert len(messages(world)) == 1
        await world.env.advance_time(60)
        await react(world, world.ada, card)
        assert len(messages(world)) == 2
        assert len(world.gateway.bodies) == 1


async def test_a_refusal_does_not_survive_a_stop(build: WorldBuilder) -> None:
    """It is deleted at once: later nobody would, and the task that waits must not fail."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        card = await rerollable_card(world)
        await react(world, world.ada, card)
        assert len(messages(world)) == 2
        await world.bot.client.remove_cog("RerollDeleteCog")  # as closing the client does
        await world.env.settle()
        assert len(messages(world)) == 1
        await world.env.advance_time(12)


async def test_a_refused_reaction_stays_where_the_bot_may_not_remove_it(
    build: WorldBuilder,
) -> None:
    """The person is told all the same, and Discord is not asked for what it would refuse."""
    async with build.world(default_quota=parse_limits("1/day")) as world:
        card = await rerollable_card(world)
        here = world.env.bot.get_channel(world.channel.id)
        assert isinstance(here, discord.TextChannel)
        await here.set_permissions(here.guild.me, manage_messages=False)
        with structlog.testing.capture_logs() as logs:
            await react(world, world.ada, card)
        assert "used up" in messages(world)[-1].content
        assert [r.count for r in messages(world)[0].reactions] == [2]
        assert "reaction.not_removed" not in {entry["event"] for entry in logs}


async def test_a_card_that_still_paints_is_not_rolled(build: WorldBuilder) -> None:
    """There is no result yet."""
    async with build.world(declared=True) as world:
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.ben.react(world.card, REROLL)
        await world.env.settle()
        assert len(world.gateway.bodies) == 1
        world.gateway.gate.set()
        await world.wait_for_jobs()


async def test_who_may_not_use_commands_here_does_not_roll_either(world: DiscordWorld) -> None:
    """Discord checks the permission for commands, and leaves reactions to the bot."""
    card = await rerollable_card(world)
    here = world.env.bot.get_channel(world.channel.id)
    assert isinstance(here, discord.TextChannel)
    everyone = here.guild.default_role
    await here.set_permissions(everyone, use_application_commands=False)
    await react(world, world.ben, card)
    assert len(world.gateway.bodies) == 1
    await here.set_permissions(everyone, use_application_commands=True)
    await react(world, world.ada, card)
    assert len(world.gateway.bodies) == 2


async def imagine_command(world: DiscordWorld) -> discord.app_commands.AppCommand:
    """Return what admins see as /imagine in Integrations."""
    commands = await world.bot.client.tree.fetch_commands()
    return next(command for command in commands if command.name == "imagine")


async def test_who_may_not_use_the_command_in_that_channel_does_not_roll_either(
    world: DiscordWorld,
) -> None:
    """Admins closed it there in Integrations; another channel is open."""
    card = await rerollable_card(world)
    world.guild.set_command_permissions(await imagine_command(world), {world.channel: False})
    await react(world, world.ben, card)
    for action in ("again", "edit", "use"):
        pressed = await press(world, world.ben, card, action)
        assert pressed.modal is None
        assert "ask an admin" in ephemeral_text(pressed)
    assert len(world.gateway.bodies) == 1


async def test_discord_is_not_asked_for_reactions_to_messages_of_others(
    world: DiscordWorld,
) -> None:
    """A busy channel would spend the requests that presses need."""
    card = await rerollable_card(world)
    chat = await world.ben.send(world.channel, "look")
    reads = "/applications/*/guilds/*/commands/*/permissions"
    world.env.inject_error("GET", reads, status=403, code=50001, times=2)
    with capture_logs() as events:
        await react(world, world.ada, chat)
        assert [each for each in events if each["event"] == "command_permissions.not_read"] == []
        await react(world, world.ada, card)
    assert "command_permissions.not_read" in [each["event"] for each in events]


@pytest.mark.parametrize("of_application", [False, True])
async def test_whom_admins_keep_from_the_command_does_not_roll_either(
    world: DiscordWorld, of_application: bool
) -> None:
    """They set it for the command, or for the whole application; others roll."""
    card = await rerollable_card(world)
    application_id = world.bot.client.application_id
    assert application_id is not None
    target = application_id if of_application else await imagine_command(world)
    world.guild.set_command_permissions(target, {world.ben: False})
    await react(world, world.ben, card)
    assert len(world.gateway.bodies) == 1
    await react(world, world.ada, card)
    assert len(world.gateway.bodies) == 2


async def test_a_failed_card_can_be_tried_again(world: DiscordWorld) -> None:
    """The filter was in a bad mood: one tap is easier than typing it all again."""
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    card = await rerollable_card(world)
    await react(world, world.ada, card)
    assert len(world.card.attachments) == 1


async def test_an_original_that_was_deleted_meanwhile_is_no_obstacle(build: WorldBuilder) -> None:
    """The reply loses its quote, nothing else."""
    async with build.world(declared=True) as world:
        card = await rerollable_card(world)
        world.gateway.gate.clear()
        await world.ben.react(card, REROLL)
        await world.mia.delete(card)
        world.gateway.gate.set()
        await world.wait_for_jobs()
        assert "Ben" in world.title
        assert len(world.card.attachments) == 1


async def test_where_the_bot_may_not_react_results_still_arrive(world: DiscordWorld) -> None:
    """A missing permission prevents the reaction, not the picture."""
    channel = world.guild.create_text_channel(
        "quiet",
        overwrites={world.guild.default_role: discord.PermissionOverwrite(add_reactions=False)},
    )
    await world.ada.slash(channel, "imagine", prompt="a fox")
    await world.wait_for_jobs()
    assert channel.last_message is not None
    assert len(channel.last_message.attachments) == 1
    assert channel.last_message.reactions == []
    assert world.credits() == 1


async def test_where_the_bot_may_not_send_a_roll_costs_nothing(world: DiscordWorld) -> None:
    """Commands are answered without the permission to write; a new message is not."""
    card = await rerollable_card(world)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=2)
    await react(world, world.ben, card)
    assert len(world.gateway.bodies) == 1
    assert world.credits() == 1
    assert world.rows("SELECT state FROM jobs ORDER BY id") == [("done",), ("cancelled",)]


async def test_a_server_that_was_taken_off_the_list_paints_no_more(world: DiscordWorld) -> None:
    """The access rules apply to old messages as well."""
    card = await rerollable_card(world)
    await world.restart(allowed_servers=(1,))
    await react(world, world.ben, card)
    assert len(world.gateway.bodies) == 1


async def test_a_new_message_is_sent_with_a_nonce(world: DiscordWorld) -> None:
    """When Discord's answer is lost and the request repeated, Discord posts it once."""
    await react(world, world.ben, await rerollable_card(world))
    (post,) = [
        request
        for request in world.env.http_requests
        if request.method == "POST" and request.path.endswith("/messages")
    ]
    assert post.json is not None
    assert post.json["enforce_nonce"]
    assert 0 < len(str(post.json["nonce"])) <= 25


@pytest.mark.parametrize("status", [500, 404])
async def test_a_roll_survives_a_discord_that_cannot_edit(world: DiscordWorld, status: int) -> None:
    """The picture is posted anew: it can be had, so it is charged."""
    card = await rerollable_card(world)
    world.env.inject_error("PATCH", "/channels/*", status=status, times=9)
    await react(world, world.ben, card)
    assert world.credits() == 2
    assert len(messages(world)) == 3
    assert world.rows("SELECT COUNT(*) FROM pictures") == [(2,)]


def tell_reaction(world: DiscordWorld, user_id: int, message: discord.Message) -> None:
    """Tell the bot of a reaction as Discord's gateway does (events/gateway-events), at once."""
    user = {"id": str(user_id), "username": str(user_id), "discriminator": "0", "avatar": None}
    told: dict[str, object] = {
        "user_id": str(user_id),
        "channel_id": str(message.channel.id),
        "message_id": str(message.id),
        "guild_id": str(world.guild.id),
        "member": {"user": user, "roles": [], "deaf": False, "mute": False, "flags": 0},
        "emoji": {"id": None, "name": REROLL},
        "burst": False,
        "type": 0,
    }
    world.bot.client._connection.parse_message_reaction_add(told)  # type: ignore[arg-type]  # JSON


async def test_a_command_does_not_wait_for_many_reactions(world: DiscordWorld) -> None:
    """All come at once under one message: a few are worked off at a time, and Ben is among them."""
    card = await rerollable_card(world)
    for number in range(REACTIONS):
        tell_reaction(world, 7_000 + number, card)
    await world.imagine(world.ben, "an owl")
    await world.wait_for_jobs()
    names = [name for (name,) in world.rows("SELECT user_name FROM jobs ORDER BY id")]
    assert len(names) == 1 + REACTIONS + 1
    assert names.index("Ben") <= 2 * MOST_IN_ONE_CHANNEL
