"""Fetches attachments again after a restart, from where Discord keeps them for a while."""

import discord


async def read_again(client: discord.Client, url: str) -> bytes:
    """Return what is attached there; raise OSError when Discord has it no longer."""
    try:
        return await client.http.get_from_cdn(url)
    except discord.DiscordException as gone:
        raise OSError("the attachment cannot be fetched") from gone
