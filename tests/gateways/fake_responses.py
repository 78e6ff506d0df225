"""A strict fake of OpenAI's Responses with the tool that paints, plain and streamed.

Its fields are those of the official SDK's `types/responses` and of the guide
developers.openai.com/api/docs/guides/tools-image-generation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from aiohttp import web

from tests.gateways.fake_sse import sse_event
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import b64, picture_bytes

PATH = "/v1/responses"
Json = dict[str, object]

PREVIEW = picture_bytes(width=77)
USAGE: Json = {
    "input_tokens": 50,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 70,
}
TOOL_USAGE: Json = {
    "image_gen": {
        "input_tokens": 400,
        "input_tokens_details": {"image_tokens": 380, "text_tokens": 20},
        "output_tokens": 1056,
        "total_tokens": 1456,
    },
    "web_search": {"num_requests": 0},
}


def call_item(art: bytes | None, number: int = 1, **more: object) -> Json:
    """Return the call of the tool, done; without a picture it failed."""
    return {
        "type": "image_generation_call",
        "id": f"ig_{number}",
        "status": "completed" if art else "failed",
        "result": b64(art) if art else None,
        "revised_prompt": "a red fox",
        "output_format": "png",
        **more,
    }


def message_item(text: str, *, refusal: bool = False) -> Json:
    """Return words of the model."""
    part: Json = {"type": "output_text", "text": text, "annotations": []}
    if refusal:
        part = {"type": "refusal", "refusal": text}
    return {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


_NUMBERS = count()
REASONING: Json = {"type": "reasoning", "id": "rs_1", "summary": []}


def response(*items: Json, **more: object) -> Json:
    """Return a whole response."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "gpt-5.4",
        "parallel_tool_calls": True,
        "tool_choice": {"type": "image_generation"},
        "tools": [{"type": "image_generation"}],
        "output": [REASONING, *items],
        "usage": USAGE,
        "tool_usage": TOOL_USAGE,
        **more,
    }


# --- events ---------------------------------------------------------------------------------------


def event(name: str, **fields: object) -> bytes:
    """Return one event: its name is repeated in its data."""
    number = next(_NUMBERS)
    data = {"type": f"response.{name}", "sequence_number": number, **fields}
    return sse_event(f"response.{name}", data)


def partial(art: bytes = PREVIEW, index: int = 0, number: int = 1) -> bytes:
    """Return a preview."""
    return event(
        "image_generation_call.partial_image",
        item_id=f"ig_{number}",
        output_index=number,
        partial_image_index=index,
        partial_image_b64=b64(art),
        output_format="png",
    )


def begin(number: int = 1) -> list[bytes]:
    """Return the events of a call that begins."""
    started = {**call_item(b"", number), "status": "in_progress"}
    where = {"item_id": f"ig_{number}", "output_index": number}
    return [
        event("output_item.added", output_index=number, item=started),
        event("image_generation_call.in_progress", **where),
        event("image_generation_call.generating", **where),
    ]


def done(item: Json, number: int = 1) -> list[bytes]:
    """Return the events of a call that is done: the first has no picture."""
    where = {"item_id": item.get("id"), "output_index": number}
    return [
        event("image_generation_call.completed", **where),
        event("output_item.done", output_index=number, item=item),
    ]


STARTED = {**response(status="in_progress", usage=None, tool_usage=None), "output": []}
CREATED = event("created", response=STARTED)


def completed(*items: Json, **more: object) -> bytes:
    """Return the last event."""
    return event("completed", response=response(*items, **more))


def stream_of(*items: Json, previews: int = 0) -> list[bytes]:
    """Return the events of a response with these calls."""
    events = [CREATED, event("in_progress", response=STARTED)]
    for number, item in enumerate(items, start=1):
        events += begin(number)
        events += [partial(index=index, number=number) for index in range(previews)]
        events += done(item, number)
    return [*events, completed(*items)]


# --- the server -----------------------------------------------------------------------------------

_KNOWN = {
    *("model", "input", "tools", "tool_choice", "stream", "store", "instructions"),
    *("previous_response_id", "max_output_tokens", "safety_identifier", "user", "metadata"),
}
_WORDS: dict[str, set[object]] = {
    "action": {"generate", "edit", "auto"},
    "quality": {"low", "medium", "high", "auto"},
    "background": {"transparent", "opaque", "auto"},
    "output_format": {"png", "webp", "jpeg"},
    "moderation": {"auto", "low"},
    "input_fidelity": {"high", "low"},
    "partial_images": {0, 1, 2, 3},
}
_TOOL = {"type", "model", "size", "output_compression", "input_image_mask", *_WORDS}


@dataclass
class FakeResponses:
    """Paints one picture for each request, after so many previews unless the request says it."""

    art: bytes = field(default_factory=picture_bytes)
    previews: int = 0
    posts: int = 0
    paid: int = 0
    bodies: list[Json] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post(PATH, self.respond)
        return app

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Check key and body, then answer."""
        self.posts += 1
        if request.headers.get("Authorization") != f"Bearer {GATEWAY_KEY}":
            return _refusal("invalid_api_key", "Incorrect API key provided.", status=401)
        body: Json = await request.json()
        self.bodies.append(body)
        if wrong := _wrong(body):
            return _refusal(*wrong)
        self.paid += 1
        item = call_item(self.art)
        if not body.get("stream"):
            return web.json_response(response(item, message_item("")))
        previews = self.previews
        for tool in cast("list[Json]", body.get("tools") or ()):
            previews = cast("int", tool.get("partial_images", previews))
        return await _send(request, stream_of(item, previews=previews))


def _wrong(body: Json) -> tuple[str, str] | None:
    for name in sorted(body.keys() - _KNOWN):
        return "unknown_parameter", f"Unknown parameter: '{name}'."
    if str(body.get("model")).startswith("gpt-image"):
        return "invalid_value", "The model 'gpt-image' is not supported with the Responses API."
    tools = body.get("tools")
    if not isinstance(tools, list) or len(tools) != 1 or tools[0].get("type") != "image_generation":
        return "missing_required_parameter", "Missing required parameter: 'tools[0].type'."
    return _wrong_tool(tools[0]) or _wrong_input(body.get("input"))


def _wrong_tool(tool: Json) -> tuple[str, str] | None:
    for name in sorted(tool.keys() - _TOOL):
        return "unknown_parameter", f"Unknown parameter: 'tools[0].{name}'."
    for name, known in _WORDS.items():
        if name in tool and tool[name] not in known:
            return "invalid_value", f"Invalid value: 'tools[0].{name}'."
    mask = tool.get("input_image_mask")
    if mask is not None and not (isinstance(mask, dict) and _is_source(mask.get("image_url"))):
        return "invalid_value", "Invalid value: 'tools[0].input_image_mask'."
    return None


def _wrong_input(given: object) -> tuple[str, str] | None:
    if isinstance(given, str) and given:
        return None
    if not isinstance(given, list) or not given:
        return "missing_required_parameter", "Missing required parameter: 'input'."
    for message in given:
        parts = message.get("content") if message.get("role") == "user" else None
        for one in parts if isinstance(parts, list) else [None]:
            match one:
                case {"type": "input_text", "text": str(text)} if text:
                    continue
                case {"type": "input_image", "image_url": url} if _is_source(url):
                    continue
            return "invalid_value", "Invalid value: 'input[0].content'."
    return None


def _is_source(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("https://", "http://", "data:image/"))


def _refusal(code: str, message: str, status: int = 400) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return web.json_response({"error": error}, status=status)


async def _send(request: web.Request, events: Sequence[bytes]) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    for one in events:
        await answer.write(one)
    return answer
