"""Settings that name a channel which somebody deletes."""

from dataclasses import replace

import discord

from tests.cogs.discord_world import DiscordWorld, reply_text
from tests.cogs.test_settings import change, facts, written


async def delete(world: DiscordWorld, channel_id: int) -> None:
    """Let somebody delete a channel in Discord."""
    channel = world.bot.client.get_channel(channel_id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete()


async def test_a_deleted_channel_leaves_its_list(world: DiscordWorld) -> None:
    """The other allowed one is where people are sent then."""
    art, hall = (world.guild.create_text_channel(name) for name in ("art", "hall"))
    for channel in (art, hall):
        await change(world, "channels allow", channel=channel)
    await _as_bot(world)
    await delete(world, art.id)
    await world.env.settle()
    assert written(world).channels == (hall.id,)
    assert f"go to <#{hall.id}>." in reply_text(await world.imagine(world.ada))


async def test_a_list_that_deletion_emptied_stays_closed_and_says_so(world: DiscordWorld) -> None:
    """The operator's money is not opened to everybody by accident, and nobody has to guess."""
    art, painter = world.guild.create_text_channel("art"), world.guild.create_role("painter")
    await change(world, "channels allow", channel=art)
    await _as_bot(world)
    await delete(world, art.id)
    await world.env.settle()
    assert "All channels where painting was allowed have been deleted" in reply_text(
        await world.imagine(world.ada)
    )
    assert (
        "Nobody can paint"
        in facts(await world.mia.slash(world.channel, "settings show"))["Channels"]
    )
    await change(world, "channels all")
    await change(world, "roles allow", role=painter)
    role = world.bot.client.guilds[0].get_role(painter.id)
    assert role is not None
    await role.delete()
    await world.env.settle()
    assert "All roles that were allowed to paint here have been deleted" in reply_text(
        await world.imagine(world.ada)
    )


async def test_what_was_deleted_while_the_bot_was_away_is_forgotten(world: DiscordWorld) -> None:
    """Nobody is sent to a channel that does not exist."""
    art = world.guild.create_text_channel("art")
    await change(world, "channels allow", channel=art)
    await world.bot.preference_store.change_server(
        world.guild.id, lambda s: replace(s, channels=(12345, art.id), roles=None)
    )
    await world.restart()
    assert written(world).channels == (art.id,)


async def _as_bot(world: DiscordWorld) -> None:
    """Give the bot the power to delete what somebody else would delete."""
    role = world.guild.create_role("powers", permissions=discord.Permissions.all())
    bot = world.bot.client.guilds[0].me
    await bot.add_roles(discord.Object(role.id))
