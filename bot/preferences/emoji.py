"""Emojis that may be used as reactions: one of Unicode, or a custom one of a server."""

import re
from dataclasses import dataclass

from bot.core.errors.base import Refusal


@dataclass(eq=False, kw_only=True)
class NotAnEmoji(Refusal):
    """What was typed is no emoji that may be used as a reaction here."""

    emoji: str
    message_id = "error-not-an-emoji"


@dataclass(eq=False, kw_only=True)
class SameEmoji(Refusal):
    """The same emoji was chosen for re-rolling and for deleting."""

    message_id = "error-same-emoji"


# The characters with the property Emoji but digits, flag letters and skin tones (Unicode 17.0,
# emoji-data.txt).
_EMOJI = (
    r"\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf"
    r"\u23e9-\u23f3\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u2604\u260e"
    r"\u2611\u2614\u2615\u2618\u261d\u2620\u2622\u2623\u2626\u262a\u262e\u262f\u2638-\u263a"
    r"\u2640\u2642\u2648-\u2653\u265f\u2660\u2663\u2665\u2666\u2668\u267b\u267e\u267f"
    r"\u2692-\u2697\u2699\u269b\u269c\u26a0\u26a1\u26a7\u26aa\u26ab\u26b0\u26b1\u26bd\u26be"
    r"\u26c4\u26c5\u26c8\u26ce\u26cf\u26d1\u26d3\u26d4\u26e9\u26ea\u26f0-\u26f5\u26f7-\u26fa"
    r"\u26fd\u2702\u2705\u2708-\u270d\u270f\u2712\u2714\u2716\u271d\u2721\u2728\u2733\u2734"
    r"\u2744\u2747\u274c\u274e\u2753-\u2755\u2757\u2763\u2764\u2795-\u2797\u27a1\u27b0\u27bf"
    r"\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f004"
    r"\U0001f0cf\U0001f170\U0001f171\U0001f17e\U0001f17f\U0001f18e\U0001f191-\U0001f19a"
    r"\U0001f201\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a\U0001f250\U0001f251"
    r"\U0001f300-\U0001f321\U0001f324-\U0001f393\U0001f396\U0001f397\U0001f399-\U0001f39b"
    r"\U0001f39e-\U0001f3f0\U0001f3f3-\U0001f3f5\U0001f3f7-\U0001f3fa\U0001f400-\U0001f4fd"
    r"\U0001f4ff-\U0001f53d\U0001f549-\U0001f54e\U0001f550-\U0001f567\U0001f56f\U0001f570"
    r"\U0001f573-\U0001f57a\U0001f587\U0001f58a-\U0001f58d\U0001f590\U0001f595\U0001f596"
    r"\U0001f5a4\U0001f5a5\U0001f5a8\U0001f5b1\U0001f5b2\U0001f5bc\U0001f5c2-\U0001f5c4"
    r"\U0001f5d1-\U0001f5d3\U0001f5dc-\U0001f5de\U0001f5e1\U0001f5e3\U0001f5e8\U0001f5ef"
    r"\U0001f5f3\U0001f5fa-\U0001f64f\U0001f680-\U0001f6c5\U0001f6cb-\U0001f6d2"
    r"\U0001f6d5-\U0001f6d8\U0001f6dc-\U0001f6e5\U0001f6e9\U0001f6eb\U0001f6ec\U0001f6f0"
    r"\U0001f6f3-\U0001f6fc\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f90c-\U0001f93a"
    r"\U0001f93c-\U0001f945\U0001f947-\U0001f9ff\U0001fa70-\U0001fa7c\U0001fa80-\U0001fa8a"
    r"\U0001fa8e-\U0001fac6\U0001fac8\U0001facd-\U0001fadc\U0001fadf-\U0001faea"
    r"\U0001faef-\U0001faf8"
)
_ONE = rf"[{_EMOJI}]\ufe0f?[\U0001f3fb-\U0001f3ff]?"
_TAGS = r"(?:[\U000e0020-\U000e007e]{1,8}\U000e007f)?"
_UNICODE = re.compile(
    rf"{_ONE}{_TAGS}(?:\u200d{_ONE}){{0,8}}"  # also a family, or the flag of Scotland
    r"|[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
)
_CUSTOM = re.compile(r"<a?:\w{2,32}:(\d{15,20})>", re.ASCII)
_VARIATION = "\ufe0f"  # the emoji presentation selector, which not every client adds


def is_unicode_emoji(text: str) -> bool:
    """Tell whether the text is one emoji and nothing else."""
    return _UNICODE.fullmatch(text) is not None


def custom_emoji_id(text: str) -> int | None:
    """Return the id of a custom emoji, such as ``<:fox:123456789012345678>``."""
    found = _CUSTOM.fullmatch(text)
    return int(found[1]) if found else None


def same_emoji(one: str, other: str) -> bool:
    """Tell whether two emojis are the same, also if a custom one was renamed."""
    return _key(one) == _key(other)


def _key(emoji: str) -> int | str:
    return custom_emoji_id(emoji) or emoji.replace(_VARIATION, "")
