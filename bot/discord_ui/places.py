"""Where somebody calls the bot from, and on whose account.

Outside the servers that let the bot in, nobody but the person has a say: the admins of a server
where only a person brought the bot along can neither limit nor see what it paints there, so it is
not on that server's account. Everything outside counts as server 0, as direct messages do.
"""

from enum import Enum, auto

import discord


class Place(Enum):
    """A kind of place."""

    SERVER = auto()
    """A server that let the bot in."""
    DIRECT = auto()
    """The direct messages of a person and the bot."""
    ELSEWHERE = auto()
    """Where a person brought the bot along: other servers, and other people's messages."""


def place_of(interaction: discord.Interaction) -> Place:
    """Return where a call comes from."""
    if interaction.guild_id is None:
        return Place.ELSEWHERE if interaction.context.private_channel else Place.DIRECT
    # Whoever presses a button is not always who brought the bot along.
    if interaction.is_guild_integration() or interaction.client.get_guild(interaction.guild_id):
        return Place.SERVER
    return Place.ELSEWHERE


def server_of(interaction: discord.Interaction) -> int:
    """Return the id of the server on whose account a call goes, 0 for the person's own."""
    server_id = interaction.guild_id if place_of(interaction) is Place.SERVER else None
    return server_id or 0
