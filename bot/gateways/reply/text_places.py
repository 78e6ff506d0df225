"""Find words in the JSON of a reply, where a gateway's table says that they stand."""

from collections.abc import Iterable, Iterator

MOST_TEXTS = 20
MAX_TEXT = 16_000
"""So many texts of one reply, and characters of each, are kept."""
_MAX_DIGITS = 100


def texts_at(body: object, place: str) -> tuple[str, ...]:
    """Return what stands at a place such as ``descriptions[].text``; nothing that is empty.

    Numbers are words, too: a seed may be one.
    """
    found: Iterable[object] = (body,)
    for key in place.split("."):
        found = list(_below(found, key))[:MOST_TEXTS]
    return tuple(text for one in found if (text := _text(one)))


def _below(nodes: Iterable[object], key: str) -> Iterator[object]:
    name, is_list = key.removesuffix("[]"), key.endswith("[]")
    for node in nodes:
        value = node.get(name) if isinstance(node, dict) else None
        if not is_list:
            yield value
        elif isinstance(value, list):
            yield from value


def _text(value: object) -> str:
    if isinstance(value, str):
        return value[:MAX_TEXT].strip()
    if isinstance(value, bool) or not isinstance(value, int):
        return ""
    return str(value) if abs(value) < 10**_MAX_DIGITS else ""
