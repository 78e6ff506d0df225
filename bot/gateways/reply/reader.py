"""Find the pictures and the token usage in a JSON reply, in any of the shapes gateways send.

A gateway that puts pictures under another key needs one more entry in the tables below.
"""

import filecmp
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from yarl import URL

from bot.core.models import TokenUsage
from bot.gateways.addresses import exact_url
from bot.gateways.reply.base64_file import begins_like_base64
from bot.gateways.reply.download_spool import wrapping_disk_errors
from bot.gateways.reply.error_classifier import has_error
from bot.gateways.reply.json_values import json_values, repaired_json
from bot.gateways.reply.layout import Gives, Layout, layout_of, most_pictures, units_among
from bot.gateways.reply.picture_signature import SIGNATURE_BYTES, begins_like_picture
from bot.gateways.reply.picture_targets import picture_targets
from bot.gateways.reply.streaming_json import StreamingJson
from bot.gateways.reply.usage import find_usage

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
    "imageUrls",
    "urls",
    "outputs",
    "artifacts",
    "predictions",
    "generated_images",
    "generatedImages",
    "image_base64",
    "binary_data_base64",
    "generations",
    "response",
    "task",
)
_RESULT_KEY = "b64_json"  # nothing is sent under this name, so it is no echo of the request
# Keys of one picture, in order of preference. `image` is base64 at some gateways and a URL at
# others; beside a task it is the reference that was sent.
_BASE64_KEYS = (
    _RESULT_KEY,
    "image",
    "base64",
    "b64",
    "image_base64",
    "imageBase64",
    "bytesBase64Encoded",
    "imageBytes",
)
# trueai's midjourney-proxy has an `imageUrl` that lasts beside the `url` of Discord, which expires.
_URL_KEYS = ("imageUrl", "url", "image_url", "img_url", "file_url", "download_url", "sample")
# Under these keys a gateway repeats what was sent to it, or shows what is not finished.
_OTHER_KEY = re.compile(
    r"input|request|prompt|reference|param|mask|source|init|original|thumb|preview|partial",
    re.IGNORECASE,
)
_IMAGE_CALL = "image_generation"  # in the type of an item of a response
_MAX_NESTED_URLS = 3  # image_url: {image_url: {url}}
_TASK_KEYS = {"task_id", "id", "status", "state"}
_MAX_START = 64  # characters that tell whether a string is the base64 of a picture
_MAX_DEPTH = 8
_MAX_NUMBER = 2**63 - 1
_MAX_SEED = 20  # digits
_MAX_CHOICES = 10
_MAX_ENTRIES = 1000  # of a list: nothing else of the bot runs while they are looked at
_MAX_PATH = 4096  # characters
_DATA = "data:"


@dataclass(frozen=True, slots=True)
class ReplyPicture:
    """One picture of a reply: a file that was decoded, or a URL to download."""

    source: Path | URL
    revised_prompt: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """The content of a reply; ``body`` is its JSON, None if it is none.

    One that was cut is not ``is_whole``: there may have been more pictures. ``is_cut_by_us``: the
    rest could not be stored here. ``layout`` is what the pictures are.
    """

    pictures: tuple[ReplyPicture, ...]
    usage: TokenUsage | None
    body: object = field(repr=False)  # a gateway may repeat the key in it
    is_whole: bool = True
    is_cut_by_us: bool = False
    layout: Layout = "single"

    @property
    def units(self) -> int:
        """Return how many of what was asked for the pictures are."""
        return units_among(len(self.pictures), self.layout)

    def first(self, n: int, gives: Gives) -> Self:
        """Return the reply with the pictures of ``n`` units at most, and with what they are."""
        layout = layout_of(gives, found=len(self.pictures), n=n)
        pictures = self.pictures[: most_pictures(n, layout)]
        return replace(self, pictures=pictures, layout=layout)

    @classmethod
    def of_file(cls, picture: Path, *, is_whole: bool) -> Self:
        """Return the content of a reply that is the picture itself."""
        return cls((ReplyPicture(picture),), None, None, is_whole)


def read_reply(json_reader: StreamingJson, base: URL) -> ParsedReply:
    """Read a reply; relative URLs are resolved against ``base``.

    What was sent with the request is no result. Whatever follows the JSON is passed over, and of
    broken JSON everything counts that is whole.
    """
    bodies = list(json_values(json_reader))
    is_whole = bool(bodies)
    if not is_whole and (repaired := repaired_json(json_reader)) is not None:
        bodies = [repaired]
    finder = PictureFinder(json_reader, base)
    found = [(body, tuple(_with_seeds([*finder.find(body)], body))) for body in bodies]
    pictures = tuple(one for _, some in found for one in some)
    if not is_whole and not pictures:
        made = (file for file in json_reader.decoded if not json_reader.was_sent(file))
        pictures = tuple(map(ReplyPicture, made))
    body = next((body for body, some in found if some), bodies[-1] if bodies else None)
    return ParsedReply(pictures, find_usage(body), body, is_whole)


def non_empty_text(value: object) -> str | None:
    """Return a string without surrounding white space; None if it is empty or no string."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "").strip() or None


@dataclass(frozen=True, slots=True)
class PictureFinder:
    """Finds pictures in the values of a JSON text; relative URLs are resolved against ``base``."""

    json_reader: StreamingJson
    base: URL

    def find(self, body: object) -> Iterator[ReplyPicture]:
        """Yield the pictures of a reply."""
        if not isinstance(body, dict):
            yield from self._in_node(body, 0)
        elif has_error(body):  # its own URLs lead to explanations
            yield from self._in_containers(body, 0)
        else:
            # Beside a task, an image of the whole reply is the reference that was sent.
            whole = {"image": body.get("image")} if not _TASK_KEYS & body.keys() else {}
            ways = (
                self.of_items(body.get("output")),
                self._in_node(body, 0),
                self._in_choices(body),
                self._in_fields(whole, 1),
                self._elsewhere(body, 0),
            )
            yield from next(filter(None, map(list, ways)), [])

    def _elsewhere(self, node: object, depth: int) -> Iterator[ReplyPicture]:
        """Yield what looks like a picture under names that are not known."""
        if isinstance(node, str) and self.json_reader.is_placeholder(node):
            source = self.json_reader.file_of(node)
            if source and self._made(source) and begins_like_picture(_head(source)):
                yield ReplyPicture(source)
        if depth > _MAX_DEPTH:
            return
        for entry in node if isinstance(node, list) else ():
            yield from self._elsewhere(entry, depth + 1)
        for key, entry in node.items() if isinstance(node, dict) else ():
            if not (_OTHER_KEY.search(key) or (key == "image" and not depth)):
                yield from self._elsewhere(entry, depth + 1)

    def _in_node(self, node: object, depth: int) -> Iterator[ReplyPicture]:
        if depth > _MAX_DEPTH:
            return
        if isinstance(node, list):
            for entry in node[:_MAX_ENTRIES]:
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
        seed = _seed(fields.get("seed"))
        for key in _BASE64_KEYS:
            if key == "image" and not depth:
                continue
            inner = fields.get(key)
            if isinstance(inner, dict) and depth < _MAX_DEPTH:
                if found := list(self._in_fields(inner, depth + 1)):
                    yield from found
                    return
            elif text := non_empty_text(inner):
                is_url = _is_web_url(text)
                source = parse_url(text) if is_url else self.json_reader.file_of(text)
                if source and (key == _RESULT_KEY or self._made(source)):
                    yield ReplyPicture(source, revised_prompt, seed)
                    return
        for key in _URL_KEYS:
            if sources := list(self._sources(fields.get(key))):
                yield from (ReplyPicture(source, revised_prompt, seed) for source in sources)
                return

    def _sources(self, value: object) -> Iterator[Path | URL]:
        for _ in range(_MAX_NESTED_URLS):
            value = value.get("url") or value.get("image_url") if isinstance(value, dict) else value
        for one in value if isinstance(value, list) else [value]:
            if (text := non_empty_text(one)) and (source := self._source(text)):
                yield source

    def _source(self, text: str) -> Path | URL | None:
        """Return the file of inline data, or a URL; a relative URL contains a slash."""
        if self._is_inline(text) and (file := self.json_reader.file_of(text)):
            return self._made(file)
        if _is_web_url(text):
            return self._made(parse_url(text))
        if text[:5].casefold() == _DATA or len(text) > _MAX_PATH:
            return None
        relative = parse_url(text) if "/" in text else None
        return self.base.join(relative) if relative else None

    def _made(self, source: Path | URL | None) -> Path | URL | None:
        """Return a source, None for what was sent with the request."""
        return None if source is None or self.json_reader.was_sent(source) else source

    def _is_inline(self, text: str) -> bool:
        if self.json_reader.is_placeholder(text) or text[:5].casefold() == _DATA:
            return True
        return begins_like_base64(text[:_MAX_START].encode("utf-8", "replace"))

    # --- chat completions and responses: some gateways generate pictures only through them --------

    def _in_choices(self, body: dict[str, object]) -> Iterator[ReplyPicture]:
        output = body.get("output")
        choices = body.get("choices") or (isinstance(output, dict) and output.get("choices"))
        for choice in choices[:_MAX_CHOICES] if isinstance(choices, list) else ():
            message = choice.get("message") if isinstance(choice, dict) else None
            if isinstance(message, dict):
                yield from self.of_message(message)

    def of_message(self, message: dict[str, object]) -> list[ReplyPicture]:
        """Return the pictures of a message: beside its words, or else in them."""
        content = message.get("content")
        words = message_words(content)
        ways = (
            self.beside_words(message),
            self._in_words(words),
            # new-api puts the picture of a thinking model here.
            self._in_words(message_words(message.get("reasoning_content"))),
        )
        return next(filter(None, ways), [])

    def beside_words(self, message: dict[str, object]) -> list[ReplyPicture]:
        """Return the pictures that a message, or a piece of one, has outside of its words."""
        own = [message.get("images"), message.get("image")]
        if found := list(self._in_node(own, 1)):
            return distinct(found)
        content = message.get("content")
        parts = [
            {key: value for key, value in part.items() if key not in ("text", "type")}
            for part in (content if isinstance(content, list) else ())
            if isinstance(part, dict)
        ]
        return distinct(list(self._in_node(parts, 1)))

    def _in_words(self, text: str) -> list[ReplyPicture]:
        """Return as many pictures as were asked for, the last ones: before come previews."""
        whole = self._source(text) if self._is_inline(text) else None
        sources = [whole] if whole else map(self._source, picture_targets(text))
        found = distinct([ReplyPicture(source) for source in sources if source])
        return found[-self.json_reader.asked :]

    def of_items(self, items: object) -> list[ReplyPicture]:
        """Return the pictures among the items of a response: made by a tool, else in its words."""
        entries = [
            item
            for item in (items[:_MAX_ENTRIES] if isinstance(items, list) else ())
            if isinstance(item, dict) and item.get("status") != "failed"
        ]
        made = [
            {_RESULT_KEY: item.get("result"), "revised_prompt": item.get("revised_prompt")}
            for item in entries
            if _IMAGE_CALL in str(item.get("type"))
        ]
        messages = (self.of_message(item) for item in entries if item.get("type") == "message")
        return list(self._in_node(made, 1)) or next(filter(None, messages), [])


def message_words(content: object) -> str:
    """Return the words of a message, which may come in parts."""
    parts = content if isinstance(content, list) else [content]
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "\n".join(filter(None, map(non_empty_text, texts)))


def distinct(pictures: Sequence[ReplyPicture]) -> list[ReplyPicture]:
    """Return pictures without those that come again later."""
    return [
        picture
        for place, picture in enumerate(pictures, start=1)
        if not any(is_same(picture, other) for other in pictures[place:])
    ]


def is_same(one: ReplyPicture, other: ReplyPicture) -> bool:
    """Tell whether two pictures have the same address, or the same bytes."""
    if isinstance(one.source, Path) and isinstance(other.source, Path):
        with wrapping_disk_errors():
            is_as_long = one.source.stat().st_size == other.source.stat().st_size
            return is_as_long and filecmp.cmp(one.source, other.source, shallow=False)
    return one.source == other.source


def _head(path: Path) -> bytes:
    with wrapping_disk_errors(), path.open("rb") as file:
        return file.read(SIGNATURE_BYTES)


def _is_web_url(text: str) -> bool:
    return text[:8].casefold().startswith(("http://", "https://"))


def parse_url(text: str) -> URL | None:
    """Parse a URL as it was written; None if it is invalid."""
    try:
        return exact_url(text)
    except ValueError:
        return None


def _with_seeds(pictures: Sequence[ReplyPicture], body: object) -> Iterator[ReplyPicture]:
    """Give pictures without a seed of their own the one that the reply has beside them all."""
    reported = _reported_seeds(body)
    for place, picture in enumerate(pictures):
        if picture.seed is None and reported:
            yield replace(picture, seed=reported[min(place, len(reported) - 1)])
        else:
            yield picture


def _reported_seeds(body: object, depth: int = 0) -> list[int]:
    """Return the seed of a reply, or those of a list, one for each picture."""
    if not isinstance(body, dict) or depth > 1:
        return []
    several = body.get("seeds")
    given = several[:_MAX_ENTRIES] if isinstance(several, list) else [body.get("seed")]
    seeds = [seed for value in given if (seed := _seed(value)) is not None]
    inner = (_reported_seeds(body.get(key), depth + 1) for key in ("data", "result", "output"))
    return (seeds if len(seeds) == len(given) else []) or next(filter(None, inner), [])


def _seed(value: object) -> int | None:
    """Return a seed, which some gateways send as text; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < _MAX_SEED:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MAX_NUMBER else None
