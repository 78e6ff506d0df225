"""What /usage and /quota show."""

import pytest

from bot.delivery.quota_cards import LimitRow, QuotaCards, UsageRow
from bot.domain import Requester
from bot.errors import LimitLevel
from bot.i18n.texts import Texts

ADA = Requester(user_id=1, server_id=2, name="Ada")


@pytest.fixture
def cards() -> QuotaCards:
    """Return the cards in English."""
    return QuotaCards(Texts())


def test_usage_has_one_row_for_each_limit(cards: QuotaCards) -> None:
    """A person sees which limit binds, what is reserved, and when there is more."""
    embed = cards.usage(
        ADA,
        [
            UsageRow(LimitLevel.USER, 20, "day", used=4, held=1, left=15, frees_at=9_000),
            UsageRow(
                LimitLevel.EVERYONE, 1_000, "month", used=0, held=0, left=1_000, frees_at=None
            ),
            UsageRow(LimitLevel.SERVER_QUOTA, 0, "week", used=0, held=0, left=0, frees_at=None),
        ],
    )
    assert embed.author.name == "Credits of Ada"
    assert [(field.name, field.value) for field in embed.fields] == [
        ("Your own limit, per day", "**15 of 20** left · 1 for pictures on the way · more <t:9:R>"),
        ("Everyone's limit here, per month", "**1,000 of 1,000** left"),
        (
            "The operator's ceiling for this server, per week",
            "No credits: pictures are switched off.",
        ),
    ]


def test_usage_without_limits_says_so(cards: QuotaCards) -> None:
    """An empty card would look like a defect."""
    assert cards.usage(ADA, []).description == "No limit applies to you here."


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (LimitRow("everyone", 20, "day"), "Everyone may now spend 20 credits per day."),
        (LimitRow("user:12", 1, "hour"), "<@12> may now spend 1 credit per hour."),
        (LimitRow("role:34", 0, "week"), "<@&34> may not paint any more."),
        (
            LimitRow("server", None, "month"),
            "This server together may now spend without limit per month.",
        ),
    ],
)
def test_a_new_limit_is_repeated(cards: QuotaCards, row: LimitRow, said: str) -> None:
    """An admin who mistyped sees it at once."""
    assert cards.limit_set(row) == said


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("day", "Everyone: the limit per day is gone."),
        (None, "Everyone: all limits are gone."),
    ],
)
def test_a_removed_limit_is_named(cards: QuotaCards, period: str | None, said: str) -> None:
    """One limit or all of them is a great difference."""
    assert cards.limit_removed("everyone", period) == said


def test_the_limits_of_a_server_stand_one_in_a_line(cards: QuotaCards) -> None:
    """An admin reads them from top to bottom."""
    embed = cards.limits([LimitRow("everyone", 20, "day"), LimitRow("user:12", 100, "month")])
    assert embed.title == "Limits in this server"
    assert embed.description == "Everyone: 20 credits per day\n<@12>: 100 credits per month"


def test_many_limits_are_cut_with_a_count(cards: QuotaCards) -> None:
    """A server with hundreds of personal limits must still get an answer."""
    embed = cards.limits([LimitRow(f"user:{2**63 + i}", 10**9, "month") for i in range(300)])
    assert len(embed) <= 4_096
    assert str(embed.description).endswith("\n-# and 250 more")


def test_a_server_without_limits_says_what_holds_instead(cards: QuotaCards) -> None:
    """Nothing set is not the same as nothing allowed."""
    assert "operator's default" in str(cards.limits([]).description)
