"""When the shards of one process identify, where other processes have shards of the same bot."""

from dataclasses import dataclass, field

from bot.discord_ui.identify_turns import CONNECT_S, MOST_AHEAD_S, IdentifyTurns, Wanted


@dataclass
class Reservations:
    """What the table of all processes answers, one answer after the other."""

    answers: list[float | None]
    wanted: list[Wanted] = field(default_factory=list)

    async def __call__(self, wanted: Wanted) -> float | None:
        """Answer."""
        self.wanted.append(wanted)
        return self.answers.pop(0)


@dataclass
class Sleeps:
    """The waits, none of which takes any time."""

    slept: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        """Note it."""
        self.slept.append(seconds)


async def test_a_shard_waits_for_its_turn_before_it_connects() -> None:
    """Behind a hundred others it is minutes, and an unused connection is closed before that."""
    reservations, sleeps = Reservations([600.0]), Sleeps()
    turns = IdentifyTurns(reservations, sleep=sleeps)
    turns.max_concurrency = 16
    await turns.before_connecting(35)
    await turns.before_identify(35)
    assert reservations.wanted == [Wanted(3, earliest_s=CONNECT_S)]
    before, after = sleeps.slept
    assert 590 < before <= 600 - CONNECT_S
    assert before < after <= 600


async def test_a_shard_that_is_late_for_its_turn_takes_another() -> None:
    """Sent in the turn of another process, both would be refused."""
    reservations, sleeps = Reservations([-5.0, 0.0]), Sleeps()
    turns = IdentifyTurns(reservations, sleep=sleeps)
    await turns.before_connecting(0)
    await turns.before_identify(0)
    assert reservations.wanted[1:] == [Wanted(0, latest_s=MOST_AHEAD_S)]


async def test_a_shard_that_connects_again_reserves_no_turn_that_it_could_not_wait_for() -> None:
    """Turns that nobody uses would keep all others waiting."""
    reservations, sleeps = Reservations([None, None, 2.0]), Sleeps()
    await IdentifyTurns(reservations, sleep=sleeps).before_identify(4)
    assert [wanted.latest_s for wanted in reservations.wanted] == [MOST_AHEAD_S] * 3
    assert len(sleeps.slept) == 3
