"""What /history shows: one small card for each job, with what is left of it in small."""

import io
from collections.abc import Sequence

import discord

from bot.core.i18n.escaping import one_line, quoted
from bot.core.i18n.texts import Texts
from bot.core.models import Job, JobState
from bot.discord_ui.cards import COLOURS, State, small
from bot.jobs.history_pages import HistoryEntry

LONGEST_PROMPT = 100  # about four lines beside a thumbnail on a phone
LONGEST_MODEL = 60
LONGEST_LABEL = 60  # of a choice in a select: two lines on a phone; Discord takes 100
LONGEST_ALT_TEXT = 300

_STATES: dict[JobState, State] = {
    JobState.QUEUED: "queued",
    JobState.DONE: "result",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.UNKNOWN: "unknown",
}


class HistoryCards:
    """Draws them in the reader's language; ``texts`` knows the words."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def heading(self, locale: str = "en") -> str:
        """Return the line above a page."""
        return self._texts.say("history-heading", locale)

    def nothing(self, locale: str = "en", *, is_sought: bool) -> str:
        """Say that there is no job, or none such."""
        return self._texts.say("history-nothing-found" if is_sought else "history-none", locale)

    def card(
        self, number: int, look: HistoryEntry, link: str | None = None, locale: str = "en"
    ) -> discord.Embed:
        """Show one job, the ``number``-th of its page, with a ``link`` to its message."""
        job = look.written.job
        prompt = quoted(one_line(job.request.prompt, LONGEST_PROMPT), 3 * LONGEST_PROMPT)
        embed = discord.Embed(
            colour=COLOURS[_STATES.get(look.written.state, "painting")],
            description="\n".join((prompt, small(self._facts(look, link, locale)))),
        )
        embed.set_author(name=f"{number} · {one_line(job.request.model, LONGEST_MODEL)}")
        if look.thumbnail is not None:
            embed.set_thumbnail(url=f"attachment://{_preview_name(job)}")
        return embed

    def files(self, looks: Sequence[HistoryEntry], locale: str = "en") -> list[discord.File]:
        """Return the previews that the cards show."""
        return [
            discord.File(
                io.BytesIO(look.thumbnail),
                filename=_preview_name(look.written.job),
                description=self._alt_text(look, locale),
            )
            for look in looks
            if look.thumbnail is not None
        ]

    def choice(self, number: int, look: HistoryEntry, locale: str = "en") -> discord.SelectOption:
        """Offer a job whose pictures are kept."""
        job = look.written.job
        return discord.SelectOption(
            label=f"{number} · {one_line(job.request.prompt, LONGEST_LABEL)}",
            description=_lock(job) + self._state(look, locale),
            value=job.id,
        )

    def _facts(self, look: HistoryEntry, link: str | None, locale: str) -> str:
        facts = [_lock(look.written.job) + self._state(look, locale)]
        if look.credits:
            facts.append(self._texts.say("card-credits", locale, credits=look.credits))
        created_at = look.written.job.created_at
        facts.append(self._texts.say("history-created", locale, created_at=created_at))
        if link is not None:
            facts.append(self._texts.say("history-link", locale, link=link))
        return " · ".join(facts)

    def _state(self, look: HistoryEntry, locale: str) -> str:
        state, kept = look.written.state, len(look.pictures)
        if state is not JobState.DONE:
            return self._texts.say("history-state", locale, state=state)
        if kept in {0, look.picture_count}:
            return self._texts.say("history-pictures", locale, count=kept)
        return self._texts.say("history-pictures-left", locale, count=kept, of=look.picture_count)

    def _alt_text(self, look: HistoryEntry, locale: str) -> str:
        prompt = one_line(look.written.job.request.prompt, LONGEST_ALT_TEXT)
        return self._texts.say("card-alt", locale, prompt=prompt, index=1, of=1)


def link_to(look: HistoryEntry) -> str | None:
    """Return where a job's message is, None where there is none."""
    if look.message is None:
        return None
    server = look.written.job.requester.server_id or "@me"
    return (
        f"https://discord.com/channels/{server}/{look.message.channel_id}/{look.message.message_id}"
    )


def _lock(job: Job) -> str:
    """Mark what nobody else has seen."""
    return "🔒 " if job.private else ""


def _preview_name(job: Job) -> str:
    return f"easel-{job.id[-8:]}-preview.webp"
