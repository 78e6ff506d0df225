"""What all embeds share: colours, small print, and typed text without markdown."""

from collections.abc import Sequence
from typing import Literal

from bot.core.i18n.escaping import escaped, one_line
from bot.core.i18n.texts import Texts
from bot.core.models import Requester

LONGEST_FIELD = 1_024  # a field's value (resources/message, Embed Limits)
FACT_SEPARATOR = " · "  # between facts in one line
LONGEST_DISPLAY_NAME = 100  # of a person or a model: one line on a phone has room for about 40

EmbedState = Literal["queued", "painting", "result", "failed", "cancelled", "unknown"]

# Calm, and apart in lightness as well as in hue; the first line says the state in words.
COLOURS: dict[EmbedState, int] = {
    "queued": 0x9AA5B8,  # mist
    "painting": 0x7391D6,  # periwinkle
    "result": 0x6FAE8E,  # sage
    "failed": 0xCB7A6B,  # terracotta
    "cancelled": 0x7E8590,  # slate
    "unknown": 0xD9B366,  # ochre
}


def small(line: str) -> str:
    """Return a line in Discord's small print."""
    return f"-# {line}"


def plain_line(text: str, limit: int) -> str:
    """Return what somebody typed as one short line without markdown, for an embed."""
    return escaped(one_line(text, limit))


def joined(
    texts: Texts, items: Sequence[str], locale: str, *, longest: int, separator: str = ", "
) -> str:
    """Join the items that fit, and say after them how many more there are: none is cut."""
    shown = ""
    for index, item in enumerate(items):
        longer = f"{shown}{separator}{item}" if shown else item
        if len(longer) > longest:
            more = texts.say("custom-more", locale, count=len(items) - index)
            return f"{shown}{separator[-1]}{more}"
        shown = longer
    return shown


def requester_name(texts: Texts, requester: Requester, locale: str) -> str:
    """Return a person's name as one line of plain words."""
    return one_line(requester.name, LONGEST_DISPLAY_NAME) or texts.say("card-someone", locale)
