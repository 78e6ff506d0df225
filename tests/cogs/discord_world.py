"""A simulated Discord with the real bot in it: a server, a channel, two members and an admin."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import discord
import simcord
from pydantic import SecretStr

from bot.app import Bot, open_bot
from bot.core.clock import Clock, await_directly
from bot.core.errors.base import EaselError
from bot.settings.settings import Settings
from playground.settings import GivenSettings
from tests.cogs.scripted_gateway import KEY, ScriptedGateway
from tests.cogs.translated_commands import remember_translations
from tests.database.engines import IS_POSTGRESQL, connected, rows_of, url_of

T = TypeVar("T")

# How long a step may take in real time on a busy machine. SimCord skips only sleeps of the bot that
# are longer than this, so it is shorter than the 10 seconds after which a refusal is deleted.
SETTLE_TIMEOUT_S = 9


class _QuickEnv(simcord.Env):
    """A simulation that soon sees that the bot waits: a read of a server takes a millisecond."""

    async def _settle_internal(self, **options: Any) -> None:
        quick = {"idle": 0.002} if IS_POSTGRESQL else {}
        await super()._settle_internal(**quick | options)


class DiscordWorld:
    """The people, the channel, the bot and the gateway of one test."""

    def __init__(
        self, stack: AsyncExitStack, settings: Settings, gateway: ScriptedGateway, *, declared: bool
    ) -> None:
        self.gateway = gateway
        self._stack = stack
        self._settings = settings
        self._declared = declared
        self.skipped_ms = 0
        """How far the bot's clock is ahead: it jumps without a gateway's time-outs passing."""

    @property
    def folder(self) -> Path:
        """Return the bot's data folder."""
        return self._settings.data_dir

    async def open(self) -> None:
        """Start the bot and create the server, its channel and its members."""
        self.bot = await self._open_bot()
        self.env: simcord.Env = _QuickEnv(
            self.bot.client, settle_timeout=SETTLE_TIMEOUT_S, shard_count=1, check_errors=False
        )
        self._stack.push_async_callback(self.env.shutdown)
        await self.env.start()
        self.guild = self.env.create_guild("Painters")
        self.channel = self.guild.create_text_channel("channel")
        self.ada = self.guild.add_member(self.env.create_user("Ada"))
        self.ben = self.guild.add_member(self.env.create_user("Ben"))
        powers = discord.Permissions(manage_guild=True, manage_messages=True)
        moderator = self.guild.create_role("moderator", permissions=powers)
        self.mia = self.guild.add_member(self.env.create_user("Mia"), roles=[moderator])

    async def restart(self, **changes: object) -> None:
        """Start another bot on the same data folder."""
        self._settings = self._settings.model_copy(update=changes)
        await self._bots.aclose()
        self.bot = await self._open_bot()
        await self.env.restart_bot(self.bot.client)

    async def _open_bot(self) -> Bot:
        self._bots = AsyncExitStack()
        self._stack.push_async_exit(self._bots)
        wait = self._declared_wait if self._declared else await_directly
        clock = Clock(now=self.now, wait=wait, is_simulated=True)
        bot = await self._bots.enter_async_context(open_bot(self._settings, clock))
        remember_translations(bot.client.tree)
        return bot

    async def _declared_wait(self, awaitable: Awaitable[T], reason: str, /) -> T:
        result: T = await self.env.external_wait(awaitable, reason=reason)
        return result

    def now(self) -> int:
        """Return the simulated time in milliseconds since the epoch."""
        # The bot opens its services before the simulation exists.
        simulated = int(self.env.now().timestamp() * 1000) if hasattr(self, "env") else 0
        return simulated + self.skipped_ms

    async def wait_for_jobs(self) -> None:
        """Wait until no job runs and every message is up to date."""
        await asyncio.wait_for(self.bot.services.job_service.drained(), 60)
        await self.env.settle()

    async def until_asked(self) -> None:
        """Wait until the gateway has its first request: a simulation does not wait for a slot."""
        await asyncio.wait_for(self.gateway.asked.wait(), 60)

    async def imagine(
        self, who: simcord.MemberActor, prompt: str = "a fox", **options: object
    ) -> simcord.InteractionResult:
        """Call /imagine as a person."""
        return await who.slash(self.channel, "imagine", prompt=prompt, **options)

    @property
    def card(self) -> discord.Message:
        """Return the newest message of the channel."""
        assert self.channel.last_message is not None
        return self.channel.last_message

    def messages(self) -> list[discord.Message]:
        """Return the channel's messages, the oldest first."""
        return sorted(self.channel.history(), key=lambda message: message.id)

    @property
    def title(self) -> str:
        """Return the newest card's first line."""
        return str(self.card.embeds[0].author.name)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the bot's database as another program would."""
        return rows_of(self.folder, sql)

    def write(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Change the bot's database as another program would, once for each row."""
        with connected(self.folder) as database:
            for row in rows:
                database.execute(sql, row)

    def credits(self) -> int:
        """Return what is held or charged, after checking that the meters agree."""
        ((charged,),) = self.rows("SELECT COALESCE(SUM(credits), 0) FROM charges")
        metered = self.rows(
            "SELECT COALESCE(SUM(CASE WHEN subject LIKE 'server:%' THEN credits END), 0),"
            " COALESCE(SUM(CASE WHEN subject LIKE 'user:%' THEN credits END), 0) FROM meters"
        )
        assert metered == [(charged, charged)]
        return int(charged)

    def total(self, subject: str) -> int:
        """Return a total of everybody; a server of a database spreads it over several rows."""
        ((total,),) = self.rows(
            "SELECT COALESCE(SUM(credits), 0) FROM meters"
            f" WHERE subject = '{subject}' OR subject LIKE '{subject}:%'"
        )
        return int(total)

    def defects(self) -> list[BaseException]:
        """Return the errors that are not refusals."""
        return [e for e in self.env.errors if not isinstance(getattr(e, "original", e), EaselError)]


def reply_text(answer: simcord.InteractionResult) -> str:
    """Return the text of an ephemeral answer."""
    assert answer.response is not None
    assert answer.ephemeral
    return str(answer.response.content)


def reply_embed(answer: simcord.InteractionResult) -> discord.Embed:
    """Return the embed of an ephemeral answer."""
    assert answer.response is not None
    assert answer.ephemeral
    (embed,) = answer.response.embeds
    return embed


@dataclass(frozen=True)
class WorldBuilder:
    """Opens simulated Discords for one test."""

    folder: Path
    gateway: ScriptedGateway
    kind: type[DiscordWorld] = DiscordWorld

    @asynccontextmanager
    async def world(
        self, *, declared: bool = False, **changes: object
    ) -> AsyncIterator[DiscordWorld]:
        """Open one; with ``declared`` waits, commands return while jobs still run."""
        settings = GivenSettings(
            discord_token=SecretStr("planted-discord-token"),
            image_api_url=self.gateway.url,
            image_api_key=SecretStr(KEY),
            image_models=("dall-e-3", "gpt-image-2", "easel-painter"),
            database_url=url_of(self.folder),
            data_dir=self.folder,
        ).model_copy(update={"shutdown_grace": 0} | changes)
        async with AsyncExitStack() as stack:
            world = self.kind(stack, settings, self.gateway, declared=declared)
            await world.open()
            yield world
            assert world.defects() == []
