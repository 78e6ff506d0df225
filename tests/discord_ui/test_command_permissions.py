"""Discord's precedence of what admins set for commands, as the bot follows it for reactions."""

import discord
import pytest

from bot.discord_ui.command_permissions import (
    CommandOverride,
    CommandOverrides,
    CommandUser,
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
