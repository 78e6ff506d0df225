"""What one person asked for, found by words and model as people type them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.models import ImageRequest, Job, Requester, new_job_id
from bot.database.database import Database
from bot.jobs.repository import history_search
from bot.jobs.repository.history_search import EVERYTHING, Sought
from bot.jobs.repository.repository import JobRepository

ADA, BEN = 1, 2


class Desk:
    """A journal with what people asked for in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.repository = JobRepository(owner="me", now=lambda: 0)

    async def write(self, *prompts: str, model: str = "m", user_id: int = ADA, at: int = 0) -> None:
        """Write a job for each prompt, all of one moment."""
        async with self.database.transaction() as tx:
            for prompt in prompts:
                request = ImageRequest(prompt, model, "auto", 1, quality="high")
                who = Requester(user_id, 10, "Ada")
                await self.repository.queued(tx, Job(new_job_id(at), request, who, 1, at))

    async def found(self, sought: Sought, *, user_id: int = ADA, most: int = 1000) -> list[str]:
        """Return the prompts that are found, the newest first."""
        async with self.database.reading() as rows:
            jobs = await history_search.beside(rows, user_id, sought, None, newer=False, most=most)
        return [each.job.request.prompt for each in jobs]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    backup = tmp_path / "backup"
    async with Database.open(tmp_path / "easel.db", backup_dir=backup, now=lambda: 0) as database:
        yield Desk(database)


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
async def test_words_are_found_as_people_type_them(desk: Desk, prompt: str, text: str) -> None:
    """In any case and any script, with whatever means something to a database."""
    await desk.write("something else", prompt)
    assert await desk.found(Sought(text=text)) == [prompt]


@pytest.mark.parametrize("text", ["%", "_", "a%x", "a_f", "prompt", "model", "high", '","', "ä"])
async def test_nothing_else_is_found(desk: Desk, text: str) -> None:
    """Neither a wildcard nor the words in which the database keeps a request."""
    await desk.write("a fox")
    assert await desk.found(Sought(text=text)) == []


@pytest.mark.parametrize("model", ["gpt_image%", 'so "called" \\ model', "模型-2", "Модель"])
async def test_a_model_is_found_by_its_whole_name(desk: Desk, model: str) -> None:
    """In any case, and not by a part of it."""
    await desk.write("a fox", model=model)
    await desk.write("an owl", model=f"{model}-mini")
    assert await desk.found(Sought(model=model.upper())) == ["a fox"]
    assert await desk.found(Sought(text="OWL", model=model)) == []


async def test_nobody_finds_what_others_asked_for(desk: Desk) -> None:
    """Prompts are private."""
    await desk.write("a fox", user_id=BEN)
    assert await desk.found(EVERYTHING) == []
    assert await desk.found(Sought(text="fox")) == []
    async with desk.database.reading() as rows:
        assert await history_search.models(rows, ADA, most=10) == []


async def test_a_search_goes_on_until_it_has_enough(desk: Desk) -> None:
    """What SQL only supposes may fill batch after batch."""
    await desk.write("Ära", at=1)
    await desk.write(*(f"fox {number}" for number in range(120)), at=2)
    await desk.write("ÄRA", at=3)
    assert await desk.found(Sought(text="ära")) == ["ÄRA", "Ära"]
    assert await desk.found(Sought(text="ära"), most=1) == ["ÄRA"]


async def test_jobs_of_one_moment_are_all_seen_once(desk: Desk) -> None:
    """Four requests may come within a millisecond."""
    await desk.write(*(f"fox {number}" for number in range(7)))
    seen: list[str] = []
    job = None
    async with desk.database.reading() as rows:
        while batch := await history_search.beside(rows, ADA, EVERYTHING, job, newer=False, most=2):
            seen += [each.job.request.prompt for each in batch]
            job = batch[-1]
        back = await history_search.beside(rows, ADA, EVERYTHING, job, newer=True, most=10)
    assert sorted(seen) == [f"fox {number}" for number in range(7)]
    assert [each.job.request.prompt for each in back] == seen[-2::-1]
