"""/quota show: who is limited by what, page by page."""

import discord
import simcord

from bot.quota.limits import parse_limits
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text


async def show(world: DiscordWorld) -> simcord.InteractionResult:
    """Let the admin look at the limits."""
    return await world.mia.slash(world.channel, "quota show")


async def lines(world: DiscordWorld) -> list[str]:
    """Return what the admin reads."""
    return str(reply_embed(await show(world)).description).splitlines()


async def turn(
    world: DiscordWorld, answer: simcord.InteractionResult, label: str
) -> simcord.InteractionResult:
    """Press ◀ or ▶."""
    assert answer.response is not None
    return await world.mia.click(answer.response, label=label)


def page(turned: simcord.InteractionResult) -> discord.Embed:
    """Return what the answer shows after a click, still to its reader alone."""
    assert turned.response is not None
    assert turned.response.ephemeral
    (embed,) = turned.response.embeds
    return embed


def limit_many(world: DiscordWorld, count: int) -> None:
    """Set limits for so many people, as if admins had done it one by one."""
    many = [(world.guild.id, f"user:{10**18 + i}", "day", i) for i in range(count)]
    world.write(
        "INSERT INTO limits (server_id, subject, period, credits) VALUES (?, ?, ?, ?)", many
    )


async def test_an_empty_server_shows_what_holds_instead(build: WorldBuilder) -> None:
    """Nothing set is not the same as nothing allowed."""
    async with build.world(server_quota=parse_limits("50/day, 900/month")) as world:
        everyone, ceiling, _, hint = await lines(world)
        assert everyone == "**Everyone** · 20 credits per day, the operator's default"
        assert ceiling == (
            "-# The operator allows this server 50 credits per day · 900 credits per month."
        )
        assert "`/quota set`" in hint


async def test_a_ceiling_of_a_large_bot_is_readable(build: WorldBuilder) -> None:
    """Nobody counts twelve zeros."""
    async with build.world(server_quota=parse_limits("1000000000000/month")) as world:
        (_, ceiling, *_) = await lines(world)
        assert "1,000,000,000,000 credits per month" in ceiling


async def test_a_limit_for_everyone_alone_is_not_called_none(world: DiscordWorld) -> None:
    """Whoever has just set it does not read below it that nothing is set."""
    await world.mia.slash(world.channel, "quota set", credits=4, per="day")
    assert await lines(world) == [
        "**Everyone** · 4 credits per day",
        "",
        "-# No role and no person has a limit of its own: `/quota set` sets one.",
    ]


async def test_everything_that_was_decided_is_in_the_list(world: DiscordWorld) -> None:
    """An admin sees at a glance who is limited by what: roles first, then people."""
    patron = world.guild.create_role("patron")
    admin = world.mia.slash
    await admin(world.channel, "quota set", credits=5, per="hour")
    await admin(world.channel, "quota set", credits=300, per="month", whole_server=True)
    await admin(world.channel, "quota set", credits=9, per="week", user=world.ada)
    await admin(world.channel, "quota set", credits=2, per="hour", user=world.ada)
    await admin(world.channel, "quota grant", user=world.ada, credits=4, reason="the contest")
    await admin(world.channel, "quota unlimited", role=patron)
    await admin(world.channel, "quota block", user=world.ben, reason="*spam*")
    assert await lines(world) == [
        "**Everyone** · 5 credits per hour",
        "**The whole server** · 300 credits per month",
        "",
        f"<@&{patron.id}> · no limit",
        f"<@{world.ada.id}> · 2 credits per hour · 9 credits per week · 4 extra",
        f"<@{world.ben.id}> · ⛔ blocked: “\\*spam\\*”",
    ]


async def test_a_deleted_role_takes_its_limits_along(world: DiscordWorld) -> None:
    """A limit of a role that nobody can choose any more could never be removed."""
    role = world.guild.create_role("patron")
    await world.mia.slash(world.channel, "quota set", credits=5, per="hour", role=role)
    guild = world.bot.client.get_guild(world.guild.id)
    assert guild is not None
    found = guild.get_role(role.id)
    assert found is not None
    await found.delete()
    await world.env.settle()
    assert world.rows("SELECT * FROM limits") == []
    assert world.rows("SELECT action, actor_id, subject FROM audit ORDER BY id DESC LIMIT 1") == [
        ("role-gone", 0, f"role:{role.id}")
    ]


async def test_a_role_deleted_while_the_bot_was_away_is_forgotten(world: DiscordWorld) -> None:
    """Nobody told the bot, so the list does."""
    gone = [(world.guild.id, "role:77", "day", 3)]
    world.write(
        "INSERT INTO limits (server_id, subject, period, credits) VALUES (?, ?, ?, ?)", gone
    )
    role = world.guild.create_role("patron")
    await world.mia.slash(world.channel, "quota set", credits=5, per="hour", role=role)
    assert (await lines(world))[2:] == [f"<@&{role.id}> · 5 credits per hour"]
    assert world.rows("SELECT subject FROM limits") == [(f"role:{role.id}",)]


async def test_a_member_who_left_is_shown_and_can_be_removed(world: DiscordWorld) -> None:
    """They may come back, so their limit stays until an admin decides."""
    await world.mia.slash(world.channel, "quota set", credits=5, per="hour", user=world.ada)
    await world.mia.slash(world.channel, "quota block", user=world.ada, reason="spam")
    world.guild.remove_member(world.ada)
    await world.env.settle()
    assert (await lines(world))[2] == (
        f"<@{world.ada.id}> · 5 credits per hour · ⛔ blocked: “spam”"
    )
    left = world.ada.user
    removed = await world.mia.slash(world.channel, "quota remove", user=left)
    assert reply_text(removed) == f"<@{world.ada.id}>: all limits were removed."
    assert "may paint here again" in reply_text(
        await world.mia.slash(world.channel, "quota unblock", user=left)
    )
    assert "`/quota set`" in (await lines(world))[2]


async def test_one_page_has_no_buttons(world: DiscordWorld) -> None:
    """Buttons that lead nowhere are clutter."""
    limit_many(world, 10)
    answer = await show(world)
    assert answer.response is not None
    assert answer.response.components == []
    assert reply_embed(answer).footer.text is None


async def test_the_pages_are_turned_there_and_back(world: DiscordWorld) -> None:
    """A server with many limits can read them all."""
    limit_many(world, 25)
    answer = await show(world)
    assert reply_embed(answer).footer.text == "Page 1 of 3"
    answer = await turn(world, await turn(world, answer, "▶"), "▶")
    assert page(answer).footer.text == "Page 3 of 3"
    assert str(page(answer).description).splitlines()[-1].endswith(" · 24 credits per day")
    answer = await turn(world, answer, "◀")
    assert page(answer).footer.text == "Page 2 of 3"
    assert str(page(answer).description).splitlines()[-1].endswith(" · 19 credits per day")


async def test_pages_from_before_a_restart_still_turn(world: DiscordWorld) -> None:
    """The answer stays on the admin's screen while the operator updates the bot."""
    limit_many(world, 11)
    answer = await show(world)
    await world.restart()
    assert page(await turn(world, answer, "▶")).footer.text == "Page 2 of 2"


async def test_a_page_that_is_gone_shows_the_last_one(world: DiscordWorld) -> None:
    """Limits may be removed while somebody reads."""
    limit_many(world, 11)
    answer = await show(world)
    world.write("DELETE FROM limits WHERE credits > ?", [(4,)])
    answer = await turn(world, answer, "▶")
    assert len(str(page(answer).description).splitlines()) == 7
    assert answer.response is not None
    assert answer.response.components == []


async def test_pages_do_not_turn_for_who_lost_the_permission(world: DiscordWorld) -> None:
    """The buttons stay under the answer, and the list would tell what changed since."""
    limit_many(world, 11)
    answer = await show(world)
    commands = await world.bot.client.tree.fetch_commands()
    (group,) = (command for command in commands if command.name == "quota")
    world.guild.set_command_permissions(group, {world.mia: False})
    turned = await turn(world, answer, "▶")
    assert "ask an admin" in reply_text(turned)
    world.guild.set_command_permissions(group, {world.mia: True})
    assert "Page 2" in str(page(await turn(world, answer, "▶")).footer.text)


async def test_pages_do_not_turn_in_a_server_that_is_served_no_more(world: DiscordWorld) -> None:
    """The operator's list holds for old buttons as well."""
    limit_many(world, 11)
    answer = await show(world)
    await world.restart(allowed_servers=(1,))
    refused = await turn(world, answer, "▶")
    assert "not on the operator's list" in reply_text(refused)


async def test_what_was_unlimited_before_is_not_shown_beside_its_limit(world: DiscordWorld) -> None:
    """It limits nothing any more, and reads as if the limit beside it did not count."""
    patron = world.guild.create_role("patron")
    for options in ({}, {"role": patron}, {"user": world.ada}):
        await world.mia.slash(world.channel, "quota unlimited", **options)
        await world.mia.slash(world.channel, "quota set", credits=5, per="day", **options)
    assert await lines(world) == [
        "**Everyone** · 5 credits per day",
        "",
        f"<@&{patron.id}> · 5 credits per day",
        f"<@{world.ada.id}> · 5 credits per day",
    ]


async def test_a_server_without_a_shared_limit_has_no_line_for_it(world: DiscordWorld) -> None:
    """Exempting everybody together is the same as never having limited them."""
    await world.mia.slash(world.channel, "quota set", credits=9, per="day", whole_server=True)
    assert "**The whole server** · 9 credits per day" in await lines(world)
    await world.mia.slash(world.channel, "quota unlimited", whole_server=True)
    assert not [line for line in await lines(world) if "The whole server" in line]


async def test_a_shared_limit_above_the_operators_is_not_shown(build: WorldBuilder) -> None:
    """The operator allowed more when it was set; what holds now is their limit."""
    async with build.world() as world:
        for credits, per in ((300, "month"), (30, "day")):
            await world.mia.slash(
                world.channel, "quota set", credits=credits, per=per, whole_server=True
            )
        await world.restart(server_quota=parse_limits("200/month"))
        shown = await lines(world)
        assert "**The whole server** · 30 credits per day" in shown
        assert "-# The operator allows this server 200 credits per month." in shown


async def test_a_grant_that_was_used_up_and_a_lifted_block_are_gone(world: DiscordWorld) -> None:
    """A list of what was decided once is the audit; this one is of what holds."""
    await world.mia.slash(world.channel, "quota set", credits=0, per="day", user=world.ada)
    await world.mia.slash(world.channel, "quota grant", user=world.ada, credits=1, reason="x")
    await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
    assert f"<@{world.ada.id}> · no pictures · 1 extra" in await lines(world)
    await world.imagine(world.ada)
    await world.wait_for_jobs()
    await world.mia.slash(world.channel, "quota unblock", user=world.ben)
    await world.mia.slash(world.channel, "quota reset", user=world.ben)
    assert (await lines(world))[2:] == [f"<@{world.ada.id}> · no pictures"]
