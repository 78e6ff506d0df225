"""What /quota usage shows: how much was used day by day, as a table and a chart, or as bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import discord
from babel import Locale
from babel.dates import format_interval, format_skeleton

from bot.core.i18n.escaping import columns, padded
from bot.core.i18n.texts import Texts
from bot.discord_ui.job_embeds import COLOURS
from bot.discord_ui.subjects import subject_name

CHART = "usage.png"
MOST_ROWS = 14  # of the table; more days are told by weeks
WEEK = 7
BAR_WIDTH = 10
_EIGHTHS = "▏▎▍▌▋▊▉█"
# The chart's letters are DejaVu's: Latin, Greek and Cyrillic, but no Chinese.
_LAST_LETTER = "\u052f"


@dataclass(frozen=True, slots=True)
class DayRow:
    """What was used on one day, in credits."""

    day: date
    credits: int


class QuotaReport:
    """Draws how much somebody, or a server, used; ``texts`` knows the words."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def usage(
        self, subject: str, days: Sequence[DayRow], locale: str = "en", *, with_chart: bool
    ) -> discord.Embed:
        """Show the days, the oldest first; without a chart the table has bars of its own."""
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("quota-usage-title", locale, days=len(days)),
        )
        who = subject_name(self._texts, subject, locale)
        if not any(day.credits for day in days):
            embed.description = self._texts.say("quota-usage-nothing", locale, subject=who)
            return embed
        facts = self._texts.say(
            "quota-usage-facts", locale, subject=who, **self._facts(days, locale)
        )
        table = self._table(days, locale, bars=not with_chart)
        embed.description = f"{facts}\n```\n{table}\n```"
        return embed.set_image(url=f"attachment://{CHART}") if with_chart else embed

    def alt_text(self, days: Sequence[DayRow], locale: str = "en") -> str:
        """Say the chart to whoever cannot see it."""
        return self._texts.say("quota-usage-alt", locale, **self._facts(days, locale))

    def bars(self, days: Sequence[DayRow], locale: str = "en") -> list[tuple[str, int]]:
        """Return the days for the chart: what stands under a bar, and its height."""
        reader = self._reader(locale)
        return [(_chart_name(day.day, reader), day.credits) for day in days]

    def _facts(self, days: Sequence[DayRow], locale: str) -> dict[str, int | str]:
        most = max(days, key=lambda day: day.credits)
        return {
            "total": sum(day.credits for day in days),
            "day": _name((most,), self._reader(locale)),
            "most": most.credits,
        }

    def _table(self, days: Sequence[DayRow], locale: str, *, bars: bool) -> str:
        reader = self._reader(locale)
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

    def _reader(self, locale: str) -> Locale:
        """Return how dates are written in the language that the words are in."""
        return Locale.parse(self._texts.nearest(locale), sep="-")


def _groups(days: Sequence[DayRow]) -> list[Sequence[DayRow]]:
    """Return the days one by one, or by weeks that end with the last day."""
    size = 1 if len(days) <= MOST_ROWS else WEEK
    first = len(days) % size
    rest = [days[at : at + size] for at in range(first, len(days), size)]
    return [days[:first], *rest] if first else rest


def _name(group: Sequence[DayRow], reader: Locale) -> str:
    first, last = group[0].day, group[-1].day
    if first == last:
        name: str = format_skeleton("MMMd", first, locale=reader)
    else:
        name = format_interval(first, last, "MMMd", locale=reader)
    return name.replace("\u2009", "")  # a thin space is as wide as any other in a code block


def _chart_name(day: date, reader: Locale) -> str:
    name = _name((DayRow(day, 0),), reader)
    return name if max(name) <= _LAST_LETTER else f"{day:%m-%d}"


def _bar(credits: int, most: int) -> str:
    full, rest = divmod(round(credits / most * BAR_WIDTH * 8), 8)
    return "█" * full + (_EIGHTHS[rest - 1] if rest else "")
