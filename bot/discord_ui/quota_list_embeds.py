"""The embeds of /quota show, audit, cost and usage.

Each entry of a page is cut by itself, so that Discord takes the page whatever admins have typed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Generic, TypeVar

import discord

from bot.core.i18n.escaping import columns, cut, one_line, padded
from bot.core.i18n.texts import Texts
from bot.discord_ui.embed_style import COLOURS, plain_line, small
from bot.discord_ui.quota_embeds import (
    LONGEST_REASON,
    MemberStatus,
    change_words,
    mention,
    subject_name,
)
from bot.quota.levels import SERVER

if TYPE_CHECKING:  # a start does without it
    from babel import Locale

LIMITS_ON_A_PAGE = 10
CHANGES_ON_A_PAGE = 8
LONGEST_LIMIT = 330  # of one line: ten of them and the head have room in 4,096
LONGEST_CHANGE = 500  # of two lines: eight of them have room
_SHOWN_REASON = 80  # in a list of limits; the audit has the rest
MOST_COSTS = 60  # lines of a table 40 characters wide
_MODEL_WIDTH = 26  # so wide is a table on a phone

CreditLimit = tuple[int | None, str]
"""Credits, None for unlimited, and a period."""

Entry = TypeVar("Entry")

CHART_FILE = "usage.png"
MOST_ROWS = 14  # of the table; more days are grouped by weeks
WEEK = 7
_BAR_WIDTH = 10
_EIGHTHS = "▏▎▍▌▋▊▉█"
# The chart's letters are DejaVu's: Latin, Greek and Cyrillic, but no Chinese.
_LAST_LETTER = "\u052f"


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Entry]):
    """Some entries of a list; ``number`` counts from 0, ``of`` is None where nobody counted."""

    entries: Sequence[Entry]
    number: int
    is_last: bool
    of: int | None = None


def list_page(entries: Sequence[Entry], number: int, size: int) -> ListPage[Entry]:
    """Return a page, or the last one if the list has become shorter."""
    pages = max(1, math.ceil(len(entries) / size))
    number = min(number, pages - 1)
    here = entries[number * size : (number + 1) * size]
    return ListPage(here, number, is_last=number + 1 == pages, of=pages)


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """All that admins decided about one quota subject such as ``user:1``."""

    subject: str
    limits: tuple[CreditLimit, ...] = ()
    status: MemberStatus = MemberStatus()  # noqa: RUF009 - a value


@dataclass(frozen=True, slots=True)
class GeneralLimits:
    """Limits for everyone, for the server as a whole, and by the operator."""

    everyone: tuple[CreditLimit, ...]
    server: tuple[CreditLimit, ...]
    default: tuple[CreditLimit, ...]
    server_quota: tuple[CreditLimit, ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change in the audit; ``at`` is in milliseconds since the epoch, actor 0 is the bot."""

    at: int
    actor_id: int
    action: str
    subject: str
    old: str | None
    new: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class CostRow:
    """What a picture costs in a server; ``is_own`` when the server's admins set it."""

    model: str
    quality: str | None
    credits: int
    is_own: bool


class QuotaListEmbeds:
    """Builds the lists of limits, changes and costs."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def limits(
        self, page: ListPage[SubjectRow], general: GeneralLimits, locale: str = "en"
    ) -> discord.Embed:
        """Show all limits: first the general ones, then those of roles and persons."""
        rows = [cut(self._limits_of(row, locale), LONGEST_LIMIT) for row in page.entries]
        if not rows:
            rows = [small(self._texts.say("quota-show-none", locale))]
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("quota-show-title", locale),
            description="\n".join([*self.general_lines(general, locale), "", *rows]),
        )
        return self._with_page(embed, page, locale)

    def changes(self, page: ListPage[ChangeRow], locale: str = "en") -> discord.Embed:
        """Show who changed what, the newest first."""
        entries = [cut(self._change(change, locale), LONGEST_CHANGE) for change in page.entries]
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("audit-title", locale),
            description="\n".join(entries) or self._texts.say("audit-none", locale),
        )
        return self._with_page(embed, page, locale)

    def costs(self, rows: Sequence[CostRow], locale: str = "en") -> discord.Embed:
        """Show what a picture costs by model and quality, as a table."""
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("quota-costs-title", locale),
            description=self._cost_table(rows[:MOST_COSTS], locale),
        )
        notes = []
        if len(rows) > MOST_COSTS:
            notes.append(self._texts.say("quota-costs-more", locale, count=len(rows) - MOST_COSTS))
        if any(row.is_own for row in rows):
            notes.append(self._texts.say("quota-costs-own", locale))
        return embed.set_footer(text=" · ".join(notes)) if notes else embed

    def general_lines(self, general: GeneralLimits, locale: str) -> list[str]:
        """Return a line for everyone, and for the whole server and the operator if they limit."""
        if general.everyone:
            lines = [self._general_line("everyone", general.everyone, locale)]
        else:
            limits = self._limit_words(general.default, locale)
            lines = [self._limit_line("quota-show-default", "everyone", limits, locale)]
        if general.server:
            lines.append(self._general_line("server", general.server, locale))
        if general.server_quota:
            limits = self._limit_words(general.server_quota, locale)
            lines.append(small(self._texts.say("quota-show-ceiling", locale, limits=limits)))
        return lines

    # --- parts --------------------------------------------------------------------------------

    def _general_line(self, subject: str, limits: Sequence[CreditLimit], locale: str) -> str:
        return self._limit_line(
            "quota-show-line", subject, self._limit_words(limits, locale), locale
        )

    def _limit_line(self, message_id: str, subject: str, limits: str, locale: str) -> str:
        who = subject_name(self._texts, subject, locale)
        return self._texts.say(message_id, locale, subject=f"**{who}**", limits=limits)

    def _limits_of(self, row: SubjectRow, locale: str) -> str:
        said = [self._limit_words(row.limits, locale)] if row.limits else []
        if row.status.granted:
            granted = row.status.granted
            said.append(self._texts.say("quota-show-granted", locale, credits=granted))
        if row.status.block_reason is not None:
            reason = plain_line(row.status.block_reason, _SHOWN_REASON)
            said.append(self._texts.say("quota-show-blocked", locale, reason=reason))
        who = subject_name(self._texts, row.subject, locale)
        limits = " · ".join(said)
        return self._texts.say("quota-show-line", locale, subject=who, limits=limits)

    def _limit_words(self, limits: Sequence[CreditLimit], locale: str) -> str:
        if all(credits is None for credits, _ in limits):
            return self._texts.say("quota-no-limit", locale)
        return " · ".join(
            self._texts.say("quota-cap", locale, credits=credits, period=period)
            for credits, period in limits
        )

    def _change(self, change: ChangeRow, locale: str) -> str:
        message_id = f"audit-action-{change.action}"
        old, new = change_words(self._texts, change.old, change.new, locale)
        what = self._texts.say(
            message_id if message_id in self._texts.ids() else "audit-other",
            locale,
            subject=subject_name(self._texts, change.subject, locale),
            old=old,
            new=new,
            action=plain_line(change.action, LONGEST_REASON),
        )
        return f"{what}\n{small(self._actor(change, locale))}"

    def _actor(self, change: ChangeRow, locale: str) -> str:
        who = mention(change.actor_id) if change.actor_id else None
        return self._texts.say(
            "audit-by",
            locale,
            at=f"<t:{change.at // 1000}:f>",
            actor=who or self._texts.say("audit-easel", locale),
            reason=plain_line(change.reason or "", LONGEST_REASON),
        )

    def _cost_table(self, rows: Sequence[CostRow], locale: str) -> str:
        names = [_cost_name(row) for row in rows]
        head = self._texts.say("quota-costs-model", locale)
        widest = max(map(columns, [head, *names]))
        credits = self._texts.say("quota-costs-credits", locale)
        lines = [f"{padded(head, widest)}  {credits}"]
        for name, row in zip(names, rows, strict=True):
            mark = "*" if row.is_own else ""
            lines.append(f"{padded(name, widest)}  {row.credits:>{columns(credits)},}{mark}")
        return "```\n" + "\n".join(lines) + "\n```"

    def _with_page(self, embed: discord.Embed, page: ListPage[Entry], locale: str) -> discord.Embed:
        if page.is_last and page.number == 0:
            return embed
        text = self._texts.say("quota-page", locale, page=page.number + 1, pages=page.of)
        return embed.set_footer(text=text)


def _cost_name(row: CostRow) -> str:
    """Return a model and its quality for a code block, with nothing that could end the block."""
    name = row.model if row.quality is None else f"{row.model} {row.quality}"
    return one_line(name.replace("`", "'"), _MODEL_WIDTH)


@dataclass(frozen=True, slots=True)
class DayRow:
    """What was used on one day, in credits."""

    day: date
    credits: int


class UsageReportEmbeds:
    """Builds the report of what a person, or a server, used day by day."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def usage(
        self, subject: str, days: Sequence[DayRow], locale: str = "en", *, with_chart: bool
    ) -> discord.Embed:
        """Show the days, the oldest first; without a chart the table has bars of text.

        A person's days do not count what was paid with a grant.
        """
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("quota-usage-title", locale, days=len(days)),
        )
        who = subject_name(self._texts, subject, locale)
        if not any(day.credits for day in days):
            nothing = self._texts.say("quota-usage-nothing", locale, subject=who)
            embed.description = f"{nothing}{self._without_grants(subject, locale)}"
            return embed
        facts = self._texts.say(
            "quota-usage-facts", locale, subject=who, **self._facts(days, locale)
        )
        table = self._table(days, locale, bars=not with_chart)
        left_out = self._without_grants(subject, locale)
        embed.description = f"{facts}\n```\n{table}\n```{left_out}"
        return embed.set_image(url=f"attachment://{CHART_FILE}") if with_chart else embed

    def _without_grants(self, subject: str, locale: str) -> str:
        if subject == SERVER:
            return ""
        return f"\n{small(self._texts.say('quota-usage-without-grants', locale))}"

    def alt_text(self, days: Sequence[DayRow], locale: str = "en") -> str:
        """Describe the chart to a screen reader."""
        return self._texts.say("quota-usage-alt", locale, **self._facts(days, locale))

    def bars(self, days: Sequence[DayRow], locale: str = "en") -> list[tuple[str, int]]:
        """Return the bars of the chart: a label and a height for each day."""
        reader = self._date_locale(locale)
        return [(_chart_name(day.day, reader), day.credits) for day in days]

    def _facts(self, days: Sequence[DayRow], locale: str) -> dict[str, int | str]:
        most = max(days, key=lambda day: day.credits)
        return {
            "total": sum(day.credits for day in days),
            "day": _name((most,), self._date_locale(locale)),
            "most": most.credits,
        }

    def _table(self, days: Sequence[DayRow], locale: str, *, bars: bool) -> str:
        reader = self._date_locale(locale)
        rows = [
            (_name(group, reader), sum(day.credits for day in group)) for group in _groups(days)
        ]
        named = max(columns(name) for name, _ in rows)
        figures = max(len(f"{credits:,}") for _, credits in rows)
        most = max(credits for _, credits in rows)
        lines = []
        for name, credits in rows:
            bar = f"  {_bar(credits, most)}" if bars else ""
            lines.append(f"{padded(name, named)}  {credits:>{figures},}{bar}".rstrip())
        return "\n".join(lines)

    def _date_locale(self, locale: str) -> "Locale":
        """Return the locale for dates: that of the language in which the texts are."""
        from babel import Locale  # noqa: PLC0415 - a start does without it

        return Locale.parse(self._texts.nearest(locale), sep="-")


def _groups(days: Sequence[DayRow]) -> list[Sequence[DayRow]]:
    """Return the days one by one, or by weeks that end with the last day."""
    size = 1 if len(days) <= MOST_ROWS else WEEK
    first = len(days) % size
    rest = [days[at : at + size] for at in range(first, len(days), size)]
    return [days[:first], *rest] if first else rest


def _name(group: Sequence[DayRow], reader: "Locale") -> str:
    from babel.dates import format_interval, format_skeleton  # noqa: PLC0415 - as above

    first, last = group[0].day, group[-1].day
    if first == last:
        name: str = format_skeleton("MMMd", first, locale=reader)
    else:
        name = format_interval(first, last, "MMMd", locale=reader)
    return name.replace("\u2009", "")  # a thin space is as wide as any other in a code block


def _chart_name(day: date, reader: "Locale") -> str:
    name = _name((DayRow(day, 0),), reader)
    return name if max(name) <= _LAST_LETTER else f"{day:%m-%d}"


def _bar(credits: int, most: int) -> str:
    full, rest = divmod(round(credits / most * _BAR_WIDTH * 8), 8)
    return "█" * full + (_EIGHTHS[rest - 1] if rest else "")
