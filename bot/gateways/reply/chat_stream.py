"""Build the message of a streamed chat completion from its pieces, while they arrive."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from yarl import URL

from bot.core.models import TokenUsage
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.json_values import parse_json
from bot.gateways.reply.reader import (
    PictureFinder,
    ReplyPicture,
    is_same,
    message_words,
    non_empty_text,
    read_reply,
)
from bot.gateways.reply.streaming_json import StreamingJson, WordsReader
from bot.gateways.reply.usage import find_usage

JsonObject = Mapping[str, object]

_MAX_REFUSAL = 4000  # characters
_TEXT_BEGINS = b'{"choices":[{"message":{"content":"'
_TEXT_ENDS = b'"}}]}'
_LONG_TEXT = re.compile(
    rb'"delta"\s*:\s*\{.*"(content|text|reasoning|reasoning_content)"\s*:\s*"\Z', re.DOTALL
)
_FINISH_KEYS = ("finish_reason", "native_finish_reason")
_REASONING = ("reasoning_content", "reasoning")
# Relays of ChatGPT write lines such as: > 进度 **34%**
_PROGRESS = re.compile(r"(?:进度|progress)[^\w%]{0,12}(\d{1,3})(?:\.\d+)?\s?%", re.IGNORECASE)
_MAX_PROGRESS_LINE = 60


class ChatStream:
    """One message, from ``choices[].delta``; pictures in its words are decoded into files.

    ``fraction`` is the progress that its words report, ``is_finished`` tells that it has ended:
    only the usage may follow. ``has_begun``: a piece of it came.
    """

    def __init__(self, spool: DownloadSpool, base: URL) -> None:
        self._base = base
        self._content = _text(spool)
        self._reasoning = _text(spool)
        self._beside: list[tuple[StreamingJson, ReplyPicture]] = []
        self._refusal = ""
        self._finish: dict[str, object] = {}
        self._is_open = False
        self._line = ""  # the end of the words: of the line that reports progress
        self.usage: TokenUsage | None = None
        self.fraction: float | None = None
        self.has_begun = False
        self.is_finished = False

    def accepts(self, fields: JsonObject) -> bool:
        """Tell whether an event is a piece of a chat completion."""
        is_usage = self._is_open and isinstance(fields.get("usage"), dict)
        return is_usage or isinstance(fields.get("choices"), list)

    def reader_of(self, before: bytes) -> WordsReader | None:
        """Return the reader of a long string of an event, if it is a piece of the text."""
        key = _LONG_TEXT.search(before)
        if not key:
            return None
        self.has_begun = True
        return self._text_of(key[1].decode()).feed

    def add(self, data: StreamingJson, fields: JsonObject) -> None:
        """Add the next piece."""
        self._is_open = True
        self.usage = find_usage(fields) or self.usage
        held = len(self._beside)
        for choice in _objects(fields.get("choices")):
            if delta := choice.get("delta"):
                self._add_delta(data, delta)
            elif choice.get("message"):
                self._add_whole(data, choice["message"])
            ends = {key: choice[key] for key in _FINISH_KEYS if choice.get(key)}
            self._finish |= ends
            self.is_finished = self.is_finished or "finish_reason" in ends
        if len(self._beside) == held:
            data.discard()

    def finish(self, *, is_cut: bool) -> None:
        """End the message; it may decode a picture that is cut, so call it in a thread then."""
        for text in (self._content, self._reasoning):
            if is_cut:
                text.finish()
            else:
                text.feed(_TEXT_ENDS)

    @property
    def pictures(self) -> list[ReplyPicture]:
        """Return the pictures, after the message has ended: beside its words, else in them."""
        if self._beside:
            return [picture for _, picture in self._beside]
        found = (read_reply(text, self._base).pictures for text in (self._content, self._reasoning))
        return list(next(filter(None, found), ()))

    @property
    def body(self) -> JsonObject:
        """Return the message as a reply that is not streamed has it; empty if none came."""
        if not self._is_open:
            return {}
        message = {
            "content": _words(self._content),
            "reasoning_content": _words(self._reasoning),
            "refusal": self._refusal,
        }
        tokens = {"completion_tokens": self.usage.output_tokens if self.usage else 0}
        return {"choices": [{"message": message, **self._finish}], "usage": tokens}

    # --- pieces -------------------------------------------------------------------------------

    def _add_delta(self, data: StreamingJson, delta: object) -> None:
        if not isinstance(delta, dict):
            return
        for key in ("content", *_REASONING):
            # As it is: a piece may begin or end with a space.
            for words in _pieces(delta.get(key)):
                self._text_of(key).feed(json.dumps(words)[1:-1].encode())
                self._read_progress(words)
                self.has_begun = True
        self._add_refusal(delta)
        self._add_pictures(data, PictureFinder(data, self._base).beside_words(delta))

    def _add_whole(self, data: StreamingJson, message: object) -> None:
        """Add a message that came as a whole; after its pieces that repeats them."""
        if not isinstance(message, dict):
            return
        if not self.has_begun:
            words = message_words(message.get("content"))
            self._content.feed(json.dumps(words)[1:-1].encode())
            self._add_refusal(message)
            self._add_pictures(data, PictureFinder(data, self._base).of_message(message))
        self.has_begun = True

    def _add_pictures(self, data: StreamingJson, pictures: list[ReplyPicture]) -> None:
        """Add pictures that are new: some relays repeat those of earlier pieces."""
        for picture in pictures:
            if not any(is_same(picture, held) for _, held in self._beside):
                self._beside.append((data, picture))
                self.has_begun = True

    def _add_refusal(self, message: JsonObject) -> None:
        refusal = message.get("refusal")
        if isinstance(refusal, str):
            self._refusal = (self._refusal + refusal)[:_MAX_REFUSAL]

    def _text_of(self, key: str) -> StreamingJson:
        return self._reasoning if key in _REASONING else self._content

    def _read_progress(self, words: str) -> None:
        self._line = (self._line + words)[-len(words) - _MAX_PROGRESS_LINE :]
        for percent in _PROGRESS.findall(self._line):
            self.fraction = max(self.fraction or 0.0, min(1.0, int(percent) / 100))
        self._line = self._line[-_MAX_PROGRESS_LINE:]


def _text(spool: DownloadSpool) -> StreamingJson:
    text = StreamingJson(spool)
    text.feed(_TEXT_BEGINS)
    return text


def _words(text: StreamingJson) -> str | None:
    body = cast("dict[str, list[dict[str, JsonObject]]]", parse_json(text) or {})
    choices = body.get("choices") or [{}]
    return non_empty_text(choices[0].get("message", {}).get("content"))


def _pieces(content: object) -> Iterator[str]:
    for part in content if isinstance(content, list) else [content]:
        words = part.get("text") if isinstance(part, dict) else part
        if isinstance(words, str) and words:
            yield words


def _objects(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
