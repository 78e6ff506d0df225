"""Parse the JSON of a reply, with placeholders for files, as far as it arrived."""

import json
import re
from collections.abc import Iterator

from bot.gateways.reply.streaming_json import StreamingJson

_DECODER = json.JSONDecoder(strict=False)
_NEXT_VALUE = re.compile(r"\s*[\[{\"]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[\w.+-]+', re.DOTALL)
_MAX_REPAIRED = 1 << 18  # characters of JSON
_MAX_REPAIRED_DEPTH = 64


def parse_json(json_reader: StreamingJson) -> object:
    """Return the first JSON value, repaired if it was cut; None if there is none."""
    return next(json_values(json_reader), None) or repaired_json(json_reader)


def json_values(json_reader: StreamingJson) -> Iterator[object]:
    """Yield the JSON values of a text, with placeholders for files, up to what is none."""
    text, position = json_reader.text if json_reader.is_json else "", 0
    while start := _NEXT_VALUE.match(text, position):
        try:
            # More tolerant than msgspec: raw line breaks in strings, half a surrogate pair, NaN.
            value, position = _DECODER.raw_decode(text, start.end() - 1)
        except (ValueError, RecursionError):
            return
        yield value


def repaired_json(json_reader: StreamingJson) -> object:
    """Return JSON that was cut, up to its last whole value; None if it is none."""
    text, position = json_reader.text if json_reader.is_json else "", 0
    closers: list[str] = []
    end, at_end, is_value = 0, "", True
    for token in _TOKEN.finditer(text[:_MAX_REPAIRED]):
        is_cut = token.end() == len(text) and token[0][-1] not in '"{}[]:,'
        if is_cut or text[position : token.start()].strip():
            break
        mark, position = token[0], token.end()
        if mark in "{[":
            closers.append("}" if mark == "{" else "]")
            if len(closers) > _MAX_REPAIRED_DEPTH:
                break
        elif mark in "}]" and closers:
            closers.pop()
        if mark in ":,{[":
            is_value = mark == ":" or (closers[-1:] == ["]"])
        elif is_value or mark in "}]":
            end, at_end, is_value = position, "".join(reversed(closers)), True
    try:
        return _DECODER.decode(text[:end] + at_end) if end else None
    except (ValueError, RecursionError):
        return None
