"""/settings log: what moderators read there, what never stands there, and that no job waits."""

from functools import partial
from typing import Literal

import discord
import pytest
import simcord
from structlog.testing import capture_logs

from bot.cli.doctor.discord_checks import NEEDED
from bot.discord_ui.log_channels import MOST_WAITING
from bot.jobs.repository.personal_data import disown
from bot.quota.levels import EVERY_SERVER
from cogs.settings_log import NEEDED as LOG_NEEDS
from cogs.settings_log import NEEDED_IN_THREAD as LOG_NEEDS_IN_THREAD
from tests.cogs.actions import delete_after_question, finished_card, press, react
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_text
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_settings import change, facts, written

ThreadType = Literal[discord.ChannelType.public_thread, discord.ChannelType.private_thread]


async def logging_to(
    world: DiscordWorld, *, prompts: bool | None = None, public: bool = False
) -> simcord.ChannelHandle:
    """Let the admin choose a log channel, and return it."""
    everyone = discord.PermissionOverwrite(view_channel=public)
    staff = world.guild.create_text_channel(
        "staff",
        overwrites={
            world.guild.default_role: everyone,
            world.bot.client.guilds[0].me: discord.PermissionOverwrite(view_channel=True),
            world.mia: discord.PermissionOverwrite(view_channel=True),
        },
    )
    options = {} if prompts is None else {"prompts": prompts}
    said = reply_text(
        await world.mia.slash(world.channel, "settings log", channel=staff, **options)
    )
    assert f"<#{staff.id}> now hears" in said
    assert ("Everybody in this server can read" in said) is public
    return staff


def entries(channel: simcord.ChannelHandle) -> list[discord.Embed]:
    """Return the entries of a channel, the oldest first."""
    messages = sorted(channel.history(), key=lambda message: message.id)
    return [message.embeds[0] for message in messages]


async def test_a_job_is_one_entry_with_who_what_model_and_a_link(world: DiscordWorld) -> None:
    """A moderator sees who asked, and gets to the picture with one click; no word of the prompt."""
    staff = await logging_to(world)
    posted = len(world.env.http_requests)
    card = await finished_card(world, "a red fox")
    (entry,) = entries(staff)
    assert entry.title == "🖼️ A picture was painted"
    shown = str(entry.description)
    assert f"<@{world.ada.id}> (Ada) · dall-e-3" in shown
    assert (
        f"[open](https://discord.com/channels/{world.guild.id}/{card.channel.id}/{card.id})"
        in shown
    )
    assert "fox" not in str(entry.to_dict())
    sent = [
        each
        for each in world.env.http_requests[posted:]
        if each.path.startswith(f"/channels/{staff.id}")
    ]
    assert len(sent) == 1
    assert (sent[0].json or {})["allowed_mentions"]["parse"] == []


async def test_prompts_stand_there_only_where_the_admins_want_that(world: DiscordWorld) -> None:
    """It is off by default, and a private request has neither prompt nor link in any case."""
    staff = await logging_to(world, prompts=True)
    await finished_card(world, "a red fox @everyone")
    await world.imagine(world.ada, "a secret", private=True)
    await world.wait_for_jobs()
    public, private = entries(staff)
    assert "> a red fox \\@everyone" in str(public.description)
    assert "secret" not in str(private.to_dict())
    assert "🔒 private" in str(private.description)
    assert "open" not in str(private.description)
    assert f"<@{world.ada.id}>" in str(private.description)


async def test_what_its_requester_had_deleted_is_not_told_later(world: DiscordWorld) -> None:
    """An entry may wait for a slow channel, and a deletion may be faster."""
    staff = await logging_to(world, prompts=True)
    await finished_card(world, "a secret")
    ((job_id,),) = world.rows("SELECT id FROM jobs")
    services = world.bot.services
    job, told = await services.job_service.find(job_id), services.job_service.on_end
    assert job is not None
    assert told is not None
    await services.database.write(disown, world.ada.id)

    async def tell(_: discord.Interaction) -> None:
        told(job)

    world.bot.client.add_listener(tell, "on_interaction")
    await world.ben.slash(world.channel, "help")
    assert len(entries(staff)) == 1


async def test_declines_failures_and_deletions_stand_there(world: DiscordWorld) -> None:
    """What moderators look for first is what went wrong."""
    staff = await logging_to(world)
    for reply in (ErrorReply(400, "moderation_blocked"), ErrorReply(400, "wrong_size")):
        world.gateway.replies.append(reply)
        await world.imagine(world.ada)
        await world.wait_for_jobs()
    card = await finished_card(world)
    await press(world, world.ada, card, "delete")
    other = await finished_card(world)
    await delete_after_question(world, world.mia, other)
    third = await finished_card(world)
    await react(world, world.ada, third, "❌")
    told = entries(staff)
    assert [str(each.title) for each in told] == [
        "🚫 A prompt was declined",
        "⚠️ A request failed",
        *("🖼️ A picture was painted", "🗑️ A result was deleted") * 3,
    ]
    deleters = [str(each.description).rsplit(" ", 1)[-1] for each in told if "🗑️" in str(each.title)]
    assert deleters == [f"<@{who.id}>" for who in (world.ada, world.mia, world.ada)]


@pytest.mark.parametrize("private", [False, True])
async def test_what_the_word_list_declined_stands_there_too(
    world: DiscordWorld, private: bool
) -> None:
    """It became no job, so that no other entry would tell of it."""
    staff = await logging_to(world, prompts=True)
    await world.mia.slash(world.channel, "settings words add", words="bad word")
    refused = await world.imagine(world.ada, "a bad word", private=private)
    assert "forbidden by the admins" in reply_text(refused)
    (entry,) = entries(staff)
    assert entry.title == "🚫 A prompt was declined"
    assert f"<@{world.ada.id}> (Ada) · dall-e-3 · <#{world.channel.id}>" in str(entry.description)
    assert ("a bad word" in str(entry.description)) is not private


def test_the_invite_asks_for_what_the_log_needs() -> None:
    """Who follows the doctor's link has no channel that refuses the log."""
    assert set(LOG_NEEDS) | set(LOG_NEEDS_IN_THREAD) <= {*NEEDED, "View Channel"}
    assert "View Channels" in NEEDED


@pytest.mark.parametrize("everywhere", [False, True])
async def test_nobody_who_is_blocked_writes_there(world: DiscordWorld, everywhere: bool) -> None:
    """They would fill the moderators' channel with the words that it forbids."""
    staff = await logging_to(world, prompts=True)
    await world.mia.slash(world.channel, "settings words add", words="bad word")
    server_id = EVERY_SERVER if everywhere else world.guild.id
    services = world.bot.services
    block = partial(
        services.ledger.block,
        server_id=server_id,
        user_id=world.ada.id,
        reason="spam",
        actor_id=world.mia.id,
    )
    await services.database.write(block)
    assert "spam" in reply_text(await world.imagine(world.ada, "a bad word"))
    assert entries(staff) == []


async def test_it_is_in_the_language_of_the_server(world: DiscordWorld) -> None:
    """Its moderators read it."""
    staff = await logging_to(world)
    await change(world, "language", language="zh-CN")
    await finished_card(world)
    assert "已画好" in str(entries(staff)[0].title)


async def test_direct_messages_and_other_servers_are_not_logged(build: WorldBuilder) -> None:
    """What a person asks for outside of a server is not its admins' to read."""
    async with build.world(allow_direct_messages=True) as world:
        staff = await logging_to(world)
        await world.ada.user.slash("imagine", prompt="a fox")
        await world.wait_for_jobs()
        elsewhere = world.env.create_guild("Others")
        ada = elsewhere.add_member(world.ada.user)
        await ada.slash(elsewhere.create_text_channel("art"), "imagine", prompt="a fox")
        await world.wait_for_jobs()
        assert len(world.rows("SELECT id FROM jobs")) == 2
        assert entries(staff) == []


async def test_a_channel_that_refuses_hinders_no_job(world: DiscordWorld) -> None:
    """The picture is there; the operator's log says that the entry is not."""
    staff = await logging_to(world)
    world.env.inject_error("POST", f"/channels/{staff.id}/messages", status=403, code=50013)
    card = await finished_card(world)
    assert len(card.attachments) == 1
    assert entries(staff) == []
    assert written(world).log_channel == staff.id
    await finished_card(world)
    assert len(entries(staff)) == 1


async def test_a_deleted_channel_is_forgotten(world: DiscordWorld) -> None:
    """Whether the bot hears of the deletion, or meets it when it posts."""
    staff = await logging_to(world)
    world.env.inject_error("POST", f"/channels/{staff.id}/messages", status=404, code=10003)
    await finished_card(world)
    assert written(world).log_channel is None
    await world.mia.slash(world.channel, "settings log", channel=staff)
    role = world.guild.create_role("powers", permissions=discord.Permissions.all())
    await world.bot.client.guilds[0].me.add_roles(discord.Object(role.id))
    channel = world.bot.client.get_channel(staff.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete()
    await world.env.settle()
    assert written(world).log_channel is None


@pytest.mark.parametrize(
    ("kind", "is_public"),
    [(discord.ChannelType.public_thread, True), (discord.ChannelType.private_thread, False)],
    ids=["public", "private"],
)
async def test_a_thread_is_a_log_channel_until_it_is_deleted(
    world: DiscordWorld, kind: ThreadType, is_public: bool
) -> None:
    """A server without a channel of staff has a thread of it; not everybody reads a private one."""
    role = world.guild.create_role("powers", permissions=discord.Permissions.all())
    await world.bot.client.guilds[0].me.add_roles(discord.Object(role.id))
    parent = world.bot.client.get_channel(world.channel.id)
    assert isinstance(parent, discord.TextChannel)
    thread = await parent.create_thread(name="staff", type=kind)
    await thread.add_user(discord.Object(world.mia.id))
    (staff,) = world.channel.threads
    said = reply_text(await world.mia.slash(world.channel, "settings log", channel=staff))
    assert f"<#{staff.id}> now hears" in said
    assert ("Everybody in this server can read" in said) is is_public
    await finished_card(world)
    assert [each.title for each in entries(staff)] == ["🖼️ A picture was painted"]
    await thread.delete()
    await world.env.settle()
    assert written(world).log_channel is None


async def test_it_is_chosen_only_where_the_bot_can_write(world: DiscordWorld) -> None:
    """An admin learns at once what is missing there, not from an empty channel."""
    closed = world.guild.create_text_channel(
        "closed",
        overwrites={world.guild.default_role: discord.PermissionOverwrite(send_messages=False)},
    )
    said = reply_text(await world.mia.slash(world.channel, "settings log", channel=closed))
    assert said.startswith(f"The bot lacks Send Messages, Embed Links in <#{closed.id}>")
    voice = world.guild.create_voice_channel("voice")
    said = reply_text(await world.mia.slash(world.channel, "settings log", channel=voice))
    assert said.startswith("The log needs a text channel or a thread")
    assert "at least one" in reply_text(await world.mia.slash(world.channel, "settings log"))
    assert written(world).log_channel is None


async def test_an_admin_sees_that_the_log_channel_was_closed(world: DiscordWorld) -> None:
    """Otherwise it is silent, and looks as if nobody asked for anything."""
    staff = await logging_to(world)
    shown = await world.mia.slash(world.channel, "settings show")
    assert reply_text(shown) == ""
    role = world.guild.create_role("keys", permissions=discord.Permissions(manage_roles=True))
    channel = world.bot.client.get_channel(staff.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.guild.me.add_roles(discord.Object(role.id))
    await channel.set_permissions(channel.guild.me, view_channel=True, send_messages=False)
    await world.env.settle()
    shown = await world.mia.slash(world.channel, "settings show")
    assert reply_text(shown).startswith("⚠️ The bot lacks Send Messages, Embed Links in")


async def test_it_may_be_public_or_where_people_paint_and_is_turned_off(
    world: DiscordWorld,
) -> None:
    """That is the admins' choice; they are told who can read it."""
    await logging_to(world, public=True)
    await world.mia.slash(world.channel, "settings log", channel=world.channel, prompts=True)
    shown = facts(await world.mia.slash(world.channel, "settings show"))["Log channel"]
    assert shown.startswith(f"<#{world.channel.id}> · with prompts")
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    assert len(world.messages()) == 2
    assert (await change(world, "reset", what="log"))["Log channel"] == "Off"
    assert written(world).log_prompts is False


async def test_a_burst_is_told_as_far_as_the_queue_goes(world: DiscordWorld) -> None:
    """A channel slower than its server costs entries, which the log counts, never pictures."""
    staff = await logging_to(world)
    await finished_card(world)
    ((job_id,),) = world.rows("SELECT id FROM jobs")
    job = await world.bot.services.job_service.find(job_id)
    told = world.bot.services.job_service.on_end
    assert job is not None
    assert told is not None

    async def burst(_: discord.Interaction) -> None:
        for _number in range(MOST_WAITING + 3):
            told(job)

    world.bot.client.add_listener(burst, "on_interaction")
    with capture_logs() as logs:
        await world.ben.slash(world.channel, "help")
    assert len(entries(staff)) == 1 + MOST_WAITING
    (dropped,) = (each for each in logs if each["event"] == "log_channel.dropped")
    assert dropped["entries"] == 3
