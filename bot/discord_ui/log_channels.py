"""Posts what happens in a server to the channel that its admins chose for that.

Each server has a short queue and a task of its own while something is in it: no job waits for it, a
slow channel delays no other server's, and what does not fit is counted in the log.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import Self

import discord
import structlog
from discord.ui import View

from bot.core.models import CardAddress, ImageRequest, Job, Requester
from bot.database.database import Database
from bot.database.transaction import Transaction
from bot.discord_ui.client import Client
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.log_embeds import LogEmbeds
from bot.jobs.repository import job_details
from bot.jobs.repository.personal_data import DELETED_USER_ID
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import WrittenJob
from bot.preferences.preference_store import PreferenceStore
from bot.preferences.stored_preferences import ServerSettings

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Discord takes five messages in five seconds in a channel: these are told in a minute and a half.
MOST_WAITING = 100
_UNKNOWN_CHANNEL = 10003

MakeEmbed = Callable[[str, ServerSettings], Awaitable[discord.Embed | None]]
"""Makes an embed in the language of a server with these settings; None is nothing to post."""


@dataclass(slots=True)
class _ServerQueue:
    waiting: deque[MakeEmbed] = field(default_factory=deque)
    dropped: int = 0
    task: asyncio.Task[None] | None = None


class LogChannels:
    """Posts to the log channels of all servers: an async context manager that owns the tasks."""

    def __init__(
        self,
        client: Client,
        preference_store: PreferenceStore,
        database: Database,
        repository: JobRepository,
    ) -> None:
        self.embeds = LogEmbeds(client.texts)
        self._client = client
        self._preference_store = preference_store
        self._database = database
        self._repository = repository
        self._queues: dict[int, _ServerQueue] = {}
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_closed = True
        for task in (tasks := self._tasks()):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def finish(self, *, within_s: float) -> None:
        """Post what waits, for so many seconds; what waits longer is left out."""
        if tasks := self._tasks():
            await asyncio.wait(tasks, timeout=within_s)

    def _tasks(self) -> list[asyncio.Task[None]]:
        return [queue.task for queue in self._queues.values() if queue.task is not None]

    # --- what happened ------------------------------------------------------------------------

    def job_ended(self, job: Job) -> None:
        """Tell who asked for what, and how that ended."""
        self._enqueue(job.requester.server_id, partial(self._job, job.id))

    def declined(self, request: ImageRequest, requester: Requester, *, private: bool) -> None:
        """Tell that the word list declined a request."""

        async def embed(locale: str, settings: ServerSettings) -> discord.Embed:
            prompts = settings.log_prompts and not private
            return self.embeds.declined(request, requester, locale, prompts=prompts)

        self._enqueue(requester.server_id, embed)

    def deleted(self, job: Job, *, by: int) -> None:
        """Tell that somebody deleted a result through the bot."""

        async def embed(locale: str, _: ServerSettings) -> discord.Embed:
            return self.embeds.deleted(job, by, locale)

        self._enqueue(job.requester.server_id, embed)

    async def post(
        self, server_id: int, make: MakeEmbed, view_of: Callable[[str], View | None]
    ) -> CardAddress | None:
        """Post an embed with buttons at once; return where it is, None if that is impossible."""
        settings = self._preference_store.server(server_id)
        if settings.log_channel is None:
            return None
        locale = self._locale(server_id)
        return await self._send(server_id, settings, await make(locale, settings), view_of(locale))

    async def _job(
        self, job_id: str, locale: str, settings: ServerSettings
    ) -> discord.Embed | None:
        written, message = await self._database.read(self._read, job_id)
        if written is None or written.job.requester.user_id == DELETED_USER_ID:
            return None
        return self.embeds.job(written, message, locale, prompts=settings.log_prompts)

    def _read(self, rows: Transaction, job_id: str) -> tuple[WrittenJob | None, CardAddress | None]:
        written = self._repository.job(rows, job_id)
        messages = job_details.messages(rows, job_id)
        card = None if written is None else written.placed
        is_there = card is not None and card.message_id in {each.message_id for each in messages}
        return written, card if is_there else next(iter(messages), None)

    # --- posting it ---------------------------------------------------------------------------

    def _enqueue(self, server_id: int, make: MakeEmbed) -> None:
        is_wanted = server_id and self._preference_store.server(server_id).log_channel is not None
        if self._is_closed or not is_wanted:
            return
        queue = self._queues.setdefault(server_id, _ServerQueue())
        if len(queue.waiting) >= MOST_WAITING:
            queue.dropped += 1
            return
        queue.waiting.append(make)
        if queue.task is None:
            queue.task = asyncio.get_running_loop().create_task(self._work(server_id, queue))

    async def _work(self, server_id: int, queue: _ServerQueue) -> None:
        try:
            while queue.waiting:
                await self._post_next(server_id, queue.waiting.popleft())
        finally:
            if queue.dropped:
                log.warning("log_channel.dropped", server=server_id, entries=queue.dropped)
            self._queues.pop(server_id, None)

    async def _post_next(self, server_id: int, make: MakeEmbed) -> None:
        settings = self._preference_store.server(server_id)
        try:
            embed = await make(self._locale(server_id), settings)
            await self._send(server_id, settings, embed, None)
        except Exception:
            # One entry's defect must not end those that wait behind it.
            log.exception("log_channel.defect", server=server_id)

    async def _send(
        self,
        server_id: int,
        settings: ServerSettings,
        embed: discord.Embed | None,
        view: View | None,
    ) -> CardAddress | None:
        if embed is None or settings.log_channel is None:
            return None
        channel = self._client.get_partial_messageable(settings.log_channel, guild_id=server_id)
        try:
            sent = await (
                channel.send(embed=embed) if view is None else channel.send(embed=embed, view=view)
            )
        except DISCORD_ERRORS as refused:
            log.warning("log_channel.not_posted", server=server_id, error=repr(refused))
            if _is_gone(refused):
                await self._forget(server_id, settings.log_channel)
            return None
        return CardAddress(sent.channel.id, sent.id, application_id=0)

    async def _forget(self, server_id: int, channel_id: int) -> None:
        """Stop posting to a channel that was deleted."""
        await self._preference_store.change_server(
            server_id,
            lambda now: replace(now, log_channel=None) if now.log_channel == channel_id else now,
        )

    def _locale(self, server_id: int) -> str:
        guild = self._client.get_guild(server_id)
        if guild is not None:
            return self._client.languages.of_server(guild)
        return self._preference_store.server(server_id).language or ""


def _is_gone(refused: BaseException) -> bool:
    if not isinstance(refused, discord.HTTPException):
        return False
    return refused.status == HTTPStatus.NOT_FOUND and refused.code == _UNKNOWN_CHANNEL
