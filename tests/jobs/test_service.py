"""The corridor: what must hold whatever a courier, a gateway or the clock does."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.core.clock import Clock
from bot.core.errors.jobs import CardNotPlaced, NotDelivered, ShuttingDown, Unexpected
from bot.core.errors.quotas import QuotaSpent
from bot.core.models import CardAddress, Job, Requester
from bot.jobs.courier import JobFailure, JobProgress, JobResult, QueuePosition
from bot.jobs.recovery import UnreportedFailure
from bot.quota.rules import parse_limits
from bot.services import Services, open_services
from bot.settings import Settings
from playground.settings import GivenSettings
from tests.cogs.scripted_gateway import KEY, ClosedConnection, ScriptedGateway

ADA = Requester(user_id=1, server_id=10, name="Ada")
BEN = Requester(user_id=2, server_id=10, name="Ben")


@dataclass
class Bag:
    """A courier that keeps what it is given; ``fails`` names the verb at which it gives up."""

    fails: str = ""
    placed: list[Job] = field(default_factory=list)
    results: list[JobResult] = field(default_factory=list)
    endings: list[JobFailure] = field(default_factory=list)

    async def place(self, job: Job, *, waiting: QueuePosition) -> CardAddress | None:
        """Keep the job."""
        if self.fails == "place":
            raise CardNotPlaced
        self.placed.append(job)
        return CardAddress(channel_id=5, message_id=len(self.placed), application_id=6, token="t")

    async def update(self, job: Job, state: QueuePosition | JobProgress) -> None:
        """Fail as a courier with a defect does, if told so."""
        if self.fails == "update":
            raise RuntimeError("a defect")

    async def deliver(self, job: Job, result: JobResult) -> Sequence[CardAddress]:
        """Keep the pictures' facts."""
        assert all(picture.path.is_file() for picture in result.pictures)
        if self.fails == "deliver":
            raise NotDelivered
        self.results.append(result)
        return ()

    async def end(self, job: Job, ending: JobFailure) -> bool:
        """Keep the ending."""
        self.endings.append(ending)
        return True


@dataclass
class Studio:
    """A house with a gateway, and a look into its database."""

    services: Services
    folder: Path

    async def ask(self, bag: Bag, who: Requester = ADA, *, n: int = 1) -> Job:
        """Submit a request as a door does."""
        request = self.services.catalogue.build_request(prompt="a fox", model=None, size=None, n=n)
        return await self.services.job_service.submit(request, who, bag)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database as another program would."""
        with sqlite3.connect(self.folder / "easel.db") as database:
            return database.execute(sql).fetchall()


def settings(folder: Path, gateway: ScriptedGateway, **changes: object) -> Settings:
    return GivenSettings(
        image_api_url=gateway.url,
        image_api_key=SecretStr(KEY),
        image_models=("dall-e-3",),
        database_url=f"sqlite:///{folder / 'easel.db'}",
        data_dir=folder,
        default_quota=parse_limits("5/day"),
        max_waiting_per_user=100,
    ).model_copy(update={"shutdown_grace": 0} | changes)


@pytest.fixture
async def job_service(tmp_path: Path, gateway: ScriptedGateway) -> AsyncIterator[Studio]:
    async with open_services(settings(tmp_path, gateway), Clock()) as services:
        yield Studio(services, tmp_path)


async def test_twenty_requests_at_once_against_five_credits_grant_exactly_five(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """The race that every check-then-record quota loses."""
    bag = Bag()
    asked = await asyncio.gather(*(job_service.ask(bag) for _ in range(20)), return_exceptions=True)
    await job_service.services.job_service.drained()
    assert sum(isinstance(answer, Job) for answer in asked) == 5
    assert sum(isinstance(answer, QuotaSpent) for answer in asked) == 15
    assert len(bag.results) == len(gateway.bodies) == 5
    assert job_service.rows("SELECT SUM(credits) FROM charges") == [(5,)]


async def test_what_is_sent_is_written_before(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """A crash while the gateway paints finds the attempt in the journal."""
    gateway.gate.clear()
    await job_service.ask(Bag())
    await asyncio.wait_for(gateway.asked.wait(), 60)
    assert job_service.rows("SELECT slot, number, state, billed FROM attempts") == [
        (0, 1, "sending", "maybe")
    ]
    assert job_service.rows("SELECT state FROM jobs") == [("working",)]
    gateway.gate.set()
    await job_service.services.job_service.drained()
    assert job_service.rows("SELECT state, billed FROM attempts") == [("received", "yes")]


async def test_a_refused_placing_leaves_nothing_behind(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """Nobody saw the job: no request, no hold, no place in the queue."""
    for _ in range(8):
        with pytest.raises(CardNotPlaced):
            await job_service.ask(Bag(fails="place"))
    assert gateway.bodies == []
    assert job_service.rows("SELECT SUM(credits) FROM meters") == [(0,)]
    assert job_service.rows("SELECT DISTINCT state FROM jobs") == [("cancelled",)]
    await job_service.ask(bag := Bag(), n=5)
    await job_service.services.job_service.drained()
    assert len(bag.results[0].pictures) == 5


async def test_a_request_cancelled_anywhere_holds_nothing_that_nobody_works_on(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Credits must not stay held, nor a place in the queue taken, until the next restart."""
    async with open_services(settings(tmp_path, gateway, default_quota=()), Clock()) as services:
        job_service = Studio(services, tmp_path)
        for steps in range(30):
            asked = asyncio.create_task(job_service.ask(Bag()))
            for _ in range(steps):
                await asyncio.to_thread(int)  # about as long as a step of the database
            asked.cancel()
            await asyncio.wait([asked])
            await services.job_service.drained()
        ends = set(
            job_service.rows(
                "SELECT jobs.state, charges.state FROM jobs JOIN charges ON job_id = id"
            )
        )
    assert ends <= {("cancelled", "settled"), ("done", "settled")}


async def test_a_defect_in_one_slot_waits_for_the_requests_of_the_others(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """What is asked for an ended job would be paid by the operator and written nowhere."""
    with sqlite3.connect(job_service.folder / "easel.db") as database:
        database.execute(
            "CREATE TRIGGER defect BEFORE INSERT ON attempts WHEN NEW.slot = 1"
            " BEGIN SELECT RAISE(ABORT, 'a defect'); END"
        )
    gateway.gate.clear()
    await job_service.ask(bag := Bag(), n=3)
    async with asyncio.timeout(60):
        while len(gateway.bodies) < 2:  # noqa: ASYNC110 - another program's view
            await asyncio.sleep(0.005)
    gateway.gate.set()
    await job_service.services.job_service.drained()
    assert [type(ending.error) for ending in bag.endings] == [Unexpected]
    assert job_service.rows("SELECT slot, state FROM attempts") == [
        (0, "received"),
        (2, "received"),
    ]
    assert job_service.rows("SELECT billed, pictures FROM costs") == [("yes", 1), ("yes", 1)]
    assert job_service.rows("SELECT state, credits, operator_credits FROM charges") == [
        ("settled", 0, 2)
    ]


async def test_a_failed_delivery_gives_the_credits_back(job_service: Studio) -> None:
    """The operator paid, the person did not get it: only the operator's cost row stays."""
    bag = Bag(fails="deliver")
    await job_service.ask(bag, n=2)
    await job_service.services.job_service.drained()
    assert [type(ending.error) for ending in bag.endings] == [NotDelivered]
    assert job_service.rows("SELECT credits, operator_credits FROM charges") == [(0, 0)]
    assert job_service.rows("SELECT SUM(pictures) FROM costs") == [(2,)]


async def test_a_courier_that_cannot_show_progress_still_delivers(job_service: Studio) -> None:
    """A defect in a kindness must not cost a picture."""
    bag = Bag(fails="update")
    await job_service.ask(bag)
    await job_service.services.job_service.drained()
    assert len(bag.results) == 1


async def test_a_defect_of_ours_releases_and_frees_the_slot(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """A bug costs nobody anything and blocks nobody."""
    (job_service.folder / "jobs").write_text("a file where a folder should be")
    bag = Bag()
    for _ in range(9):
        await job_service.ask(bag)
        await job_service.services.job_service.drained()
    assert gateway.bodies == []
    assert len(bag.endings) == 9
    assert job_service.rows("SELECT SUM(credits) FROM meters") == [(0,)]
    (job_service.folder / "jobs").unlink()
    await job_service.ask(bag)
    await job_service.services.job_service.drained()
    assert bag.results


async def test_the_card_tells_what_is_left_after_this_job(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """Credits used and left are right even when a part fails."""
    gateway.replies.append(ClosedConnection())
    bag = Bag()
    await job_service.ask(bag, n=3)
    await job_service.services.job_service.drained()
    (result,) = bag.results
    assert (len(result.pictures), result.charged) == (2, 2)
    assert result.remaining is not None
    assert (result.remaining.credits, result.remaining.limit) == (3, 5)


async def test_a_doubt_that_is_charged_is_on_the_card_of_what_arrived(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The card and the books must say the same."""
    gateway.replies.append(ClosedConnection())
    async with open_services(
        settings(tmp_path, gateway, max_doubtful_per_day=0), Clock()
    ) as services:
        job_service = Studio(services, tmp_path)
        await job_service.ask(bag := Bag(), n=3)
        await services.job_service.drained()
    (result,) = bag.results
    assert (len(result.pictures), result.charged, result.doubt_charged) == (2, 3, True)
    assert result.remaining is not None
    assert result.remaining.credits == 2
    assert job_service.rows("SELECT credits FROM charges") == [(3,)]


async def test_what_costs_nothing_may_be_in_doubt_as_well(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """The operator may have paid for it: the journal must not say that it surely failed."""
    job_service.services.server_costs.set(ADA.server_id, "dall-e-3", None, 0)
    gateway.replies.append(ClosedConnection())
    await job_service.ask(Bag())
    await job_service.services.job_service.drained()
    assert job_service.rows("SELECT state, credits FROM jobs") == [("unknown", 0)]
    assert job_service.rows("SELECT billed FROM costs") == [("maybe",)]


async def test_a_persons_usage_is_their_own(job_service: Studio) -> None:
    """Ben is not charged for Ada's evening."""
    await job_service.ask(Bag(), n=5)
    await job_service.ask(bag := Bag(), BEN, n=5)
    with pytest.raises(QuotaSpent):
        await job_service.ask(Bag())
    await job_service.services.job_service.drained()
    assert len(bag.results) == 1


async def test_closing_lets_jobs_finish_and_takes_no_new_ones(
    job_service: Studio, gateway: ScriptedGateway
) -> None:
    """An update of the bot loses no picture that is nearly there."""
    gateway.gate.clear()
    await job_service.ask(bag := Bag())
    closing = asyncio.create_task(job_service.services.job_service.close(grace_s=5))
    await asyncio.sleep(0)
    with pytest.raises(ShuttingDown):
        await job_service.ask(Bag())
    gateway.gate.set()
    await closing
    assert len(bag.results) == 1


async def test_what_does_not_finish_in_time_is_left_to_the_journal(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The next start, not this one, says how the job ended; nothing is sent twice."""
    gateway.gate.clear()
    async with open_services(settings(tmp_path, gateway), Clock()) as services:
        job_service = Studio(services, tmp_path)
        await job_service.ask(bag := Bag())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await services.job_service.close(grace_s=0)
    assert (bag.results, bag.endings) == ([], [])
    assert job_service.rows("SELECT state FROM jobs") == [("working",)]
    async with open_services(settings(tmp_path, gateway), Clock()) as services:
        (untold,) = await services.recovery.take_over()
        assert await services.recovery.take_over() == []
    assert isinstance(untold, UnreportedFailure)
    assert (untold.card.token, untold.failure.doubt_charged) == ("t", False)
    assert job_service.rows("SELECT state FROM jobs") == [("unknown",)]
    assert job_service.rows("SELECT credits, operator_credits FROM charges") == [(0, 1)]
    assert len(gateway.bodies) == 1
