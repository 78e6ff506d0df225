"""Reporting a result, and what moderators and the owner do about it."""

from pathlib import Path
from typing import Any

import discord
import simcord

from tests.cogs.actions import (
    custom_ids,
    ephemeral_text,
    finished_card,
    newest_job_id,
    press,
    react,
)
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.history_page import HistoryPage
from tests.cogs.test_log_channel import logging_to

THANKS = "Thank you: the people responsible have been told"


def files(world: DiscordWorld) -> list[Path]:
    """Return the files of the content store."""
    return list((world.folder / "vault").glob("*/*"))


async def report(
    world: DiscordWorld, who: simcord.MemberActor, message: discord.Message, reason: str = ""
) -> str:
    """Report a message; return what the reporter reads."""
    shown = await who.context_menu(world.channel, "Report", message)
    if shown.modal is None:
        return reply_text(shown)
    return ephemeral_text(await who.submit_modal(shown, {"reason": reason}))


def owner(world: DiscordWorld) -> simcord.UserHandle:
    """Give the application an owner who is in none of its servers."""
    olga = world.env.create_user("Olga")
    world.bot.client.owner_id = olga.id
    return olga


def newest(channel: Any) -> discord.Message:  # a handle of SimCord's
    """Return the newest message of a channel."""
    message: discord.Message | None = channel.last_message
    assert message is not None
    return message


def text(message: discord.Message) -> str:
    """Return the title and the description of an entry."""
    (embed,) = message.embeds
    return f"{embed.title}\n{embed.description}"


async def decide(world: DiscordWorld, who: Any, entry: discord.Message, decision: str) -> Any:
    """Press a button under the entry of a report, as a member or as a person in messages."""
    (custom_id,) = (each for row in custom_ids(entry) for each in row if f":{decision}:" in each)
    answer = await who.click(entry, custom_id=custom_id)
    await world.wait_for_jobs()
    return answer


async def test_a_report_reaches_the_moderators_and_the_owner(world: DiscordWorld) -> None:
    """Both see whose result it is, why, and where; nobody reads who reported it."""
    staff, olga = await logging_to(world), owner(world)
    card = await finished_card(world)
    said = await report(world, world.ben, card, "this is @everyone **me**")
    assert said.startswith(THANKS)
    for entry in (newest(staff), newest(olga.dm_channel)):
        shown = text(entry)
        assert shown.startswith("🚩 A result was reported\n")
        assert f"<@{world.ada.id}> (Ada) · dall-e-3" in shown
        assert f"/{card.channel.id}/{card.id})" in shown
        assert "> this is \\@everyone \\*\\*me\\*\\*" in shown
        assert str(world.ben.id) not in str(entry.embeds[0].to_dict())
        assert str(entry.embeds[0].footer.text).endswith(f" {world.ada.id}")
        assert [len(row) for row in custom_ids(entry)] == [2]
    assert "Painters" in text(newest(olga.dm_channel))
    assert world.messages() == [card]
    assert world.ada.user.dm_channel.history() == []


async def test_several_reports_of_one_result_are_one_entry(world: DiscordWorld) -> None:
    """Moderators see how many, and not one message for each of them."""
    staff, olga = await logging_to(world), owner(world)
    card = await finished_card(world)
    for who, reason in ((world.ben, "one"), (world.mia, "two"), (world.ben, "three")):
        assert (await report(world, who, card, reason)).startswith(THANKS)
    assert len(staff.history()) == 2  # the job and its reports
    assert len(olga.dm_channel.history()) == 1
    shown = text(newest(staff))
    assert "reported 2 times" in shown
    assert "one" in shown
    assert "two" in shown
    assert "three" not in shown  # the same person again
    assert custom_ids(newest(staff)) != []


async def test_one_person_reports_at_most_five_results_an_hour(world: DiscordWorld) -> None:
    """Nobody fills the moderators' channel alone; they are told when they can go on."""
    owner(world)
    cards = [await finished_card(world) for _ in range(6)]
    said = [await report(world, world.ben, card) for card in cards]
    assert [each.startswith(THANKS) for each in said] == [True] * 5 + [False]
    assert "5 results within an hour, so please go on <t:" in said[5]
    world.skipped_ms += 3_600_000
    assert (await report(world, world.ben, cards[5])).startswith(THANKS)


async def test_a_moderator_removes_a_result_for_good(world: DiscordWorld) -> None:
    """Message, files and history are gone, nothing can be made from it, and it is on record."""
    staff, olga = await logging_to(world), owner(world)
    card = await finished_card(world)
    job_id = newest_job_id(world)
    history = await HistoryPage.open(world, world.ada)
    await history.post_again()
    again = world.card
    await report(world, world.ben, card, "bad")
    answer = await decide(world, world.mia, newest(staff), "remove")
    assert answer.followups == []
    assert world.messages() == []
    assert files(world) == []
    assert world.rows("SELECT * FROM pictures") == []
    assert world.rows("SELECT * FROM messages") == []
    page = await HistoryPage.open(world, world.ada)
    assert "🚫 removed by a moderator" in page.facts[0]
    usage = await world.ada.slash(world.channel, "usage")
    assert usage.response is not None
    last = str(usage.response.embeds[-1].description)
    assert last.startswith("🚫 removed by a moderator")
    assert "[open]" not in last
    assert page.choices == {}
    for entry in (newest(staff), newest(olga.dm_channel)):
        assert text(entry).startswith("✅ Reported and removed")
        assert f"decided by <@{world.mia.id}>" in text(entry)
        assert custom_ids(entry) == []
    recorded = world.rows("SELECT server_id, actor_id, action, subject FROM audit")
    subject = f"user:{world.ada.id}"
    assert recorded == [(world.guild.id, world.mia.id, "result-removed", subject)]
    audit = await world.mia.slash(world.channel, "quota audit")
    assert "a reported result removed" in str(reply_embed(audit).to_dict())
    assert again.id != card.id
    assert job_id == newest_job_id(world)


async def test_nothing_is_made_from_a_removed_result_that_is_still_shown_elsewhere(
    world: DiscordWorld,
) -> None:
    """The moderators of one server do not decide for another; its buttons lead nowhere."""
    staff = await logging_to(world)
    owner(world)
    card = await finished_card(world, n=2, model="gpt-image-2")
    others = world.env.create_guild("Others")
    hall, ada = others.create_text_channel("hall"), others.add_member(world.ada.user)
    page = await ada.slash(hall, "history")
    assert page.response is not None
    await ada.select(page.response, [newest_job_id(world)], custom_id="easel:again")
    await world.wait_for_jobs()
    copy = newest(hall)
    await report(world, world.ben, card)
    await decide(world, world.mia, newest(staff), "remove")
    assert [message.id for message in hall.history()] == [copy.id]
    for action in ("again", "edit", "use"):
        said = ephemeral_text(await press(world, ada, copy, action))
        assert "A moderator removed this result" in said, action
    assert "no longer" in ephemeral_text(await press(world, ada, copy, "original"))
    await react(world, ada, copy, "🔄")
    menu = await ada.context_menu(hall, "Use as reference", copy)
    assert "A moderator removed this result" in reply_text(menu)
    assert "A moderator removed this result" in reply_text(
        await ada.context_menu(hall, "Report", copy)
    )
    assert world.rows("SELECT COUNT(*) FROM jobs") == [(1,)]


async def test_a_dismissed_result_stays(world: DiscordWorld) -> None:
    """Nobody has to look at the same report twice; later ones are counted in it."""
    staff = await logging_to(world)
    owner(world)
    card = await finished_card(world)
    await report(world, world.ben, card)
    await decide(world, world.mia, newest(staff), "dismiss")
    assert world.messages() == [card]
    assert len(files(world)) == 1
    assert text(newest(staff)).startswith("☑️ Reported and dismissed")
    assert custom_ids(newest(staff)) == []
    assert (await report(world, world.mia, card)).startswith(THANKS)
    assert custom_ids(newest(staff)) == []
    assert world.rows("SELECT action FROM audit") == [("report-dismissed",)]


async def test_the_buttons_work_after_a_restart_and_only_for_moderators(
    world: DiscordWorld,
) -> None:
    """A log channel that others can read gives them no power."""
    staff = await logging_to(world, public=True)
    card = await finished_card(world)
    await report(world, world.ben, card)
    await world.restart()
    entry = newest(staff)
    said = ephemeral_text(await decide(world, world.ben, entry, "remove"))
    assert said.startswith("Only people who may manage messages")
    assert world.messages() == [card]
    await decide(world, world.mia, entry, "remove")
    assert world.messages() == []


async def test_what_the_owner_decided_no_moderator_decides_otherwise(world: DiscordWorld) -> None:
    """Their entry may be out of date; what is left of the same decision can be completed."""
    staff, olga = await logging_to(world), owner(world)
    card = await finished_card(world)
    await report(world, world.ben, card)
    entry = newest(staff)
    path = f"/channels/{staff.id}/messages/{entry.id}"
    world.env.inject_error("PATCH", path, status=500)
    await decide(world, olga, newest(olga.dm_channel), "remove")
    other = await decide(world, world.mia, entry, "dismiss")
    assert ephemeral_text(other).startswith("Somebody has decided about this report already")
    await decide(world, world.mia, entry, "remove")
    assert text(newest(staff)).startswith("✅ Reported and removed")
    assert world.rows("SELECT COUNT(*) FROM audit") == [(1,)]


async def test_the_form_works_after_a_restart(world: DiscordWorld) -> None:
    """Whoever wrote long about what they saw does not write it again."""
    staff = await logging_to(world)
    card = await finished_card(world)
    shown = await world.ben.context_menu(world.channel, "Report", card)
    await world.restart()
    answer = await world.ben.submit_modal(shown, {"reason": "long words"})
    assert ephemeral_text(answer).startswith(THANKS)
    assert "long words" in text(newest(staff))


async def test_without_a_log_channel_the_owner_decides_in_direct_messages(
    world: DiscordWorld,
) -> None:
    """Nobody else can, also not with the same button in messages of their own."""
    olga = owner(world)
    card = await finished_card(world)
    assert (await report(world, world.ben, card)).startswith(THANKS)
    entry = newest(olga.dm_channel)
    world.bot.client.owner_id = world.ben.id
    said = ephemeral_text(await decide(world, olga, entry, "remove"))
    assert said.startswith("Only the operator of this bot")
    world.bot.client.owner_id = olga.id
    await decide(world, olga, entry, "remove")
    assert world.messages() == []
    assert files(world) == []
    assert text(newest(olga.dm_channel)).startswith("✅ Reported and removed")
    assert world.rows("SELECT actor_id, server_id FROM audit") == [(olga.id, world.guild.id)]


async def test_a_report_that_reaches_nobody_says_so(world: DiscordWorld) -> None:
    """Thanks for a report that nobody reads would keep the person from telling a moderator."""
    olga = owner(world)
    card = await finished_card(world)
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    assert (await report(world, world.ben, card)).startswith("Nobody could be told")
    assert olga.dm_channel.history() == []
    assert (await report(world, world.ben, card)).startswith(THANKS)
    assert len(olga.dm_channel.history()) == 1


async def test_a_report_that_reached_nobody_can_be_made_again(world: DiscordWorld) -> None:
    """Thanks for the second attempt would be as untrue as for the first one."""
    olga = owner(world)
    card = await finished_card(world)
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    await report(world, world.ben, card)
    assert (await report(world, world.ben, card, "still there")).startswith(THANKS)
    assert "still there" in text(newest(olga.dm_channel))
    for _ in range(2):
        assert (await report(world, world.ben, card)).startswith(THANKS)
    assert len(olga.dm_channel.history()) == 1


async def test_only_results_that_others_see_can_be_reported(world: DiscordWorld) -> None:
    """A report of anything else would lead a moderator nowhere."""
    owner(world)
    message = await world.ben.send(world.channel, "hello")
    assert (await report(world, world.mia, message)).startswith("Only messages with pictures")


async def test_a_message_that_cannot_be_deleted_is_named_and_can_be_tried_again(
    world: DiscordWorld,
) -> None:
    """The files are gone in any case; the moderator knows that the message is not."""
    staff = await logging_to(world)
    owner(world)
    card = await finished_card(world)
    await report(world, world.ben, card)
    entry = newest(staff)
    world.env.inject_error("DELETE", "/channels/*/messages/*", status=403, code=50001)
    answer = await decide(world, world.mia, entry, "remove")
    assert "could not be deleted" in str(answer.followups[-1].content)
    assert files(world) == []
    assert world.messages() == [card]
    await decide(world, world.mia, entry, "remove")
    assert world.messages() == []
    assert world.rows("SELECT COUNT(*) FROM audit") == [(1,)]


async def test_a_removed_result_leaves_no_thumbnail_in_memory(world: DiscordWorld) -> None:
    """/history made one before, and would keep it until others push it out."""
    staff = await logging_to(world)
    owner(world)
    card = await finished_card(world)
    page = await HistoryPage.open(world, world.ada)
    assert page.embeds[0].thumbnail.url
    await report(world, world.ben, card)
    await decide(world, world.mia, newest(staff), "remove")
    cog: Any = world.bot.client.get_cog("HistoryCog")
    assert cog._history_pages.thumbnails._thumbnails == {}
    assert not (await HistoryPage.open(world, world.ada)).embeds[0].thumbnail.url


async def test_a_stranger_server_is_no_door(build: WorldBuilder) -> None:
    """Where the operator serves only some servers, others report nothing through it."""
    async with build.world() as world:
        owner(world)
        card = await finished_card(world)
        await world.restart(allowed_servers=(1,))
        assert "not" in await report(world, world.ben, card)
        assert world.rows("SELECT COUNT(*) FROM reports") == [(0,)]
