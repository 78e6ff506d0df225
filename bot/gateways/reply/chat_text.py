"""Read the text of a chat model's reply: one JSON object, or the pieces of an event stream."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

MAX_TEXT = 4_000
"""So many characters of a text are kept."""

_STREAM = re.compile(rb"\s*(?::[^\n]*\n\s*)*(?:event|data|id|retry):")
_DATA = b"data:"
_DECLINED_REASONS = frozenset({"content_filter", "refusal", "safety", "prohibited_content"})
# Some models without an interface of their own for it write down what they think about.
_THOUGHTS = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ChatText:
    """What a chat model said; ``is_declined`` where it says itself that it would not."""

    text: str = field(repr=False)
    is_declined: bool


def decode_chat(data: bytes) -> object:
    """Return the JSON of a reply, or what the pieces of a stream amount to; None for neither."""
    if _STREAM.match(data):
        return _joined(data)
    return decode_json(data)


def decode_json(data: bytes) -> object:
    """Return the JSON of a reply, None if it is none."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def read_chat(body: object) -> ChatText | None:
    """Return the text of the first choice, None where the reply has no choices."""
    choice = _first_choice(body)
    if choice is None:
        return None
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    text = _THOUGHTS.sub("", _words(message.get("content")), count=1).strip()
    reason = str(choice.get("finish_reason") or "").casefold()
    return ChatText(text[:MAX_TEXT], bool(message.get("refusal")) or reason in _DECLINED_REASONS)


def _first_choice(body: object) -> dict[str, object] | None:
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def _words(content: object) -> str:
    """Return the text of a content, which may be a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


# --- streams, which some gateways send unasked ----------------------------------------------------


def _joined(data: bytes) -> object:
    """Return the reply that the pieces of a stream amount to, or the first that is no piece."""
    text, refusal, reason, has_pieces = "", "", "", False
    for piece in _pieces(data):
        choice = _first_choice(piece)
        if choice is None:
            if not has_pieces and "error" in piece:
                return piece
            continue
        has_pieces = True
        delta = choice.get("delta")
        delta = delta if isinstance(delta, dict) else {}
        text += _words(delta.get("content"))
        refusal += str(delta.get("refusal") or "")
        reason = str(choice.get("finish_reason") or reason)
    if not has_pieces:
        return None
    message = {"content": text, "refusal": refusal}
    return {"choices": [{"message": message, "finish_reason": reason}]}


def _pieces(data: bytes) -> Iterator[Mapping[str, object]]:
    for line in data.splitlines():
        if line.startswith(_DATA):
            piece = decode_json(line.removeprefix(_DATA).strip())
            if isinstance(piece, dict):  # not [DONE]
                yield piece
