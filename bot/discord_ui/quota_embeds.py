"""The embeds of /usage, the answers to changes by /quota, and names of quota subjects."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import discord

from bot.core.i18n.texts import Texts
from bot.core.models import CardAddress, Job, JobState, Requester
from bot.discord_ui.embed_style import COLOURS, plain_line, requester_name
from bot.discord_ui.option_facts import prompt_or_operation
from bot.quota.ledger import DoubtfulRequests

LONGEST_REASON = 200
_LONGEST_MODEL = 40

_MENTIONS = {"user": "<@", "role": "<@&", "channel": "<#"}
_LIMIT = re.compile(r"(?P<credits>\d+|unlimited)/(?P<period>[a-z]+)")

# Four periods for each of four levels; with ten jobs they stay below 6,000 characters.
MOST_FIELDS = 16
MOST_JOBS = 10
LONGEST_JOB_PROMPT = 30
LONGEST_JOB_MODEL = 16


def mention(user_id: int) -> str:
    """Return a person's mention, which notifies nobody in an embed."""
    return f"<@{user_id}>"


def subject_name(texts: Texts, subject: str, locale: str) -> str:
    """Return a subject for readers: a mention, *everyone* or *server* in words, or a model."""
    kind, _, number = subject.partition(":")
    if kind in _MENTIONS and number.isdecimal():
        return f"{_MENTIONS[kind]}{number}>"
    if subject in {"everyone", "server"}:
        return texts.say(f"quota-subject-{subject}", locale)
    return plain_line(subject.removeprefix("cost:"), _LONGEST_MODEL)


def value_words(texts: Texts, value: str | None, locale: str) -> str | None:
    """Return a value of the audit in words: ``20/day`` is a limit, a number stays a number."""
    found = _LIMIT.fullmatch(value or "")
    if value is None or found is None:
        return value and plain_line(value, _LONGEST_MODEL)
    if found["credits"] == "unlimited":
        return texts.say("quota-no-limit", locale)
    return texts.say("quota-cap", locale, credits=int(found["credits"]), period=found["period"])


def change_words(
    texts: Texts, old: str | None, new: str | None, locale: str
) -> tuple[str | None, str | None]:
    """Return an old and a new value; of two numeric limits the first without its period."""
    before, after = _LIMIT.fullmatch(old or ""), _LIMIT.fullmatch(new or "")
    words = value_words(texts, old, locale), value_words(texts, new, locale)
    if before is None or after is None or "unlimited" in {before["credits"], after["credits"]}:
        return words
    return f"{int(before['credits']):,}", words[1]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One limit and how much of it is gone; ``frees_at`` is in milliseconds since the epoch.

    ``is_personal`` says that it limits this person alone.
    """

    level: str
    limit: int
    period: str
    used: int
    held: int
    left: int
    frees_at: int | None
    is_personal: bool


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit of a quota subject such as ``user:1``; ``credits`` None is unlimited."""

    subject: str
    credits: int | None
    period: str


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What else decides about one person's requests; without a reason they are not blocked.

    ``is_everywhere``: it was the operator who blocked them, in every server.
    """

    granted: int = 0
    block_reason: str | None = None
    doubtful: DoubtfulRequests | None = None
    is_everywhere: bool = False

    @property
    def block_text_id(self) -> str:
        """Return the id of the sentence that says who blocked them."""
        return "usage-blocked-everywhere" if self.is_everywhere else "usage-blocked"


@dataclass(frozen=True, slots=True)
class JobRow:
    """One of a person's jobs, how it is, and where its message is."""

    job: Job
    state: JobState | Literal["removed"]
    card: CardAddress | None


class QuotaEmbeds:
    """Builds the answers of /usage and the sentences of /quota."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    # --- /usage -------------------------------------------------------------------------------

    def usage(
        self,
        requester: Requester,
        rows: Sequence[UsageRow],
        locale: str = "en",
        *,
        status: MemberStatus = MemberStatus(),
    ) -> discord.Embed:
        """Show what is left for a person, one field for each limit."""
        colour = COLOURS["painting" if status.block_reason is None else "failed"]
        embed = discord.Embed(colour=colour, description=self._explanation(rows, status, locale))
        name = requester_name(self._texts, requester, locale)
        embed.set_author(name=self._texts.say("usage-title", locale, name=name))
        for row in rows[:MOST_FIELDS]:
            embed.add_field(
                name=self._texts.say("usage-level", locale, level=row.level, period=row.period),
                value=self._usage_value(row, locale),
                inline=False,
            )
        if status.granted:
            embed.add_field(
                name=self._texts.say("usage-granted-title", locale),
                value=self._texts.say("usage-granted", locale, credits=status.granted),
                inline=False,
            )
        if status.doubtful and status.doubtful.count:
            embed.add_field(
                name=self._texts.say("usage-doubtful-title", locale),
                value=self._doubtful(status.doubtful, locale),
                inline=False,
            )
        return embed

    def _doubtful(self, found: DoubtfulRequests, locale: str) -> str:
        return self._texts.say(
            "usage-doubtful",
            locale,
            count=found.count,
            limit=found.limit,
            frees_at=found.frees_at,
        )

    def jobs(self, rows: Sequence[JobRow], locale: str = "en") -> discord.Embed:
        """Show a person's last jobs, one line for each, with a link to its message."""
        return discord.Embed(
            colour=COLOURS["queued"],
            title=self._texts.say("usage-jobs-title", locale),
            description="\n".join(self._job(row, locale) for row in rows[:MOST_JOBS]),
        )

    # --- changes by /quota --------------------------------------------------------------------

    def limit_set(self, row: LimitRow, locale: str = "en") -> str:
        """Say that a limit was set."""
        who = self._subject(row.subject, locale)
        return self._texts.say(
            "quota-set", locale, subject=who, credits=row.credits, period=row.period
        )

    def unlimited(self, subject: str, locale: str = "en") -> str:
        """Say that a subject's own level is unlimited."""
        return self._texts.say("quota-unlimited", locale, subject=self._subject(subject, locale))

    def limit_removed(self, subject: str, period: str | None, locale: str = "en") -> str:
        """Say that a subject's limit for a period was removed, or all of them."""
        who = self._subject(subject, locale)
        return self._texts.say("quota-removed", locale, subject=who, period=period)

    def granted(self, user_id: int, balance: int, locale: str = "en") -> str:
        """Say how many extra credits a person has now."""
        return self._texts.say("quota-granted", locale, subject=mention(user_id), balance=balance)

    def reset(self, user_id: int, locale: str = "en") -> str:
        """Say that a person's usage was reset."""
        return self._texts.say("quota-reset", locale, subject=mention(user_id))

    def blocked(self, user_id: int, locale: str = "en") -> str:
        """Say that a person was blocked."""
        return self._texts.say("quota-blocked", locale, subject=mention(user_id))

    def unblocked(self, user_id: int, locale: str = "en") -> str:
        """Say that a person was unblocked."""
        return self._texts.say("quota-unblocked", locale, subject=mention(user_id))

    def cost_set(self, model: str, quality: str | None, credits: int, locale: str = "en") -> str:
        """Say what a picture costs now."""
        return self._texts.say(
            "quota-cost-set", locale, **_model_words(model, quality), credits=credits
        )

    def cost_removed(self, model: str, quality: str | None, locale: str = "en") -> str:
        """Say that the operator's cost of a picture applies again."""
        return self._texts.say("quota-cost-removed", locale, **_model_words(model, quality))

    def exported(self, count: int, locale: str = "en") -> str:
        """Say how many rows the exported file has."""
        return self._texts.say("quota-export-done", locale, count=count)

    # --- parts --------------------------------------------------------------------------------

    def _explanation(self, rows: Sequence[UsageRow], status: MemberStatus, locale: str) -> str:
        """Return why a person is blocked, or which personal limit decides."""
        if status.block_reason is not None:
            reason = plain_line(status.block_reason, LONGEST_REASON)
            return self._texts.say(status.block_text_id, locale, reason=reason)
        if not rows:
            return self._texts.say("usage-none", locale)
        personal = [row.level for row in rows if row.is_personal]
        return self._texts.say("usage-why", locale, level=personal[0]) if personal else ""

    def _usage_value(self, row: UsageRow, locale: str) -> str:
        return self._texts.say(
            "usage-row",
            locale,
            limit=row.limit,
            used=row.used,
            held=row.held,
            left=row.left,
            frees_at=row.frees_at,
        )

    def _job(self, row: JobRow, locale: str) -> str:
        return self._texts.say(
            "usage-job",
            locale,
            state=row.state,
            created_at=row.job.created_at,
            model=plain_line(row.job.request.model, LONGEST_JOB_MODEL),
            prompt=plain_line(
                prompt_or_operation(self._texts, row.job.request, locale), LONGEST_JOB_PROMPT
            ),
            link=_message_link(row),
        )

    def _subject(self, subject: str, locale: str) -> str:
        return subject_name(self._texts, subject, locale)


def _model_words(model: str, quality: str | None) -> dict[str, str | None]:
    """Return typed names without markdown, for a message."""
    return {
        "model": plain_line(model, LONGEST_REASON),
        "quality": None if quality is None else plain_line(quality, LONGEST_REASON),
    }


def _message_link(row: JobRow) -> str | None:
    if row.card is None or row.card.only_by_token:
        return None  # no link works there
    server = row.job.requester.server_id or "@me"
    return f"https://discord.com/channels/{server}/{row.card.channel_id}/{row.card.message_id}"
