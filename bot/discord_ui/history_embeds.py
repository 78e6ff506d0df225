"""The pages of /history: one embed for each job, and the buttons under them.

The custom ids of the buttons hold what was searched for, so that they work after a restart.
"""

import io
import re
from collections.abc import Iterator, Sequence
from typing import Self, cast

import discord
from discord.ui import Button, DynamicItem, Select, View

from bot.core.i18n.escaping import one_line, quoted
from bot.core.i18n.texts import Texts
from bot.core.models import Job, JobState
from bot.discord_ui.embed_style import COLOURS, EmbedState, small
from bot.discord_ui.option_facts import prompt_or_operation
from bot.jobs.history_pages import HistoryEntry, HistoryPage, PageCursor, PageDirection
from bot.jobs.repository.history_search import EVERYTHING, HistoryFilter

_LONGEST_PROMPT = 100  # about four lines beside a thumbnail on a phone
_LONGEST_MODEL = 60
_LONGEST_LABEL = 60  # of a choice in a select: two lines on a phone; Discord takes 100
_LONGEST_ALT_TEXT = 300

_STATES: dict[JobState, EmbedState] = {
    JobState.QUEUED: "queued",
    JobState.DONE: "result",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.UNKNOWN: "unknown",
}

HISTORY_REPOST_CHOSEN = "history_repost_chosen"
"""The event for cogs: its arguments are the interaction and a job's id."""
HISTORY_PAGE_CHOSEN = "history_page_chosen"
"""The event for cogs: its arguments are the interaction and which page comes next."""
HISTORY_TERM_REMOVED = "history_term_removed"
"""The event for cogs: its arguments are the interaction, and ``text`` or ``model``."""

LONGEST_SEARCH_TERM = 80  # a custom id has 100 characters (components/reference)
_LONGEST_TERM_SHOWN = 20  # four buttons fit beside each other on a phone, or in two rows
_REPOST_ID = "easel:again"


class HistoryEmbeds:
    """Builds the embeds and files of a page in the reader's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def heading(self, locale: str = "en") -> str:
        """Return the line above a page."""
        return self._texts.say("history-heading", locale)

    def nothing(self, locale: str = "en", *, is_search: bool) -> str:
        """Say that there is no job, or that none was found."""
        return self._texts.say("history-nothing-found" if is_search else "history-none", locale)

    def embed(
        self, number: int, entry: HistoryEntry, link: str | None = None, locale: str = "en"
    ) -> discord.Embed:
        """Show one job, the ``number``-th of its page, with a ``link`` to its message."""
        job = entry.written.job
        words = prompt_or_operation(self._texts, job.request, locale)
        prompt = quoted(one_line(words, _LONGEST_PROMPT), 3 * _LONGEST_PROMPT)
        embed = discord.Embed(
            colour=COLOURS[_STATES.get(entry.written.state, "painting")],
            description="\n".join((prompt, small(self._facts(entry, link, locale)))),
        )
        embed.set_author(name=f"{number} · {one_line(job.request.model, _LONGEST_MODEL)}")
        if entry.thumbnail is not None:
            embed.set_thumbnail(url=f"attachment://{_preview_name(job)}")
        return embed

    def files(self, entries: Sequence[HistoryEntry], locale: str = "en") -> list[discord.File]:
        """Return the previews that the embeds show."""
        return [
            discord.File(
                io.BytesIO(entry.thumbnail),
                filename=_preview_name(entry.written.job),
                description=self._alt_text(entry, locale),
            )
            for entry in entries
            if entry.thumbnail is not None
        ]

    def choice(self, number: int, entry: HistoryEntry, locale: str = "en") -> discord.SelectOption:
        """Return the choice of a job whose pictures are kept."""
        job = entry.written.job
        words = prompt_or_operation(self._texts, job.request, locale)
        return discord.SelectOption(
            label=f"{number} · {one_line(words, _LONGEST_LABEL)}",
            description=_privacy_mark(job) + self._state(entry, locale),
            value=job.id,
        )

    def _facts(self, entry: HistoryEntry, link: str | None, locale: str) -> str:
        facts = [_privacy_mark(entry.written.job) + self._state(entry, locale)]
        if entry.credits:
            facts.append(self._texts.say("card-credits", locale, credits=entry.credits))
        created_at = entry.written.job.created_at
        facts.append(self._texts.say("history-created", locale, created_at=created_at))
        if link is not None:
            facts.append(self._texts.say("history-link", locale, link=link))
        return " · ".join(facts)

    def _state(self, entry: HistoryEntry, locale: str) -> str:
        state, kept = entry.written.state, len(entry.pictures)
        if entry.written.removed:
            return self._texts.say("history-removed", locale)
        if state is not JobState.DONE:
            return self._texts.say("history-state", locale, state=state)
        if kept in {0, entry.picture_count}:
            return self._texts.say("history-pictures", locale, count=kept)
        return self._texts.say("history-pictures-left", locale, count=kept, of=entry.picture_count)

    def _alt_text(self, entry: HistoryEntry, locale: str) -> str:
        words = prompt_or_operation(self._texts, entry.written.job.request, locale)
        prompt = one_line(words, _LONGEST_ALT_TEXT)
        return self._texts.say("card-alt", locale, prompt=prompt, index=1, of=1)


def result_link(entry: HistoryEntry) -> str | None:
    """Return a link to a job's message, None where there is none."""
    if entry.message is None:
        return None
    server = entry.written.job.requester.server_id or "@me"
    return f"https://discord.com/channels/{server}/{entry.message.channel_id}/{entry.message.message_id}"


def _privacy_mark(job: Job) -> str:
    """Return the mark of a private job."""
    return "🔒 " if job.private else ""


def _preview_name(job: Job) -> str:
    return f"easel-{job.id[-8:]}-preview.webp"


class RepostSelect(DynamicItem[Select[View]], template=_REPOST_ID):
    """Chooses a job whose pictures are posted again."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - how discord.py calls it
        item: discord.ui.Item[View],
        match: re.Match[str],  # noqa: ARG003
        /,
    ) -> Self:
        """Take a list that an earlier process may have sent."""
        assert isinstance(item, Select)  # noqa: S101 - nothing else has this id
        return cls(item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(HISTORY_REPOST_CHOSEN, interaction, self.item.values[0])


class HistoryPageButton(
    DynamicItem[Button[View]],
    template=r"easel:past:(?P<direction>newer|older):(?P<job_id>[0-9a-f-]{36})",
):
    """Shows the page before the first or after the last job of a page."""

    def __init__(self, cursor: PageCursor, button: Button[View]) -> None:
        super().__init__(button)
        self._cursor = cursor

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read which page comes next from the custom id."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(PageCursor(match["job_id"], cast("PageDirection", match["direction"])), item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(HISTORY_PAGE_CHOSEN, interaction, self._cursor)


class SearchTermButton(
    DynamicItem[Button[View]],
    template=r"easel:sought:(?P<what>text|model):(?P<term>.+)",
):
    """Shows a search term of the page; a click searches without it."""

    def __init__(self, what: str, button: Button[View]) -> None:
        super().__init__(button)
        self._what = what

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[View],
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the kind of the term from the custom id."""
        assert isinstance(item, Button)  # noqa: S101 - nothing else has this id
        return cls(match["what"], item)

    async def callback(self, interaction: discord.Interaction) -> None:
        """Hand the click to the cog, which reports errors; discord.py would only log them."""
        interaction.client.dispatch(HISTORY_TERM_REMOVED, interaction, self._what)


HISTORY_ITEMS = (RepostSelect, HistoryPageButton, SearchTermButton)


def history_view(
    texts: Texts,
    embeds: HistoryEmbeds,
    page: HistoryPage,
    wanted: HistoryFilter,
    locale: str = "en",
) -> View:
    """Return the rows under a page: jobs to post again, other pages, search terms."""
    view = View(timeout=None)
    options = [
        embeds.choice(number, entry, locale)
        for number, entry in enumerate(page.entries, 1)
        if entry.pictures
    ]
    if options:
        placeholder = texts.say("history-choose", locale)
        select: Select[View] = Select(
            custom_id=_REPOST_ID, placeholder=placeholder, options=options
        )
        view.add_item(RepostSelect(select))
    for item in (*_page_buttons(texts, page, locale), *_term_buttons(texts, wanted, locale)):
        view.add_item(item)
    return view


def search_terms_of(message: discord.Message | None) -> HistoryFilter:
    """Return the search terms of the page in a message."""
    found: dict[str, str] = {}
    for row in message.components if message else ():
        for child in row.children if isinstance(row, discord.ActionRow) else ():
            template = SearchTermButton.__discord_ui_compiled_template__
            if match := template.fullmatch(child.custom_id or ""):
                found[match["what"]] = match["term"]
    return HistoryFilter(**found) if found else EVERYTHING


def _page_buttons(texts: Texts, page: HistoryPage, locale: str) -> Iterator[HistoryPageButton]:
    if not (page.has_newer or page.has_older):
        return
    ends: tuple[tuple[PageDirection, int, bool], ...] = (
        ("newer", 0, page.has_newer),
        ("older", -1, page.has_older),
    )
    for direction, end, is_there in ends:
        cursor = PageCursor(page.entries[end].written.job.id, direction)
        button: Button[View] = Button(
            label=texts.say(f"history-{direction}", locale),
            custom_id=f"easel:past:{direction}:{cursor.job_id}",
            disabled=not is_there,
        )
        yield HistoryPageButton(cursor, button)


def _term_buttons(texts: Texts, wanted: HistoryFilter, locale: str) -> Iterator[SearchTermButton]:
    for what, term in (("text", wanted.text), ("model", wanted.model)):
        if term is not None:
            shown = one_line(term, _LONGEST_TERM_SHOWN)
            button: Button[View] = Button(
                label=texts.say(f"history-sought-{what}", locale, word=shown),
                custom_id=f"easel:sought:{what}:{term}",
            )
            yield SearchTermButton(what, button)
