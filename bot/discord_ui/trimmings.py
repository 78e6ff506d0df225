"""What belongs to every result beside its pictures: rows of controls, its references in small."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass, field

import discord
import structlog
from discord.ui import View

from bot.core.i18n.texts import Texts
from bot.core.models import Job, JobState
from bot.discord_ui.controls import controls, retry_controls
from bot.images.contact_sheet import draw_contact_sheet
from bot.images.content_store import ContentStore
from bot.jobs.courier import JobFailure

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A job's references in one small picture, as a file of its message."""

    name: str
    words: str
    data: bytes = field(repr=False)

    @property
    def url(self) -> str:
        """Return how an embed of the same message refers to it."""
        return f"attachment://{self.name}"

    def file(self) -> discord.File:
        """Return it to be sent, as often as that is tried."""
        return discord.File(io.BytesIO(self.data), filename=self.name, description=self.words)


class Trimmings:
    """Makes them in the language of each job's card; ``reroll_of`` knows a server's emoji."""

    def __init__(
        self, texts: Texts, content_store: ContentStore, reroll_of: Callable[[int], str]
    ) -> None:
        self._texts = texts
        self._content_store = content_store
        self._reroll_of = reroll_of
        self._drawing = asyncio.Lock()

    def controls(self, job: Job) -> View:
        """Return the rows under a result."""
        return controls(self._texts, job.id, job.locale)

    def retry(self, job: Job, ending: JobFailure) -> View | None:
        """Return the row under a card without pictures, None where somebody wanted none."""
        if ending.state is JobState.CANCELLED:
            return None
        return retry_controls(self._texts, job.id, job.locale)

    def reroll(self, job: Job) -> str:
        """Return the emoji that asks for another one."""
        return self._reroll_of(job.requester.server_id)

    async def thumbnail(self, job: Job) -> Thumbnail | None:
        """Return what the job started from, None where there is nothing to show."""
        references = job.request.references
        if not references:
            return None
        paths = [self._content_store.path(reference) for reference in references]
        try:
            async with self._drawing:
                data = await asyncio.to_thread(draw_contact_sheet, paths)
        except (OSError, ValueError) as gone:
            # A result without its thumbnail is still a result.
            log.info("result.no_thumbnail", job=job.id, error=repr(gone))
            return None
        words = self._texts.say("card-references", job.locale, count=len(references))
        return Thumbnail(f"easel-{job.id[-8:]}-references.webp", words, data)
