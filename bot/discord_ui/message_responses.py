"""Find out whether people reacted or replied to messages of the bot.

The bot receives no messages (it has no such intent), so it looks at them once, with few requests.
What it may not read counts as nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import discord
import structlog

from bot.core.models import CardAddress
from bot.discord_ui.discord_errors import DISCORD_ERRORS

log: structlog.stdlib.BoundLogger = structlog.get_logger()

MOST_MESSAGES = 4
# Of one message, and people of one of them; where there are more, somebody else is among them.
MOST_EMOJIS = 5
MOST_PEOPLE = 10
# Messages after one in its channel that may be replies: one request (resources/message).
MOST_SEARCHED = 100


async def have_others_responded(
    client: discord.Client, messages: Sequence[CardAddress], *, requester_id: int
) -> bool:
    """Tell whether somebody else than the requester, and no bot, reacted or replied."""
    for address in messages[:MOST_MESSAGES]:
        channel = client.get_partial_messageable(address.channel_id)
        message = channel.get_partial_message(address.message_id)
        for look in (_has_reaction, _has_reply):
            if await _is_seen(partial(look, message, requester_id)):
                return True
    return False


async def _is_seen(look: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await look()
    except DISCORD_ERRORS as error:
        log.info("message_responses.not_read", error=repr(error))
        return False


async def _has_reaction(message: discord.PartialMessage, requester_id: int) -> bool:
    reactions = (await message.fetch()).reactions
    of_people = [each for each in reactions if each.count > each.me]
    for reaction in of_people[:MOST_EMOJIS]:
        kinds = [discord.ReactionType.normal]
        if reaction.burst_count:
            kinds.append(discord.ReactionType.burst)
        for kind in kinds:
            async for person in reaction.users(limit=MOST_PEOPLE, type=kind):
                if person.id != requester_id and not person.bot:
                    return True
        if reaction.count > MOST_PEOPLE:
            return True
    return len(of_people) > MOST_EMOJIS


async def _has_reply(message: discord.PartialMessage, requester_id: int) -> bool:
    async for later in message.channel.history(
        limit=MOST_SEARCHED, after=message, oldest_first=True
    ):
        is_reply = later.reference is not None and later.reference.message_id == message.id
        if is_reply and later.author.id != requester_id and not later.author.bot:
            return True
    return False
