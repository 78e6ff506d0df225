"""The fixture server: a simulated Discord with #gallery, two members and an admin."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import discord
import simcord
from discord.ext import commands

from playground.avatars import avatar

SERVER = "Painters"
CHANNEL = "gallery"
TOPIC = "Type /imagine and say what you would like to see. As Mia: /quota and /settings."
MEMBERS = ("Ada", "Ben")
ADMIN = "Mia"
ADMIN_ROLE = "keeper"
BOT = "Easel"
CDN = "https://cdn.simcord.invalid"
# How long the page waits for the bot's work before it goes on.
SETTLE_TIMEOUT_S = 1.5


@dataclass(frozen=True, slots=True)
class FixtureServer:
    """A simulated server, its channel and its members; the admin comes last."""

    env: simcord.Env
    channel: simcord.ChannelHandle
    members: tuple[simcord.MemberActor, ...]
    roles: Mapping[str, int]
    """The ids of the roles, by name."""

    async def start_bot(self, bot: commands.AutoShardedBot) -> None:
        """Start the bot under its name."""
        answer_error = bot.tree.on_error
        await self.env.restart_bot(bot)
        # SimCord takes every error that the bot answers for a defect, and the page would say so.
        bot.tree.error(answer_error)
        await self.name_bot(bot)

    async def request_picture(self, prompt: str, *, size: str) -> None:
        """Let the admin ask for a picture; it is painted while the page opens."""
        await self.members[-1].slash(self.channel, "imagine", prompt=prompt, size=size)

    async def post(self, embed: discord.Embed) -> None:
        """Post a message of the bot."""
        await self.env.bot.get_partial_messageable(self.channel.id).send(embed=embed)

    async def name_bot(self, bot: discord.Client) -> None:
        """Set the bot's user name."""
        if bot.user is not None:
            await bot.user.edit(username=BOT)

    def names(self) -> dict[str, dict[str, int]]:
        """Return the ids of people, roles and channels, by kind and name."""
        people = {who.name: who.id for who in self.members}
        if self.env.bot.user is not None:
            people[BOT] = self.env.bot.user.id
        return {"user": people, "role": dict(self.roles), "channel": {CHANNEL: self.channel.id}}

    def avatars(self) -> dict[str, tuple[str, bytes]]:
        """Return everybody's avatar by the URL at which the page looks for it."""
        avatars = {f"{CDN}/avatars/{who.id}/{who.name}.png": who.name for who in self.members}
        if self.env.bot.user is not None:
            number = (self.env.bot.user.id >> 22) % 6
            avatars[f"{CDN}/embed/avatars/{number}.png"] = BOT
        return {url: (f"{name}.png", avatar(name)) for url, name in avatars.items()}


@asynccontextmanager
async def open_fixture_server() -> AsyncIterator[FixtureServer]:
    """Build the server and advance its clock to the present."""
    placeholder = discord.AutoShardedClient(intents=discord.Intents.none())
    env = simcord.Env(
        placeholder, settle_timeout=SETTLE_TIMEOUT_S, shard_count=1, check_errors=False
    )
    await env.start()
    try:
        # Before the clock moves: ids contain the time, and must be the same in a kept data folder.
        guild = env.create_guild(SERVER)
        channel = guild.create_text_channel(CHANNEL, topic=TOPIC)
        members = [guild.add_member(env.create_user(name, avatar=name)) for name in MEMBERS]
        may = discord.Permissions(manage_guild=True, manage_messages=True)
        role = guild.create_role(ADMIN_ROLE, permissions=may)
        admin = guild.add_member(env.create_user(ADMIN, avatar=ADMIN), roles=[role])
        await env.advance_time(max(0.0, (datetime.now(UTC) - env.now()).total_seconds()))
        roles = {"@everyone": guild.id, ADMIN_ROLE: role.id}
        yield FixtureServer(env, channel, (*members, admin), roles)
    finally:
        await env.shutdown()
