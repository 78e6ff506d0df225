"""What a person sees of a job, from the queue to the pictures."""

from dataclasses import replace
from pathlib import Path

import discord
import pytest

from bot.core.errors.base import EaselError
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import NotDelivered, PicturesKept, RecordedError
from bot.core.i18n.texts import Texts
from bot.core.models import (
    AnySize,
    Billed,
    ImageRequest,
    Job,
    JobState,
    NamedSize,
    Picture,
    Requester,
    Size,
)
from bot.discord_ui.buttons import StopButton, stop_button_row
from bot.discord_ui.embed_style import COLOURS
from bot.discord_ui.job_embeds import JobEmbeds, PostedFile
from bot.jobs.attempts import SlotResult, worst_failure
from bot.jobs.courier import JobFailure, JobProgress, JobResult, QueuePosition, RemainingCredits

SOON = QueuePosition(0, 0)
ADA = Requester(user_id=1, server_id=2, name="Ada")
JOB = Job(
    "01990000-0000-7000-8000-000000000000", ImageRequest("a fox", "m-1", "auto", 1), ADA, 1, 0
)
PICTURE = Picture(Path("1.png"), "png", 1024, 1536, 2_000_000)


def job(*, prompt: str = "a fox", size: AnySize = "auto", n: int = 1, name: str = "Ada") -> Job:
    """Return a job for ``n`` pictures."""
    requester = replace(ADA, name=name)
    return replace(JOB, request=ImageRequest(prompt, "m-1", size, n), requester=requester)


def result(count: int = 1, **facts: object) -> JobResult:
    """Return what the studio hands over for ``count`` pictures."""
    plain = JobResult((PICTURE,) * count, count, 12_400, count, None, None)
    return replace(plain, **facts)  # type: ignore[arg-type]  # each test names real fields


def posted(count: int, *, shrunk: bool = False) -> list[PostedFile]:
    """Return the files of one message."""
    return [PostedFile(f"easel-{number}.png", shrunk) for number in range(1, count + 1)]


def failure(kind: GatewayErrorKind, billed: Billed = Billed.NO) -> GatewayFailure:
    """Return an exchange that brought nothing."""
    return GatewayFailure(kind=kind, gateway="g", billed=billed)


@pytest.fixture(scope="module")
def job_embeds() -> JobEmbeds:
    """Return the embeds in English."""
    return JobEmbeds(Texts())


def test_a_waiting_card_says_who_what_and_how_many_are_ahead(job_embeds: JobEmbeds) -> None:
    """A person wants to know that the request arrived, and whether to wait for it."""
    asked = replace(job(n=4, size=Size(1024, 1024)), created_at=1_700_000_000_000)
    card = job_embeds.queued(asked, QueuePosition(3, 38_200))
    assert card.author.name == "⏳ Queued for Ada"
    assert card.description == "> a fox\n-# 3 ahead · about 40 s · asked <t:1700000000:R>"
    assert card.footer.text == "m-1 · 1024\u00d71024 · 4 pictures · 1 credit"


@pytest.mark.parametrize(("credits", "said"), [(0, "0 credits"), (1, "1 credit"), (8, "8 credits")])
def test_the_cost_is_shown_before_the_work(job_embeds: JobEmbeds, credits: int, said: str) -> None:
    """Nobody learns only afterwards what a picture costs."""
    dear = replace(job(), credits=credits)
    for card in (job_embeds.queued(dear, SOON), job_embeds.painting(dear, JobProgress(0, 0, 1))):
        assert card.footer.text == f"m-1 · {said}"


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        (QueuePosition(0, 0), "Starting in a moment"),
        (QueuePosition(0, 1_000), "Next in the queue · about 5 s"),
        (QueuePosition(1, 55_000), "1 ahead · about 55 s"),
        (QueuePosition(12, 56_000), "12 ahead · about 1 min"),
        (QueuePosition(1_200, 121_000), "1,200 ahead · about 3 min"),
    ],
)
def test_the_place_in_line_reads_well(
    job_embeds: JobEmbeds, waiting: QueuePosition, said: str
) -> None:
    """An estimate is rounded up: nobody minds a picture that comes early."""
    assert said in str(job_embeds.queued(job(), waiting).description)


@pytest.mark.parametrize(
    ("state", "label"), [(QueuePosition(1, 1), "Cancel"), (JobProgress(0, 0, 1), "Stop waiting")]
)
async def test_the_button_says_what_it_still_can_do(
    state: QueuePosition | JobProgress, label: str
) -> None:
    """What was sent cannot be called back, so the button must not promise it."""
    (button,) = stop_button_row(Texts(), job(), state).children
    assert isinstance(button, StopButton)
    assert button.item.label == label


def test_a_size_of_a_models_own_is_shown_as_it_is(job_embeds: JobEmbeds) -> None:
    """Some models call their sizes 2K or 16:9; an automatic size is no fact."""
    assert (
        job_embeds.queued(job(size=NamedSize("16:9")), SOON).footer.text == "m-1 · 16:9 · 1 credit"
    )
    assert job_embeds.queued(job(), SOON).footer.text == "m-1 · 1 credit"


def test_a_painting_card_counts_the_seconds_by_itself(job_embeds: JobEmbeds) -> None:
    """Discord counts up from a time stamp: no edit is needed for that."""
    card = job_embeds.painting(job(n=4), JobProgress(1_700_000_000_000, 1, 4))
    assert card.author.name == "🎨 Painting for Ada"
    assert card.description == "> a fox\n1 of 4 done\n-# Started <t:1700000000:R>"


def test_a_single_picture_is_not_counted(job_embeds: JobEmbeds) -> None:
    """0 of 1 says nothing."""
    card = job_embeds.painting(job(), JobProgress(5_000, 0, 1))
    assert card.description == "> a fox\n-# Started <t:5:R>"


@pytest.mark.parametrize(
    ("painting", "said"),
    [
        (JobProgress(0, 0, 1, 0.4), "▰▰▰▰▱▱▱▱▱▱ 40%\n"),
        (JobProgress(0, 0, 1, 0.999), "▰▰▰▰▰▰▰▰▰▱ 99%\n"),
        (JobProgress(0, 0, 1, 1.0), "▰▰▰▰▰▰▰▰▰▰ 100%\n"),
        (JobProgress(0, 0, 1, None, None, 0, 48_000), "▱▱▱▱▱▱▱▱▱▱ about 0%\n"),
        (JobProgress(0, 0, 1, None, None, 25_000, 48_000), "▰▰▰▰▰▱▱▱▱▱ about 52%\n"),
        (JobProgress(0, 0, 1, None, None, 47_900, 48_000), "▰▰▰▰▰▰▰▰▰▱ about 95%\n"),
        (JobProgress(0, 0, 1, None, None, 0, 1), "▱▱▱▱▱▱▱▱▱▱ about 0%\n"),
        (JobProgress(0, 1, 4, None, None, 1_000, 48_000), "▰▰▱▱▱▱▱▱▱▱ about 25% · 1 of 4 done\n"),
        (JobProgress(0, 4, 4, None, None, 1_000, 48_000), "▰▰▰▰▰▰▰▰▰▱ about 95% · 4 of 4 done\n"),
        (JobProgress(0, 0, 1, None, None, 48_000, 48_000), "▰▰▰▰▰▰▰▰▰▱ longer than usual\n"),
        (JobProgress(0, 0, 1, 0.7, None, 90_000, 48_000), "▰▰▰▰▰▰▰▱▱▱ 70%\n"),
    ],
)
def test_a_bar_is_full_only_when_the_gateway_says_so(
    job_embeds: JobEmbeds, painting: JobProgress, said: str
) -> None:
    """An estimate looks like one, and never promises the last twentieth."""
    assert f"> a fox\n{said}" in str(job_embeds.painting(job(), painting).description)


def test_a_long_wait_says_what_is_going_on(job_embeds: JobEmbeds) -> None:
    """Silence after the usual time looks like a bot that forgot somebody."""
    usual = JobProgress(9_000, 0, 1, None, None, 47_000, 47_600)
    said = str(job_embeds.painting(job(), usual).description)
    assert said.endswith("-# Started <t:9:R> · this model usually takes 48 s")
    said = str(job_embeds.painting(job(), replace(usual, elapsed_ms=47_600)).description)
    assert said.endswith("-# Still painting, started <t:9:R> · this model usually takes 48 s")


@pytest.mark.parametrize("long", ["word " * 800, "詩" * 4_000, "شعر " * 1_000, "line\n" * 800])
def test_a_long_prompt_is_cut_on_the_card(job_embeds: JobEmbeds, long: str) -> None:
    """The picture matters there; the whole prompt stands in the details."""
    revised = replace(PICTURE, revised_prompt=f"so {long}")
    (card,) = job_embeds.result(job(prompt=long), result(pictures=(revised,)), posted(1))
    asked, model = str(card.description).split("\n-# Prompt as revised by the model\n")
    for shown in (asked, model):
        assert shown.endswith("…")
        assert len(shown) <= 160
        assert len(shown.splitlines()) <= 7
        assert shown.removesuffix("…").split()[-1] in {"word", "line", ">", "شعر"} or "詩" in shown


def test_a_result_is_a_picture_with_one_line_of_facts(job_embeds: JobEmbeds) -> None:
    """On a phone the picture matters, then what it took and what is left."""
    left = RemainingCredits(credits=15, limit=20, period="day", frees_at=None)
    (card,) = job_embeds.result(job(), result(remaining=left), posted(1))
    assert card.author.name == "🖼️ A picture for Ada"
    assert card.description == "> a fox"
    assert card.image.url == "attachment://easel-1.png"
    assert card.url is None
    assert card.footer.text == "m-1 · 1024\u00d71536 · 12 s · 1 credit · 15 of 20 left today"


def test_without_limits_the_credits_left_are_not_mentioned(job_embeds: JobEmbeds) -> None:
    """The operator at home has no limit to read about."""
    (card,) = job_embeds.result(job(), result(charged=0), posted(1))
    assert card.footer.text == "m-1 · 1024\u00d71536 · 12 s"


def test_the_last_credit_says_when_there_are_more(job_embeds: JobEmbeds) -> None:
    """Better now than at the next refusal."""
    left = RemainingCredits(credits=0, limit=20, period="day", frees_at=9_000)
    (card,) = job_embeds.result(job(), result(remaining=left), posted(1))
    assert "-# No credits left: next credit <t:9:R>." in str(card.description)


@pytest.mark.parametrize(
    ("count", "groups"), [(1, [1]), (2, [2]), (4, [4]), (5, [4, 1]), (10, [4, 4, 2])]
)
def test_pictures_stand_in_galleries_of_four(
    job_embeds: JobEmbeds, count: int, groups: list[int]
) -> None:
    """Of embeds that share a URL Discord shows four pictures and hides the others."""
    embeds = job_embeds.result(job(n=count), result(count), posted(count))
    urls = [embed.url for embed in embeds]
    assert [urls.count(url) for url in dict.fromkeys(urls)] == groups
    assert [embed.image.url for embed in embeds] == [
        f"attachment://easel-{number}.png" for number in range(1, count + 1)
    ]
    assert all(len(embed) == 0 and embed.colour == embeds[0].colour for embed in embeds[1:])


def test_two_jobs_never_share_a_gallery(job_embeds: JobEmbeds) -> None:
    """A later message of another job must not look like a part of this one."""
    other = replace(JOB, id="01990000-0000-7000-8000-000000000001")
    urls = {job_embeds.result(one, result(2), posted(2))[0].url for one in (JOB, other)}
    assert len(urls) == 2


def test_without_files_the_words_stand_alone(job_embeds: JobEmbeds) -> None:
    """When no file can be posted the person still reads what became of them."""
    (card,) = job_embeds.result(job(), result(), [])
    assert card.image.url is None


def test_a_shrunk_picture_is_owned_up_to(job_embeds: JobEmbeds) -> None:
    """Somebody who downloads it should know that it is not the original."""
    (card,) = job_embeds.result(job(), result(), posted(1, shrunk=True))
    assert "-# Shown as WebP: the original is too large for this channel." in str(card.description)


def test_a_shortfall_says_how_many_why_and_what_it_cost(job_embeds: JobEmbeds) -> None:
    """Three of four pictures are a result, and the fourth costs nothing."""
    why = failure(GatewayErrorKind.MODERATION)
    card = job_embeds.result(job(n=4), result(3, asked=4, shortfall=why), posted(3))[0]
    assert card.author.name == "🖼️ 3 pictures for Ada"
    assert "3 of 4 pictures arrived. The image service declined" in str(card.description)
    assert "the missing pictures were not charged." in str(card.description)


def test_a_revised_prompt_is_shown_below(job_embeds: JobEmbeds) -> None:
    """Some models rewrite the prompt; that explains the picture."""
    revised = replace(PICTURE, revised_prompt="a red fox\n\nin snow")
    (card,) = job_embeds.result(job(), result(pictures=(PICTURE, revised)), posted(1))
    assert card.description == "> a fox\n-# Prompt as revised by the model\n> a red fox\n> in snow"


@pytest.mark.parametrize("same", ["a fox", " a  fox\n", "", "\u200b"])
def test_a_prompt_that_was_not_revised_is_shown_once(job_embeds: JobEmbeds, same: str) -> None:
    """The same words twice are noise."""
    pictures = (replace(PICTURE, revised_prompt=same),)
    (card,) = job_embeds.result(job(), result(pictures=pictures), posted(1))
    assert card.description == "> a fox"


@pytest.mark.parametrize(
    ("ended", "title"),
    [
        (JobState.FAILED, "⚠️ No picture for Ada"),
        (JobState.CANCELLED, "⏹️ Stopped for Ada"),
        (JobState.UNKNOWN, "❔ Outcome unknown for Ada"),
    ],
)
def test_an_ending_says_how_sure_it_is(job_embeds: JobEmbeds, ended: JobState, title: str) -> None:
    """Failed, stopped and lost are three things, and only one may have cost the operator."""
    card = job_embeds.ended(job(), JobFailure(NotDelivered(), ended))
    colours = {str(state): colour for state, colour in COLOURS.items()}
    assert (card.author.name, card.colour) == (title, discord.Colour(colours[ended]))


@pytest.mark.parametrize("restarted", [False, True])
def test_a_prompt_declined_for_another_picture_is_taken_off_too(
    job_embeds: JobEmbeds, restarted: bool
) -> None:
    """The sentence is about the worse failure, but moderation has read the same words."""
    failures = [failure(GatewayErrorKind.TIMEOUT_UNKNOWN), failure(GatewayErrorKind.MODERATION)]
    failures[0] = replace(failures[0], billed=Billed.MAYBE)
    why: EaselError = worst_failure([SlotResult(1, failure=each) for each in failures])
    if restarted:
        why = RecordedError(recorded_id=why.message_id, recorded_facts=why.facts)
    card = job_embeds.ended(job(prompt="something terrible"), JobFailure(why))
    assert "terrible" not in str(card.to_dict())
    assert "please reword it" not in str(card.description)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_prompt_that_was_declined_is_taken_off_the_card(
    job_embeds: JobEmbeds, restarted: bool
) -> None:
    """Others read the card, too; the person knows what they typed."""
    why: EaselError = failure(GatewayErrorKind.MODERATION)
    if restarted:
        why = RecordedError(recorded_id=why.message_id, recorded_facts=why.facts)
    card = job_embeds.ended(job(prompt="something terrible"), JobFailure(why))
    assert "terrible" not in str(card.to_dict())
    assert "-# The prompt is not shown here" in str(card.description)
    assert "please reword it" in str(card.description)


def test_an_ending_keeps_the_prompt_and_gives_the_credits_back(job_embeds: JobEmbeds) -> None:
    """Somebody who typed a long prompt on a phone wants it back, too."""
    card = job_embeds.ended(job(), JobFailure(failure(GatewayErrorKind.AUTH)))
    assert str(card.description).startswith("> a fox\nThe image service rejected the bot's")
    assert "your credits were given back." in str(card.description)
    assert card.footer.text == "m-1"


def test_kept_pictures_are_charged_and_said_to_be_kept(job_embeds: JobEmbeds) -> None:
    """The person pays for what /history has, and must know where it is."""
    card = job_embeds.ended(job(n=2), JobFailure(PicturesKept(), JobState.DONE, charged=2))
    assert "please use `/history` to get them" in str(card.description)
    assert "given back" not in str(card.description)
    assert card.footer.text == "m-1 · 2 pictures · 2 credits"


def test_a_screen_reader_hears_what_was_painted(job_embeds: JobEmbeds) -> None:
    """The model's own words describe its picture better than the prompt."""
    revised = replace(PICTURE, revised_prompt="a red fox\nin snow")
    assert job_embeds.alt_text(JOB, PICTURE, 1, 1) == "Picture: a fox"
    assert job_embeds.alt_text(JOB, revised, 2, 4) == "Picture 2 of 4: a red fox in snow"


def test_the_reader_chooses_the_language(tmp_path: Path) -> None:
    """A card speaks to the person who asked."""
    for locale, words in (("en", "Painting for"), ("de", "Malt für")):
        (tmp_path / locale).mkdir()
        (tmp_path / locale / "job_embeds.ftl").write_text(
            f"card-title-painting = {words} {{ $name }}\ncard-started = {{ $started_at }}\n"
            "card-credits = { $credits }"
        )
    german = JobEmbeds(Texts(folder=tmp_path)).painting(
        replace(JOB, locale="de"), JobProgress(0, 0, 1)
    )
    assert german.author.name == "Malt für Ada"
