"""Whether somebody may use a command now: Discord checks it for commands, not for reactions.

What admins set in Server Settings → Integrations goes before the command's default permission, and
what they set for the command before what they set for the whole application: first the channels,
then the person, their roles and everybody (interactions/application-commands, Permissions, and
Discord's help page on command permissions).
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import discord
import structlog

from bot.core.errors.base import Refusal
from bot.core.errors.jobs import ServerNotListed
from bot.discord_ui.caller import CallerPlace, permissions_of, place_of_caller
from bot.discord_ui.client import Client
from bot.discord_ui.discord_errors import DISCORD_ERRORS

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A press needs a response within three seconds, and other checks need some of them; without
# Discord's word, what was known before or the default decides.
MOST_WAIT_S = 0.5
MOST_READ_S = 10.0  # where nobody waits any more, for those who press next
# So long the overrides of a server are remembered where many people press and react.
OVERRIDES_STAY_MS = 60 * 1000
READ_AGAIN_MS = 5 * 1000  # after a failure

_Kind = discord.AppCommandPermissionType


@dataclass(frozen=True, slots=True)
class CommandOverride:
    """What admins decided about one channel, person or role."""

    id: int
    kind: discord.AppCommandPermissionType
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class CommandOverrides:
    """What admins of a server set for one command, and for the application."""

    of_command: Sequence[CommandOverride] = ()
    of_application: Sequence[CommandOverride] = ()


@dataclass(frozen=True, slots=True)
class CommandUser:
    """Who wants to use a command, and where: ``channel_id`` is the parent of a thread."""

    user_id: int
    role_ids: frozenset[int]
    channel_id: int
    server_id: int
    permissions: discord.Permissions


async def may_use_command(
    client: Client, interaction: discord.Interaction, name: str, default: discord.Permissions
) -> bool:
    """Tell whether who pressed a button may use a command here; admins always may."""
    if interaction.guild is None or interaction.permissions.administrator:
        return interaction.permissions >= default
    user = _user_of(interaction, interaction.guild)
    found = await _try_to_read(client, interaction.guild, name, within_s=MOST_WAIT_S)
    return is_allowed(found or CommandOverrides(), user, default)


async def check_may_use(
    client: Client, interaction: discord.Interaction, command: discord.app_commands.Group
) -> None:
    """Refuse a press by who may not, or no longer, use the command that it belongs to.

    Raises:
        ServerNotListed, CommandNotAllowed
    """
    if not client.serves(interaction.guild_id):
        raise ServerNotListed
    default = command.default_permissions or discord.Permissions()
    permissions = interaction.permissions
    may_use_any = permissions.administrator or permissions.use_application_commands
    if not may_use_any or not await may_use_command(client, interaction, command.name, default):
        raise CommandNotAllowed(command=command.name)


@dataclass(eq=False, kw_only=True)
class CommandNotAllowed(Refusal):
    """The person may not use the ``command`` to which a button or a form belongs."""

    command: str
    message_id = "error-command-not-allowed"


@dataclass(frozen=True, slots=True)
class _KnownOverrides:
    """The overrides of a server, to be read again after a time in milliseconds."""

    overrides: CommandOverrides
    until: int


class RequestPermissions:
    """Tells whether somebody may use a command, which has no default permission, by other ways.

    The overrides of a server are read once at a time, whoever waits for them. Where Discord does
    not answer, the last ones that it told apply.
    """

    def __init__(self, client: Client, name: str, *, now: Callable[[], int]) -> None:
        self._client = client
        self._name = name
        self._now = now
        self._known: dict[int, _KnownOverrides] = {}
        self._reading: dict[int, asyncio.Task[None]] = {}

    async def check_press(self, interaction: discord.Interaction) -> None:
        """Raise CommandNotAllowed where who presses a button may not use the command."""
        guild, permissions = interaction.guild, interaction.permissions
        is_server = place_of_caller(interaction) is CallerPlace.SERVER
        if guild is None or not is_server or permissions.administrator:
            return
        if not permissions.use_application_commands or not await self._allows(
            guild, _user_of(interaction, guild)
        ):
            raise CommandNotAllowed(command=self._name)

    async def allows_reaction(self, member: discord.Member, channel_id: int) -> bool:
        """Tell whether a member may use the command where they reacted."""
        permissions = permissions_of(member, channel_id) or member.guild_permissions
        if permissions.administrator:
            return True
        user = CommandUser(
            member.id,
            frozenset(role.id for role in member.roles),
            _parent_id(member.guild.get_channel_or_thread(channel_id)) or channel_id,
            member.guild.id,
            permissions,
        )
        return await self._allows(member.guild, user)

    async def _allows(self, guild: discord.Guild, user: CommandUser) -> bool:
        return is_allowed(await self._overrides(guild), user, discord.Permissions.none())

    async def _overrides(self, guild: discord.Guild) -> CommandOverrides:
        known = self._known.get(guild.id)
        if known is None or self._now() >= known.until:
            await self._wait_for_reading(guild)
            known = self._known.get(guild.id)
        return CommandOverrides() if known is None else known.overrides

    async def _wait_for_reading(self, guild: discord.Guild) -> None:
        """Read the overrides, or join who does; go on without them when it takes too long."""
        if guild.id not in self._reading:
            self._reading[guild.id] = asyncio.create_task(self._read_again(guild))
        reading = self._reading[guild.id]
        await asyncio.wait((reading,), timeout=MOST_WAIT_S)
        if reading.done():
            reading.result()

    async def _read_again(self, guild: discord.Guild) -> None:
        try:
            found = await _try_to_read(self._client, guild, self._name, within_s=MOST_READ_S)
        finally:
            del self._reading[guild.id]
        if found is not None:
            self._known[guild.id] = _KnownOverrides(found, self._now() + OVERRIDES_STAY_MS)
            return
        before = self._known.get(guild.id)
        last = CommandOverrides() if before is None else before.overrides
        self._known[guild.id] = _KnownOverrides(last, self._now() + READ_AGAIN_MS)


async def _try_to_read(
    client: Client, guild: discord.Guild, name: str, *, within_s: float
) -> CommandOverrides | None:
    """Return what admins set, None where Discord does not say so in time."""
    try:
        async with asyncio.timeout(within_s):
            command = await client.registered_command(name)
            ids = (None if command is None else command.id, client.application_id)
            return CommandOverrides(*[await _read(client, guild, id_) for id_ in ids])
    except (TimeoutError, *DISCORD_ERRORS) as error:
        log.info("command_permissions.not_read", command=name, error=repr(error))
        return None


async def _read(client: Client, guild: discord.Guild, id_: int | None) -> Sequence[CommandOverride]:
    """Return the overrides of a command, or of the application by its own id."""
    if id_ is None:
        return ()
    try:
        # discord.py itself reads those of a command only.
        found = await client.http.get_application_command_permissions(
            client.application_id or 0, guild.id, id_
        )
    except discord.NotFound:  # nobody changed anything
        return ()
    return [
        CommandOverride(int(each["id"]), _Kind(each["type"]), each["permission"])
        for each in found["permissions"]
    ]


def is_allowed(
    overrides: CommandOverrides, user: CommandUser, default: discord.Permissions
) -> bool:
    """Tell whether the overrides, and else the default permission, let somebody use a command."""
    if not _is_channel_allowed(overrides, user):
        return False
    decided = _decision(overrides.of_command, user)
    if decided is not None:
        return decided
    # What is allowed for the whole application does not replace a command's default permission.
    if _decision(overrides.of_application, user) is False:
        return False
    return user.permissions >= default


def _is_channel_allowed(overrides: CommandOverrides, user: CommandUser) -> bool:
    for level in (overrides.of_command, overrides.of_application):
        ids = _by_id(level, _Kind.channel)
        for channel_id in (user.channel_id, user.server_id - 1):  # the latter is all channels
            if channel_id in ids:
                return ids[channel_id]
    return True


def _decision(overrides: Sequence[CommandOverride], user: CommandUser) -> bool | None:
    """Return what overrides say of a person, then of their roles, then of everybody."""
    users, roles = _by_id(overrides, _Kind.user), _by_id(overrides, _Kind.role)
    if user.user_id in users:
        return users[user.user_id]
    theirs = [roles[id_] for id_ in user.role_ids - {user.server_id} if id_ in roles]
    return any(theirs) if theirs else roles.get(user.server_id)


def _by_id(overrides: Sequence[CommandOverride], kind: _Kind) -> dict[int, bool]:
    return {each.id: each.is_allowed for each in overrides if each.kind is kind}


def _user_of(interaction: discord.Interaction, guild: discord.Guild) -> CommandUser:
    return CommandUser(
        interaction.user.id,
        frozenset(role.id for role in getattr(interaction.user, "roles", ())),
        _parent_id(interaction.channel) or interaction.channel_id or 0,
        guild.id,
        interaction.permissions,
    )


def _parent_id(channel: object) -> int | None:
    return channel.parent_id if isinstance(channel, discord.Thread) else None
