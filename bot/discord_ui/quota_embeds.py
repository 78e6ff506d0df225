"""What /usage shows, and the sentences that answer a change of the quota."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.core.errors.quotas import PERSONAL_LEVELS, LimitLevel
from bot.core.i18n.texts import Texts
from bot.core.models import CardAddress, Job, JobState, Requester
from bot.discord_ui.job_embeds import COLOURS, display_name
from bot.discord_ui.subjects import LONGEST_REASON, mention, plain, subject_name

# Four periods for each of four levels; with ten jobs they stay below 6,000 characters.
MOST_FIELDS = 16
MOST_JOBS = 10
LONGEST_PROMPT = 30
LONGEST_MODEL = 16


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One limit and how much of it is gone; ``frees_at`` is in milliseconds since the epoch."""

    level: LimitLevel
    limit: int
    period: str
    used: int
    held: int
    left: int
    frees_at: int | None


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit that an admin set; ``subject`` in the ledger's words, credits None: unlimited."""

    subject: str
    credits: int | None
    period: str


@dataclass(frozen=True, slots=True)
class Favour:
    """What admins decided about one person besides limits; no reason: not blocked."""

    granted: int = 0
    block_reason: str | None = None


@dataclass(frozen=True, slots=True)
class JobRow:
    """One of a person's jobs, where it stands, and where its card is."""

    job: Job
    state: JobState
    card: CardAddress | None


class QuotaCards:
    """Draws what /usage answers and says what /quota changed; ``texts`` knows the words."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    # --- /usage -------------------------------------------------------------------------------

    def usage(
        self,
        requester: Requester,
        rows: Sequence[UsageRow],
        locale: str = "en",
        *,
        favour: Favour = Favour(),
    ) -> discord.Embed:
        """Show what is left for a person, one field for each limit."""
        colour = COLOURS["painting" if favour.block_reason is None else "failed"]
        embed = discord.Embed(colour=colour, description=self._why(rows, favour, locale))
        name = display_name(self._texts, requester, locale)
        embed.set_author(name=self._texts.say("usage-title", locale, name=name))
        for row in rows[:MOST_FIELDS]:
            embed.add_field(
                name=self._texts.say("usage-level", locale, level=row.level, period=row.period),
                value=self._usage_value(row, locale),
                inline=False,
            )
        if favour.granted:
            embed.add_field(
                name=self._texts.say("usage-granted-title", locale),
                value=self._texts.say("usage-granted", locale, credits=favour.granted),
                inline=False,
            )
        return embed

    def jobs(self, rows: Sequence[JobRow], locale: str = "en") -> discord.Embed:
        """Show a person's last jobs, one line for each, with a way to its card."""
        return discord.Embed(
            colour=COLOURS["queued"],
            title=self._texts.say("usage-jobs-title", locale),
            description="\n".join(self._job(row, locale) for row in rows[:MOST_JOBS]),
        )

    # --- what /quota changed ------------------------------------------------------------------

    def limit_set(self, row: LimitRow, locale: str = "en") -> str:
        """Say that a limit holds from now on."""
        who = self._subject(row.subject, locale)
        return self._texts.say(
            "quota-set", locale, subject=who, credits=row.credits, period=row.period
        )

    def unlimited(self, subject: str, locale: str = "en") -> str:
        """Say that nothing limits a subject on its own level from now on."""
        return self._texts.say("quota-unlimited", locale, subject=self._subject(subject, locale))

    def limit_removed(self, subject: str, period: str | None, locale: str = "en") -> str:
        """Say that a subject's limit for a period, or all of them, are gone."""
        who = self._subject(subject, locale)
        return self._texts.say("quota-removed", locale, subject=who, period=period)

    def granted(self, user_id: int, balance: int, locale: str = "en") -> str:
        """Say how many extra credits a person has now."""
        return self._texts.say("quota-granted", locale, subject=mention(user_id), balance=balance)

    def reset(self, user_id: int, locale: str = "en") -> str:
        """Say that a person's usage is forgotten."""
        return self._texts.say("quota-reset", locale, subject=mention(user_id))

    def blocked(self, user_id: int, locale: str = "en") -> str:
        """Say that a person may not paint any more."""
        return self._texts.say("quota-blocked", locale, subject=mention(user_id))

    def unblocked(self, user_id: int, locale: str = "en") -> str:
        """Say that a person may paint again."""
        return self._texts.say("quota-unblocked", locale, subject=mention(user_id))

    def cost_set(self, model: str, quality: str | None, credits: int, locale: str = "en") -> str:
        """Say what a picture costs from now on."""
        return self._texts.say("quota-cost-set", locale, **_named(model, quality), credits=credits)

    def cost_removed(self, model: str, quality: str | None, locale: str = "en") -> str:
        """Say that a picture costs again what the operator says."""
        return self._texts.say("quota-cost-removed", locale, **_named(model, quality))

    def exported(self, count: int, locale: str = "en") -> str:
        """Say what is in the file."""
        return self._texts.say("quota-export-done", locale, count=count)

    # --- parts --------------------------------------------------------------------------------

    def _why(self, rows: Sequence[UsageRow], favour: Favour, locale: str) -> str:
        """Say what keeps a person out, or which personal limit decides."""
        if favour.block_reason is not None:
            reason = plain(favour.block_reason, LONGEST_REASON)
            return self._texts.say("usage-blocked", locale, reason=reason)
        if not rows:
            return self._texts.say("usage-none", locale)
        personal = [row.level for row in rows if row.level in PERSONAL_LEVELS]
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
            model=plain(row.job.request.model, LONGEST_MODEL),
            prompt=plain(row.job.request.prompt, LONGEST_PROMPT),
            link=_link(row),
        )

    def _subject(self, subject: str, locale: str) -> str:
        return subject_name(self._texts, subject, locale)


def _named(model: str, quality: str | None) -> dict[str, str | None]:
    """Return what was typed as it may stand in a message, where markdown is alive."""
    return {
        "model": plain(model, LONGEST_REASON),
        "quality": None if quality is None else plain(quality, LONGEST_REASON),
    }


def _link(row: JobRow) -> str | None:
    if row.card is None or row.card.only_by_token:
        return None  # no link leads there
    server = row.job.requester.server_id or "@me"
    return f"https://discord.com/channels/{server}/{row.card.channel_id}/{row.card.message_id}"
