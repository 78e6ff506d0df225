"""How requests to Discord fail, and whether something else may be tried then."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeVar

import aiohttp
import discord
import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

T = TypeVar("T")


class TokenExpired(discord.DiscordException):
    """An interaction token, the only access to a message, has expired."""


# A connection that broke: nobody knows whether Discord took the request. discord.py passes on what
# aiohttp raises, except for two errors of other systems than this one.
CONNECTION_ERRORS = (aiohttp.ClientError, OSError)
# What discord.py raises at an answer that it does not understand: KeyError at a 429 without
# retry_after (webhook/async_.py), ValueError at broken JSON.
ANSWER_ERRORS = (KeyError, TypeError, ValueError)
# Everything that a request to Discord can raise.
DISCORD_ERRORS = (discord.DiscordException, *CONNECTION_ERRORS, *ANSWER_ERRORS)

# "Request entity too large": the limit was another than we were told.
TOO_LARGE = 40005
TOO_MANY_REQUESTS = 429
# Discord's codes for a token that is too old, or unknown.
TOKEN_EXPIRED_CODES = frozenset({50027, 10015})


async def first_accepted(*attempts: Callable[[], Awaitable[T]]) -> T:
    """Make the attempts in order until Discord does not refuse one; return its result.

    It raises what the last attempt raised. An attempt whose outcome is unknown ends it at once, so
    that nothing is posted twice.
    """
    for attempt in attempts[:-1]:
        try:
            return await attempt()
        except TokenExpired:
            log.info("job_message.token_expired")
        except discord.HTTPException as refused:
            # What is too large here is too large everywhere.
            if refused.code == TOO_LARGE or not is_refused(refused):
                raise
            log.info("job_message.refused", code=refused.code, status=refused.status)
    return await attempts[-1]()


async def first_successful(*ways: Callable[[], Awaitable[T]]) -> T:
    """Try the ways in order until one raises nothing; return its result.

    Whatever is raised leads to the next way: a picture is rather posted twice than lost. It raises
    what the last way raised, and at once what is too large, as it is so everywhere.
    """
    for way in ways[:-1]:
        try:
            return await way()
        except Exception as error:
            if is_too_large(error):
                raise
            known = isinstance(error, DISCORD_ERRORS)
            log.info("job_message.next_way", error=repr(error), exc_info=not known)
    return await ways[-1]()


def is_too_large(error: Exception) -> bool:
    """Return whether Discord refused the size of a message."""
    if not isinstance(error, discord.HTTPException):
        return False
    return error.code == TOO_LARGE or error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def is_refused(error: BaseException) -> bool:
    """Return whether nothing was posted for certain, and a retry would not help."""
    if isinstance(error, TokenExpired):
        return True
    if not isinstance(error, discord.HTTPException):
        return False
    return 400 <= error.status < 500 and error.status != TOO_MANY_REQUESTS
