"""What /usage and /quota show."""

import pytest

from bot.core.i18n.texts import Texts
from bot.core.models import CardAddress, ImageRequest, Job, JobState, Requester
from bot.discord_ui.quota_embeds import JobRow, LimitRow, MemberStatus, QuotaEmbeds, UsageRow
from bot.quota.levels import LimitLevel
from tests.discord_ui.test_job_embeds_limits import assert_discord_takes

ADA = Requester(user_id=1, server_id=2, name="Ada")


@pytest.fixture
def quota_embeds() -> QuotaEmbeds:
    """Return the embeds in English."""
    return QuotaEmbeds(Texts())


def usage_row(
    level: LimitLevel,
    limit: int,
    period: str,
    *,
    used: int,
    held: int,
    left: int,
    frees_at: int | None = None,
) -> UsageRow:
    """Return the row of a limit of that level."""
    return UsageRow(level, limit, period, used, held, left, frees_at, level.is_personal)


def test_usage_has_one_row_for_each_limit(quota_embeds: QuotaEmbeds) -> None:
    """A person sees which limit binds, what is reserved, and when there is more."""
    embed = quota_embeds.usage(
        ADA,
        [
            usage_row(LimitLevel.USER, 20, "day", used=4, held=1, left=15, frees_at=9_000),
            usage_row(LimitLevel.EVERYONE, 1_000, "month", used=0, held=0, left=1_000),
            usage_row(LimitLevel.SERVER_QUOTA, 0, "week", used=0, held=0, left=0),
        ],
    )
    assert embed.author.name == "🎟️ Credits of Ada"
    assert [(field.name, field.value) for field in embed.fields] == [
        (
            "Your own limit, per day",
            "**15 of 20** left · 4 used · 1 reserved for pictures in progress"
            " · next credit <t:9:R>",
        ),
        ("The limit for everyone here, per month", "**1,000 of 1,000** left"),
        (
            "The operator's limit for this server, per week",
            "No credits: pictures are switched off.",
        ),
    ]


def test_usage_without_limits_says_so(quota_embeds: QuotaEmbeds) -> None:
    """An empty card would look like a defect."""
    assert quota_embeds.usage(ADA, []).description == "No limit applies to you here."


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (LimitRow("everyone", 20, "day"), "Everyone may now spend 20 credits per day."),
        (LimitRow("user:12", 1, "hour"), "<@12> may now spend 1 credit per hour."),
        (LimitRow("role:34", 0, "week"), "<@&34> may not paint any more."),
        (
            LimitRow("server", None, "month"),
            "The whole server may now spend unlimited credits per month.",
        ),
    ],
)
def test_a_new_limit_is_repeated(quota_embeds: QuotaEmbeds, row: LimitRow, said: str) -> None:
    """An admin who mistyped sees it at once."""
    assert quota_embeds.limit_set(row) == said


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ("day", "Everyone: the limit per day was removed."),
        (None, "Everyone: all limits were removed."),
    ],
)
def test_a_removed_limit_is_named(quota_embeds: QuotaEmbeds, period: str | None, said: str) -> None:
    """One limit or all of them is a great difference."""
    assert quota_embeds.limit_removed("everyone", period) == said


HOSTILE = ["x", "*", "👨‍👩‍👧‍👦", "\n> ", "](https://evil.example)", "@everyone ", "`", "漢"]


@pytest.mark.parametrize("filler", HOSTILE)
def test_the_fullest_usage_is_accepted(quota_embeds: QuotaEmbeds, filler: str) -> None:
    """Somebody blocked, limited by everything, with ten jobs and extra credits, gets an answer."""
    long = (filler * 4_000)[:4_000]
    row = UsageRow(
        LimitLevel.SERVER_QUOTA, 10**6, "month", 10**6, 10**6, 10**6, 2**42, is_personal=False
    )
    job = Job("id", ImageRequest(long, long, "auto", 1), Requester(1, 2**63, long), 10**6, 0)
    jobs = [JobRow(job, JobState.UNKNOWN, CardAddress(2**63, 2**63, 1))] * 30
    usage = quota_embeds.usage(ADA, [row] * 40, status=MemberStatus(10**6, long))
    assert_discord_takes([usage, quota_embeds.jobs(jobs)])


def test_a_job_without_a_card_leads_nowhere(quota_embeds: QuotaEmbeds) -> None:
    """A link that opens nothing is worse than none."""
    job = Job("id", ImageRequest("a fox", "m", "auto", 1), ADA, 1, 9_000)
    card = quota_embeds.jobs([JobRow(job, JobState.QUEUED, None)])
    assert card.description == "⏳ queued <t:9:R> · m · a fox"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (MemberStatus(block_reason=""), "please ask one"),
        (MemberStatus(block_reason="*spam*"), "“\\*spam\\*”"),
    ],
)
def test_a_block_comes_before_the_limits(
    quota_embeds: QuotaEmbeds, status: MemberStatus, said: str
) -> None:
    """What is left is of no use to somebody who is blocked."""
    assert said in str(quota_embeds.usage(ADA, [], status=status).description)


@pytest.mark.parametrize(
    ("quality", "credits", "said"),
    [
        (None, 1, "A picture by m costs 1 credit here from now on."),
        ("hd", 4, "A picture by m in quality hd costs 4 credits here from now on."),
        ("*", 0, "A picture by m in quality \\* is free here from now on."),
    ],
)
def test_a_new_cost_is_repeated(
    quota_embeds: QuotaEmbeds, quality: str | None, credits: int, said: str
) -> None:
    """An admin who mistyped sees it at once."""
    assert quota_embeds.cost_set("m", quality, credits) == said
