"""Card samples: a message for each card that a job can have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import discord
from discord.ui import View

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure, is_declined
from bot.core.errors.jobs import (
    Interrupted,
    InterruptedInDoubt,
    PicturesKept,
    PicturesLate,
    PicturesLost,
)
from bot.core.i18n.texts import Texts
from bot.core.job_ids import new_job_id
from bot.core.models import (
    Billed,
    CardAddress,
    ImageRequest,
    Job,
    JobState,
    Picture,
    Requester,
    Size,
)
from bot.discord_ui.buttons import (
    declined_buttons,
    delivered_buttons,
    result_buttons,
    retry_buttons,
    stop_button_row,
)
from bot.discord_ui.deletion_question import deletion_buttons
from bot.discord_ui.help_embeds import HelpEmbeds
from bot.discord_ui.job_embeds import JobEmbeds, PostedFile, preview_name
from bot.discord_ui.log_embeds import LogEmbeds
from bot.discord_ui.notifications import NoticeTexts
from bot.discord_ui.report_controls import report_buttons
from bot.discord_ui.suggestion_controls import (
    FormOrigin,
    improved_buttons,
    improved_embed,
    suggestion_buttons,
    suggestions_embed,
)
from bot.discord_ui.uploads import SPOILER_PREFIX
from bot.jobs.cancellation import JobCancelled, RequesterDetached
from bot.jobs.courier import JobFailure, JobProgress, JobResult, QueuePosition, RemainingCredits
from bot.jobs.repository.reports import Report
from bot.jobs.repository.rows import WrittenJob
from playground.art.composer import paint
from playground.sample_texts import (
    ARABIC,
    CHINESE,
    FOX,
    LIGHTHOUSE,
    LONG,
    REVISED,
    SUGGESTED,
)

MODEL = "gpt-image-2"
USUAL_MS = 48_000
DAY = RemainingCredits(credits=15, limit=20, period="day", frees_at=None)
SIDE = 512  # pixels of a picture, whatever size its card states
LARGE = Size(1024, 1024)
WIDE = Size(1536, 1024)

NAMES = (
    "queued",
    "painting-estimate",
    "painting-said",
    "painting-preview",
    "painting-long",
    "result",
    "called",
    "result-2",
    "result-4",
    "result-10",
    "result-spoiler",
    "result-partial",
    "result-lost",
    "result-left-out",
    "result-options",
    "result-long-prompt",
    "result-arabic",
    "result-chinese",
    "failed",
    "declined",
    "in-doubt",
    "cancelled",
    "stopped-waiting",
    "interrupted",
    "interrupted-in-doubt",
    "kept",
    "kept-after-restart",
    "elsewhere",
    "late",
    "delete-question",
    "greeting",
    "log-entry",
    "report",
    "report-removed",
    "describe",
    "improve",
)
NARROW = (
    "queued",
    "painting-long",
    "result",
    "result-4",
    "result-10",
    "result-options",
    "result-long-prompt",
    "failed",
)
"""Samples that are also shown at the width of a phone."""

GREETING_COMMANDS = {
    "imagine": "</imagine:1>",
    "help": "</help:2>",
    "quota_set": "</quota set:3>",
    "settings_show": "</settings show:4>",
    "settings_channels_allow": "</settings channels allow:4>",
    "settings_roles_allow": "</settings roles allow:4>",
}


@dataclass(frozen=True, slots=True)
class CardSample:
    """One message: the name of its screenshot, and its parts."""

    name: str
    embeds: Sequence[discord.Embed] = ()
    files: Sequence[Path] = ()
    file_names: Sequence[str] = ()
    view: View | None = None
    # A reply to the message before it.
    content: str | None = None

    def attachments(self) -> list[discord.File]:
        """Return its files, to be sent."""
        return [
            discord.File(path, filename=name)
            for path, name in zip(self.files, self.file_names, strict=True)
        ]


class CardSamples:
    """Makes the samples; ``folder`` takes the pictures, ``now_ms`` is the current time."""

    def __init__(
        self, folder: Path, now_ms: int, *, user_id: int, moderator_id: int, side: int = SIDE
    ) -> None:
        self._texts = texts = Texts()
        self._cards, self._notes = JobEmbeds(texts), NoticeTexts(texts)
        self._folder, self._side = folder, side
        self._now_ms = now_ms
        self._ada = Requester(user_id, 1, "Ada")
        self._moderator_id = moderator_id

    def make_all(self) -> list[CardSample]:
        """Make all samples, in the order of a job's life; it takes some seconds."""
        return [
            *self._waiting(),
            *self._results(),
            *self._endings(),
            self._greeting(),
            *self._log_entries(),
            *self._suggestions(),
        ]

    # --- waiting ---------------------------------------------------------------------------

    def _waiting(self) -> list[CardSample]:
        job, four = self._job(FOX, ago_s=9), self._job(LIGHTHOUSE, n=4, ago_s=50)
        at_work = partial(JobProgress, total=1, usual_ms=USUAL_MS)
        preview = replace(self._pictures(LIGHTHOUSE, 1)[0], format="png")
        steps: list[tuple[str, Job, QueuePosition | JobProgress]] = [
            ("queued", job, QueuePosition(3, 38_000)),
            ("painting-estimate", job, at_work(self._ago(20), done=0, elapsed_ms=20_000)),
            ("painting-said", four, at_work(self._ago(30), done=1, total=4, fraction=0.45)),
            (
                "painting-preview",
                self._job(LIGHTHOUSE),
                at_work(self._ago(24), done=0, preview=preview, elapsed_ms=24_000),
            ),
            ("painting-long", job, at_work(self._ago(140), done=0, elapsed_ms=140_000)),
        ]
        return [self._step(*step) for step in steps]

    def _step(self, name: str, job: Job, state: QueuePosition | JobProgress) -> CardSample:
        view = stop_button_row(self._texts, job, state)
        if isinstance(state, QueuePosition):
            return CardSample(name, [self._cards.queued(job, state)], view=view)
        embeds = [self._cards.painting(job, state)]
        if state.preview is None:
            return CardSample(name, embeds, view=view)
        return CardSample(
            name, embeds, [state.preview.path], [preview_name(state.preview)], view=view
        )

    # --- results ------------------------------------------------------------------------------

    def _results(self) -> list[CardSample]:
        failed = _failure(GatewayErrorKind.UPSTREAM)
        spent = replace(DAY, credits=0, frees_at=self._now_ms + 5 * 3_600_000)
        return [
            self._result("result", LIGHTHOUSE),
            CardSample("called", content=self._notes.ready(self._job(LIGHTHOUSE))),
            self._result("result-2", "a boat at night", n=2),
            self._result("result-4", FOX, n=4),
            self._result("result-10", "mountains at dawn", n=10, remaining=spent),
            self._spoiler("result-spoiler"),
            self._result("result-partial", FOX, n=4, arrived=3, shortfall=failed),
            self._result("result-lost", FOX, n=2, arrived=1, shortfall=PicturesLost()),
            self._left_out("result-left-out"),
            self._with_options("result-options"),
            self._result("result-long-prompt", LONG, revised=REVISED),
            self._result("result-arabic", ARABIC, paints=LIGHTHOUSE),
            self._result("result-chinese", CHINESE, paints=LIGHTHOUSE),
        ]

    def _result(
        self,
        name: str,
        prompt: str,
        *,
        n: int = 1,
        arrived: int | None = None,
        paints: str | None = None,
        revised: str | None = None,
        remaining: RemainingCredits = DAY,
        shortfall: EaselError | None = None,
    ) -> CardSample:
        job = self._job(prompt, n=n)
        pictures = self._pictures(paints or prompt[:60], arrived or n, revised)
        return self._delivered(
            name, job, JobResult(pictures, n, 46_200, len(pictures), remaining, shortfall)
        )

    def _spoiler(self, name: str) -> CardSample:
        """Return a result whose two pictures are hidden."""
        result = JobResult(self._pictures(LIGHTHOUSE, 2), 2, 46_200, 2, DAY, None)
        return self._delivered(name, replace(self._job(LIGHTHOUSE, n=2), spoiler=True), result)

    def _with_options(self, name: str) -> CardSample:
        """Return a result with options that few models have, and flags that this one has not."""
        job = self._job(LIGHTHOUSE)
        request = replace(
            job.request,
            size=WIDE,
            ratio="16:9",
            seed=123,
            negative="people, boats",
            left_out=("--chaos 20", "--tile"),
        )
        picture = self._painted(LIGHTHOUSE, 123, size=WIDE)
        result = JobResult((picture,), 1, 46_200, 1, DAY, None)
        return self._delivered(name, replace(job, request=request), result)

    def _left_out(self, name: str) -> CardSample:
        """Return a result of two pictures, of which one could not be posted."""
        result = JobResult(self._pictures(FOX, 2), 2, 46_200, 2, DAY, None).with_posted({1})
        return self._delivered(name, self._job(FOX, n=2), result, left_out=1)

    def _delivered(
        self, name: str, job: Job, result: JobResult, *, left_out: int = 0
    ) -> CardSample:
        paths = [picture.path for picture in result.pictures][: len(result.pictures) - left_out]
        prefix = SPOILER_PREFIX if job.spoiler else ""
        names = [f"{prefix}easel-{number}.png" for number, _ in enumerate(paths, 1)]
        files = [PostedFile(each, shrunk=False) for each in names]
        embeds = self._cards.result(job, result, files, left_out=left_out)
        numbers = replace(result, kept=True).kept_numbers
        rows = delivered_buttons(self._texts, job, pictures=numbers)
        return CardSample(name, embeds, paths, names, rows)

    # --- endings ------------------------------------------------------------------------------

    def _endings(self) -> list[CardSample]:
        moderated = _failure(GatewayErrorKind.MODERATION)
        doubt = _failure(GatewayErrorKind.TIMEOUT_UNKNOWN, Billed.MAYBE)
        endings: dict[str, JobFailure] = {
            "failed": JobFailure(_failure(GatewayErrorKind.UPSTREAM)),
            "declined": JobFailure(moderated),
            "in-doubt": JobFailure(doubt, JobState.UNKNOWN),
            "cancelled": JobFailure(JobCancelled(), JobState.CANCELLED),
            "stopped-waiting": JobFailure(RequesterDetached(), JobState.CANCELLED),
            "interrupted": JobFailure(Interrupted(), JobState.CANCELLED),
            "interrupted-in-doubt": JobFailure(InterruptedInDoubt(), JobState.UNKNOWN),
        }
        job = self._job(FOX)
        return [
            *(self._ended(name, job, ending) for name, ending in endings.items()),
            *self._kept(job),
        ]

    def _kept(self, job: Job) -> list[CardSample]:
        """Return what is said of pictures that are not where they were asked for."""
        result = JobResult(self._pictures(FOX, 1), 1, 46_200, 1, DAY, None, kept=True)
        rows = partial(result_buttons, self._texts, job.id, job.locale)
        late = JobFailure(PicturesLate(count=1, credits=1, slot=0), JobState.DONE, 1)
        return [
            CardSample("kept", [self._cards.kept(job, result)], view=rows()),
            self._ended("kept-after-restart", job, JobFailure(PicturesKept(), JobState.DONE, 1)),
            CardSample("elsewhere", [self._cards.elsewhere(job, result)], view=rows()),
            CardSample("late", content=self._notes.no_pictures(job, late), view=rows()),
            self._deletion(job),
        ]

    def _deletion(self, job: Job) -> CardSample:
        """Return the question of whether what others like is to be deleted."""
        deleted_at = self._now_ms + 29 * 24 * 3_600_000
        question = self._texts.say("delete-question-own", job.locale)
        kept = self._texts.say("delete-kept-own", job.locale, count=1, deleted_at=deleted_at)
        buttons = deletion_buttons(self._texts, job.id, job.locale)
        return CardSample("delete-question", content=f"{question} {kept}", view=buttons)

    def _ended(self, name: str, job: Job, ending: JobFailure) -> CardSample:
        embed, cancelled = self._cards.ended(job, ending), ending.state is JobState.CANCELLED
        row = declined_buttons if is_declined(ending.error) else retry_buttons
        view = None if cancelled else row(self._texts, job.id, job.locale)
        return CardSample(name, [embed], view=view)

    def _greeting(self) -> CardSample:
        embed = HelpEmbeds(self._texts).greeting("Painters", GREETING_COMMANDS, "en")
        return CardSample("greeting", [embed])

    def _log_entries(self) -> list[CardSample]:
        """Return what moderators read: a request with its prompt, a report, and its end."""
        embeds, job = LogEmbeds(self._texts), self._job(FOX)
        message = CardAddress(2, 3, application_id=0)
        ended = WrittenJob(job, "", JobState.DONE, message, error=None)
        report = Report(job.id, 1, message, 2, ("This is no fox.", "It looks like my dog."))
        buttons = report_buttons(self._texts, job.id, 1, job.locale)
        removed = embeds.report(
            replace(report, state="removed"), job, "en", decided_by=self._moderator_id
        )
        return [
            CardSample("log-entry", [embeds.job(ended, message, "en", prompts=True)]),
            CardSample("report", [embeds.report(report, job, "en")], view=buttons),
            CardSample("report-removed", [removed]),
        ]

    def _suggestions(self) -> list[CardSample]:
        """Return what a chat model proposes: prompts for a picture, and a better one."""
        text_id, texts = new_job_id(self._now_ms), self._texts
        embed = suggestions_embed(texts, SUGGESTED, "en", by="describe", credits=0)
        buttons = suggestion_buttons(texts, text_id, [1] * len(SUGGESTED), "en")
        better = improved_embed(texts, LONG, "en", credits=0)
        form = improved_buttons(texts, text_id, FormOrigin("edited", text_id), "en")
        return [
            CardSample("describe", [embed], view=buttons),
            CardSample("improve", [better], view=form),
        ]

    # --- parts --------------------------------------------------------------------------------

    def _job(self, prompt: str, *, n: int = 1, ago_s: int = 30) -> Job:
        request = ImageRequest(prompt, MODEL, LARGE, n)
        asked_at = self._ago(ago_s)
        return Job(new_job_id(asked_at), request, self._ada, n, asked_at)

    def _ago(self, seconds: int) -> int:
        return self._now_ms - seconds * 1000

    def _pictures(self, prompt: str, n: int, revised: str | None = None) -> tuple[Picture, ...]:
        return tuple(self._painted(prompt, seed, revised) for seed in range(n))

    def _painted(
        self, prompt: str, seed: int, revised: str | None = None, *, size: Size = LARGE
    ) -> Picture:
        path = self._folder / f"{abs(hash((prompt, seed, size)))}.png"
        if not path.exists():
            side = self._side / max(size.width, size.height)
            pixels = round(size.width * side), round(size.height * side)
            paint(prompt, size=pixels, seed=seed).save(path)
        return Picture(path, "png", size.width, size.height, path.stat().st_size, revised)


def _failure(kind: GatewayErrorKind, billed: Billed = Billed.NO) -> GatewayFailure:
    return GatewayFailure(kind=kind, gateway="painter", billed=billed)
