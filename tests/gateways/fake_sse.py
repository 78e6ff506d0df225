"""Server-sent events as OpenAI, new-api and Seedream write them."""

import asyncio
import json

from tests.gateways.replay_gateway import RawHeaders, RawReply
from tests.gateways.sample_pictures import b64, picture_bytes

COUNTS = {"total_tokens": 100, "input_tokens": 50, "output_tokens": 50}
USAGE = {**COUNTS, "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}
FACTS = {
    "created_at": 1,
    "size": "1024x1024",
    "quality": "high",
    "background": "auto",
    "output_format": "png",
}
DONE = b"data: [DONE]\n\n"
PING = b": PING\n\n"
PNG = picture_bytes()


def sse_event(name: str, data: object, *, newline: str = "\n") -> bytes:
    """Return one event; without a name only its data."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    lines = [f"event: {name}"] * bool(name) + [f"data: {line}" for line in text.split("\n")]
    return "".join(f"{line}{newline}" for line in [*lines, ""]).encode()


def partial_event(index: int = 0, art: bytes = PNG, *, family: str = "image_generation") -> bytes:
    """Return a partial picture as OpenAI sends it."""
    name = f"{family}.partial_image"
    data = {"type": name, "b64_json": b64(art), **FACTS, "partial_image_index": index}
    return sse_event(name, data)


def completed_event(art: bytes = PNG, *, family: str = "image_generation") -> bytes:
    """Return the last event as OpenAI sends it."""
    name = f"{family}.completed"
    return sse_event(name, {"type": name, "b64_json": b64(art), **FACTS, "usage": USAGE})


def completed_by_url(url: str) -> bytes:
    """Return the last event as new-api derives it from a plain reply."""
    name = "image_generation.completed"
    return sse_event(name, {"type": name, "url": url, "revised_prompt": "ein Fuchs, 狐狸"})


def succeeded(index: int, url: str) -> bytes:
    """Return one of several pictures as Seedream sends it: final, although named partial."""
    name = "image_generation.partial_succeeded"
    return sse_event(name, {"type": name, "image_index": index, "url": url, "size": "2048x2048"})


def sibling_failed(index: int) -> bytes:
    """Return the event for one of several pictures that failed at Seedream."""
    name = "image_generation.partial_failed"
    error = {"code": "OutputImageSensitiveContentDetected", "message": "content policy"}
    return sse_event(name, {"type": name, "image_index": index, "error": error})


def summary_event() -> bytes:
    """Return Seedream's last event, which contains no picture."""
    name = "image_generation.completed"
    return sse_event(name, {"type": name, "usage": {"generated_images": 2, **USAGE}})


def error_event(code: str = "moderation_blocked", *, name: str = "error") -> bytes:
    """Return an error in the middle of a stream."""
    return sse_event(name, {"type": name, "error": {"message": "no", "code": code, "type": "x"}})


def stream_reply(
    *pieces: bytes | asyncio.Event,
    kind: str = "text/event-stream; charset=utf-8",
    then: str = "close",
    headers: RawHeaders | None = None,
) -> RawReply:
    """Return the complete reply; the end of the connection ends the stream."""
    lines = {"Content-Type": kind, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return RawReply(f"HTTP/1.1 200 OK\r\n{head}\r\n".encode(), then, pieces)
