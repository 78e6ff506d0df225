"""PageCursor a job and where it stands into the embeds that Discord shows.

A card is one line with the state and the requester's name, the prompt as a quote, at most a few
short lines, and one line of facts in the footer. Whatever strangers wrote is shown as plain words.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import discord

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import is_declined
from bot.core.i18n.escaping import ELLIPSIS, cut, one_line, quoted, visible
from bot.core.i18n.texts import Money, Texts
from bot.core.models import Job, JobState, Picture, Size
from bot.discord_ui.embed_style import (
    COLOURS,
    LONGEST_NAME,
    EmbedState,
    display_name,
    joined,
    small,
)
from bot.jobs.courier import JobFailure, JobProgress, JobResult, QueuePosition, RemainingCredits


def hide_declined_prompt(job: Job, error: EaselError | None) -> Job:
    """Return the job as cards show it: without its prompt where moderation declined that."""
    if not is_declined(error):
        return job
    return replace(job, request=replace(job.request, prompt=""))


def hide_declined_prompt_from_others(job: Job, error: EaselError | None, *, reader_id: int) -> Job:
    """Return the job as one person may read it: its requester knows what they typed."""
    return job if reader_id == job.requester.user_id else hide_declined_prompt(job, error)


BAR_LENGTH = 10
# No estimate says more: only the pictures themselves say that they are done.
MOST_BY_ESTIMATE = 0.95

_Kind = Literal["said", "about", "overdue"]


@dataclass(frozen=True, slots=True)
class ProgressBar:
    """A bar, the percentage beside it, and how sure that is."""

    bar: str
    percent: int
    kind: _Kind


def progress_bar(painting: JobProgress) -> ProgressBar | None:
    """Return how far a job is; None where nobody can tell."""
    if painting.fraction is not None:
        return _progress(painting.fraction, "said")
    if painting.usual_ms is None:
        return None
    kind: _Kind = "overdue" if painting.is_overdue else "about"
    return _progress(_estimate(painting, painting.usual_ms), kind)


def _estimate(painting: JobProgress, usual_ms: int) -> float:
    """Return the share of the usual time that has passed, or of the pictures that are here."""
    passed = painting.elapsed_ms / max(usual_ms, 1)
    return min(MOST_BY_ESTIMATE, max(passed, painting.done / painting.total))


def _progress(fraction: float, kind: _Kind) -> ProgressBar:
    # Rounded down: a full bar is a finished picture.
    filled = math.floor(fraction * BAR_LENGTH)
    bar = "▰" * filled + "▱" * (BAR_LENGTH - filled)
    return ProgressBar(bar, math.floor(fraction * 100), kind)


def round_up_estimate(seconds: float) -> tuple[int, int]:
    """Round an estimate up, so that it promises little: to full minutes, or to five seconds."""
    if seconds > 55:
        return math.ceil(seconds / 60), 0
    return 0, math.ceil(seconds / 5) * 5


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
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class PostedFile:
    """A file of a message: its name there, and whether it stands for a larger original."""

    name: str
    shrunk: bool


class JobEmbeds:
    """Draws every card; ``texts`` knows the words, a job knows its reader's language.

    A job without a prompt is one whose prompt is not repeated.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    # --- a job's card, from first to last -----------------------------------------------------

    def queued(self, job: Job, waiting: QueuePosition) -> discord.Embed:
        """Show behind how many the job waits, and about how long."""
        line = small(self._line(job, waiting))
        return self._unpaid(job, "queued", line)

    def stop_label(self, job: Job, state: QueuePosition | JobProgress) -> str:
        """Name the button under a card that waits."""
        name = "card-cancel" if isinstance(state, QueuePosition) else "card-stop-waiting"
        return self._say(job, name)

    def painting(self, job: Job, painting: JobProgress) -> discord.Embed:
        """Show since when the job is at work, how far it is, and what there is to see yet."""
        since = small(joined(self._since(job, painting)))
        card = self._unpaid(job, "painting", joined(self._how_far(job, painting)), since)
        if painting.preview is not None:
            card.set_image(url=f"attachment://{preview_name(painting.preview)}")
        return card

    def result(
        self, job: Job, result: JobResult, files: Sequence[PostedFile], *, more: int = 0
    ) -> list[discord.Embed]:
        """Show the files of one message as galleries; only the first embed carries words.

        ``files`` are this message's attachments, at most 10; without any the words stand alone.
        ``more`` pictures follow in further messages.
        """
        words = self._card(job, "result", *self._result_words(job, result, files, more))
        words.set_author(name=self._title(job, "result", count=len(result.pictures)))
        words.set_footer(text=joined(self._result_facts(job, result)))
        return _with_gallery(job, words, files)

    def continued(
        self, job: Job, files: Sequence[PostedFile], *, first: int, of: int
    ) -> list[discord.Embed]:
        """Show the files of a further message, which start with picture ``first`` of ``of``."""
        last = first + len(files) - 1
        title = self._say(job, "card-title-more", first=first, last=last, total=of)
        return self._retention(job, discord.Embed(colour=COLOURS["result"]), title, files)

    def kept(self, job: Job, result: JobResult) -> discord.Embed:
        """Show that the pictures are there, but not here."""
        (card,) = self.result(job, result, ())
        card.description = f"{card.description}\n{small(self._say(job, 'card-kept'))}"
        return card

    def again(self, job: Job, files: Sequence[PostedFile]) -> list[discord.Embed]:
        """Show the files of one message of a job that somebody looked back at."""
        (prompt,) = self._prompts(job, None)
        words = discord.Embed(colour=COLOURS["result"], description=prompt)
        words.set_footer(text=joined(self._request_facts(job)))
        title = self._say(
            job,
            "card-title-again",
            name=display_name(self._texts, job.requester, job.locale),
            count=len(files),
        )
        return self._retention(job, words, title, files)

    def ended(self, job: Job, ending: JobFailure) -> discord.Embed:
        """Show why there are no pictures, what that cost, and what to do next."""
        money: Money = "charged" if ending.doubt_charged else "back"
        sentence = self._sentence(job, ending.error, money)
        shown = hide_declined_prompt(job, ending.error)
        (prompt,) = self._prompts(shown, None)
        words = (prompt, sentence) if shown.request.prompt else (sentence, prompt)
        card = self._card(job, _END_STATES[ending.state], *words)
        if ending.charged:
            charged = self._say(job, "card-credits", credits=ending.charged)
            card.set_footer(text=joined([*self._request_facts(job), charged]))
        return card

    # --- beside the card ----------------------------------------------------------------------

    def alt_text(self, job: Job, picture: Picture, index: int, of: int) -> str:
        """Describe a picture to a screen reader; ``index`` counts from 1."""
        if not job.request.prompt:
            return self._say(job, "card-alt-withheld", index=index, of=of)
        prompt = one_line(picture.revised_prompt or job.request.prompt, LONGEST_ALT_TEXT)
        text = self._say(job, "card-alt", prompt=prompt, index=index, of=of)
        return one_line(text, LONGEST_ALT_TEXT)

    # --- the parts of a card ------------------------------------------------------------------

    def _card(self, job: Job, state: EmbedState, *sections: str) -> discord.Embed:
        card = discord.Embed(colour=COLOURS[state], description="\n".join(filter(None, sections)))
        card.set_author(name=self._title(job, state, count=job.request.n))
        return card.set_footer(text=joined(self._request_facts(job)))

    def _unpaid(self, job: Job, state: EmbedState, *lines: str) -> discord.Embed:
        """Draw the card of a job that has brought nothing yet, with what it will cost."""
        card = self._card(job, state, _quote(job.request.prompt, LONGEST_PROMPT_SHOWN), *lines)
        cost = self._say(job, "card-credits", credits=job.credits)
        return card.set_footer(text=joined([*self._request_facts(job), cost]))

    def _line(self, job: Job, waiting: QueuePosition) -> str:
        if not waiting.starts_in_ms:
            return self._say(job, "card-starting")
        minutes, seconds = round_up_estimate(waiting.starts_in_ms / 1000)
        ahead = self._say(job, "card-ahead", ahead=waiting.ahead, minutes=minutes, seconds=seconds)
        return joined((ahead, self._say(job, "card-asked", asked_at=job.created_at)))

    def _how_far(self, job: Job, painting: JobProgress) -> list[str]:
        facts = []
        if (far := progress_bar(painting)) is not None:
            name = f"card-progress-{far.kind}"
            facts.append(self._say(job, name, bar=far.bar, percent=far.percent))
        if painting.total > 1:
            facts.append(self._say(job, "card-done", done=painting.done, total=painting.total))
        return facts

    def _since(self, job: Job, painting: JobProgress) -> list[str]:
        started = "card-still" if painting.is_overdue else "card-started"
        facts = [self._say(job, started, started_at=painting.started_at)]
        if painting.usual_ms is not None:
            usual_ms = math.ceil(painting.usual_ms / 1000) * 1000
            facts.append(self._say(job, "card-usual", usual_ms=usual_ms))
        return facts

    def _retention(
        self, job: Job, words: discord.Embed, title: str, files: Sequence[PostedFile]
    ) -> list[discord.Embed]:
        words.set_author(name=title)
        if any(file.shrunk for file in files):
            shrunk = small(self._say(job, "card-shown-as-webp"))
            words.description = "\n".join(filter(None, (words.description, shrunk)))
        return _with_gallery(job, words, files)

    def _title(self, job: Job, state: EmbedState, *, count: int) -> str:
        name = display_name(self._texts, job.requester, job.locale)
        return self._say(job, f"card-title-{state}", name=name, count=count)

    def _result_words(
        self, job: Job, result: JobResult, files: Sequence[PostedFile], more: int
    ) -> list[str]:
        words = self._prompts(job, _revised_prompt(job, result.pictures))
        if result.shortfall is not None:
            words.append(self._shortfall(job, result, result.shortfall))
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
            return [small(self._say(job, "card-prompt-withheld"))]
        if revised is None:
            return [_quote(prompt, LONGEST_PROMPT_SHOWN)]
        heading = small(self._say(job, "card-revised"))
        return [
            _quote(prompt, LONGEST_OF_TWO_PROMPTS),
            heading,
            _quote(revised, LONGEST_OF_TWO_PROMPTS),
        ]

    def _shortfall(self, job: Job, result: JobResult, why: EaselError) -> str:
        arrived = self._say(job, "card-shortfall", arrived=len(result.pictures), asked=result.asked)
        money: Money = "charged" if result.doubt_charged else "part"
        return f"{arrived} {self._sentence(job, why, money)}"

    def _sentence(self, job: Job, error: EaselError, money: Money) -> str:
        return cut(self._texts.sentence(error, job.locale, money=money), LONGEST_SENTENCE)

    # --- the line of facts --------------------------------------------------------------------

    def _request_facts(self, job: Job) -> list[str]:
        facts = [one_line(job.request.model, LONGEST_NAME)]
        if job.request.size != "auto":
            facts.append(self._requested_size(job))
        if job.request.n > 1:
            facts.append(self._say(job, "card-count", count=job.request.n))
        return [*facts, *self._choices(job)]

    def _choices(self, job: Job) -> list[str]:
        """Return what was chosen beyond model, size and number."""
        request = job.request
        chosen = (request.quality, request.style, request.background)
        facts = [one_line(choice, LONGEST_NAME) for choice in chosen if choice]
        if request.references:
            facts.append(self._say(job, "card-references", count=len(request.references)))
        return facts

    def _requested_size(self, job: Job) -> str:
        size = job.request.size
        if isinstance(size, Size):
            return self._size(job, size.width, size.height)
        return one_line(str(size), LONGEST_NAME)

    def _result_facts(self, job: Job, result: JobResult) -> list[str]:
        first = result.pictures[0]
        return [
            one_line(job.request.model, LONGEST_NAME),
            self._size(job, first.width, first.height),
            *self._choices(job),
            self._say(job, "card-took", took_ms=result.took_ms),
            *self._money_facts(job, result.charged, result.remaining),
        ]

    def _money_facts(self, job: Job, charged: int, left: RemainingCredits | None) -> list[str]:
        facts = [self._say(job, "card-credits", credits=charged)] if charged else []
        if left is not None:
            period = left.period
            facts.append(
                self._say(job, "card-left", credits=left.credits, limit=left.limit, period=period)
            )
        return facts

    def _size(self, job: Job, across: int, down: int) -> str:
        return self._say(job, "card-size", width=str(across), height=str(down))

    def _say(self, job: Job, message_id: str, **facts: str | int | None) -> str:
        return self._texts.say(message_id, job.locale, **facts)


def _revised_prompt(job: Job, pictures: Sequence[Picture]) -> str | None:
    """Return the first revised prompt that says something else than the prompt."""
    asked = _gist(job.request.prompt)
    revised = (visible(picture.revised_prompt or "") for picture in pictures)
    return next((text for text in revised if _gist(text) not in {"", asked}), None)


def _gist(prompt: str) -> str:
    return visible(prompt).casefold().strip(" .")


def _with_gallery(
    job: Job, words: discord.Embed, files: Sequence[PostedFile]
) -> list[discord.Embed]:
    embeds = [words, *(discord.Embed(colour=words.colour) for _ in files[1:MOST_EMBEDS])]
    for index, (embed, file) in enumerate(zip(embeds, files, strict=False)):
        embed.set_image(url=f"attachment://{file.name}")
        if len(files) > 1:
            embed.url = _gallery_url(job, index // GALLERY_SIZE)
    return embeds


def _gallery_url(job: Job, group: int) -> str:
    # Nobody follows it, as no title carries it: Discord only compares it.
    return f"https://discord.com/?easel={job.id}-{group}"


def preview_name(picture: Picture) -> str:
    """Return the name under which a preview is attached to its card."""
    return f"preview.{picture.format}"


def _quote(prompt: str, limit: int) -> str:
    """Return the beginning of a prompt; what is cut ends with a whole word if there is one."""
    shown = quoted(prompt, limit, lines=MOST_PROMPT_LINES)
    words, _, rest = shown.removesuffix(ELLIPSIS).rpartition(" ")
    if not shown.endswith(ELLIPSIS) or len(rest) > _LONGEST_WORD or words.endswith(">"):
        return shown
    return f"{words.rstrip(_STOPS)}{ELLIPSIS}"
