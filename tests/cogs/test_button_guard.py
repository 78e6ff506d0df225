"""Presses and reactions that repeat the one before."""

from dataclasses import dataclass, field

from cogs.button_guard import Debouncer

WITHIN_MS = 10_000


@dataclass
class StoppedClock:
    """A clock that a test sets."""

    now_ms: int = 0

    def __call__(self) -> int:
        """Return the time."""
        return self.now_ms


@dataclass(eq=False)
class CountedAction:
    """An action that counts how often it is looked up."""

    lookups: list[object] = field(default_factory=list)

    def __hash__(self) -> int:
        self.lookups.append(self)
        return id(self)


def test_an_action_counts_again_after_a_while() -> None:
    """Who presses twice by mistake wants one picture; who presses later wants another."""
    clock = StoppedClock()
    debouncer = Debouncer(clock, within_ms=WITHIN_MS)
    told = []
    for clock.now_ms in (0, 1, WITHIN_MS - 1, WITHIN_MS, WITHIN_MS + 1, 2 * WITHIN_MS):
        told.append(debouncer.is_repeated("again"))
    assert told == [False, True, True, False, True, False]


def test_a_clock_that_is_set_back_makes_nobody_wait_longer() -> None:
    """What was done before is forgotten in its time, whatever is remembered ahead of it."""
    clock = StoppedClock(5 * WITHIN_MS)
    debouncer = Debouncer(clock, within_ms=WITHIN_MS)
    assert not debouncer.is_repeated("later")
    clock.now_ms = 0
    assert not debouncer.is_repeated("again")
    clock.now_ms = WITHIN_MS
    assert not debouncer.is_repeated("again")
    assert debouncer.is_repeated("again")


def test_a_thousand_reactions_at_once_cost_little_each() -> None:
    """Each looked at all the others: the loop stood still, and no interaction was answered."""
    clock = StoppedClock()
    debouncer, lookups = Debouncer(clock, within_ms=WITHIN_MS), list[object]()
    actions = [CountedAction(lookups) for _ in range(1000)]
    assert not any(debouncer.is_repeated(action) for action in actions)
    assert all(debouncer.is_repeated(action) for action in actions)
    clock.now_ms = WITHIN_MS
    assert not any(debouncer.is_repeated(action) for action in actions)
    count = len(lookups)
    assert count < 20 * len(actions)
