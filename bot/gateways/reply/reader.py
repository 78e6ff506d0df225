"""Find the pictures and the token usage in a JSON reply, in any of the shapes gateways send.

A gateway that puts pictures under another key needs one more entry in the tables below.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

from yarl import URL

from bot.core.models import TokenUsage
from bot.gateways.reply.error_classifier import has_error
from bot.gateways.reply.streaming_json import StreamingJson

# Keys under which pictures are nested; the first that holds any counts.
_CONTAINER_KEYS = (
    "data",
    "result",
    "task_result",
    "images",
    "output",
    "results",
    "result_url",
    "image_urls",
)
# Keys of one picture, in order of preference. `image` is base64 at some gateways and a URL at
# others; beside a task it is the reference that was sent.
_BASE64_KEYS = ("b64_json", "image")
_URL_KEYS = ("url", "image_url", "imageUrl")
_MAX_DEPTH = 8
_MAX_NUMBER = 2**63 - 1
_MAX_CHOICES = 10
_MARKDOWN_IMAGE = re.compile(r"!\[[^\]]{0,300}\]\(\s*([^\s)]{1,2000})")
_PICTURE_URL = re.compile(
    r"https?://[^\s\"'<>()\[\]]{1,900}?\.(?:png|jpe?g|webp|gif)\b(?:\?[^\s\"'<>()\[\]]{0,900})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ReplyPicture:
    """One picture of a reply: a file that was decoded, or a URL to download."""

    source: Path | URL
    revised_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """The content of a reply; ``body`` is its JSON, None if it is none."""

    pictures: tuple[ReplyPicture, ...]
    usage: TokenUsage | None
    body: object = field(repr=False)  # a gateway may repeat the key in it


def read_reply(json_reader: StreamingJson, base: URL) -> ParsedReply:
    """Read a reply; relative URLs are resolved against ``base``."""
    body = parse_json(json_reader)
    if body is None:  # invalid JSON around complete pictures must not lose them
        return ParsedReply(tuple(map(ReplyPicture, json_reader.decoded)), None, None)
    pictures = _PictureFinder(json_reader, base).find(body)
    return ParsedReply(tuple(pictures), _find_usage(body), body)


def parse_json(json_reader: StreamingJson) -> object:
    """Return the parsed JSON, with placeholders for files; None if it is none."""
    try:
        # More tolerant than msgspec: raw line breaks in strings, half a surrogate pair, NaN.
        return json.loads(json_reader.text, strict=False) if json_reader.is_json else None
    except (ValueError, RecursionError):
        return None


def non_empty_text(value: object) -> str | None:
    """Return a string without surrounding white space; None if it is empty or no string."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "").strip() or None


@dataclass(frozen=True, slots=True)
class _PictureFinder:
    json_reader: StreamingJson
    base: URL

    def find(self, body: object) -> Iterator[ReplyPicture]:
        """Yield the pictures of a reply."""
        if not isinstance(body, dict):
            yield from self._in_node(body, 0)
        elif has_error(body):  # the URLs of an error lead to explanations
            yield from self._in_node(body.get("data"), 1)
        else:
            yield from list(self._in_node(body, 0)) or self._in_choices(body.get("choices"))

    def _in_node(self, node: object, depth: int) -> Iterator[ReplyPicture]:
        if depth > _MAX_DEPTH:
            return
        if isinstance(node, list):
            for entry in node:
                yield from self._in_node(entry, depth + 1)
        elif isinstance(node, dict):
            yield from self._in_containers(node, depth) or self._in_fields(node, depth)
        elif text := non_empty_text(node):
            # A string in a list may also be an id: only a URL, a path or data is a picture.
            is_source = _is_web_url(text) or text.startswith("/") or self._is_inline(text)
            if is_source and (source := self._source(text)):
                yield ReplyPicture(source)

    def _in_containers(self, fields: dict[str, object], depth: int) -> list[ReplyPicture]:
        for key in _CONTAINER_KEYS:
            if found := list(self._in_node(fields.get(key), depth + 1)):
                return found
        return []

    def _in_fields(self, fields: dict[str, object], depth: int) -> Iterator[ReplyPicture]:
        """Yield the picture that an object describes, or the pictures of its list of URLs."""
        revised_prompt = non_empty_text(fields.get("revised_prompt"))
        for key in _BASE64_KEYS if depth else _BASE64_KEYS[:1]:
            if text := non_empty_text(fields.get(key)):
                is_url = _is_web_url(text)
                if source := parse_url(text) if is_url else self.json_reader.file_of(text):
                    yield ReplyPicture(source, revised_prompt)
                    return
        for key in _URL_KEYS:
            if sources := list(self._sources(fields.get(key))):
                yield from (ReplyPicture(source, revised_prompt) for source in sources)
                return

    def _sources(self, value: object) -> Iterator[Path | URL]:
        value = value.get("url") if isinstance(value, dict) else value
        for one in value if isinstance(value, list) else [value]:
            if (text := non_empty_text(one)) and (source := self._source(text)):
                yield source

    def _source(self, text: str) -> Path | URL | None:
        """Return the file of inline data, or a URL; a relative URL contains a slash."""
        if self._is_inline(text):
            return self.json_reader.file_of(text)
        if _is_web_url(text):
            return parse_url(text)
        relative = parse_url(text) if "/" in text else None
        return self.base.join(relative) if relative else None

    def _is_inline(self, text: str) -> bool:
        return self.json_reader.is_placeholder(text) or text[:5].casefold() == "data:"

    # --- chat completions: some gateways generate pictures only through them ---------------------

    def _in_choices(self, choices: object) -> Iterator[ReplyPicture]:
        for choice in choices[:_MAX_CHOICES] if isinstance(choices, list) else ():
            message = choice.get("message") if isinstance(choice, dict) else None
            if isinstance(message, dict):
                yield from self._in_node(message.get("images"), 1)
                yield from self._in_content(message.get("content"))

    def _in_content(self, content: object) -> Iterator[ReplyPicture]:
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, dict):
                yield from self._in_fields({"image_url": part.get("image_url")}, 1)
            text = non_empty_text(part.get("text") if isinstance(part, dict) else part)
            yield from self._in_prose(text or "")

    def _in_prose(self, text: str) -> Iterator[ReplyPicture]:
        """Yield markdown images, or else URLs of picture files."""
        inline = [text] if self._is_inline(text) else None
        urls = (one.rstrip(".,;:!?") for one in _PICTURE_URL.findall(text))
        for one in inline or dict.fromkeys(_MARKDOWN_IMAGE.findall(text) or urls):
            if source := self._source(one):
                yield ReplyPicture(source)


def _is_web_url(text: str) -> bool:
    return text[:8].casefold().startswith(("http://", "https://"))


def parse_url(text: str) -> URL | None:
    """Parse a URL; None if it is invalid."""
    try:
        return URL(text)
    except ValueError:
        return None


def _find_usage(body: object, depth: int = 0) -> TokenUsage | None:
    if not isinstance(body, dict) or depth > _MAX_DEPTH:
        return None
    if isinstance(usage := body.get("usage"), dict):
        given = _count(usage, "input_tokens") or _count(usage, "prompt_tokens")
        made = _count(usage, "output_tokens") or _count(usage, "completion_tokens")
        if given or made:
            return TokenUsage(given, made)
    inner = (_find_usage(body.get(key), depth + 1) for key in ("data", "result"))
    return next(filter(None, inner), None)


def _count(usage: dict[str, object], key: str) -> int:
    value = usage.get(key)
    if not isinstance(value, int | float):
        return 0
    if isinstance(value, float) and not isfinite(value):
        return 0
    return min(max(0, round(value)), _MAX_NUMBER)
