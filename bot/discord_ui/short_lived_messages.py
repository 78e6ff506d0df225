"""Messages that are deleted after a while, and at the latest when the bot stops.

discord.py's ``delete_after`` leaves a task behind that fails, with a traceback, once the connection
is closed.
"""

import asyncio

import discord
import structlog

from bot.discord_ui.discord_errors import DISCORD_ERRORS

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# A stop does not wait longer for Discord.
MOST_CLOSE_S = 3.0


class ShortLivedMessages:
    """Owns the tasks that delete such messages."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], discord.Message] = {}

    def delete_later(self, message: discord.Message, *, after_s: float) -> None:
        """Delete a message after so many seconds."""
        task = asyncio.get_running_loop().create_task(self._delete_after(message, after_s))
        self._tasks[task] = message
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def close(self) -> None:
        """Delete all of them now."""
        left = dict(self._tasks)
        for task in left:
            task.cancel()
        if left:
            deleting = [asyncio.ensure_future(_delete(message)) for message in left.values()]
            _, late = await asyncio.wait(deleting, timeout=MOST_CLOSE_S)
            for each in late:
                each.cancel()
            await asyncio.gather(*left, *late, return_exceptions=True)

    async def _delete_after(self, message: discord.Message, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await _delete(message)


async def _delete(message: discord.Message) -> None:
    try:
        await message.delete()
    except DISCORD_ERRORS as error:
        log.info("short_lived_message.not_deleted", error=repr(error))
