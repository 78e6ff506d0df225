"""Remove keys, URLs, hosts and prompts from a gateway's messages, for the operator's log."""

import re
from collections.abc import Iterable, Sequence

from bot.gateways.reply.prompt_masking import without_prompts

MAX_DETAIL = 500
_MAX_INPUT = 8 * MAX_DETAIL
_MIN_SECRET = 4  # shorter secrets would match ordinary text

# Of aiohttp's parser: the line of the reply that it could not read, and a mark below it. An error
# with a status shows its message as Python writes a string, with escaped quotes.
_QUOTED_BYTES = re.compile(
    r"(?:\\n|\s)*\bb(?P<quote>\\?['\"]).*(?P=quote)(?:(?:\\n|\s)*\^)?", re.DOTALL
)

_PATTERNS = (
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE), "[url]"),
    (re.compile(r"\bBearer\s+\S+", re.IGNORECASE), "Bearer [key]"),
    (re.compile(r"\bsk-[\w*.-]+"), "[key]"),
    (re.compile(r"\[?\b(?:\d{1,3}\.){3}\d{1,3}\]?(?::\d+)?"), "[host]"),
    (re.compile(r"\[[0-9a-f:.]*:[0-9a-f:.]*\](?::\d+)?", re.IGNORECASE), "[host]"),
    (re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b(?::\d+)?"), "[host]"),
)


def error_words(error: Exception) -> str:
    """Return an error of a connection in words, without the bytes of the reply that it quotes."""
    return _QUOTED_BYTES.sub("", f"{type(error).__name__}: {error}")


def redact(text: str, secrets: Iterable[str], *, prompts: Sequence[str] = ()) -> str:
    """Return one line of at most 500 characters without the secrets or parts of the prompts."""
    for secret in secrets:
        if len(secret) >= _MIN_SECRET:
            text = text.replace(secret, "[secret]")
    text = without_prompts(text[:_MAX_INPUT], prompts)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())[:MAX_DETAIL]
