"""Types of arguments on the playground's command lines."""

import argparse

MAX_LATENCY_S = 3600


def port(text: str) -> int:
    """Return a TCP port; 0 takes a free one."""
    return int(_within(int(text), 65_535))


def seconds(text: str) -> float:
    """Return a wait of at most an hour."""
    return _within(float(text), MAX_LATENCY_S)


def probability(text: str) -> float:
    """Return how often something happens, from never (0) to always (1)."""
    return _within(float(text), 1)


def _within(value: float, most: float) -> float:
    if not 0 <= value <= most:
        raise argparse.ArgumentTypeError(f"{value} is not between 0 and {most}")
    return value
