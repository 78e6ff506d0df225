"""The cards of the quota: what is left for a person, and which limits a server has."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.delivery.cards import COLOURS, display_name, small
from bot.domain import Requester
from bot.errors import PERSONAL_LEVELS, LimitLevel
from bot.i18n.texts import Texts

MOST_FIELDS = 25
MOST_LINES = 50  # of limits: 50 are 3,000 characters


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


class QuotaCards:
    """Draws what /usage and /quota answer; ``texts`` knows the words."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def usage(
        self, requester: Requester, rows: Sequence[UsageRow], locale: str = "en"
    ) -> discord.Embed:
        """Show what is left for a person, one field for each limit."""
        embed = discord.Embed(colour=COLOURS["painting"])
        name = display_name(self._texts, requester, locale)
        embed.set_author(name=self._texts.say("usage-title", locale, name=name))
        embed.description = self._why(rows, locale)
        for row in rows[:MOST_FIELDS]:
            embed.add_field(
                name=self._texts.say("usage-level", locale, level=row.level, period=row.period),
                value=self._usage_value(row, locale),
                inline=False,
            )
        return embed

    def limit_set(self, row: LimitRow, locale: str = "en") -> str:
        """Say that a limit holds from now on."""
        return self._limit("quota-set", row, locale)

    def limit_removed(self, subject: str, period: str | None, locale: str = "en") -> str:
        """Say that a subject's limit for a period, or all of them, are gone."""
        who = self._subject(subject, locale)
        return self._texts.say("quota-removed", locale, subject=who, period=period)

    def limits(self, rows: Sequence[LimitRow], locale: str = "en") -> discord.Embed:
        """Show the limits that admins set, one line for each."""
        lines = [self._limit("quota-show-line", row, locale) for row in rows[:MOST_LINES]]
        if len(rows) > MOST_LINES:
            more = len(rows) - MOST_LINES
            lines.append(small(self._texts.say("quota-show-more", locale, count=more)))
        return discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("quota-show-title", locale),
            description="\n".join(lines) or self._texts.say("quota-show-none", locale),
        )

    def _why(self, rows: Sequence[UsageRow], locale: str) -> str:
        """Say which of the personal limits decides; the server's always count as well."""
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

    def _limit(self, message_id: str, row: LimitRow, locale: str) -> str:
        who = self._subject(row.subject, locale)
        return self._texts.say(
            message_id, locale, subject=who, credits=row.credits, period=row.period
        )

    def _subject(self, subject: str, locale: str) -> str:
        kind, _, number = subject.partition(":")
        mention = {"user": "<@", "role": "<@&"}.get(kind)
        if mention is None:
            return self._texts.say(f"quota-subject-{kind}", locale)
        return f"{mention}{int(number)}>"
