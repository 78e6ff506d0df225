"""Who pays for which picture, for any ends of the attempts of a job."""

from dataclasses import dataclass
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.models import Billed, ImageRequest, Job
from bot.database.transaction import Transaction
from bot.jobs.repository.costs import read_price
from bot.jobs.repository.job_details import attempt_summary
from bot.jobs.repository.late_attempts import FIRST_LOOK_MS, due_attempts, receive_late
from bot.jobs.repository.repository import JobRepository
from bot.jobs.repository.rows import Cost
from bot.jobs.repository.settled_pictures import read_picture_counts
from tests.quota.ledger_driver import LedgerDriver, requester

BOB = requester(1)
PRICE = 7


@dataclass(frozen=True)
class SlotEnd:
    """How a slot ended: of ``asked`` pictures ``arrived`` and ``lost`` more were paid for."""

    end: str
    asked: int
    arrived: int
    lost: int
    refusals: int


@st.composite
def slot_ends(draw: st.DrawFn) -> SlotEnd:
    """Return any end of a slot."""
    asked = draw(st.integers(1, 4))
    arrived = draw(st.integers(1, asked))
    end = draw(
        st.sampled_from(["received", "refused", "in doubt", "interrupted", "lost", "lost by us"])
    )
    return SlotEnd(
        end, asked, arrived, draw(st.integers(0, asked - arrived)), draw(st.integers(0, 2))
    )


def record(tx: Transaction, repository: JobRepository, job: Job, slot: int, end: SlotEnd) -> None:
    """Write what a job writes while a slot runs."""
    for _ in range(end.refusals):  # each was tried again at another gateway
        refused = repository.sending(tx, job.id, slot, gateway="no", pictures=1)
        assert refused is not None
        repository.refused(tx, refused, "m", "auth")
    attempt = repository.sending(tx, job.id, slot, gateway="one", pictures=end.asked)
    assert attempt is not None
    price = PRICE * end.asked
    match end.end:
        case "received":
            repository.received(tx, attempt, Cost("m", end.arrived, end.lost, price=price))
        case "refused":
            repository.refused(tx, attempt, "m", "auth")
        case "in doubt":
            repository.lost(tx, attempt, Billed.MAYBE, Cost("m", price=price), "upstream")
        case "interrupted":
            repository.lost(
                tx, attempt, Billed.MAYBE, Cost("m", price=price), "upstream", by_us=True
            )
        case "lost":
            repository.lost(
                tx, attempt, Billed.YES, Cost("m", lost=end.asked, price=price), "upstream"
            )
        case _:
            repository.lost(tx, attempt, Billed.YES, Cost("m", price=price), "upstream")


def meters(driver: LedgerDriver) -> dict[str, int]:
    """Return the only row of each meter."""
    return {row["subject"]: row["credits"] for row in driver.rows("SELECT * FROM meters")}


@settings(deadline=None)
@given(
    ends=st.lists(slot_ends(), min_size=1, max_size=4),
    each=st.integers(1, 3),
    can_get=st.booleans(),
)
def test_the_person_pays_for_what_they_can_get_and_the_operator_counts_the_rest(
    ends: list[SlotEnd], each: int, can_get: bool
) -> None:
    """Nothing else is charged, whatever the gateways and this bot did."""
    arrived = sum(end.arrived for end in ends if end.end == "received")
    counted = sum(end.asked for end in ends if end.end != "refused")
    delivered = arrived if can_get else 0
    n = sum(end.asked for end in ends)
    with LedgerDriver.open() as driver:
        repository = JobRepository(owner="me", now=driver.clock)
        job = Job(driver.hold(BOB, n * each), ImageRequest("a", "m", "auto", n), BOB, n * each, 0)
        driver.database.write(repository.queued, job)
        for slot, end in enumerate(ends):
            driver.database.write(record, repository, job, slot, end)
        pictures = driver.database.read(read_picture_counts, job.id, delivered=delivered)
        price = driver.database.read(read_price, job.id)
        settle = driver.ledger.settle
        for _ in range(2):  # harmless twice
            driver.database.write(settle, job.id, pictures, each=each, price=price)
        found, doubtful = meters(driver), driver.doubtful(BOB).count
    assert {"budget": 0} | found == {
        "user:10:1": delivered * each,
        "server:10": delivered * each,
        "ceiling:10": counted * each,
        "operator": counted * each,
        "budget": counted * PRICE,
    }
    is_doubtful = {"in doubt": True, "lost": True}
    assert doubtful == any(
        is_doubtful.get(end.end, end.end == "received" and end.lost > 0) for end in ends
    )


def test_a_task_that_a_full_disk_left_may_come_late_and_is_nobodys_doubt() -> None:
    """Its attempt has no end: it is looked at for a day from its start, and details show it."""
    with LedgerDriver.open() as driver:
        repository = JobRepository(owner="me", now=driver.clock)
        job = Job(driver.hold(BOB, 1), ImageRequest("a", "m", "auto", 1), BOB, 1, 0)
        write, read = driver.database.write, driver.database.read
        write(repository.queued, job)
        attempt = write(repository.sending, job.id, 0, gateway="one", pictures=1)
        assert attempt is not None
        write(repository.task, attempt, "task-1")
        doubt = partial(repository.lost, may_come_late=True, by_us=True)
        write(doubt, attempt, Billed.MAYBE, Cost("m"), "disk-full")
        pictures = read(read_picture_counts, job.id, delivered=0)
        assert (pictures.limits_requester, pictures.counted_for_operator) == (False, 1)
        (late,) = read(due_attempts, driver.clock() + FIRST_LOOK_MS)
        assert late.ended_at == driver.clock()
        assert write(receive_late, attempt, Cost("m", 1))
        assert read(attempt_summary, job.id).ended_at is None
