"""The page of /history at its largest: Discord refuses the whole message for one letter more."""

import pytest

from bot.core.i18n.escaping import width
from bot.core.i18n.texts import Texts
from bot.core.job_ids import new_job_id
from bot.core.models import CardAddress, ImageRequest, Job, JobState, Reference, Requester
from bot.discord_ui.history_embeds import (
    LONGEST_SEARCH_TERM,
    HistoryEmbeds,
    history_view,
    result_link,
    search_terms_of,
)
from bot.jobs.history_pages import PAGE_SIZE, HistoryEntry, HistoryPage
from bot.jobs.repository.history_search import EVERYTHING, HistoryFilter
from bot.jobs.repository.rows import WrittenJob

EMBEDS = HistoryEmbeds(Texts())
PICTURE = Reference("0" * 64, "png", 1)


def look(
    prompt: str = "a fox",
    *,
    state: JobState = JobState.DONE,
    painted: int = 1,
    kept: int = 1,
    credits_: int | None = 1,
    server_id: int = 2,
    model: str = "m",
) -> HistoryEntry:
    """Return a job looked back at."""
    request = ImageRequest(prompt, model, "auto", 1)
    job = Job(new_job_id(0), request, Requester(1, server_id, "Ada"), 1, 1_800_000_000_000)
    message = CardAddress(2**62, 2**62 + 1, 0)
    written = WrittenJob(job, "me", state, message, None)
    return HistoryEntry(written, painted, (PICTURE,) * kept, credits_, message, b"webp")


def facts(shown: HistoryEntry, link: str | None = None) -> str:
    """Return the line under the prompt."""
    return str(EMBEDS.embed(1, shown, link).description).rsplit("\n", maxsplit=1)[-1]


@pytest.mark.parametrize("letter", ["*", "😀", "字", "W", "\u0301", "ﷺ"])
def test_the_longest_page_fits_into_a_message(letter: str) -> None:
    """6,000 characters over all embeds, 100 for a choice, 80 for a button."""
    largest = [
        look(letter * 4000, model=letter * 200, kept=10, painted=10) for _ in range(PAGE_SIZE)
    ]
    link = result_link(largest[0])
    embeds = [EMBEDS.embed(number, each, link) for number, each in enumerate(largest, 1)]
    assert sum(len(embed) for embed in embeds) <= 6000
    assert all(width(str(embed.author.name)) <= 256 for embed in embeds)
    wanted = HistoryFilter(text=letter * LONGEST_SEARCH_TERM, model=letter * LONGEST_SEARCH_TERM)
    view = history_view(
        Texts(), EMBEDS, HistoryPage(largest, has_newer=True, has_older=True), wanted
    )
    rows = view.to_components()
    assert len(rows) == 2
    for each in (component for row in rows for component in row["components"]):
        assert len(each["custom_id"]) <= 100
        assert width(each.get("label") or "") <= 80
        for option in each.get("options", ()):
            assert width(option["label"]) <= 100
            assert width(option["description"]) <= 100
    for file in EMBEDS.files(largest):
        assert width(str(file.description)) <= 1024


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (look(), "🖼️ 1 picture · 1 credit"),
        (look(painted=4, kept=4, credits_=8), "🖼️ 4 pictures · 8 credits"),
        (look(painted=4, kept=1), "🖼️ 1 of 4 pictures kept · 1 credit"),
        (look(kept=0), "🖼️ no longer kept · 1 credit"),
        (look(painted=0, kept=0, credits_=None), "🖼️ no longer kept"),
        (look(state=JobState.FAILED, kept=0, credits_=0), "⚠️ failed"),
        (look(state=JobState.CANCELLED, kept=0, credits_=None), "⏹️ stopped"),
        (look(state=JobState.UNKNOWN, kept=0, credits_=None), "❔ outcome unknown"),
        (look(state=JobState.QUEUED, kept=0, credits_=2), "⏳ queued · 2 credits"),
        (look(state=JobState.WORKING, kept=0, credits_=2), "🎨 painting · 2 credits"),
    ],
)
def test_one_line_says_how_it_stands(shown: HistoryEntry, words: str) -> None:
    """State and credits; what it cost more than 40 days ago is forgotten, and not called 0."""
    assert facts(shown) == f"-# {words} · <t:1800000000:R>"


def test_a_link_leads_to_the_message() -> None:
    """In a server, and in direct messages."""
    here = f"{2**62}/{2**62 + 1}"
    assert result_link(look()) == f"https://discord.com/channels/2/{here}"
    assert result_link(look(server_id=0)) == f"https://discord.com/channels/@me/{here}"
    assert facts(look(), link="https://x.example").endswith(" · [open](https://x.example)")


def test_a_message_without_our_rows_was_sought_by_nothing() -> None:
    """Discord may leave the message out."""
    assert search_terms_of(None) == EVERYTHING
