"""Escape and shorten untrusted text before it is shown.

Prompts, names and model ids come from anybody. Invisible characters (control and bidirectional
characters, stacked combining marks) are removed, text is cut between grapheme clusters, and, for
Discord, markdown, mentions and links are escaped.
"""

import re
import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"
MOST_LINES = 25
_MOST_READ = 20_000  # characters; more than any prompt that a gateway takes
_MOST_MARKS = 6  # on one letter: enough for Tibetan, too few to cover the next line
_LONGEST_CLUSTER = 40  # code points; the longest emoji in Unicode has 10

_JOINERS = "\u200c\u200d"  # Persian and Indic spelling, and emoji such as families
_MARKS = frozenset({"Mn", "Mc", "Me"})
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
_WATCHED = _MARKS | _UNSEEN  # the joiners are in it
_SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")
_FLAG_LETTERS = ("\U0001f1e6", "\U0001f1ff")

# Discord drops a backslash before any character that is no letter, digit or space.
_ACTIVE = re.compile(r"[\\`*_~|<>#@\[\]]|:(?=//)")
_LIST_DASH = re.compile(r"^[-+]")
_LIST_NUMBER = re.compile(r"^(\d+)([.)])")
_BARE_QUOTE_MARKS = re.compile(r"(?:(?:^|\n)> ?)+$")
_ECHO_DROPS = re.compile(r"[\\`*~|<>\[\]@]|(?<=:)//")


def quoted(text: str, limit: int, *, lines: int = MOST_LINES) -> str:
    """Return the text as a Discord block quote of plain words, at most ``limit`` long."""
    shown = visible(text).split("\n")
    if len(shown) > lines:
        shown = [*shown[:lines], ELLIPSIS]
    return cut("\n".join(f"> {escaped(line)}" for line in shown), limit)


def escaped(line: str) -> str:
    """Escape Discord's markdown, mentions and links in one line."""
    line = _ACTIVE.sub(r"\\\g<0>", line)
    line = _LIST_DASH.sub(r"\\\g<0>", line)
    return _LIST_NUMBER.sub(r"\1\\\2", line)


def one_line(text: str, limit: int) -> str:
    """Return the text in one line, for fields without markdown: names, footers, alt text."""
    return cut(visible(text).replace("\n", " "), limit)


def echo(text: str, limit: int) -> str:
    """Return a typed word without markdown characters, for use in a sentence of ours."""
    return one_line(_ECHO_DROPS.sub("", text), limit)


def visible(text: str) -> str:
    """Return the text without invisible characters, blank lines and runs of spaces."""
    lines = (" ".join(_seen(line).split()) for line in text[:_MOST_READ].splitlines())
    return "\n".join(line for line in (line.strip(_JOINERS) for line in lines) if line)


def _seen(line: str) -> str:
    if line.isascii() and line.isprintable():  # most lines, and there is nothing to take out
        return line
    if not _WATCHED.intersection(map(unicodedata.category, line)):
        return unicodedata.normalize("NFC", line)
    kept, marks = [], 0
    for char in line:
        category = unicodedata.category(char)
        marks = marks + 1 if category in _MARKS or char in _JOINERS else 0
        is_seen = category not in _UNSEEN or char in _JOINERS or char.isspace()
        if is_seen and marks <= _MOST_MARKS:
            kept.append(char)
    # NFC joins Korean letters into syllables, which must not be cut apart.
    return unicodedata.normalize("NFC", "".join(kept))


def cut(text: str, limit: int) -> str:
    """Cut to ``limit`` UTF-16 units, never inside a grapheme cluster; add …."""
    if width(text) <= limit:
        return text
    room, kept = limit - width(ELLIPSIS), []
    for cluster in clusters(text):
        room -= width(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return _BARE_QUOTE_MARKS.sub("", "".join(kept)).rstrip() + ELLIPSIS


def width(text: str) -> int:
    """Return the length in UTF-16 units: at least what Discord counts, however it counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def columns(text: str) -> int:
    """Return how many columns the text takes in a code block: Chinese letters take two each."""
    return sum(2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1 for char in text)


def padded(text: str, wanted: int) -> str:
    """Fill the text up with spaces to as many columns."""
    return text + " " * (wanted - columns(text))


def clusters(text: str) -> Iterator[str]:
    """Split into grapheme clusters: marks, emoji sequences, flags and escapes stay whole."""
    cluster = ""
    for char in text:
        if cluster and not _belongs(char, cluster):
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def _belongs(char: str, cluster: str) -> bool:
    if len(cluster) >= _LONGEST_CLUSTER:
        return False
    return (
        unicodedata.category(char) in _MARKS
        or char in _JOINERS
        or cluster[-1] == "\u200d"
        or cluster == "\\"
        or _SKIN_TONES[0] <= char <= _SKIN_TONES[1]
        or (_is_flag_letter(char) and len(cluster) == 1 and _is_flag_letter(cluster))
    )


def _is_flag_letter(char: str) -> bool:
    return _FLAG_LETTERS[0] <= char <= _FLAG_LETTERS[1]
