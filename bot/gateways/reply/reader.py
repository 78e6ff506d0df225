"""The tolerant reader: pictures and usage in whatever shape a gateway sends them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from yarl import URL

from bot.core.models import TokenUsage
from bot.gateways.reply.streaming_json import StreamingJson

# Where pictures lie (dialects §3.4); the first that holds any counts.
_HOLDERS = (
    "data",
    "result",
    "task_result",
    "images",
    "output",
    "results",
    "result_url",
    "image_urls",
)
# In this order of preference. `image` holds base64 at some gateways and an address at others;
# beside a task it is the reference that was sent.
_BASE64_KEYS = ("b64_json", "image")
_ADDRESS_KEYS = ("url", "image_url", "imageUrl")
_MAX_DEPTH = 8
_MAX_NUMBER = 2**63 - 1
_MAX_CHOICES = 10
_MARKDOWN = re.compile(r"!\[[^\]]{0,300}\]\(\s*([^\s)]{1,2000})")
_BARE = re.compile(
    r"https?://[^\s\"'<>()\[\]]{1,900}?\.(?:png|jpe?g|webp|gif)\b(?:\?[^\s\"'<>()\[\]]{0,900})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReplyPicture:
    """One picture of a reply: a file that already arrived, or an address to fetch."""

    source: Path | URL
    revised_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """What a reply holds; ``body`` is its JSON, None when it is none."""

    found: tuple[ReplyPicture, ...]
    usage: TokenUsage | None
    body: object = field(repr=False)  # a gateway may repeat the key in it


def read_reply(json_reader: StreamingJson, base: URL) -> ParsedReply:
    """Read a reply; relative addresses are resolved against ``base``."""
    body = parse_json(json_reader)
    if body is None:  # broken JSON around whole pictures must not lose them
        return ParsedReply(tuple(map(ReplyPicture, json_reader.decoded)), None, None)
    return ParsedReply(tuple(_Reader(json_reader, base).pictures(body)), _usage(body), body)


def parse_json(json_reader: StreamingJson) -> object:
    """Return the JSON of a skeleton, None when it is none."""
    try:
        # More tolerant than msgspec: raw line breaks in strings, half a surrogate pair, NaN.
        return json.loads(json_reader.text, strict=False) if json_reader.is_json else None
    except (ValueError, RecursionError):
        return None


def non_empty_text(value: object) -> str | None:
    """Return what a string says, None for an empty one or anything else."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "").strip() or None


@dataclass(frozen=True, slots=True)
class _Reader:
    json_reader: StreamingJson
    base: URL

    def pictures(self, body: object) -> Iterator[ReplyPicture]:
        """Yield the pictures of a whole reply."""
        if not isinstance(body, dict):
            yield from self._all(body, 0)
        elif body.get("error"):  # its addresses lead to explanations
            yield from self._all(body.get("data"), 1)
        else:
            yield from list(self._all(body, 0)) or self._of_a_chat(body.get("choices"))

    def _all(self, node: object, depth: int) -> Iterator[ReplyPicture]:
        if depth > _MAX_DEPTH:
            return
        if isinstance(node, list):
            for entry in node:
                yield from self._all(entry, depth + 1)
        elif isinstance(node, dict):
            yield from self._held(node, depth) or self._own(node, depth)
        elif (text := non_empty_text(node)) and (source := self._bare(text)):
            yield ReplyPicture(source)

    def _held(self, fields: dict[str, object], depth: int) -> list[ReplyPicture]:
        for key in _HOLDERS:
            if found := list(self._all(fields.get(key), depth + 1)):
                return found
        return []

    def _own(self, fields: dict[str, object], depth: int) -> Iterator[ReplyPicture]:
        revised_prompt = non_empty_text(fields.get("revised_prompt"))
        for key in _BASE64_KEYS if depth else _BASE64_KEYS[:1]:
            if (text := non_empty_text(fields.get(key))) and (source := self._base64(text)):
                yield ReplyPicture(source, revised_prompt)
                return
        for key in _ADDRESS_KEYS:
            if found := [
                ReplyPicture(source, revised_prompt) for source in self._at(fields.get(key))
            ]:
                yield from found
                return

    def _at(self, value: object) -> Iterator[Path | URL]:
        value = value.get("url") if isinstance(value, dict) else value
        for one in value if isinstance(value, list) else [value]:
            if (text := non_empty_text(one)) and (source := self._address(text)):
                yield source

    def _bare(self, text: str) -> Path | URL | None:
        """Read a string that stands alone: ids of tasks stand alone, too."""
        is_plain = not (_is_web(text) or text.startswith("/") or self._is_inline(text))
        return None if is_plain else self._address(text)

    def _base64(self, text: str) -> Path | URL | None:
        return parse_url(text) if _is_web(text) else self.json_reader.file_of(text)

    def _address(self, text: str) -> Path | URL | None:
        if self._is_inline(text):
            return self.json_reader.file_of(text)
        if _is_web(text):
            return parse_url(text)
        relative = parse_url(text) if "/" in text else None
        return self.base.join(relative) if relative else None

    def _is_inline(self, text: str) -> bool:
        return self.json_reader.is_placeholder(text) or text[:5].casefold() == "data:"

    # --- chat completions: only some gateways paint through them --------------------------------

    def _of_a_chat(self, choices: object) -> Iterator[ReplyPicture]:
        for choice in choices[:_MAX_CHOICES] if isinstance(choices, list) else ():
            message = choice.get("message") if isinstance(choice, dict) else None
            if isinstance(message, dict):
                yield from self._all(message.get("images"), 1)
                yield from self._content(message.get("content"))

    def _content(self, content: object) -> Iterator[ReplyPicture]:
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, dict):
                yield from self._own({"image_url": part.get("image_url")}, 1)
            text = non_empty_text(part.get("text") if isinstance(part, dict) else part)
            yield from self._written(text or "")

    def _written(self, text: str) -> Iterator[ReplyPicture]:
        """Yield the pictures in words: markdown images, or else bare addresses of pictures."""
        inline = [text] if self._is_inline(text) else None
        bare = (one.rstrip(".,;:!?") for one in _BARE.findall(text))
        for one in inline or dict.fromkeys(_MARKDOWN.findall(text) or bare):
            if source := self._address(one):
                yield ReplyPicture(source)


def _is_web(text: str) -> bool:
    return text[:8].casefold().startswith(("http://", "https://"))


def parse_url(text: str) -> URL | None:
    """Read an address, None where it is none."""
    try:
        return URL(text)
    except ValueError:
        return None


def _usage(body: object, depth: int = 0) -> TokenUsage | None:
    if not isinstance(body, dict) or depth > _MAX_DEPTH:
        return None
    inner = (_usage(body.get(key), depth + 1) for key in ("data", "result"))
    return _counted(body.get("usage")) or next(filter(None, inner), None)


def _counted(usage: object) -> TokenUsage | None:
    if not isinstance(usage, dict):
        return None
    taken = _number(usage.get("input_tokens")) or _number(usage.get("prompt_tokens"))
    given = _number(usage.get("output_tokens")) or _number(usage.get("completion_tokens"))
    return TokenUsage(taken, given) if taken or given else None


def _number(value: object) -> int:
    if isinstance(value, float) and not isfinite(value):
        return 0
    if not isinstance(value, int | float):
        return 0
    return min(max(0, round(value)), _MAX_NUMBER)
