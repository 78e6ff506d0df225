"""Whatever people write, Discord accepts the card, and nothing in it acts."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import Unexpected
from bot.core.errors.options import WrongSize
from bot.core.errors.quotas import QuotaSpent
from bot.core.i18n.escaping import width
from bot.core.i18n.texts import Texts
from bot.core.models import AnySize, Billed, ImageRequest, Job, NamedSize, Picture, Requester, Size
from bot.discord_ui.job_embeds import JobEmbeds, PostedFile
from bot.discord_ui.quota_embeds import QuotaEmbeds, UsageRow
from bot.jobs.courier import JobFailure, JobProgress, JobResult, QueuePosition, RemainingCredits
from bot.quota.levels import LimitLevel

CARDS = JobEmbeds(Texts())
PIECES = [
    "a red fox ",
    "\n",
    "\n\n\n",
    "*",
    "**b** ",
    "```py\n",
    "||s|| ",
    "\\",
    "<@123> @everyone ",
    "[x](https://evil.example) ",
    "discord.gg/abc https://discord.gg/abc ",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u0301",
    "👨‍👩‍👧‍👦",
    "🇩🇪",
    "\U0001d50a",
    "\x00\x1b[31m",
    "\ud83d",
    "- ",
    "> ",
    "# ",
    "漢字",
]

pieces = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(st.sampled_from(PIECES), max_size=12),
    st.sampled_from([1, 2, 50, 1_000]),
)
texts = st.one_of(pieces, st.text(st.characters(), max_size=200))
sizes: st.SearchStrategy[AnySize] = st.one_of(
    st.just("auto"),
    st.builds(Size, st.integers(1, 99_999), st.integers(1, 99_999)),
    st.builds(NamedSize, texts),
)
prompts = texts.map(lambda text: text[:4_000])
jobs = st.builds(
    Job,
    id=st.just("01990000-0000-7000-8000-000000000000"),
    request=st.builds(ImageRequest, prompts, texts, sizes, st.integers(1, 10)),
    requester=st.builds(Requester, st.just(1), st.just(2), texts),
    credits=st.integers(0, 10**9),
    created_at=st.just(0),
    locale=st.sampled_from(["en", "en-GB", "zh-CN", "xx"]),
)
pictures = st.builds(
    Picture,
    st.just(Path("1.png")),
    st.just("png"),
    st.integers(1, 99_999),
    st.integers(1, 99_999),
    st.just(1),
    st.none() | texts,
)
times = st.integers(0, 4_000_000_000_000)
errors: st.SearchStrategy[EaselError] = st.one_of(
    st.builds(
        GatewayFailure,
        kind=st.sampled_from(GatewayErrorKind),
        gateway=texts,
        billed=st.sampled_from(Billed),
        param=texts,
        retry_after_s=st.none() | st.floats(0, 1e9),
        detail=texts,
    ),
    st.builds(WrongSize, size=texts, model=texts, allowed=texts),
    st.builds(Unexpected, reference=texts),
    st.builds(
        QuotaSpent,
        level=st.sampled_from(LimitLevel),
        limit=st.integers(0, 10**9),
        period=st.sampled_from(["hour", "day", "week", "month"]),
        left=st.integers(0, 10**9),
        credits=st.integers(0, 10**9),
        frees_at=st.none() | times,
    ),
)
lefts = st.none() | st.builds(
    RemainingCredits,
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.just("month"),
    st.none() | times,
)
results = st.lists(pictures, min_size=1, max_size=10).flatmap(
    lambda shown: st.builds(
        JobResult,
        st.just(tuple(shown)),
        st.integers(len(shown), 10),
        st.integers(0, 10**9),
        st.integers(0, 10**9),
        lefts,
        st.none() | errors,
    )
)
rows = st.builds(
    UsageRow,
    st.sampled_from(LimitLevel),
    st.integers(0, 10**12),
    st.sampled_from(["hour", "day", "week", "month"]),
    *[st.integers(0, 10**12)] * 3,
    st.none() | times,
    st.booleans(),
)


def assert_discord_takes(embeds: Sequence[discord.Embed]) -> None:
    """Check the limits of Discord, counted in UTF-16 units, the strictest way of counting."""
    assert 1 <= len(embeds) <= 10
    assert sum(map(_total, embeds)) <= 6_000
    for embed in embeds:
        assert width(embed.title or "") <= 256
        assert width(embed.description or "") <= 4_096
        assert width(embed.footer.text or "") <= 2_048
        assert width(embed.author.name or "") <= 256
        assert len(embed.fields) <= 25
        assert all(0 < width(str(field.name)) <= 256 for field in embed.fields)
        assert all(0 < width(str(field.value)) <= 1_024 for field in embed.fields)
        json.dumps(embed.to_dict(), ensure_ascii=False).encode()


def _total(embed: discord.Embed) -> int:
    fields = sum(width(str(field.name)) + width(str(field.value)) for field in embed.fields)
    words = (embed.title, embed.description, embed.footer.text, embed.author.name)
    return fields + sum(width(word or "") for word in words)


def assert_nothing_acts(embed: discord.Embed) -> None:
    """Check that no markdown, mention or link in the quotes is alive."""
    for line in str(embed.description).split("\n"):
        if line.startswith("> "):
            bare = re.sub(r"\\[^0-9A-Za-z\s]", "x", line.removeprefix("> "))
            assert not re.search(r"[\\`*_~|<>#@\[\]]|://|^[-+]|^\d+[.)]", bare)


@settings(deadline=None)
@given(jobs, results)
def test_every_result_is_accepted(job: Job, result: JobResult) -> None:
    """A refused card is a paid picture that nobody sees."""
    files = [PostedFile(f"easel-{i}.webp", shrunk=True) for i in range(len(result.pictures))]
    embeds = CARDS.result(job, result, files)
    assert len(embeds) == len(files)
    assert_discord_takes(embeds)
    assert_nothing_acts(embeds[0])
    assert max(map([embed.url for embed in embeds].count, {e.url for e in embeds})) <= 4


@settings(deadline=None)
@given(jobs, st.integers(0, 10**6), times)
def test_every_card_on_the_way_is_accepted(job: Job, ahead: int, at: int) -> None:
    """A card that cannot be posted cancels the job."""
    at_work = JobProgress(at, 1, 10, None, None, elapsed_ms=at // 2, usual_ms=ahead)
    for card in (CARDS.queued(job, QueuePosition(ahead, at)), CARDS.painting(job, at_work)):
        assert_discord_takes([card])
        assert_nothing_acts(card)
        assert card.author.name
        assert card.footer.text is not None


@settings(deadline=None)
@given(jobs, errors, st.integers(0, 10**9))
def test_every_ending_is_accepted(job: Job, error: EaselError, charged: int) -> None:
    """A person who is told nothing waits for ever."""
    card = CARDS.ended(job, JobFailure(error, charged=charged))
    assert_discord_takes([card])
    assert_nothing_acts(card)


@settings(deadline=None)
@given(texts, st.lists(rows, max_size=40), st.sampled_from(["en", "zh-CN"]))
def test_every_usage_is_accepted(name: str, shown: list[UsageRow], locale: str) -> None:
    """Somebody with many limited roles may still ask what is left."""
    assert_discord_takes([QuotaEmbeds(Texts()).usage(Requester(1, 2, name), shown, locale)])


@settings(deadline=None)
@given(jobs, pictures, st.integers(1, 10))
def test_every_alt_text_is_accepted(job: Job, picture: Picture, index: int) -> None:
    """An alt text that is too long makes Discord refuse the whole message."""
    alt = CARDS.alt_text(job, picture, index, 10)
    assert 0 < width(alt) <= 1_024
    assert "\n" not in alt


@pytest.mark.parametrize("filler", ["x", "*", "word ", "👨‍👩‍👧‍👦", "漢", "\n.", "_\n"])
def test_ten_pictures_with_the_longest_prompts(filler: str) -> None:
    """The largest request that the command takes, revised to the same length by the model."""
    long = (filler * 4_000)[:4_000]
    job = Job("id", ImageRequest(long, long, NamedSize(long), 10), Requester(1, 2, long), 10, 0)
    picture = Picture(Path("1.png"), "png", 1, 1, 1, f"so {long}")
    result = JobResult((picture,) * 10, 10, 1, 10, RemainingCredits(0, 9, "day", 9), None)
    embeds = CARDS.result(job, result, [PostedFile("easel-1.png", shrunk=True)] * 10)
    assert_discord_takes(embeds)
    assert len(embeds) == 10


@pytest.mark.parametrize(("asked", "revised"), [(10, 4_000), (4_000, 10), (4_000, 4_000)])
def test_of_two_prompts_each_has_a_few_lines(asked: int, revised: int) -> None:
    """The shorter one is shown whole, and two long ones are cut alike."""
    job = Job("id", ImageRequest("p" * asked, "m", "auto", 1), Requester(1, 2, "Ada"), 1, 0)
    picture = Picture(Path("1.png"), "png", 1, 1, 1, "r" * revised)
    result = JobResult((picture,), 1, 1, 1, None, None)
    description = str(CARDS.result(job, result, [])[0].description)
    shown = description.count("p"), description.count("r")
    assert max(shown) <= 160
    assert min(shown) >= min(asked, revised, 150)


@pytest.mark.parametrize("name", ["", "\u200b", "\n", "\u202e"])
def test_a_person_without_a_visible_name_is_someone(name: str) -> None:
    """An empty name would leave "JobProgress for" hanging."""
    job = Job("id", ImageRequest("p", "m", "auto", 1), Requester(1, 2, name), 1, 0)
    assert CARDS.queued(job, QueuePosition(0, 0)).author.name == "⏳ Queued for someone"


def test_the_words_around_a_prompt_stay_ours() -> None:
    """A prompt must not be able to write a line that looks like the bot's own."""
    job = Job("id", ImageRequest("x", "m", "auto", 1), Requester(1, 2, "Ada"), 1, 0)
    forged = replace(job.request, prompt="x\n-# Started <t:1:R>\r\u2028\u0085Fake line")
    card = CARDS.queued(replace(job, request=forged), QueuePosition(0, 0))
    lines = str(card.description).split("\n")
    assert [line for line in lines if not line.startswith("> ")] == ["-# Starting in a moment"]
