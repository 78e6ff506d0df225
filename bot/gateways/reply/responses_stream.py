"""Read a streamed response whose pictures are made by a tool: OpenAI's ``response.…`` events.

A picture comes up to three times: as the last preview, when its item is done, and in the completed
response. The second time counts; the others only where it did not come.
"""

from collections.abc import Mapping
from pathlib import Path

from yarl import URL

from bot.core.models import TokenUsage
from bot.gateways.reply.error_classifier import has_error
from bot.gateways.reply.reader import PictureFinder, ReplyPicture, is_same
from bot.gateways.reply.streaming_json import StreamingJson
from bot.gateways.reply.usage import find_usage

JsonObject = Mapping[str, object]

_PREFIX = "response."
_IMAGE_CALL = "image_generation"
_WORK_BEGINS = ("generating", "partial_image", "delta")  # last words of events
_ENDS = ("completed", "done", "incomplete", "failed", "cancelled")  # of `response.…`
_MAX_ITEMS = 20


class ResponsesStream:
    """One response. ``is_over``: nothing follows that matters; ``error`` says why it failed."""

    def __init__(self, base: URL) -> None:
        self._base = base
        self._taken: dict[str, ReplyPicture] = {}  # by the id of their items
        self._items: list[JsonObject] = []  # without pictures: words, refusals, failed calls
        self._response: JsonObject = {}
        self.usage: TokenUsage | None = None
        self.error: JsonObject | None = None
        self.has_begun = False
        self.is_over = False

    def accepts(self, name: str, fields: JsonObject) -> bool:
        """Tell whether an event belongs to a response."""
        return _event_name(name, fields).startswith(_PREFIX)

    def add(self, name: str, data: StreamingJson, fields: JsonObject) -> Path | None:
        """Read the next event; return the file of a preview."""
        event = _event_name(name, fields).removeprefix(_PREFIX)
        last = event.rpartition(".")[2]
        self.has_begun = self.has_begun or last in _WORK_BEGINS
        if last == "partial_image":
            return _preview(data, fields)
        is_needed = False
        if event == "output_item.done":
            is_needed = self._take(data, fields.get("item"))
        elif last == "completed" and _IMAGE_CALL in event:
            # Some relays put the picture here, under the name of the other interface.
            result = fields.get("result") or fields.get("b64_json")
            item = {"type": _IMAGE_CALL, "id": fields.get("item_id"), "result": result}
            is_needed = bool(result) and self._take(data, item)
        elif event in _ENDS:
            is_needed = self._end(data, fields.get("response"))
        if not is_needed:
            data.discard()
        return None

    @property
    def pictures(self) -> list[ReplyPicture]:
        """Return the pictures that came."""
        return list(self._taken.values())

    @property
    def body(self) -> JsonObject:
        """Return the response without its pictures, as far as it came; empty if none did."""
        if not (self._response or self._items):
            return {}
        return {**self._response, "output": self._response.get("output") or self._items}

    def _take(self, data: StreamingJson, item: object) -> bool:
        """Take the pictures of an item that is done; tell whether there are new ones."""
        if not isinstance(item, dict):
            return False
        is_call = _IMAGE_CALL in str(item.get("type"))
        key = str(item.get("id") or "")
        if is_call and key and key in self._taken:
            return False
        found = PictureFinder(data, self._base).of_items([item]) if is_call else []
        new = [one for one in found if not any(is_same(one, held) for held in self.pictures)]
        for one in new:
            self._taken[key or str(len(self._taken))] = one
        if not found and len(self._items) < _MAX_ITEMS:
            self._items.append(item)
        return bool(new)

    def _end(self, data: StreamingJson, response: object) -> bool:
        self.is_over = True
        self._response = response if isinstance(response, dict) else {}
        self.usage = find_usage(self._response)
        self.error = self._response if has_error(self._response) else None
        items, held = self._response.get("output"), len(self._taken)
        for item in items if isinstance(items, list) else ():
            # All of them: pictures may stand beside those that were taken.
            self._take(data, item)
        if not self._taken:  # not made by a tool: in the words of the response
            found = PictureFinder(data, self._base).of_items(items)
            self._taken |= {str(place): one for place, one in enumerate(found)}
        return len(self._taken) > held


def _event_name(name: str, fields: JsonObject) -> str:
    kind = fields.get("type")
    return kind if isinstance(kind, str) and kind.startswith(_PREFIX) else name


def _preview(data: StreamingJson, fields: JsonObject) -> Path | None:
    encoded = fields.get("partial_image_b64") or fields.get("b64_json")
    return data.file_of(encoded) if isinstance(encoded, str) else None
