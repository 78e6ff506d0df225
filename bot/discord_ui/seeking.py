"""Looks for the bot's own messages where a crash, or a broken line, hid what became of them."""

from collections.abc import Callable
from datetime import UTC, datetime

import discord
from discord.http import Route

from bot.core.models import AnnouncedCard, Job
from bot.discord_ui.buttons import stop_id
from bot.discord_ui.ways import TOKEN_IS_DEAD

# How far a channel is searched for a message that was announced.
SEARCHED = 200
# discord.py asks it of an Interaction only, which is gone after a restart.
ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
# Our clock and Discord's may differ.
SKEW_MS = 60 * 1000


async def by_token(client: discord.Client, card: AnnouncedCard) -> int | None:
    """Return the message that answers the card's interaction.

    None where it has no answer, or where the token died. It raises what discord.py raises when
    Discord cannot say.
    """
    route = Route("GET", ORIGINAL, webhook_id=card.application_id, webhook_token=card.token)
    try:
        answer = await client.http.request(route)
    except discord.HTTPException as refused:
        if refused.code in TOKEN_IS_DEAD or isinstance(refused, discord.NotFound):
            return None
        raise
    return int(answer["id"])


async def in_channel(client: discord.Client, card: AnnouncedCard, job: Job) -> int | None:
    """Return the message in the card's channel that has the job's button, None without one.

    It raises what discord.py raises when the channel cannot be read.
    """
    channel = client.get_partial_messageable(card.channel_id)
    wanted = stop_id(job.id)
    return await search(
        client, channel, lambda message: wanted in _buttons(message), since=job.created_at
    )


async def search(
    client: discord.Client,
    channel: discord.abc.Messageable,
    is_it: Callable[[discord.Message], bool],
    *,
    since: int,
) -> int | None:
    """Return the bot's first message of that kind; ``since`` is in milliseconds since the epoch.

    It raises what discord.py raises when the channel cannot be read.
    """
    begun = datetime.fromtimestamp((since - SKEW_MS) / 1000, UTC)
    after = discord.Object(max(discord.utils.time_snowflake(begun), 0))
    async for message in channel.history(limit=SEARCHED, after=after, oldest_first=True):
        if client.user is not None and message.author.id == client.user.id and is_it(message):
            return message.id
    return None


def _buttons(message: discord.Message) -> list[str | None]:
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [item.custom_id for row in rows for item in row.children]
