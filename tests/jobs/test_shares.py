"""Fair shares of the permits between processes: who goes first, and what each may expect."""

import random

import pytest

from bot.jobs.queue.shares import Load, Shares


def load(running: int, startable: int = 0) -> Load:
    return Load(startable, startable, running)


@pytest.mark.parametrize(
    ("others", "fair"),
    [
        ((), 8),
        ((load(3),), 5),
        ((load(3, 100),), 4),
        ((load(1), load(0, 1), load(8, 100)), 3),
        ((load(8, 100),) * 20, 1),
    ],
)
def test_what_a_process_may_expect(others: tuple[Load, ...], fair: int) -> None:
    """The forecast of its cards would promise permits that others use, or wait for free ones."""
    assert Shares(8, others).fair() == fair


def test_a_permit_goes_to_the_process_with_nothing() -> None:
    """One waiting job of a small process would wait behind ten thousand of a large one."""
    small = load(0, 1)
    assert Shares(8, (small,)).kept(7, 1) == 0
    assert Shares(1, (small,)).kept(0, 1) == 0
    assert Shares(1, (small,)).taken(0, 1) == 1  # the fastest gets what is free


def test_no_permit_is_given_up_for_nothing() -> None:
    """Where enough are free, or the others' jobs cannot start, each goes on."""
    assert Shares(9, (load(0, 1),)).kept(6, 2) == 2
    assert Shares(8, (load(0),)).kept(6, 2) == 2
    assert Shares(8, (load(4, 100),)).kept(3, 1) == 1
    assert Shares(6, (load(1, 9), load(1, 9), load(2, 9))).kept(1, 1) == 1


def test_whoever_runs_more_leaves_what_is_free_to_the_others() -> None:
    """Else a fast process takes each permit that it has just given up."""
    assert Shares(8, (load(1, 1),)).taken(6, 5) == 0
    assert Shares(8, (load(1, 1),)).taken(5, 5) == 1
    assert Shares(8, (load(1),)).taken(6, 1) == 1


@pytest.mark.parametrize("seed", range(20))
def test_processes_with_enough_jobs_end_with_equal_shares(seed: int) -> None:
    """Whoever came first, and whoever is asked first: after some jobs all run equally many."""
    chance = random.Random(seed)
    total, processes = chance.randint(1, 40), chance.randint(2, 6)
    running = [total] + [0] * (processes - 1)
    for _ in range(60 * total):
        free = total - sum(running)
        mine = chance.randrange(processes)
        others = tuple(load(each, 99) for i, each in enumerate(running) if i != mine)
        shares = Shares(total, others)
        if free:
            running[mine] += min(free, shares.taken(running[mine], free))
        elif running[mine]:
            running[mine] += shares.kept(running[mine] - 1, 1) - 1
        assert sum(running) <= total
    if total >= processes:
        assert max(running) - min(running) <= 1 + (sum(running) < total)
