"""Delete the messages that show a result."""

from collections.abc import Sequence

import discord
import structlog

from bot.core.models import CardAddress
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.jobs.deleted_messages import DeletedMessages

log: structlog.stdlib.BoundLogger = structlog.get_logger()


async def delete_messages(
    client: discord.Client, deleted: DeletedMessages, messages: Sequence[CardAddress]
) -> int:
    """Delete messages and record that they are gone; return how many are still there."""
    left = 0
    for message in messages:
        channel = client.get_partial_messageable(message.channel_id)
        try:
            await channel.get_partial_message(message.message_id).delete()
        except discord.NotFound:
            log.debug("result.message_already_deleted", message=message.message_id)
        except DISCORD_ERRORS as refused:
            log.info("result.message_not_deleted", error=repr(refused))
            left += 1
            continue
        await deleted.messages_gone([message.message_id])
    return left
