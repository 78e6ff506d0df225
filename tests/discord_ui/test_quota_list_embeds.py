"""The pages of /quota show and audit, and the list of costs."""

import pytest

from bot.core.i18n.texts import Texts
from bot.discord_ui.buttons import page_buttons
from bot.discord_ui.quota_embeds import MemberStatus
from bot.discord_ui.quota_list_embeds import (
    CHANGES_ON_A_PAGE,
    LIMITS_ON_A_PAGE,
    MOST_COSTS,
    ChangeRow,
    CostRow,
    CreditLimit,
    GeneralLimits,
    ListPage,
    QuotaListEmbeds,
    SubjectRow,
    list_page,
)
from tests.discord_ui.test_job_embeds_limits import assert_discord_takes
from tests.discord_ui.test_quota_embeds import HOSTILE

TEXTS = Texts()
LISTS = QuotaListEmbeds(TEXTS)
ALL: tuple[CreditLimit, ...] = tuple((10**6, period) for period in ("hour", "day", "week", "month"))


def ceilings(**given: tuple[CreditLimit, ...]) -> GeneralLimits:
    """Return what holds besides: nothing, but for what is given."""
    nothing: dict[str, tuple[CreditLimit, ...]] = {
        "everyone": (),
        "server": (),
        "default": (),
        "server_quota": (),
    }
    return GeneralLimits(**(nothing | given))


def thousand_limits(reason: str) -> list[SubjectRow]:
    """Return the limits of people who are all blocked for one reason."""
    status = MemberStatus(10**6, reason)
    return [SubjectRow(f"user:{2**63 + i}", ALL, status) for i in range(1_000)]


def assert_page_is_accepted(page: ListPage[SubjectRow]) -> None:
    embed = LISTS.limits(page, ceilings(everyone=ALL, server=ALL, server_quota=ALL))
    assert_discord_takes([embed])
    for row in page.entries:
        assert f"<@{row.subject.removeprefix('user:')}>" in str(embed.description)


def test_a_thousand_limits_are_shown_page_by_page() -> None:
    """Nobody's limit is missing from a busy server's list."""
    rows, seen = thousand_limits("spam"), set[str]()
    for number in range(100):
        page = list_page(rows, number, LIMITS_ON_A_PAGE)
        seen.update(row.subject for row in page.entries)
        assert page.is_last == (number == 99)
        assert_page_is_accepted(page)
    assert len(seen) == 1_000


@pytest.mark.parametrize("filler", HOSTILE)
def test_limits_with_long_reasons_are_accepted(filler: str) -> None:
    """A busy server with talkative admins must still get an answer, on whatever page."""
    rows = thousand_limits((filler * 4_000)[:4_000])
    for number in (0, 9, 98, 99):  # the pages differ in their numbers, and in people's ids
        assert_page_is_accepted(list_page(rows, number, LIMITS_ON_A_PAGE))


@pytest.mark.parametrize("action", ["limit-set", "granted", "blocked", "cost-set", "?"])
@pytest.mark.parametrize("filler", HOSTILE)
def test_every_audit_is_accepted(filler: str, action: str) -> None:
    """Whatever is in an old row, it neither breaks the page nor acts on it."""
    long = (filler * 4_000)[:4_000]
    change = ChangeRow(2**42, 2**63, action, f"cost:{long}", long, long, long)
    page = ListPage([change] * CHANGES_ON_A_PAGE, 10**6, is_last=False)
    embed = LISTS.changes(page)
    assert_discord_takes([embed])
    assert len(str(embed.description).splitlines()) == 2 * CHANGES_ON_A_PAGE


@pytest.mark.parametrize(
    ("action", "subject", "old", "new", "said"),
    [
        ("limit-set", "everyone", None, "20/day", "Everyone · 20 credits per day"),
        (
            "limit-set",
            "user:5",
            "1/hour",
            "unlimited/hour",
            "<@5> · 1 credit per hour → no limit",
        ),
        (
            "limit-set",
            "server",
            "1000/day",
            "1/day",
            "The whole server · 1,000 → 1 credit per day",
        ),
        ("limit-removed", "role:6", "0/week", None, "<@&6> · no pictures removed"),
        ("role-gone", "role:6", "3/week", None, "A deleted role · 3 credits per week removed"),
        ("granted", "user:5", "2", "7", "<@5> · extra credits 2 → 7"),
        ("reset", "user:5", None, None, "<@5> · usage reset"),
        ("unblocked", "user:5", None, None, "<@5> · no longer blocked"),
        ("cost-set", "cost:m hd", "1", "4", "m hd · 1 → 4 credits for a picture"),
        ("cost-removed", "cost:m", "4", None, "m · 4 credits for a picture removed"),
        ("later", "server", None, None, "The whole server · later"),
    ],
)
def test_a_change_reads_as_a_sentence(
    action: str, subject: str, old: str | None, new: str | None, said: str
) -> None:
    """From what to what, for whom."""
    page = ListPage([ChangeRow(9_000, 3, action, subject, old, new, None)], 0, is_last=True)
    assert LISTS.changes(page).description == f"{said}\n-# <t:9:f> · <@3>"


def test_what_the_bot_did_is_signed_by_it() -> None:
    """Nobody is blamed for a role that was deleted."""
    page = ListPage(
        [ChangeRow(9_000, 0, "role-gone", "role:6", "3/day", None, None)], 0, is_last=True
    )
    assert str(LISTS.changes(page).description).endswith("\n-# <t:9:f> · Easel")


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (ceilings(), ["**Everyone** · no limit, the operator's default"]),
        (
            ceilings(default=((20, "day"), (1, "hour"))),
            ["**Everyone** · 20 credits per day · 1 credit per hour, the operator's default"],
        ),
        (
            ceilings(everyone=((None, "month"),), default=((20, "day"),)),
            ["**Everyone** · no limit"],
        ),
        (
            ceilings(everyone=((0, "day"),), server_quota=((9, "day"),)),
            ["**Everyone** · no pictures", "-# The operator allows this server 9 credits per day."],
        ),
        (
            ceilings(everyone=((5, "hour"), (None, "day"))),
            ["**Everyone** · 5 credits per hour · no limit per day"],
        ),
    ],
)
def test_the_head_says_what_holds_for_all(given: GeneralLimits, lines: list[str]) -> None:
    """Whoever is not in the list is limited all the same."""
    embed = LISTS.limits(list_page([], 0, LIMITS_ON_A_PAGE), given)
    assert str(embed.description).splitlines()[: len(lines)] == lines


@pytest.mark.parametrize("filler", HOSTILE)
def test_many_costs_are_cut_with_a_count(filler: str) -> None:
    """A gateway with hundreds of models must still fit, and no name ends the table."""
    long = (filler * 4_000)[:4_000]
    rows = [CostRow(long, long, 10_000, is_own=True)] * (MOST_COSTS + 5)
    embed = LISTS.costs(rows)
    assert_discord_takes([embed])
    assert str(embed.description).count("`") == 6
    assert embed.footer.text == "and 5 more lines · * set by this server"


def test_costs_stand_in_columns() -> None:
    """An admin compares them from top to bottom."""
    rows = [
        CostRow("gpt-image-2", None, 4, is_own=False),
        CostRow("gpt-image-2", "low", 10, is_own=True),
    ]
    assert LISTS.costs(rows).description == (
        "```\nModel            Credits\ngpt-image-2            4\ngpt-image-2 low       10*\n```"
    )


def test_the_buttons_know_their_pages() -> None:
    """At the ends there is nothing to press."""
    assert page_buttons(TEXTS, "limits", 0, is_last=True) is None
    first, last = (page_buttons(TEXTS, "limits", n, is_last=n == 9) for n in (0, 9))
    assert first is not None
    assert last is not None
    ids = [[item.item.custom_id for item in view.children] for view in (first, last)]  # type: ignore[attr-defined]  # DynamicItems
    assert ids == [
        ["easel:page:limits:back:0", "easel:page:limits:on:1"],
        ["easel:page:limits:back:8", "easel:page:limits:on:10"],
    ]
    disabled = [[item.item.disabled for item in view.children] for view in (first, last)]  # type: ignore[attr-defined]  # as above
    assert disabled == [[True, False], [False, True]]
