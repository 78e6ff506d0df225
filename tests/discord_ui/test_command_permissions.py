"""Discord's precedence of what admins set for commands, as the bot follows it for reactions."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import discord
import pytest

from bot.discord_ui.client import Client
from bot.discord_ui.command_permissions import (
    MOST_WAIT_S,
    OVERRIDES_STAY_MS,
    READ_AGAIN_MS,
    CommandOverride,
    CommandOverrides,
    CommandUser,
    RequestPermissions,
    is_allowed,
)

SERVER, CHANNEL, ADA, ROLE, OTHER_ROLE = 100, 5, 1, 20, 21
KIND = discord.AppCommandPermissionType
MANAGE = discord.Permissions(manage_guild=True)
NOBODY_SAYS = discord.Permissions.none()


def user(permissions: discord.Permissions = NOBODY_SAYS) -> CommandUser:
    """Return Ada in the channel, with two roles beside everybody's."""
    return CommandUser(ADA, frozenset({SERVER, ROLE, OTHER_ROLE}), CHANNEL, SERVER, permissions)


def channel(id_: int, allowed: bool) -> CommandOverride:
    return CommandOverride(id_, KIND.channel, allowed)


def role(id_: int, allowed: bool) -> CommandOverride:
    return CommandOverride(id_, KIND.role, allowed)


def person(allowed: bool) -> CommandOverride:
    return CommandOverride(ADA, KIND.user, allowed)


ALL_CHANNELS = SERVER - 1
Overrides = tuple[CommandOverride, ...]


@pytest.mark.parametrize(
    ("of_command", "of_application", "allowed"),
    [
        ((), (), True),
        # A channel goes before everything else, the command's own before the application's.
        ((channel(CHANNEL, False), person(True)), (), False),
        ((channel(ALL_CHANNELS, False),), (), False),
        ((channel(ALL_CHANNELS, False), channel(CHANNEL, True)), (), True),
        ((channel(ALL_CHANNELS, True),), (channel(CHANNEL, False),), True),
        ((), (channel(CHANNEL, False),), False),
        ((), (channel(ALL_CHANNELS, False), channel(CHANNEL, True)), True),
        # The person, then any of their roles, then everybody.
        ((person(False), role(ROLE, True)), (), False),
        ((role(ROLE, False), role(OTHER_ROLE, True)), (), True),
        ((role(ROLE, False), role(SERVER, True)), (), False),
        ((role(SERVER, False),), (), False),
        ((role(SERVER, False), role(ROLE, True)), (), True),
        # The command's own go before the application's.
        ((), (person(False),), False),
        ((), (role(SERVER, False),), False),
        ((role(ROLE, True),), (person(False),), True),
        ((role(ROLE, False),), (person(True),), False),
    ],
)
def test_what_admins_set_is_followed_in_discords_order(
    of_command: Overrides, of_application: Overrides, allowed: bool
) -> None:
    """Whoever Discord keeps from a command must not reach it by a reaction, and nobody else."""
    overrides = CommandOverrides(of_command, of_application)
    assert is_allowed(overrides, user(), NOBODY_SAYS) is allowed


@pytest.mark.parametrize(
    ("of_command", "of_application", "allowed"),
    [((), (), False), ((), (person(True),), False), ((person(True),), (), True)],
)
def test_only_what_is_set_for_a_command_goes_before_its_default_permission(
    of_command: Overrides, of_application: Overrides, allowed: bool
) -> None:
    """The application's settings open no command of admins to everybody."""
    overrides = CommandOverrides(of_command, of_application)
    assert is_allowed(overrides, user(), MANAGE) is allowed
    assert is_allowed(overrides, user(MANAGE), MANAGE)


@dataclass
class SlowDiscord:
    """Discord's part of the client: it keeps Ada from the command, or does not answer."""

    application_id: int = 9
    says: asyncio.Event = field(default_factory=asyncio.Event)
    is_broken: bool = False
    reads: int = 0

    @property
    def http(self) -> "SlowDiscord":
        """Return what sends requests."""
        return self

    async def registered_command(self, _name: str) -> discord.Object:
        """Return the command."""
        return discord.Object(7)

    async def get_application_command_permissions(
        self, _application: int, _guild: int, id_: int
    ) -> dict[str, Any]:
        """Return the overrides of the command, or of the application, which has none."""
        self.reads += 1
        await self.says.wait()
        if self.is_broken:
            raise OSError("no connection")
        ada = {"id": str(ADA), "type": KIND.user.value, "permission": False}
        return {"permissions": [ada] if id_ == 7 else []}


@dataclass
class PressedButtons:
    """Presses of Ada, at a time in milliseconds."""

    now_ms: int = 0
    discord: SlowDiscord = field(default_factory=SlowDiscord)

    def __post_init__(self) -> None:
        client = cast("Client", self.discord)  # SlowDiscord has what is used of it
        self.permissions = RequestPermissions(client, "imagine", now=lambda: self.now_ms)

    async def are_allowed(self, *, presses: int = 1) -> set[bool]:
        """Press at once; return what the answers were."""
        guild = cast("discord.Guild", discord.Object(SERVER))  # only its id is used
        asked = (self.permissions._allows(guild, user()) for _ in range(presses))
        return set(await asyncio.gather(*asked))


async def test_presses_at_once_are_one_read_and_the_next_one_knows_its_answer() -> None:
    """Each press read it anew, all gave up, and for a minute everything was allowed."""
    buttons = PressedButtons()
    began_s = asyncio.get_running_loop().time()
    assert await buttons.are_allowed(presses=6) == {True}
    assert asyncio.get_running_loop().time() - began_s < 2 * MOST_WAIT_S
    assert buttons.discord.reads == 1
    buttons.discord.says.set()
    assert await buttons.are_allowed(presses=6) == {False}
    assert buttons.discord.reads == 2  # the command's and the application's


async def test_a_read_that_fails_forgets_nothing_and_is_soon_tried_again() -> None:
    """Whoever was kept from the command stays so while Discord is away."""
    buttons = PressedButtons()
    buttons.discord.says.set()
    buttons.discord.is_broken = True
    assert await buttons.are_allowed() == {True}
    buttons.discord.is_broken = False
    assert await buttons.are_allowed() == {True}
    buttons.now_ms += READ_AGAIN_MS
    assert await buttons.are_allowed() == {False}
    buttons.discord.is_broken = True
    buttons.now_ms += OVERRIDES_STAY_MS
    assert await buttons.are_allowed() == {False}
