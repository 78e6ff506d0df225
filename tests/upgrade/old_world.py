"""A simulated Discord in which v0.1.0 has been: its server, its messages and its clock."""

import base64
from datetime import UTC, datetime
from typing import Any

import discord
import simcord
from simcord.backend.models import Channel, Interaction, Message, Reaction, Role, User
from simcord.backend.models.interaction import ResponseKind
from simcord.results import to_discord_message

from tests.cogs.discord_world import SETTLE_TIMEOUT_S, DiscordWorld
from tests.upgrade.v0_1_0 import recorded

Json = dict[str, Any]


class OldWorld(DiscordWorld):
    """A world whose bot starts where an earlier one was killed, ``minutes_later``."""

    minutes_later = 3

    async def open(self) -> None:
        """Put everything where it was, then start the bot."""
        old = self.held()
        nobody = discord.AutoShardedClient(intents=discord.Intents.none())
        self.env = simcord.Env(
            nobody, settle_timeout=SETTLE_TIMEOUT_S, shard_count=1, check_errors=False
        )
        self._become(old)
        await self.env.start()
        self._stack.push_async_callback(self.env.shutdown)
        self._build(old)
        self._remember(old)
        then = datetime.fromtimestamp(old["now_ms"] / 1000, UTC)
        passed = (then - self.env.now()).total_seconds()
        await self.env.advance_time(passed + self.minutes_later * 60)
        self.bot = await self._open_bot()
        await self.env.restart_bot(self.bot.client)

    def held(self) -> Json:
        """Return what Discord held."""
        return {**recorded("discord"), "messages": recorded("messages")["messages"]}

    def message(self, name: str) -> discord.Message:
        """Return a recorded message as it stands there now."""
        return self._shown(int(recorded("messages")["messages"][name]["id"]))

    def is_there(self, name: str) -> bool:
        """Tell whether nobody has deleted a recorded message."""
        message_id = int(recorded("messages")["messages"][name]["id"])
        return message_id in self.env.backend.messages[self.channel.id]

    def seen_by_anybody(self) -> list[discord.Message]:
        """Return what stands in the channel, for each of its readers."""
        return [self._shown(each) for each in sorted(self.env.backend.messages[self.channel.id])]

    def form(self, name: str) -> simcord.InteractionResult:
        """Return a form that somebody had open when the bot was killed."""
        form = recorded("messages")["forms"][name]
        backend = self.env.backend
        opened = Interaction(
            id=backend.snowflake(),
            token="of-a-form",
            type=3,
            channel_id=self.channel.id,
            guild_id=self.guild.id,
            user_id=form["user_id"],
            responded=True,
            response_kind=ResponseKind.MODAL,
            modal=form["modal"],
        )
        return simcord.InteractionResult(self.env, opened)

    def _shown(self, message_id: int) -> discord.Message:
        stored = self.env.backend.get_message(self.channel.id, message_id)
        return to_discord_message(self.env, stored)

    def _become(self, old: Json) -> None:
        """Be the same application: SimCord's own ids depend on its version."""
        backend = self.env.backend
        backend.application_id = old["application_id"]
        del backend.users[backend.bot_user.id]
        backend.bot_user.id = old["bot_id"]
        backend.users[old["bot_id"]] = backend.bot_user

    def _build(self, old: Json) -> None:
        backend = self.env.backend
        self.guild = self.env.create_guild("Painters", id=old["server_id"])
        guild = backend.get_guild(self.guild.id)
        for role in old["roles"]:
            guild.roles[role["id"]] = Role(**role)
        channel = Channel(old["channel_id"], type=0, name="gallery", guild_id=guild.id)
        backend.channels[channel.id], backend.messages[channel.id] = channel, {}
        guild.channel_ids.append(channel.id)
        self.channel = simcord.ChannelHandle(self.env, self.guild, channel)
        self.people = {person["name"]: self._person(**person) for person in old["people"]}
        self.ada, self.ben, self.mia = (self.people[name] for name in ("Ada", "Ben", "Mia"))

    def _person(self, *, id: int, name: str, roles: list[int]) -> simcord.MemberActor:  # noqa: A002
        user = self.env.backend.users[id] = User(id, name)
        self.env.backend.add_member(self.guild.id, id, roles=roles)
        return simcord.MemberActor(self.env, self.guild, simcord.UserHandle(self.env, user))

    def _remember(self, old: Json) -> None:
        backend = self.env.backend
        for payload in old["messages"].values():
            message = _message(payload)
            backend.messages[message.channel_id][message.id] = message
        for url, data in old["files"].items():
            backend.cdn._blobs[url] = base64.b64decode(data)
        for told in old["interactions"]:
            asked = Interaction(**told)
            asked.response_kind = ResponseKind.MESSAGE
            backend.interactions[asked.id] = asked
            backend.interaction_tokens[asked.token] = asked.id


def _message(payload: Json) -> Message:
    """Return a message of Discord as SimCord keeps it."""
    return Message(
        id=int(payload["id"]),
        channel_id=int(payload["channel_id"]),
        author_id=int(payload["author"]["id"]),
        content=payload["content"],
        timestamp=payload["timestamp"],
        edited_timestamp=payload["edited_timestamp"],
        type=payload["type"],
        flags=payload["flags"],
        embeds=payload["embeds"],
        components=payload["components"],
        attachments=payload["attachments"],
        reactions=[
            Reaction(each["emoji"]["name"], [int(payload["author"]["id"])])
            for each in payload["reactions"]
        ],
        reference=payload.get("message_reference"),
        interaction_metadata=payload.get("interaction_metadata"),
    )
