"""The table, the bars and the names of the days of /quota usage."""

from datetime import date, timedelta

import pytest

from bot.core.i18n.escaping import width
from bot.core.i18n.texts import Texts
from bot.discord_ui.quota_list_embeds import DayRow, UsageReportEmbeds
from tests.discord_ui.test_job_embeds_limits import assert_discord_takes

REPORT = UsageReportEmbeds(Texts())
LAST = date(2026, 11, 20)
PHONE = 36  # letters of a code block in one line


def days(*credits: int) -> list[DayRow]:
    """Return the days that end with the last one."""
    first = LAST - timedelta(days=len(credits) - 1)
    return [DayRow(first + timedelta(days=at), used) for at, used in enumerate(credits)]


def table(rows: list[DayRow], *, with_chart: bool) -> list[str]:
    """Return the lines of the code block."""
    embed = REPORT.usage("server", rows, with_chart=with_chart)
    lines = str(embed.description).splitlines()
    assert lines[1] == lines[-1] == "```"
    return lines[2:-1]


def test_a_fortnight_is_told_day_by_day() -> None:
    """The numbers stand under each other."""
    rows = table(days(*[0] * 12, 5, 1_200), with_chart=True)
    assert len(rows) == 14
    assert rows[0] == "Nov 7       0"
    assert rows[-2:] == ["Nov 19      5", "Nov 20  1,200"]


def test_figures_stand_under_each_other_beside_chinese_dates() -> None:
    """A Chinese letter is as wide as two figures."""
    embed = REPORT.usage("server", days(5, 1_200, *[0] * 11, 7), "zh-CN", with_chart=False)
    facts, _, *rows, _ = str(embed.description).splitlines()
    assert embed.title == "📊 14 天内用掉的点数"
    assert facts == "整个服务器 · 共 **1,212** 点 · 11月8日最多（1,200 点）"
    assert rows[0].startswith("11月7日       5")
    assert rows[1].startswith("11月8日   1,200  ██")
    assert rows[-1].startswith("11月20日      7")


def test_more_days_are_told_week_by_week() -> None:
    """Ninety lines are no answer; the weeks end today."""
    rows = table(days(*[1] * 16), with_chart=True)
    assert rows == ["Nov 5–6    2", "Nov 7–13   7", "Nov 14–20  7"]


@pytest.mark.parametrize("count", [1, 7, 14, 15, 30, 89, 90])
def test_nothing_is_lost_in_the_table(count: int) -> None:
    """The sum of the lines is the sum of the days."""
    rows = table(days(*range(1, count + 1)), with_chart=False)
    assert sum(int(line.split("  ")[-2].replace(",", "")) for line in rows) == (
        count * (count + 1) // 2
    )


def test_the_bars_are_as_long_as_the_credits() -> None:
    """Half the credits, half the bar; none, none."""
    rows = table(days(8, 4, 0, 1), with_chart=False)
    assert [line.partition("  ")[2] for line in rows] == [
        "8  ██████████",
        "4  █████",
        "0",
        "1  █▎",
    ]


@pytest.mark.parametrize("count", [1, 14, 90])
def test_the_widest_report_fits_a_phone(count: int) -> None:
    """A table that wraps cannot be read."""
    rows = days(*[10**6] * count)
    for with_chart in (True, False):
        assert_discord_takes([REPORT.usage("user:1", rows, with_chart=with_chart)])
        assert all(width(line) <= PHONE for line in table(rows, with_chart=with_chart))


def test_the_chart_is_told_to_whoever_cannot_see_it() -> None:
    """An alt text says what matters."""
    said = REPORT.alt_text(days(2, 1_000, 5))
    assert said == "Bar chart by day: 1,007 credits in total, most on Nov 19 with 1,000."


@pytest.mark.parametrize("locale", ["en", "xx", "de"])
def test_a_language_without_words_has_english_dates(locale: str) -> None:
    """A card speaks one language only."""
    assert REPORT.bars(days(3, 4), locale) == [("Nov 19", 3), ("Nov 20", 4)]
