"""The group of /settings, for the cogs whose commands are in it."""

import discord
from discord import app_commands

settings = app_commands.Group(
    name="settings",
    description="Change how Easel works in this server",
    default_permissions=discord.Permissions(manage_guild=True),
    guild_only=True,
)
