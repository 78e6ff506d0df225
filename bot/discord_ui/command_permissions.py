"""Whether somebody may use a command now: Discord checks it for commands, not for their buttons.

What admins set in Server Settings → Integrations goes before the command's default permission
(interactions/application-commands, Permissions).
"""

import asyncio

import discord
import structlog
from discord import app_commands

from bot.discord_ui.client import Client
from bot.discord_ui.discord_errors import DISCORD_ERRORS

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A press must be answered within three seconds; without an answer the default decides.
MOST_WAIT_S = 1.5


async def may_use_command(
    client: Client, interaction: discord.Interaction, name: str, default: discord.Permissions
) -> bool:
    """Tell whether who pressed a button may use a command here; admins always may."""
    if interaction.permissions.administrator:
        return True
    decided = _decision(interaction, await _overrides(client, interaction, name))
    return interaction.permissions >= default if decided is None else decided


async def _overrides(
    client: Client, interaction: discord.Interaction, name: str
) -> list[app_commands.AppCommandPermissions]:
    try:
        async with asyncio.timeout(MOST_WAIT_S):
            command = await client.registered_command(name)
            if command is None or interaction.guild is None:
                return []
            return (await command.fetch_permissions(interaction.guild)).permissions
    except discord.NotFound:  # nobody changed anything
        return []
    except (TimeoutError, *DISCORD_ERRORS) as error:
        log.info("command_permissions.not_read", command=name, error=repr(error))
        return []


def _decision(
    interaction: discord.Interaction, overrides: list[app_commands.AppCommandPermissions]
) -> bool | None:
    """Return what the overrides say of a person, then of their roles, then of everybody."""
    roles = {role.id for role in getattr(interaction.user, "roles", ())} - {interaction.guild_id}
    ids = {override.id: override.permission for override in overrides}
    if interaction.user.id in ids:
        return ids[interaction.user.id]
    of_roles = [ids[role_id] for role_id in roles if role_id in ids]
    return any(of_roles) if of_roles else ids.get(interaction.guild_id or 0)
