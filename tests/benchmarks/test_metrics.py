"""The benchmark of what counting costs, with few pictures."""

from benchmarks.metrics import measure

MOST = 0.02
LOOPS = 10_000


def test_the_instrument_calls_of_a_job_take_a_fiftieth_of_it_at_most() -> None:
    """Whoever wants to see what their bot does must not pay for it with the bot's speed."""
    calls, counting_us = measure(20, 4, LOOPS)
    assert calls.transactions >= 3
    assert calls.requests >= 2
    assert counting_us / 1000 <= MOST * calls.cpu_ms
