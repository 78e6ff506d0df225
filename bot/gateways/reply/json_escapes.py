"""Find where the escapes of a raw JSON string begin and end."""

_BACKSLASH = ord("\\")
ESCAPE_LENGTH = 6  # of \u0000, the longest escape


def is_escaped(text: bytes | bytearray, index: int, start: int) -> bool:
    """Tell whether the character at ``index`` belongs to an escape that begins before it."""
    first = index
    while first > start and text[first - 1] == _BACKSLASH:
        first -= 1
    return (index - first) % 2 == 1


def before_cut_escape(text: bytes, start: int) -> int:
    """Return the position of an escape that the end of the text cuts; else the end."""
    last = text.rfind(b"\\", max(start, len(text) - ESCAPE_LENGTH + 1))
    if last < 0 or is_escaped(text, last, start):
        return len(text)
    is_unicode = text[last + 1 : last + 2] == b"u"
    is_cut = len(text) - last < (ESCAPE_LENGTH if is_unicode else 2)
    return last if is_cut else len(text)


def behind_escape(text: bytes | bytearray, at: int) -> int:
    """Return the first position from ``at`` on that is not inside of an escape."""
    if b"\\" not in text[at - ESCAPE_LENGTH : at]:
        return at
    following = text.find(b"\\", at)
    while following >= 0 and is_escaped(text, following, 0):
        following = text.find(b"\\", following + 1)
    return following if following >= 0 else min(at + ESCAPE_LENGTH, len(text))
