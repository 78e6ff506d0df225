"""Which way is left when Discord refuses one, and when no further one may be tried."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord
import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

T = TypeVar("T")


class TokenIsGone(discord.DiscordException):
    """What only its token led to is out of reach: the token died."""


# "Request entity too large": the limit was another than we were told.
TOO_LARGE = 40005
TOO_MANY_REQUESTS = 429
# Discord's codes for a token that is too old, or unknown.
TOKEN_IS_DEAD = frozenset({50027, 10015})


async def first_that_works(*ways: Callable[[], Awaitable[T]]) -> T:
    """Go one way after the other while each is surely refused.

    It raises what the last one raised; after a request in doubt, no further way is tried.
    """
    for way in ways[:-1]:
        try:
            return await way()
        except TokenIsGone:
            log.info("card.token_is_gone")
        except discord.HTTPException as refused:
            # What is too large here is too large everywhere.
            if refused.code == TOO_LARGE or not surely_refused(refused):
                raise
            log.info("card.refused", code=refused.code, status=refused.status)
    return await ways[-1]()


def surely_refused(error: BaseException) -> bool:
    """Tell whether nothing was posted, and asking again would not help."""
    if isinstance(error, TokenIsGone):
        return True
    if not isinstance(error, discord.HTTPException):
        return False
    return 400 <= error.status < 500 and error.status != TOO_MANY_REQUESTS
