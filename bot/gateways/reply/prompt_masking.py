"""Find what a gateway quotes of a prompt, however it is cut, escaped, cased or spaced.

Compared are only letters and digits, in lower case; every one knows where it stands in the text.
The work is linear in the length of the text and of the prompt.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import accumulate

MASK = "[prompt]"
RUN_CHARACTERS = 12
RUN_WORDS = 3
_UNSPACED_RUN = 6  # of characters of a script that is written without spaces
_MIN_PROMPT = 4  # a shorter prompt would match ordinary text
_MIN_RUN = 3
_MIN_INSIDE_WORDS = 8  # a shorter run begins and ends with a word
_MAX_ROUNDS = 3  # JSON in JSON in a URL

_ESCAPE = re.compile(
    r"(?P<json>(?:\\u[0-9a-f]{4}){1,2})|\\+x(?P<hex>[0-9a-f]{2})"
    r"|(?P<percent>(?:%[0-9a-f]{2})+)"
    r"|(?P<entity>&(?:\#\d{1,7}|\#x[0-9a-f]{1,6}|[a-z]{2,8});)"
    r"|\\(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class _Letters:
    """The letters and digits of a text, and where each stands in it."""

    letters: str
    spans: tuple[tuple[int, int], ...]
    starts: frozenset[int]  # of words, in the letters
    ends: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Runs:
    """The runs of a prompt; those ``of_words`` count only where words begin and end."""

    anywhere: frozenset[str]
    of_words: frozenset[str]


def without_prompts(text: str, prompts: Iterable[str]) -> str:
    """Return the text with every run of each of the prompts masked."""
    for prompt in prompts:
        text = without_prompt(text, prompt)
    return text


def without_prompt(text: str, prompt: str) -> str:
    """Return the text with every run of the prompt masked: three words or twelve characters."""
    if not text or len(prompt.strip()) < _MIN_PROMPT:
        return text
    found, runs = _letters(text), _runs(prompt)
    letters, marked = found.letters, bytearray(len(found.letters))
    for length in range(_UNSPACED_RUN, RUN_CHARACTERS + 1):
        for start in range(len(letters) - length + 1):
            if letters[start : start + length] in runs.anywhere:
                marked[start : start + length] = b"\1" * length
    for start in found.starts:
        for end in range(start + _MIN_RUN, start + _MIN_INSIDE_WORDS):
            if end in found.ends and letters[start:end] in runs.of_words:
                marked[start:end] = b"\1" * (end - start)
    return _masked(text, found, marked)


def _masked(text: str, found: _Letters, marked: bytearray) -> str:
    pieces, position, at = [], 0, marked.find(1)
    while at >= 0:
        end = marked.find(0, at)
        last = (end if end >= 0 else len(marked)) - 1
        pieces += [text[position : found.spans[at][0]], MASK]
        position = found.spans[last][1]
        at = marked.find(1, last + 1)
    return "".join([*pieces, text[position:]])


# --- the runs of a prompt -------------------------------------------------------------------------


@lru_cache(maxsize=2)  # all redactions of one failure are about one request
def _runs(prompt: str) -> _Runs:
    words = [word.casefold() for word in _WORD.findall(prompt)]
    letters = "".join(words)
    anywhere = set(_windows(letters, RUN_CHARACTERS)) | _short_runs(prompt)
    runs_of_words = {"".join(run) for run in zip(words, words[1:], words[2:], strict=False)}
    if len(words) < RUN_WORDS or len(letters) < RUN_CHARACTERS:
        runs_of_words.add(letters)
    of_words = {run for run in runs_of_words if _MIN_RUN <= len(run) < _MIN_INSIDE_WORDS}
    anywhere |= {run for run in runs_of_words if _MIN_INSIDE_WORDS <= len(run) < RUN_CHARACTERS}
    return _Runs(frozenset(anywhere), frozenset(of_words))


def _short_runs(prompt: str) -> set[str]:
    """Return twelve characters, spaces counted, as far as they are letters; and unspaced ones."""
    text = " ".join(prompt.casefold().split())
    before = list(accumulate(map(str.isalnum, text), initial=0))  # letters, at each position
    letters = "".join(filter(str.isalnum, text))
    spaced = {
        letters[first:last]
        for first, last in zip(before, before[RUN_CHARACTERS:], strict=False)
        if _MIN_INSIDE_WORDS <= last - first < RUN_CHARACTERS
    }
    parts = _UNSPACED.findall(prompt)
    return spaced.union(*(_windows(part, _UNSPACED_RUN) for part in parts))


def _windows(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


# --- the letters of a text ------------------------------------------------------------------------


def _letters(text: str) -> _Letters:
    spans = [(at, at + 1) for at in range(len(text))]
    plain = text
    for _ in range(_MAX_ROUNDS):
        if "\\" not in plain and "%" not in plain and "&" not in plain:
            break
        plain, spans = _unescaped(plain, spans)
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    starts, ends = [], []
    for word in _WORD.finditer(plain):
        starts.append(len(places))
        for at in range(*word.span()):
            folded = plain[at].casefold()
            letters.append(folded)
            places += [spans[at]] * len(folded)
        ends.append(len(places))
    return _Letters("".join(letters), tuple(places), frozenset(starts), frozenset(ends))


def _unescaped(text: str, spans: list[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    position = 0
    for escape in _ESCAPE.finditer(text):
        start, end = escape.span()
        plain = _plain(escape)
        pieces += [text[position:start], plain]
        places += spans[position:start]
        places += [(spans[start][0], spans[end - 1][1])] * len(plain)
        position = end
    return "".join([*pieces, text[position:]]), places + spans[position:]


def _plain(escape: re.Match[str]) -> str:
    if units := escape["json"]:
        data = bytes.fromhex(units.replace("\\u", "").replace("\\U", ""))
        return data.decode("utf-16-be", "replace")
    if escape["hex"]:
        return chr(int(escape["hex"], 16))
    if escape["percent"]:
        return bytes.fromhex(escape["percent"].replace("%", "")).decode("utf-8", "replace")
    if escape["entity"]:
        return unescape(escape["entity"])
    # White space separates words; anything else is the character itself, as in \" and \/.
    return " " if escape["plain"] in "nrtbf" else escape["plain"]
