"""The embeds of a job's messages, from queued to delivered, failed or reposted.

The first embed has one line with the state and the requester's name, the prompt as a quote, at most
a few short lines, and one line of facts in the footer. What people typed is shown without markdown.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import discord

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import is_declined
from bot.core.i18n.escaping import ELLIPSIS, cut, escaped, one_line, quoted, visible
from bot.core.i18n.texts import Money, Texts
from bot.core.models import Job, JobState, Picture, Size
from bot.discord_ui.embed_style import (
    COLOURS,
    FACT_SEPARATOR,
    LONGEST_DISPLAY_NAME,
    EmbedState,
    requester_name,
    small,
)
from bot.discord_ui.option_facts import (
    operation_fact,
    option_facts,
    prompt_or_operation,
    request_notes,
)
from bot.jobs.courier import JobFailure, JobProgress, JobResult, QueuePosition

BAR_LENGTH = 10
# An estimate never shows more: only the pictures themselves show that they are done.
MOST_BY_ESTIMATE = 0.95

_Certainty = Literal["said", "about", "overdue"]


# https://docs.discord.com/developers/resources/message: 10 embeds and 25 fields, a description of
# 4096, 6000 over all embeds; alt texts of 1024. Embeds with one URL show as one gallery, up to 4.
MOST_EMBEDS = 10
GALLERY_SIZE = 4
LONGEST_ALT_TEXT = 1024
# Five lines on a phone, and four for each of two; the details of a job have all of it.
LONGEST_PROMPT_SHOWN = 240
LONGEST_OF_TWO_PROMPTS = 160
MOST_PROMPT_LINES = 6
LONGEST_SENTENCE = 900  # for what went wrong, beside it
_LONGEST_WORD = 24
_STOPS = " ,;"

_END_STATES: dict[JobState, EmbedState] = {
    JobState.DONE: "result",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class PostedFile:
    """A file of a message: its name, and whether it is a smaller copy of the original."""

    name: str
    shrunk: bool


class JobEmbeds:
    """Builds the embeds of jobs, in the language of each job.

    A job without a prompt is one whose prompt must not be shown.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    # --- the states of a job, in order --------------------------------------------------------

    def progress(self, job: Job, state: QueuePosition | JobProgress) -> discord.Embed:
        """Show the job's position in the queue, or how far it is."""
        if isinstance(state, QueuePosition):
            return self.queued(job, state)
        return self.painting(job, state)

    def queued(self, job: Job, waiting: QueuePosition) -> discord.Embed:
        """Show the job's position in the queue, and an estimate of its start."""
        if not waiting.starts_in_ms:
            return self._unfinished(job, "queued", small(self._say(job, "card-starting")))
        minutes, seconds = round_up_estimate(waiting.starts_in_ms / 1000)
        ahead = self._say(job, "card-ahead", ahead=waiting.ahead, minutes=minutes, seconds=seconds)
        asked = self._say(job, "card-asked", asked_at=job.created_at)
        return self._unfinished(job, "queued", small(FACT_SEPARATOR.join((ahead, asked))))

    def painting(self, job: Job, painting: JobProgress) -> discord.Embed:
        """Show since when the job runs, its progress, and a preview if there is one."""
        started = "card-still" if painting.is_overdue else "card-started"
        since = [self._say(job, started, started_at=painting.started_at)]
        if painting.usual_ms is not None:
            usual_ms = math.ceil(painting.usual_ms / 1000) * 1000
            since.append(self._say(job, "card-usual", usual_ms=usual_ms))
        facts = []
        if (progress := progress_bar(painting)) is not None:
            name = f"card-progress-{progress.kind}"
            facts.append(self._say(job, name, bar=progress.bar, percent=progress.percent))
        if painting.total > 1:
            facts.append(self._say(job, "card-done", done=painting.done, total=painting.total))
        lines = (FACT_SEPARATOR.join(facts), small(FACT_SEPARATOR.join(since)))
        embed = self._unfinished(job, "painting", *lines)
        if painting.preview is not None:
            embed.set_image(url=f"attachment://{preview_name(painting.preview)}")
        return embed

    def result(
        self,
        job: Job,
        result: JobResult,
        files: Sequence[PostedFile],
        *,
        more: int = 0,
        left_out: int = 0,
    ) -> list[discord.Embed]:
        """Show the files of one message as galleries; only the first embed has text.

        ``files`` are this message's attachments, at most 10; without any there is only text.
        ``more`` pictures follow in further messages; those ``left_out`` cannot be shown.
        """
        lines = self._result_lines(job, result, files, more)
        if left_out:
            name = "card-left-out-kept" if result.kept else "card-left-out"
            lines.append(small(self._say(job, name, count=left_out)))
        words = self._embed(job, "result", *lines, count=len(result.pictures))
        words.set_footer(text=FACT_SEPARATOR.join(self._result_facts(job, result)))
        return with_images(job, words, files)

    def continued(
        self, job: Job, files: Sequence[PostedFile], *, first: int, of: int
    ) -> list[discord.Embed]:
        """Show the files of a further message, which start with picture ``first`` of ``of``."""
        last = first + len(files) - 1
        title = self._say(job, "card-title-more", first=first, last=last, total=of)
        return self._gallery(job, discord.Embed(colour=COLOURS["result"]), title, files)

    def kept(self, job: Job, result: JobResult) -> discord.Embed:
        """Show that the pictures are kept for the history, but could not be posted."""
        (embed,) = self.result(job, result, ())
        embed.description = f"{embed.description}\n{small(self._say(job, 'card-kept'))}"
        return embed

    def elsewhere(self, job: Job, result: JobResult) -> discord.Embed:
        """Show that the pictures came in another message."""
        (embed,) = self.result(job, result, ())
        embed.description = f"{embed.description}\n{small(self._say(job, 'card-elsewhere'))}"
        return embed

    def reposted(self, job: Job, files: Sequence[PostedFile]) -> list[discord.Embed]:
        """Show the files of one message of a job that is posted again from the history."""
        (prompt,) = self._prompts(job, None)
        words = discord.Embed(colour=COLOURS["result"], description=prompt)
        words.set_footer(text=FACT_SEPARATOR.join(self._request_facts(job)))
        title = self._say(
            job,
            "card-title-again",
            name=requester_name(self._texts, job.requester, job.locale),
            count=len(files),
        )
        return self._gallery(job, words, title, files)

    def ended(self, job: Job, failure: JobFailure) -> discord.Embed:
        """Show why there are no pictures, what it cost, and what to do next."""
        sentence = self._sentence(job, failure.error, "back")
        shown = hide_declined_prompt(job, failure.error)
        (prompt,) = self._prompts(shown, None)
        words = (prompt, sentence) if shown.request.prompt else (sentence, prompt)
        embed = self._embed(shown, _END_STATES[failure.state], *words)
        if failure.charged:
            charged = self._say(job, "card-credits", credits=failure.charged)
            embed.set_footer(text=FACT_SEPARATOR.join([*self._request_facts(shown), charged]))
        return embed

    # --- text of files ------------------------------------------------------------------------

    def alt_text(self, job: Job, picture: Picture, index: int, of: int) -> str:
        """Describe a picture to a screen reader; ``index`` counts from 1."""
        words = prompt_or_operation(self._texts, job.request, job.locale)
        if not words:
            return self._say(job, "card-alt-withheld", index=index, of=of)
        prompt = one_line(picture.revised_prompt or words, LONGEST_ALT_TEXT)
        text = self._say(job, "card-alt", prompt=prompt, index=index, of=of)
        return one_line(text, LONGEST_ALT_TEXT)

    # --- parts of embeds ----------------------------------------------------------------------

    def _embed(
        self, job: Job, state: EmbedState, *sections: str, count: int | None = None
    ) -> discord.Embed:
        embed = discord.Embed(colour=COLOURS[state], description="\n".join(filter(None, sections)))
        name = requester_name(self._texts, job.requester, job.locale)
        count = job.request.n if count is None else count
        embed.set_author(name=self._say(job, f"card-title-{state}", name=name, count=count))
        return embed.set_footer(text=FACT_SEPARATOR.join(self._request_facts(job)))

    def _unfinished(self, job: Job, state: EmbedState, *lines: str) -> discord.Embed:
        """Return the embed of a job without a result yet, with what it will cost."""
        (quote,) = self._prompts(job, None)
        notes = map(small, request_notes(self._texts, job.request, job.locale))
        embed = self._embed(job, state, quote, *lines, *notes)
        cost = self._say(job, "card-credits", credits=job.credits)
        return embed.set_footer(text=FACT_SEPARATOR.join([*self._request_facts(job), cost]))

    def _gallery(
        self, job: Job, words: discord.Embed, title: str, files: Sequence[PostedFile]
    ) -> list[discord.Embed]:
        words.set_author(name=title)
        if any(file.shrunk for file in files):
            shrunk = small(self._say(job, "card-shown-as-webp"))
            words.description = "\n".join(filter(None, (words.description, shrunk)))
        return with_images(job, words, files)

    def _result_lines(
        self, job: Job, result: JobResult, files: Sequence[PostedFile], more: int
    ) -> list[str]:
        words = self._prompts(job, _revised_prompt(job, result.pictures))
        if result.shortfall is not None:
            arrived = len(result.pictures)
            said = self._say(job, "card-shortfall", arrived=arrived, asked=result.asked)
            words.append(f"{said} {self._sentence(job, result.shortfall, 'part')}")
        words += map(small, request_notes(self._texts, job.request, job.locale))
        if any(file.shrunk for file in files):
            words.append(small(self._say(job, "card-shown-as-webp")))
        if more:
            words.append(small(self._say(job, "card-more", count=more)))
        if (
            result.remaining is not None
            and result.remaining.credits <= 0
            and result.remaining.frees_at
        ):
            frees_at = result.remaining.frees_at
            words.append(small(self._say(job, "card-left-none", frees_at=frees_at)))
        return words

    def _prompts(self, job: Job, revised: str | None) -> list[str]:
        prompt = job.request.prompt
        if not prompt:
            done = prompt_or_operation(self._texts, job.request, job.locale)
            return [escaped(done) or small(self._say(job, "card-prompt-withheld"))]
        if revised is None:
            return [_quote(prompt, LONGEST_PROMPT_SHOWN)]
        heading = small(self._say(job, "card-revised"))
        return [
            _quote(prompt, LONGEST_OF_TWO_PROMPTS),
            heading,
            _quote(revised, LONGEST_OF_TWO_PROMPTS),
        ]

    def _sentence(self, job: Job, error: EaselError, money: Money) -> str:
        return cut(self._texts.sentence(error, job.locale, money=money), LONGEST_SENTENCE)

    # --- the footer ---------------------------------------------------------------------------

    def _request_facts(self, job: Job) -> list[str]:
        facts, size = [one_line(job.request.model, LONGEST_DISPLAY_NAME)], job.request.size
        if isinstance(size, Size):
            pixels = {"width": str(size.width), "height": str(size.height)}
            facts.append(self._say(job, "card-size", **pixels))
        elif size != "auto":
            facts.append(one_line(str(size), LONGEST_DISPLAY_NAME))
        if job.request.n > 1:
            facts.append(self._say(job, "card-count", count=job.request.n))
        return [*facts, *self._choices(job)]

    def _choices(self, job: Job) -> list[str]:
        """Return the options that were chosen beyond model, size and number."""
        request = job.request
        facts = option_facts(self._texts, request, job.locale)
        if request.action:
            facts.insert(0, request.action.face)
        if request.operation and request.prompt:  # without one it stands in its place
            facts.insert(0, operation_fact(self._texts, request, job.locale))
        elif request.references and not request.operation:
            facts.append(self._say(job, "card-references", count=len(request.references)))
        return facts

    def _result_facts(self, job: Job, result: JobResult) -> list[str]:
        first, remaining = result.pictures[0], result.remaining
        facts = [
            one_line(job.request.model, LONGEST_DISPLAY_NAME),
            self._say(job, "card-size", width=str(first.width), height=str(first.height)),
            *self._choices(job),
            self._say(job, "card-took", took_ms=result.took_ms),
        ]
        if result.charged:
            facts.append(self._say(job, "card-credits", credits=result.charged))
        if remaining is not None:
            period = remaining.period
            facts.append(
                self._say(
                    job,
                    "card-left",
                    credits=remaining.credits,
                    limit=remaining.limit,
                    period=period,
                )
            )
        return facts

    def _say(self, job: Job, message_id: str, **facts: str | int | None) -> str:
        return self._texts.say(message_id, job.locale, **facts)


def _revised_prompt(job: Job, pictures: Sequence[Picture]) -> str | None:
    """Return the first revised prompt that differs from the prompt."""
    asked = visible(job.request.prompt).casefold().strip(" .")
    for picture in pictures:
        revised = visible(picture.revised_prompt or "")
        if revised.casefold().strip(" .") not in {"", asked}:
            return revised
    return None


def with_images(job: Job, words: discord.Embed, files: Sequence[PostedFile]) -> list[discord.Embed]:
    """Return the embeds that show the files of one message; the first one has the words."""
    if job.spoiler:
        return [words]  # no embed can hide a picture: they are files beside it
    embeds = [words, *(discord.Embed(colour=words.colour) for _ in files[1:MOST_EMBEDS])]
    for index, (embed, file) in enumerate(zip(embeds, files, strict=False)):
        embed.set_image(url=f"attachment://{file.name}")
        if len(files) > 1:
            # No title links to it: Discord only compares it.
            embed.url = f"https://discord.com/?easel={job.id}-{index // GALLERY_SIZE}"
    return embeds


def preview_name(picture: Picture) -> str:
    """Return the file name of a preview in its message."""
    return f"preview.{picture.format}"


def _quote(prompt: str, limit: int) -> str:
    """Return the beginning of a prompt as a quote, cut after a whole word if possible."""
    shown = quoted(prompt, limit, lines=MOST_PROMPT_LINES)
    words, _, rest = shown.removesuffix(ELLIPSIS).rpartition(" ")
    if not shown.endswith(ELLIPSIS) or len(rest) > _LONGEST_WORD or words.endswith(">"):
        return shown
    return f"{words.rstrip(_STOPS)}{ELLIPSIS}"


@dataclass(frozen=True, slots=True)
class ProgressBar:
    """A bar of text, its percentage, and how certain that is."""

    bar: str
    percent: int
    kind: _Certainty


def progress_bar(painting: JobProgress) -> ProgressBar | None:
    """Return the gateway's progress, else an estimate from the model's usual time, else None."""
    fraction = painting.fraction
    kind: _Certainty = "said"
    if fraction is None:
        if painting.usual_ms is None:
            return None
        # The share of the usual time that has passed, or of the pictures that have arrived.
        passed = painting.elapsed_ms / max(painting.usual_ms, 1)
        fraction = min(MOST_BY_ESTIMATE, max(passed, painting.done / painting.total))
        kind = "overdue" if painting.is_overdue else "about"
    # Rounded down: a full bar is a finished picture.
    filled = math.floor(fraction * BAR_LENGTH)
    bar = "▰" * filled + "▱" * (BAR_LENGTH - filled)
    return ProgressBar(bar, math.floor(fraction * 100), kind)


def round_up_estimate(seconds: float) -> tuple[int, int]:
    """Round an estimate up, to full minutes or to five seconds; return minutes and seconds."""
    if seconds > 55:
        return math.ceil(seconds / 60), 0
    return 0, math.ceil(seconds / 5) * 5


def hide_declined_prompt(job: Job, error: EaselError | None) -> Job:
    """Return the job without its prompt where moderation declined that; others read it, too."""
    if not is_declined(error):
        return job
    return replace(job, request=replace(job.request, prompt="", negative=None, left_out=()))


def hide_declined_prompt_from_others(job: Job, error: EaselError | None, *, reader_id: int) -> Job:
    """Return the job as one person may read it: only its requester sees a declined prompt."""
    return job if reader_id == job.requester.user_id else hide_declined_prompt(job, error)
