"""The pages of /quota show and /quota audit, and the list of /quota cost.

A page is cut entry by entry, so that Discord takes it whatever admins have typed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import discord

from bot.core.i18n.escaping import columns, cut, one_line, padded
from bot.core.i18n.texts import Texts
from bot.discord_ui.job_embeds import COLOURS, small
from bot.discord_ui.quota_embeds import Favour
from bot.discord_ui.subjects import LONGEST_REASON, change_words, mention, plain, subject_name

LIMITS_ON_A_PAGE = 10
CHANGES_ON_A_PAGE = 8
LONGEST_LIMIT = 330  # of one line: ten of them and the head have room in 4,096
LONGEST_CHANGE = 500  # of two lines: eight of them have room
_SHOWN_REASON = 80  # in a list of limits; the audit has the rest
MOST_COSTS = 60  # lines of a table 40 characters wide
_MODEL_WIDTH = 26  # so wide is a table on a phone

_ACTIONS = frozenset(
    {
        "limit-set",
        "limit-removed",
        "role-gone",
        "granted",
        "reset",
        "blocked",
        "unblocked",
        "cost-set",
        "cost-removed",
    }
)

Cap = tuple[int | None, str]
"""Credits, None for unlimited, and a period."""

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """Some of many entries; ``number`` counts from 0, ``of`` is None where nobody counted."""

    entries: Sequence[Entry]
    number: int
    is_last: bool
    of: int | None = None


def page_of(entries: Sequence[Entry], number: int, size: int) -> Page[Entry]:
    """Return a page, or the last one there is: the list may be shorter than it was."""
    pages = max(1, math.ceil(len(entries) / size))
    number = min(number, pages - 1)
    here = entries[number * size : (number + 1) * size]
    return Page(here, number, is_last=number + 1 == pages, of=pages)


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """All that was decided about one subject, in the ledger's words for it."""

    subject: str
    caps: tuple[Cap, ...] = ()
    favour: Favour = Favour()  # noqa: RUF009 - a value


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What holds besides: for everyone, for the server together, and what the operator says."""

    everyone: tuple[Cap, ...]
    server: tuple[Cap, ...]
    default: tuple[Cap, ...]
    server_quota: tuple[Cap, ...]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What somebody changed; ``at`` is in milliseconds since the epoch, actor 0 is the bot."""

    at: int
    actor_id: int
    action: str
    subject: str
    old: str | None
    new: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class CostRow:
    """What a picture costs in a server; ``is_own`` when the server's admins said so."""

    model: str
    quality: str | None
    credits: int
    is_own: bool


class QuotaLists:
    """Draws what admins look up; ``texts`` knows the words."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def limits(
        self, page: Page[SubjectRow], ceilings: Ceilings, locale: str = "en"
    ) -> discord.Embed:
        """Show who is limited by what: what holds for all first, then role by role and person."""
        rows = [cut(self._limits_of(row, locale), LONGEST_LIMIT) for row in page.entries]
        if not rows:
            rows = [small(self._texts.say("quota-show-none", locale))]
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("quota-show-title", locale),
            description="\n".join([*self._head(ceilings, locale), "", *rows]),
        )
        return self._with_page(embed, page, locale)

    def changes(self, page: Page[ChangeRow], locale: str = "en") -> discord.Embed:
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

    # --- parts --------------------------------------------------------------------------------

    def _head(self, ceilings: Ceilings, locale: str) -> list[str]:
        if ceilings.everyone:
            lines = [self._line("everyone", ceilings.everyone, locale)]
        else:
            caps = self._caps(ceilings.default, locale)
            lines = [self._say_line("quota-show-default", "everyone", caps, locale)]
        if ceilings.server:
            lines.append(self._line("server", ceilings.server, locale))
        if ceilings.server_quota:
            caps = self._caps(ceilings.server_quota, locale)
            lines.append(small(self._texts.say("quota-show-ceiling", locale, limits=caps)))
        return lines

    def _line(self, subject: str, caps: Sequence[Cap], locale: str) -> str:
        return self._say_line("quota-show-line", subject, self._caps(caps, locale), locale)

    def _say_line(self, message_id: str, subject: str, limits: str, locale: str) -> str:
        who = subject_name(self._texts, subject, locale)
        return self._texts.say(message_id, locale, subject=f"**{who}**", limits=limits)

    def _limits_of(self, row: SubjectRow, locale: str) -> str:
        said = [self._caps(row.caps, locale)] if row.caps else []
        if row.favour.granted:
            granted = row.favour.granted
            said.append(self._texts.say("quota-show-granted", locale, credits=granted))
        if row.favour.block_reason is not None:
            reason = plain(row.favour.block_reason, _SHOWN_REASON)
            said.append(self._texts.say("quota-show-blocked", locale, reason=reason))
        who = subject_name(self._texts, row.subject, locale)
        limits = " · ".join(said)
        return self._texts.say("quota-show-line", locale, subject=who, limits=limits)

    def _caps(self, caps: Sequence[Cap], locale: str) -> str:
        if all(credits is None for credits, _ in caps):
            return self._texts.say("quota-no-limit", locale)
        return " · ".join(
            self._texts.say("quota-cap", locale, credits=credits, period=period)
            for credits, period in caps
        )

    def _change(self, change: ChangeRow, locale: str) -> str:
        known = change.action in _ACTIONS
        old, new = change_words(self._texts, change.old, change.new, locale)
        what = self._texts.say(
            f"audit-{change.action if known else 'other'}",
            locale,
            subject=subject_name(self._texts, change.subject, locale),
            old=old,
            new=new,
            action=plain(change.action, LONGEST_REASON),
        )
        return f"{what}\n{small(self._by(change, locale))}"

    def _by(self, change: ChangeRow, locale: str) -> str:
        who = mention(change.actor_id) if change.actor_id else None
        return self._texts.say(
            "audit-by",
            locale,
            at=f"<t:{change.at // 1000}:f>",
            actor=who or self._texts.say("audit-easel", locale),
            reason=plain(change.reason or "", LONGEST_REASON),
        )

    def _cost_table(self, rows: Sequence[CostRow], locale: str) -> str:
        names = [_fitted(row) for row in rows]
        head = self._texts.say("quota-costs-model", locale)
        widest = max(map(columns, [head, *names]))
        credits = self._texts.say("quota-costs-credits", locale)
        lines = [f"{padded(head, widest)}  {credits}"]
        for name, row in zip(names, rows, strict=True):
            mark = "*" if row.is_own else ""
            lines.append(f"{padded(name, widest)}  {row.credits:>{columns(credits)},}{mark}")
        return "```\n" + "\n".join(lines) + "\n```"

    def _with_page(self, embed: discord.Embed, page: Page[Entry], locale: str) -> discord.Embed:
        if page.is_last and page.number == 0:
            return embed
        text = self._texts.say("quota-page", locale, page=page.number + 1, pages=page.of)
        return embed.set_footer(text=text)


def _fitted(row: CostRow) -> str:
    """Return a model and its quality for a code block: nothing there can end it."""
    name = row.model if row.quality is None else f"{row.model} {row.quality}"
    return one_line(name.replace("`", "'"), _MODEL_WIDTH)
