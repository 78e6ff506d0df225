"""The simulated Discord of the playground: a server, #gallery, two members and an admin."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import discord
import simcord
from discord.ext import commands

from playground.portraits import portrait

SERVER = "Painters"
CHANNEL = "gallery"
TOPIC = "Type /imagine and say what you would like to see. As Mia: /quota and /settings."
MEMBERS = ("Ada", "Ben")
ADMIN = "Mia"
BOT = "Easel"
CDN = "https://cdn.simcord.invalid"
# Work of the bot that takes longer is left alone while the page goes on (seconds).
PATIENCE_S = 1.5


@dataclass(frozen=True, slots=True)
class Town:
    """Where people meet, and who they are; the admin comes last."""

    env: simcord.Env
    gallery: simcord.ChannelHandle
    people: tuple[simcord.MemberActor, ...]

    async def let_in(self, bot: commands.AutoShardedBot, welcome: discord.Embed) -> None:
        """Start the bot and let it say hello."""
        answer_error = bot.tree.on_error
        await self.env.restart_bot(bot)
        # SimCord takes every error that the bot answers for a defect, and the page would say so.
        bot.tree.error(answer_error)
        await self.name_bot(bot)
        await bot.get_partial_messageable(self.gallery.id).send(embed=welcome)

    async def name_bot(self, bot: discord.Client) -> None:
        """Call the bot what people call it."""
        if bot.user is not None:
            await bot.user.edit(username=BOT)

    def portraits(self) -> dict[str, tuple[str, bytes]]:
        """Return everybody's picture by the address at which the page looks for it."""
        pictures = {f"{CDN}/avatars/{who.id}/{who.name}.png": who.name for who in self.people}
        if self.env.bot.user is not None:
            number = (self.env.bot.user.id >> 22) % 6
            pictures[f"{CDN}/embed/avatars/{number}.png"] = BOT
        return {url: (f"{name}.png", portrait(name)) for url, name in pictures.items()}


@asynccontextmanager
async def open_town() -> AsyncIterator[Town]:
    """Build the town, at the real moment of today."""
    nobody = discord.AutoShardedClient(intents=discord.Intents.none())
    env = simcord.Env(nobody, settle_timeout=PATIENCE_S, shard_count=1, check_errors=False)
    await env.start()
    try:
        # Before time moves: the ids come from it, and a kept data folder should know them again.
        guild = env.create_guild(SERVER)
        gallery = guild.create_text_channel(CHANNEL, topic=TOPIC)
        members = [guild.add_member(env.create_user(name, avatar=name)) for name in MEMBERS]
        keeper = guild.create_role("keeper", permissions=discord.Permissions(manage_guild=True))
        admin = guild.add_member(env.create_user(ADMIN, avatar=ADMIN), roles=[keeper])
        await env.advance_time(max(0.0, (datetime.now(UTC) - env.now()).total_seconds()))
        yield Town(env, gallery, (*members, admin))
    finally:
        await env.shutdown()
