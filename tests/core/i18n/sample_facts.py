"""Facts as people meet them, by the names that texts give them."""

from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import product

HOUR = 3_600_000

FACTS: dict[str, str | int] = {
    "name": "Ada",
    "mention": "<@1>",
    "level": "user",
    "period": "day",
    "money": "back",
    "reference": "a1b2",
    "subject": "<@2>",
    "started_at": HOUR,
    "frees_at": HOUR,
    "deleted_at": HOUR,
    "created_at": HOUR,
    "at": "<t:3600:f>",
    "took_ms": 8_400,
    "waited_ms": 8_400,
    "painted_ms": 8_400,
    "model": "some-model",
    "short_model": "some-model",
    "allowed": "a, b",
    "prompt": "a fox",
    "path": "fox.png",
    "sentence": "Try again.",
    "param": "size",
    "size": "1x1",
    "width": "1024",
    "height": "1024",
    "day": "<t:3600:D>",
    "credits": 2,
    "sizes": "12.0 MB",
    "min_edge": "16",
    "max_edge": "2048",
    "max_ratio": "3",
}


def facts(names: Iterable[str], n: int = 2) -> dict[str, str | int]:
    """Return a fact for each name; what is counted is ``n``."""
    return {name: n if FACTS.get(name, 2) == 2 else FACTS[name] for name in names}


def every_case(
    told: Set[str], cases: Mapping[str, Set[str]], n: int = 2
) -> Iterator[dict[str, str | int | None]]:
    """Return facts for each combination of the cases that a text tells apart."""
    usual = facts({*told, *cases}, n)
    known = [
        [usual[name], *(_value(case) for case in sorted(found))] for name, found in cases.items()
    ]
    for chosen in product(*known):
        yield {**usual, **dict(zip(cases, chosen, strict=True))}


def _value(case: str) -> str | int | None:
    if case == "none":
        return None
    return int(case) if case.isdecimal() else case
