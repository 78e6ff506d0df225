"""What one person asked for, found by words and model as people type them."""

from collections.abc import Iterator

import pytest

from bot.core.job_ids import new_job_id
from bot.core.models import ImageRequest, Job, Requester
from bot.jobs.repository import history_search
from bot.jobs.repository.history_search import EVERYTHING, HistoryFilter
from bot.jobs.repository.repository import JobRepository
from tests.database.sync_database import SyncDatabase

ADA, BEN = 1, 2


class HistoryHarness:
    """A job repository with what people asked for in it."""

    def __init__(self, database: SyncDatabase) -> None:
        self.database = database
        self.repository = JobRepository(owner="me", now=lambda: 0)

    def write(self, *prompts: str, model: str = "m", user_id: int = ADA, at: int = 0) -> None:
        """Write a job for each prompt, all of one moment."""
        for prompt in prompts:
            request = ImageRequest(prompt, model, "auto", 1, quality="high")
            job = Job(new_job_id(at), request, Requester(user_id, 10, "Ada"), 1, at)
            self.database.write(self.repository.queued, job)

    def found(self, wanted: HistoryFilter, *, user_id: int = ADA, most: int = 1000) -> list[str]:
        """Return the prompts that are found, the newest first."""
        found: list[str] = []
        behind, is_end = None, False
        while not is_end:
            step = self.database.read(
                history_search.look_through, user_id, wanted, behind, newer=False, most=most
            )
            found += [each.job.request.prompt for each in step.jobs]
            behind, is_end = step.last, step.last is None
        return found[:most]


@pytest.fixture
def history() -> Iterator[HistoryHarness]:
    with SyncDatabase.open() as database:
        yield HistoryHarness(database)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("A Fox in the Snow", "fox IN"),
        ("一只在雪地里的狐狸", "雪地"),
        ("ein Bär am Fluß", "BÄR"),
        ("Лиса в снегу", "лиСА"),
        ("100% of_it", "0% OF_"),
        ('he said "fox" \\o/', '"Fox" \\O'),
        ("first line\nand  second", "line and second"),
        ("cafe\u0301 at night", "CAFÉ AT"),
        ("여우 그림", "여우"),
        ("a 🦊 and 👩‍👩‍👧", "🦊"),
    ],
)
def test_words_are_found_as_people_type_them(
    history: HistoryHarness, prompt: str, text: str
) -> None:
    """In any case and any script, with whatever means something to a database."""
    history.write("something else", prompt)
    assert history.found(HistoryFilter(text=text)) == [prompt]


@pytest.mark.parametrize("text", ["%", "_", "a%x", "a_f", "prompt", "model", "high", '","', "ä"])
def test_nothing_else_is_found(history: HistoryHarness, text: str) -> None:
    """Neither a wildcard nor the words in which the database keeps a request."""
    history.write("a fox")
    assert history.found(HistoryFilter(text=text)) == []


@pytest.mark.parametrize("model", ["gpt_image%", 'so "called" \\ model', "模型-2", "Модель"])
def test_a_model_is_found_by_its_whole_name(history: HistoryHarness, model: str) -> None:
    """In any case, and not by a part of it."""
    history.write("a fox", model=model)
    history.write("an owl", model=f"{model}-mini")
    assert history.found(HistoryFilter(model=model.upper())) == ["a fox"]
    assert history.found(HistoryFilter(text="OWL", model=model)) == []


def test_nobody_finds_what_others_asked_for(history: HistoryHarness) -> None:
    """Prompts are private."""
    history.write("a fox", user_id=BEN)
    assert history.found(EVERYTHING) == []
    assert history.found(HistoryFilter(text="fox")) == []
    assert history.database.read(history_search.models, ADA, most=10) == []


def test_a_search_goes_on_until_it_has_enough(history: HistoryHarness) -> None:
    """What SQL only supposes may fill batch after batch."""
    history.write("Ära", at=1)
    history.write(*(f"fox {number}" for number in range(120)), at=2)
    history.write("ÄRA", at=3)
    assert history.found(HistoryFilter(text="ära")) == ["ÄRA", "Ära"]
    assert history.found(HistoryFilter(text="ära"), most=1) == ["ÄRA"]


def test_jobs_of_one_moment_are_all_seen_once(history: HistoryHarness) -> None:
    """Four requests may come within a millisecond."""
    history.write(*(f"fox {number}" for number in range(7)))
    seen: list[str] = []
    read = history.database.read
    last, is_end = None, False
    while not is_end:
        step = read(history_search.look_through, ADA, EVERYTHING, last, newer=False, most=2)
        seen += [each.job.request.prompt for each in step.jobs]
        last, is_end = step.last or last, step.last is None
    back = read(history_search.look_through, ADA, EVERYTHING, last, newer=True, most=10)
    assert sorted(seen) == [f"fox {number}" for number in range(7)]
    assert [each.job.request.prompt for each in back.jobs] == seen[-3::-1]
