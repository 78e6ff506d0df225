"""What the ledger calls somebody or something, as people read it."""

import re

from bot.core.i18n.escaping import escaped, one_line
from bot.core.i18n.texts import Texts

LONGEST_REASON = 200
LONGEST_MODEL = 40

_MENTIONS = {"user": "<@", "role": "<@&"}
_LIMIT = re.compile(r"(?P<credits>\d+|unlimited)/(?P<period>[a-z]+)")


def mention(user_id: int) -> str:
    """Return a person's mention, which shows their name and calls nobody in an embed."""
    return f"<@{user_id}>"


def subject_name(texts: Texts, subject: str, locale: str) -> str:
    """Return a person or a role as a mention, *everyone* and *server* in words, else a model."""
    kind, _, number = subject.partition(":")
    if kind in _MENTIONS and number.isdecimal():
        return f"{_MENTIONS[kind]}{number}>"
    if subject in {"everyone", "server"}:
        return texts.say(f"quota-subject-{subject}", locale)
    return plain(subject.removeprefix("cost:"), LONGEST_MODEL)


def value_words(texts: Texts, value: str | None, locale: str) -> str | None:
    """Return what the audit keeps in words: ``20/day`` is a limit, a number a number."""
    found = _LIMIT.fullmatch(value or "")
    if value is None or found is None:
        return value and plain(value, LONGEST_MODEL)
    if found["credits"] == "unlimited":
        return texts.say("quota-no-limit", locale)
    return texts.say("quota-cap", locale, credits=int(found["credits"]), period=found["period"])


def change_words(
    texts: Texts, old: str | None, new: str | None, locale: str
) -> tuple[str | None, str | None]:
    """Return from what to what: of two limits that are numbers the first without its period."""
    before, after = _LIMIT.fullmatch(old or ""), _LIMIT.fullmatch(new or "")
    words = value_words(texts, old, locale), value_words(texts, new, locale)
    if before is None or after is None or "unlimited" in {before["credits"], after["credits"]}:
        return words
    return f"{int(before['credits']):,}", words[1]


def plain(text: str, limit: int) -> str:
    """Return what somebody typed as one short line of plain words, for an embed."""
    return escaped(one_line(text, limit))
