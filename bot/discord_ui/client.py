"""The Discord client: intents, mentions, admission by place, command sync, the error handler."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final

import discord
import structlog
from discord import app_commands
from discord.ext import commands
from discord.ui import View
from discord.utils import MISSING
from structlog.contextvars import bind_contextvars, bound_contextvars

from bot.core.errors.base import EaselError, Refusal
from bot.core.errors.jobs import ServerNotListed, Unexpected
from bot.core.i18n.texts import Texts
from bot.core.metrics import NO_METRICS, REFUSALS, Metrics
from bot.database.errors import DATABASE_ERRORS
from bot.discord_ui.caller import CallerPlace, Languages, place_of_caller
from bot.discord_ui.command_errors import ServersOnly, error_for_person
from bot.discord_ui.command_mentions import CommandMentions
from bot.discord_ui.command_records import CommandRecord
from bot.discord_ui.command_sync import (
    CommandRegistry,
    JsonCommand,
    SyncedCommands,
    digest,
    entry_points,
    payload_of,
)
from bot.discord_ui.command_translations import CommandTranslator
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.file_uploads import read_uploads_directly
from bot.discord_ui.request_counts import RequestCounts
from bot.discord_ui.sharded_bot import DIRECT, DiscordConnection, ShardedBot
from bot.jobs.repository.presses import PressRepeated

log: structlog.stdlib.BoundLogger = structlog.get_logger()


# discord.py would wait for as long as Discord says: hours, at the daily limit.
MOST_SYNC_S = 20.0
_LOOK_EVERY_S = 1.0
# The extras of a command that works also outside servers, where the operator allows it.
PERSONAL: Final = {"personal": True}
# The extras of a command that only the owner of the application may use, wherever they are.
OPERATORS_ONLY: Final = {"operator": True}


@dataclass(eq=False, kw_only=True)
class OperatorsOnly(Refusal):
    """Only the owner of the application, or of its team, may do this."""

    message_id = "error-operators-only"


@dataclass(frozen=True, slots=True)
class AllowedPlaces:
    """From where the operator lets people call: no ``servers`` are all of them."""

    servers: frozenset[int] = frozenset()
    direct_messages: bool = False
    user_install: bool = False


ALL_SERVERS = AllowedPlaces()


def intents(*, hears_deletions: bool = False) -> discord.Intents:
    """Return the events that the bot receives, none of them privileged.

    Those of deleted messages come only together with those of every new message in its servers.
    """
    return discord.Intents(
        guilds=True, guild_reactions=True, dm_reactions=True, guild_messages=hears_deletions
    )


class Client(ShardedBot):
    """The bot's connection to Discord; it caches neither messages nor members."""

    def __init__(
        self,
        *,
        texts: Texts,
        languages: Languages,
        record: CommandRecord,
        places: AllowedPlaces = ALL_SERVERS,
        dev_guild_id: int | None = None,
        hears_deletions: bool = False,
        connection: DiscordConnection = DIRECT,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        # Otherwise discord.py warns that voice needs PyNaCl and davey.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        counts = RequestCounts(metrics) if metrics.is_on else None
        super().__init__(
            connection,
            None if counts is None else counts.trace,
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=CommandTree,
            intents=intents(hears_deletions=hears_deletions),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        if counts is not None:
            self.add_listener(counts.interaction_came, "on_interaction")
        self._metrics = metrics
        self.texts = texts
        self.languages = languages
        self._translator = CommandTranslator(texts)
        self._allowed_servers = places.servers
        self._direct_messages = places.direct_messages
        self._user_install = places.user_install
        self.once_logged_in: Callable[[], Awaitable[None]] | None = None
        self.once_closing: Callable[[], Awaitable[None]] | None = None
        self._record = record
        self._registered: dict[str, app_commands.AppCommand] = {}
        self.command_mentions = CommandMentions(self.tree)
        self._dev_guild = discord.Object(dev_guild_id) if dev_guild_id else None

    def serves(self, server_id: int | None) -> bool:
        """Return whether the operator allows this server, never for direct messages (None)."""
        return server_id is not None and (
            not self._allowed_servers or server_id in self._allowed_servers
        )

    async def check_operator(self, user: discord.abc.User) -> None:
        """Raise OperatorsOnly for anybody but the owner of the application, or of its team."""
        if not await self.is_owner(user):
            raise OperatorsOnly

    def admit(self, interaction: discord.Interaction) -> None:
        """Refuse a call from a place that the operator does not allow.

        Raises:
            ServerNotListed, ServersOnly
        """
        place = place_of_caller(interaction)
        if place is CallerPlace.ELSEWHERE:
            allowed = self._user_install
        elif place is CallerPlace.DIRECT:
            allowed = self._direct_messages
        else:
            allowed = self.serves(interaction.guild_id)
        if not allowed:
            raise ServersOnly if interaction.guild_id is None else ServerNotListed

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:  # as discord.py's
        """Call the listeners of an event; they log the id of the interaction that it is about."""
        if event == "raw_reaction_add" and self._is_others_message(args[0]):
            return
        if args and isinstance(args[0], discord.Interaction):
            with bound_contextvars(interaction=args[0].id):
                super().dispatch(event, *args, **kwargs)
        else:
            super().dispatch(event, *args, **kwargs)

    def _is_others_message(self, reaction: discord.RawReactionActionEvent) -> bool:
        """Tell whether somebody else wrote the message, as Discord says of nearly all.

        A task for the listener of each would double the CPU that reactions take in a large server.
        """
        author_id, me = reaction.message_author_id, self.user
        return author_id is not None and me is not None and author_id != me.id

    async def setup_hook(self) -> None:
        """Do what needs the login but not the gateway connection."""
        read_uploads_directly()
        self.texts.load()  # while nobody can wait for it yet
        await self.tree.set_translator(self._translator)
        await self.sync_commands()
        if self.once_logged_in is not None:
            await self.once_logged_in()

    async def close(self) -> None:
        """End what uses the connection, then close it."""
        if self.once_closing is not None:
            await self.once_closing()
        await super().close()

    async def sync_commands(self) -> bool:
        """Send the commands to Discord if they, or Discord's, are not as after the last time.

        Where Discord refuses or does not answer, the bot works with what Discord has.
        """
        self._allow_personal_commands()
        if self._dev_guild is not None:
            self._offer_in(self._dev_guild)
        try:
            async with asyncio.timeout(MOST_SYNC_S):
                return await self._update_commands()
        except (TimeoutError, *DISCORD_ERRORS, *DATABASE_ERRORS) as refused:
            log.warning(
                "commands.not_synced",
                error=repr(refused),
                fix="people see the commands of before; they are sent again within a day and at "
                "the next start, and python -m bot doctor says what Discord has",
            )
            return False

    def _offer_in(self, guild: discord.Object) -> None:
        """Offer all commands in one server only, but for those that no server has."""
        self.tree.copy_global_to(guild=guild)
        for command in self.tree.get_commands(guild=guild):
            if command.extras.get("operator"):
                self.tree.remove_command(command.name, guild=guild)

    async def _update_commands(self) -> bool:
        server_id = self._dev_guild.id if self._dev_guild else None
        registry = CommandRegistry(self.http, self.application_id or 0, server_id)
        commands = await payload_of(self.tree, self._dev_guild)
        sent = digest(commands, self.application_id, server_id)
        before = await self._fetch_if_others(registry, sent)
        if before is None:
            return False
        await registry.replace([*commands, *entry_points(before)])
        self._registered.clear()
        after = await registry.fetch()
        await self._record.write(SyncedCommands(sent, digest(after)))
        self.command_mentions.learn(after)
        log.info("commands.synced", server=server_id)
        return True

    async def _fetch_if_others(
        self, registry: CommandRegistry, sent: str
    ) -> Sequence[JsonCommand] | None:
        """Return what Discord has where this process is to replace it, None where it is right.

        While another process replaces it, that is waited for.
        """
        while True:
            # Before the list: whatever is sent after this, the claim below hears of.
            seen = await self._record.read()
            found = await registry.fetch()
            known = SyncedCommands(sent, digest(found))  # raises for what is no list of commands
            self.command_mentions.learn(found)
            if seen == known:
                return None
            if await self._record.claim(seen):
                return found
            await asyncio.sleep(_LOOK_EVERY_S)

    async def registered_command(self, name: str) -> app_commands.AppCommand | None:
        """Return what Discord knows as a slash command; it raises what discord.py raises.

        What it knew is remembered until the commands are sent again.
        """
        if name not in self._registered:
            found = await self.tree.fetch_commands(guild=self._dev_guild)
            slash = discord.AppCommandType.chat_input
            self._registered = {each.name: each for each in found if each.type is slash}
        return self._registered.get(name)

    def _allow_personal_commands(self) -> None:
        """Make personal commands available wherever the operator allows them."""
        if not (self._direct_messages or self._user_install):
            return
        for command in self.tree.get_commands():
            if not command.extras.get("personal"):
                continue
            command.guild_only = False
            command.allowed_installs = app_commands.AppInstallationType(
                guild=True, user=self._user_install
            )
            command.allowed_contexts = app_commands.AppCommandContext(
                guild=True, dm_channel=self._direct_messages, private_channel=self._user_install
            )

    async def on_ready(self) -> None:
        """Log that the connection is ready."""
        log.info("client.ready", servers=len(self.guilds), shards=len(self.shard_ids or ()))

    def count_refusal(self, error: EaselError) -> None:
        """Count an error that a person is told, in an answer or, for a reaction, in a message."""
        self._metrics.count(REFUSALS, error.message_id)

    async def answer_error(
        self, interaction: discord.Interaction, error: Exception, *, view: View | None = None
    ) -> None:
        """Answer an error in one sentence; an unexpected one is logged, too.

        The buttons of ``view`` stand under the sentence.
        """
        known = error_for_person(error)
        if known is None:
            known = Unexpected(reference=token_hex(4))
            log.error(
                "command.defect",
                reference=known.reference,
                command=interaction.command and interaction.command.qualified_name,
                exc_info=error,
            )
        if isinstance(known, PressRepeated):
            log.info("command.repeated")  # the process that was faster has answered
            return
        self.count_refusal(known)
        sentence = self.texts.sentence(known, self.languages.personal(interaction))
        buttons = MISSING if view is None else view
        try:
            if interaction.response.is_done():
                await interaction.followup.send(sentence, view=buttons, ephemeral=True)
            else:
                await interaction.response.send_message(sentence, view=buttons, ephemeral=True)
        except DISCORD_ERRORS as lost:
            log.warning("command.answer_lost", error=repr(lost))


class CommandTree(app_commands.CommandTree[Client]):
    """The commands, with admission before and the error handler after each."""

    async def interaction_check(self, interaction: discord.Interaction[Client], /) -> bool:
        """Admit calls only from places that the operator allows, or from the operator."""
        bind_contextvars(interaction=interaction.id)  # the task is the command's own
        try:
            if _is_for_operators(interaction):
                await self.client.check_operator(interaction.user)
            else:
                self.client.admit(interaction)
        except Refusal as refusal:
            if interaction.type is not discord.InteractionType.autocomplete:
                await self.client.answer_error(interaction, refusal)
            return False
        return True

    async def on_error(
        self, interaction: discord.Interaction[Client], error: app_commands.AppCommandError, /
    ) -> None:
        """Answer the error of a command."""
        await self.client.answer_error(interaction, error)


def _is_for_operators(interaction: discord.Interaction[Client]) -> bool:
    command = interaction.command
    if not isinstance(command, app_commands.Command):
        return False
    return bool((command.root_parent or command).extras.get("operator"))
