"""A strict fake of chat completions that paint, with the reply shapes of several systems.

The shapes are those of docs/development/image-systems.md; each is named by where it was seen.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from tests.gateways.fake_sse import DONE, PING, sse_event
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.sample_pictures import b64, picture_bytes

PATH = "/v1/chat/completions"
PICTURE_PATH = "/files/fox.png"

Json = dict[str, object]
Shape = Callable[[bytes, str], Json]
"""Makes a message of a picture and its address."""


def data_uri(art: bytes) -> str:
    """Return a PNG as data URI."""
    return f"data:image/png;base64,{b64(art)}"


def part(url: str, **more: object) -> Json:
    """Return a picture as most name it."""
    return {"type": "image_url", "image_url": {"url": url, **more}}


def _relay(picture: str, prompt: str = "a fox") -> str:
    """Return the words of relays of ChatGPT: the request, progress, the picture and a link."""
    asked = json.dumps({"prompt": prompt, "size": "1024x1024"}, indent=2)
    progress = "".join(f"> 进度 **{percent}%**\n\n" for percent in (2, 34, 100))
    return f"{asked}\n\n{progress}![file_0000]({picture})\n[下载⏬]({picture}?download=1)\n\n"


SHAPES: Mapping[str, Shape] = {
    # OpenRouter, Vercel's AI Gateway
    "images": lambda art, _: {"content": "Here you are.", "images": [part(data_uri(art))]},
    "images without type": lambda art, _: {"images": [{"image_url": {"url": data_uri(art)}}]},
    "images by address": lambda _, url: {"content": "", "images": [part(url)]},
    # LiteLLM from 1.77 on, and before
    "images with index": lambda art, _: {
        "content": None,
        "images": [{"index": 0, **part(data_uri(art), detail="auto")}],
    },
    "image": lambda art, _: {"image": {"url": data_uri(art), "detail": "auto"}},
    "only a data URI": lambda art, _: {"content": data_uri(art)},
    # what clients accept beside that
    "a text": lambda art, _: {"images": [data_uri(art)]},
    "a nested address": lambda _, url: {"images": [{"image_url": {"image_url": {"url": url}}}]},
    "an address as such": lambda _, url: {"images": [{"type": "image_url", "image_url": url}]},
    "url": lambda _, url: {"images": [{"url": url}]},
    "b64_json": lambda art, _: {"images": [{"b64_json": b64(art)}]},
    # forks of new-api
    "image with data": lambda art, _: {"image": [{"data": b64(art)}]},
    "image with base64": lambda art, _: {"image": {"mime_type": "image/png", "url": b64(art)}},
    # content parts
    "parts": lambda art, _: {
        "content": [{"type": "text", "text": "Here:"}, part(data_uri(art))],
    },
    "parts by address": lambda _, url: {"content": [part(url)]},
    # new-api
    "markdown": lambda art, _: {"content": f"Here is the fox:\n![image]({data_uri(art)})"},
    "reasoning": lambda art, _: {
        "content": "",
        "reasoning_content": f"Hm.\n![image]({data_uri(art)})",
    },
    # relays of ChatGPT
    "relay": lambda _, url: {"content": _relay(url)},
    "relay with data": lambda art, _: {"content": _relay(data_uri(art))},
    "the caption is the address": lambda _, url: {"content": f"![{url}]({url})"},
    "an address in a tag": lambda _, url: {"content": f'<p><img alt="x" src="{url}" /></p>'},
    "data in a tag": lambda art, _: {"content": f"<img src='{data_uri(art)}'>"},
    "only an address": lambda _, url: {"content": f" {url}\n"},
    "an address in words": lambda _, url: {"content": f"Your fox: {url}. Enjoy!"},
    "many words before": lambda art, _: {
        "content": 'Ein "Fuchs", 狐狸. ' * 800 + f"![a fox]({data_uri(art)}) Enjoy!"
    },
}


def chat_reply(message: Mapping[str, object], **more: object) -> Json:
    """Return a whole reply with a message."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    usage = {"prompt_tokens": 9, "completion_tokens": 1290, "total_tokens": 1299}
    return {
        "id": "gen-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice | more],
        "usage": usage,
    }


def chunk(delta: Mapping[str, object], finish: str | None = None, **more: object) -> Json:
    """Return one piece of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "gen-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def pieces(text: str, sizes: Sequence[int]) -> Iterator[str]:
    """Yield a text in pieces of these sizes, in turn."""
    at = number = 0
    while at < len(text):
        size = max(1, sizes[number % len(sizes)])
        yield text[at : at + size]
        at, number = at + size, number + 1


def stream_of(message: Mapping[str, object], sizes: Sequence[int] = (40,)) -> list[bytes]:
    """Return the events of a message: its words in pieces, then its pictures, then its usage."""
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    for key, value in message.items():
        if key == "role":
            continue
        if isinstance(value, str):
            deltas += [{key: one} for one in pieces(value, sizes)]
        else:
            deltas.append({key: value})
    usage = {"prompt_tokens": 9, "completion_tokens": 1290, "total_tokens": 1299}
    chunks = [*map(chunk, deltas), chunk({}, "stop"), {**chunk({}), "choices": [], "usage": usage}]
    return [sse_event("", one) for one in chunks]


# --- the server -----------------------------------------------------------------------------------

# Of the documented requests: OpenRouter's ChatRequest, and what resellers add to it.
_KNOWN = {
    *("model", "messages", "stream", "modalities", "image_config", "extra_body", "user"),
    *("aspect_ratio", "image_size", "stream_options", "seed", "max_tokens", "temperature"),
}
_RATIOS = {"1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"}


@dataclass
class FakeChat:
    """Answers each request with the picture in one shape.

    ``refuses_modalities``: like OpenAI itself. ``sizes`` are those of the pieces of a stream.
    """

    shape: str = "images"
    art: bytes = field(default_factory=picture_bytes)
    sizes: Sequence[int] = (40,)
    refuses_modalities: bool = False
    ignores_stream: bool = False
    posts: int = 0
    paid: int = 0
    bodies: list[Json] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post(PATH, self.complete)
        app.router.add_get(PICTURE_PATH, self.file)
        return app

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Check key and body, then answer."""
        self.posts += 1
        if request.headers.get("Authorization") != f"Bearer {GATEWAY_KEY}":
            return error_reply(401, 401, "No auth credentials found")
        body: Json = await request.json()
        self.bodies.append(body)
        if wrong := self._wrong(body):
            return wrong
        self.paid += 1
        message = SHAPES[self.shape](self.art, str(request.url.with_path(PICTURE_PATH)))
        if body.get("stream") and not self.ignores_stream:
            return await _send(request, [PING, *stream_of(message, self.sizes), DONE])
        return web.json_response(chat_reply(message))

    async def file(self, request: web.Request) -> web.Response:
        """Send the picture; the request must not contain a key."""
        assert "Authorization" not in request.headers
        return web.Response(body=self.art, content_type="image/png")

    def _wrong(self, body: Json) -> web.Response | None:
        for name in sorted(body.keys() - _KNOWN):
            return error_reply(400, "unknown_parameter", f"Unknown parameter: '{name}'.", name)
        modalities = body.get("modalities")
        if self.refuses_modalities and modalities not in (None, ["text"]):
            return error_reply(400, "invalid_value", "Invalid value: 'image'.", "modalities")
        config = body.get("image_config")
        ratio = config.get("aspect_ratio") if isinstance(config, dict) else None
        if ratio is not None and ratio not in _RATIOS:
            return error_reply(400, 400, f"image_config.aspect_ratio {ratio!r} is not supported")
        if wrong := _wrong_messages(body.get("messages")):
            return error_reply(400, 400, wrong, "messages")
        return None


def _wrong_messages(messages: object) -> str:
    if not isinstance(messages, list) or not messages:
        return "messages must be a non-empty array"
    for message in messages:
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            return "a message has a role and content"
        content = message["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        for one in parts:
            if wrong := _wrong_part(one):
                return wrong
    return ""


def _wrong_part(one: object) -> str:
    match one:
        case {"type": "text", "text": str(text)} if text:
            return ""
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            is_source = url.startswith(("https://", "http://", "data:image/"))
            return "" if is_source else "image_url must be an address or a data URI"
    return "a part is text or image_url"


def error_reply(
    status: int, code: object, message: str, param: str | None = None, **metadata: object
) -> web.Response:
    """Return a refusal: OpenAI's code is a word, OpenRouter's the status."""
    error: Json = {"message": message, "code": code, "param": param}
    if metadata:
        error["metadata"] = metadata
    return web.json_response({"error": error}, status=status)


async def _send(request: web.Request, events: Sequence[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for event in events:
        await response.write(event)
        await asyncio.sleep(0)
    return response
