"""The embeds of a server's log channel: jobs, deletions, declines and reports."""

from collections.abc import Sequence

import discord

from bot.core.errors.gateway import is_declined
from bot.core.i18n.escaping import cut, quoted
from bot.core.i18n.texts import Texts
from bot.core.models import CardAddress, ImageRequest, Job, JobState, Requester
from bot.discord_ui.embed_style import (
    COLOURS,
    FACT_SEPARATOR,
    EmbedState,
    plain_line,
    requester_name,
)
from bot.discord_ui.option_facts import prompt_or_operation
from bot.jobs.repository.reports import Report
from bot.jobs.repository.rows import WrittenJob

LONGEST_PROMPT = 1_000
LONGEST_REASON = 300
_LONGEST_MODEL = 60

_COLOURS: dict[JobState, EmbedState] = {
    JobState.DONE: "result",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.UNKNOWN: "unknown",
}


class LogEmbeds:
    """Builds the embeds of a log channel; ``prompts`` says whether they show what was asked."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def job(
        self, written: WrittenJob, message: CardAddress | None, locale: str, *, prompts: bool
    ) -> discord.Embed:
        """Show who asked for what, and how that ended; of a private job neither prompt nor link."""
        job, state = written.job, written.state
        declined = state is not JobState.DONE and is_declined(written.error)
        facts = [self._person(job.requester, locale), self._model(job.request.model)]
        if job.private:
            facts.append(self._texts.say("log-private", locale))
        elif message is not None:
            facts.append(self._link(job.requester.server_id, message, locale))
        title = "declined" if declined else str(state)
        embed = self._embed(
            self._texts.say("log-job", locale, state=title, count=job.request.n),
            "failed" if declined else _COLOURS.get(state, "painting"),
            facts,
        )
        shown = prompts and not job.private
        words = prompt_or_operation(self._texts, job.request, locale)
        return _with_prompt(embed, words) if shown else embed

    def declined(
        self, request: ImageRequest, requester: Requester, locale: str, *, prompts: bool
    ) -> discord.Embed:
        """Show who asked for what the word list declined, before it became a job, and where."""
        facts = [self._person(requester, locale), self._model(request.model)]
        facts += [f"<#{channel_id}>" for channel_id in requester.channel_ids[:1]]
        title = self._texts.say("log-job", locale, state="declined", count=request.n)
        embed = self._embed(title, "failed", facts)
        return _with_prompt(embed, request.prompt) if prompts else embed

    def deleted(self, job: Job, by: int, locale: str) -> discord.Embed:
        """Show who deleted whose result."""
        facts = [
            self._person(job.requester, locale),
            self._model(job.request.model),
            self._texts.say("log-deleted-by", locale, person=f"<@{by}>"),
        ]
        return self._embed(self._texts.say("log-deleted", locale), "cancelled", facts)

    def report(
        self,
        report: Report,
        job: Job,
        locale: str,
        *,
        server: str | None = None,
        decided_by: int | None = None,
    ) -> discord.Embed:
        """Show a report: whose result, why, and what was decided; never who reported it.

        ``server`` is named where the reader may be in another one.
        """
        facts = [
            self._person(job.requester, locale),
            self._model(job.request.model),
            *((plain_line(server, LONGEST_REASON),) if server is not None else ()),
        ]
        if report.state != "removed":
            facts.append(self._link(report.server_id, report.message, locale))
        if decided_by is not None:
            facts.append(self._texts.say("log-decided-by", locale, person=f"<@{decided_by}>"))
        title = self._texts.say("log-report", locale, state=report.state, count=report.count)
        colour: EmbedState = "unknown" if report.state == "open" else "cancelled"
        embed = self._embed(title, colour, facts)
        # Without an empty line between them, several would look like one.
        reasons = "\n\n".join(quoted(each, LONGEST_REASON, lines=3) for each in report.reasons)
        embed.description = f"{embed.description}\n{reasons}".rstrip()
        # What /operator block takes: the reader may share no server with that person.
        footer = self._texts.say("log-person-id", locale, id=str(job.requester.user_id))
        return embed.set_footer(text=footer)

    def _embed(self, title: str, colour: EmbedState, facts: Sequence[str]) -> discord.Embed:
        return discord.Embed(
            colour=COLOURS[colour], title=title, description=FACT_SEPARATOR.join(facts)
        )

    def _person(self, requester: Requester, locale: str) -> str:
        name = plain_line(requester_name(self._texts, requester, locale), LONGEST_REASON)
        return f"<@{requester.user_id}> ({name})"

    def _model(self, model: str) -> str:
        return plain_line(model, _LONGEST_MODEL)

    def _link(self, server_id: int, message: CardAddress, locale: str) -> str:
        link = f"https://discord.com/channels/{server_id or '@me'}/{message.channel_id}"
        return self._texts.say("history-link", locale, link=f"{link}/{message.message_id}")


def _with_prompt(embed: discord.Embed, prompt: str) -> discord.Embed:
    embed.description = f"{embed.description}\n{quoted(cut(prompt, LONGEST_PROMPT), 2_000)}"
    return embed
