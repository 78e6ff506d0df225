"""Replies of documented shapes, cut and chunked anywhere: what arrived whole is delivered."""

import asyncio
import json
import os
import struct
import tempfile
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import cycle, pairwise
from pathlib import Path
from random import Random

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import ImageRequest, Picture
from bot.gateways.connections import READ_BUFFER_BYTES
from bot.gateways.download import Downloader
from bot.gateways.events import GatewayRequest, Received, Sending
from bot.gateways.exchange import Exchange
from bot.gateways.gateway import Gateway
from tests.gateways import fake_responses as responses
from tests.gateways.fake_chat import chunk as chat_chunk
from tests.gateways.fake_chat import pieces
from tests.gateways.fake_sse import completed_event, partial_event, sse_event
from tests.gateways.generation_harness import make_model
from tests.gateways.sample_pictures import b64, picture_bytes

EXAMPLES = int(os.environ.get("EASEL_EXAMPLES", "40"))
PREVIEW = picture_bytes(width=77)
JSON, EVENTS, TEXT = "application/json", "text/event-stream", "text/plain"
MOST_IN_MEMORY = 1_500_000


@cache
def picture(number: int, size: int) -> bytes:
    """Return a picture of about ``size`` bytes: a PNG with a chunk that decoders pass over."""
    whole = picture_bytes(width=number + 1)
    filling = b"fiLL" + Random(number).randbytes(size)
    chunk = struct.pack(">I", size) + filling + struct.pack(">I", zlib.crc32(filling))
    return whole[:33] + chunk + whole[33:]  # behind its header


# --- documents ------------------------------------------------------------------------------------

Write = Callable[[Sequence[str]], object]
URI = "data:image/png;base64,"


def _words(all_: Sequence[str]) -> str:
    """Return a text with pictures in it."""
    return "狐狸: " + " and ".join(f"![a fox]({URI}{one})" for one in all_) + " Enjoy!"


SHAPES: dict[str, Write] = {
    "OpenAI": lambda all_: {
        "created": 1,
        "data": [{"b64_json": one, "revised_prompt": 'a "fox"'} for one in all_],
        "usage": {"input_tokens": 5, "output_tokens": 7},
    },
    "data URIs": lambda all_: {"data": [{"url": f"data:image/png;base64,{one}"} for one in all_]},
    "a list": lambda all_: {"images": list(all_), "info": "{}"},
    "Stability": lambda all_: {"artifacts": [{"base64": one, "seed": 1} for one in all_]},
    "Imagen": lambda all_: {"predictions": [{"bytesBase64Encoded": one} for one in all_]},
    "MiniMax": lambda all_: {"data": {"image_base64": list(all_)}, "base_resp": {"status_code": 0}},
    "responses": lambda all_: {"output": [{"type": "image", "result": one} for one in all_]},
    "nested": lambda all_: {"code": 0, "data": {"data": [{"b64_json": one} for one in all_]}},
    "a chat": lambda all_: {
        "choices": [
            {"message": {"content": f"Here: ![a fox](data:image/png;base64,{one}) Enjoy!"}}
            for one in all_
        ]
    },
    "several in a chat": lambda all_: {"choices": [{"message": {"content": _words(all_)}}]},
    "images of a chat": lambda all_: {
        "choices": [
            {"message": {"images": [{"image_url": {"url": f"{URI}{one}"}} for one in all_]}}
        ]
    },
    "a response": lambda all_: {
        "object": "response",
        "output": [
            {"type": "image_generation_call", "id": f"ig_{number}", "result": one}
            for number, one in enumerate(all_)
        ],
    },
}


@dataclass(frozen=True)
class Document:
    """The body of a reply; ``ends`` are the places behind the last byte of each picture."""

    body: bytes
    content_type: str
    pictures: tuple[bytes, ...]
    ends: tuple[int, ...]


def _ends(body: bytes, written: Sequence[bytes]) -> tuple[int, ...]:
    return tuple(body.index(one) + len(one) for one in written)


def _in_json(shape: str, pictures: tuple[bytes, ...], escape: str, head: bytes) -> Document:
    text = json.dumps(SHAPES[shape]([b64(one) for one in pictures]))
    body = head + text.replace("/", escape).encode()
    written = [b64(one).replace("/", escape).encode() for one in pictures]
    return Document(body, JSON, pictures, _ends(body, written))


def _in_events(pictures: tuple[bytes, ...], newline: str) -> Document:
    last = b"".join(map(completed_event, pictures)) + sse_event("", "[DONE]")
    body = (b": PING\n\n" + partial_event(0, PREVIEW) + last).replace(b"\n", newline.encode())
    return Document(body, EVENTS, pictures, _ends(body, [b64(one).encode() for one in pictures]))


def _in_pieces(pictures: tuple[bytes, ...], sizes: Sequence[int]) -> Document:
    """Return a streamed chat whose words come in pieces of these sizes."""
    written = [b64(one) for one in pictures]
    words = _words(written)
    ends = [words.index(one) + len(one) for one in written]
    body, ends_in_body, so_far = bytearray(b": PING\n\n"), [], 0
    for piece in pieces(words, sizes):
        delta = sse_event("", chat_chunk({"content": piece}))
        start = len(body) + delta.rindex(json.dumps(piece, ensure_ascii=False).encode()) + 1
        ends_in_body += [
            start + len(piece[: end - so_far].encode())
            for end in ends
            if so_far < end <= so_far + len(piece)
        ]
        body += delta
        so_far += len(piece)
    body += sse_event("", chat_chunk({}, "stop")) + sse_event("", "[DONE]")
    return Document(bytes(body), EVENTS, pictures, tuple(ends_in_body))


def _in_response_events(pictures: tuple[bytes, ...]) -> Document:
    """Return a streamed response, whose end repeats the pictures."""
    items = [responses.call_item(one, number) for number, one in enumerate(pictures)]
    body = b"".join(responses.stream_of(*items, previews=1))
    return Document(body, EVENTS, pictures, _ends(body, [b64(one).encode() for one in pictures]))


def _bare(picture_: bytes, kind: str) -> Document:
    body = {"png": picture_, "base64": b64(picture_).encode()}.get(kind)
    body = body or f"data:image/png;base64,{b64(picture_)}".encode()
    return Document(body, "image/png" if kind == "png" else TEXT, (picture_,), (len(body),))


Pictures = st.lists(st.sampled_from([40, 6_000, 7_001, 30_000]), min_size=1, max_size=3).map(
    lambda sizes: tuple(picture(number, size) for number, size in enumerate(sizes))
)
Sizes = st.lists(st.sampled_from([300, 777, 8_000, 8_192, 9_999, 50_000]), min_size=1, max_size=3)
Documents = st.one_of(
    st.builds(
        _in_json,
        st.sampled_from(sorted(SHAPES)),
        Pictures,
        st.sampled_from(["/", "\\/", "\\u002f"]),
        st.sampled_from([b"", b"\n \n", b": PING\n\n", b"\xef\xbb\xbf"]),
    ),
    st.builds(_in_events, Pictures, st.sampled_from(["\n", "\r\n", "\r"])),
    st.builds(_in_pieces, Pictures, Sizes),
    st.builds(_in_response_events, Pictures),
    st.builds(
        _bare,
        st.builds(picture, st.just(0), st.just(9_000)),
        st.sampled_from(["png", "base64", "uri"]),
    ),
)


# --- how they arrive ------------------------------------------------------------------------------


class Connection:
    """A connection whose sender waits while the reader has enough: what a StreamReader needs."""

    connected = True

    def __init__(self) -> None:
        self.may_send = asyncio.Event()
        self.may_send.set()

    def pause_reading(self) -> None:
        """Let the sender wait."""
        self.may_send.clear()

    def resume_reading(self) -> None:
        """Let the sender go on."""
        self.may_send.set()


@dataclass
class ArrivingReply:
    """A response whose bytes come in chunks, and whose line then ends or breaks."""

    chunks: list[bytes]
    content_type: str
    error: Exception | None
    status: int = 200
    connection: None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.line = Connection()
        self.content = aiohttp.StreamReader(
            self.line,  # type: ignore[arg-type]  # has what is used of a protocol
            READ_BUFFER_BYTES,
            loop=asyncio.get_running_loop(),
        )

    async def arrive(self) -> None:
        """Send the chunks, as fast as they are read."""
        for chunk in self.chunks:
            self.content.feed_data(chunk)
            await asyncio.sleep(0)
            await self.line.may_send.wait()
        if self.error:
            self.content.set_exception(self.error)
        else:
            self.content.feed_eof()

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class OneReply:
    """A session whose POST is answered with one reply."""

    reply: ArrivingReply

    async def post(self, _url: URL, **_options: object) -> ArrivingReply:
        """Return the reply."""
        return self.reply


def _chunks(body: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Yield the body in chunks of these sizes in turn; its middle never byte by byte."""
    places, middle = [0], range(300, len(body) - 300)
    for size in cycle(sizes):
        step = max(size, 500) if places[-1] in middle else size
        places.append(places[-1] + step)
        if places[-1] >= len(body):
            break
    return (body[start:end] for start, end in pairwise(places))


def exchange_of(folder: Path, arriving: ArrivingReply, n: int) -> Exchange:
    """Return an exchange of ``n`` pictures whose reply arrives so."""
    request = GatewayRequest(ImageRequest("a fox", "painter", "auto", n), n, folder, "s")
    return Exchange(
        request=request,
        model=make_model("painter"),
        gateway=Gateway(name="raw", base_url="http://gw.example", key="k" * 9, models=("painter",)),
        session=OneReply(arriving),  # type: ignore[arg-type]  # has what is used of a session
        downloader=Downloader((), clock=Clock()),
        reading=asyncio.Lock(),
        clock=Clock(),
    )


async def _deliver(
    folder: Path, document: Document, arriving: ArrivingReply
) -> tuple[Picture, ...]:
    """Return the pictures that the exchange delivers: none where it fails."""
    exchange = exchange_of(folder, arriving, len(document.pictures))
    feeding = asyncio.create_task(arriving.arrive())
    try:
        events = [event async for event in exchange.events()]
    except GatewayFailure:
        return ()
    finally:
        feeding.cancel()
    assert isinstance(events[0], Sending)
    received = events[-1]
    assert isinstance(received, Received)
    return received.pictures


# --- promises -------------------------------------------------------------------------------------


@settings(max_examples=EXAMPLES + EXAMPLES // 2)
@given(
    document=Documents,
    cut=st.integers(0, 300) | st.floats(0, 1),
    sizes=st.lists(st.sampled_from([1, 2, 3, 7, 64, 1_000, 4_096, 65_536]), min_size=1, max_size=5),
    error=st.sampled_from([None, aiohttp.ClientPayloadError, aiohttp.ClientOSError, TimeoutError]),
)
def test_what_arrived_whole_is_delivered(
    document: Document, cut: float, sizes: list[int], error: type[Exception] | None
) -> None:
    """Nothing else is, wherever the line ends and however the network splits the bytes."""
    length = len(document.body)
    kept = round(cut * length) if isinstance(cut, float) else max(0, length - cut)

    async def deliver(folder: Path) -> tuple[Picture, ...]:
        body = document.body[:kept]
        lost = error() if error and kept < length else None
        arriving = ArrivingReply(list(_chunks(body, sizes)), document.content_type, lost)
        return await _deliver(folder, document, arriving)

    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as folder:
        got = [one.path.read_bytes() for one in asyncio.run(deliver(Path(folder)))]
        left = [path for path in Path(folder).iterdir() if path.suffix != ".png"]
    whole = [one for one, end in zip(document.pictures, document.ends, strict=True) if end <= kept]
    assert got[: len(whole)] == whole
    # Of the picture that was cut a decoder may be able to read what arrived.
    assert all(document.pictures[len(whole)].startswith(one) for one in got[len(whole) :])
    assert len(got) <= len(whole) + 1
    assert not left


def folder_in_memory() -> str | None:
    """Return a folder in memory, where there is one: a disk makes fsync slow."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of its own is made below


LARGE = picture(0, 8_000_000)
LARGE_DOCUMENTS = {
    "JSON": _in_json("OpenAI", (LARGE,), "\\/", b": PING\n\n"),
    "a chat": _in_json("a chat", (LARGE,), "/", b""),
    "several in a chat": _in_json("several in a chat", (LARGE,), "\\/", b""),
    "images of a chat": _in_json("images of a chat", (LARGE,), "/", b""),
    "a response": _in_json("a response", (LARGE,), "/", b""),
    "pieces of a chat": _in_pieces((LARGE,), [2_000]),
    "a large piece of a chat": _in_pieces((LARGE,), [5, 20_000_000]),
    "events of a response": _in_response_events((LARGE,)),
    "events": _in_events((LARGE,), "\r\n"),
    "base64": _bare(LARGE, "base64"),
    "the picture": _bare(LARGE, "png"),
}


@pytest.mark.parametrize("document", LARGE_DOCUMENTS.values(), ids=LARGE_DOCUMENTS)
async def test_a_large_reply_is_never_in_memory(document: Document, tmp_path: Path) -> None:
    """However it is framed: twenty of them may arrive at once."""
    chunks = list(_chunks(document.body, [65_536]))
    tracemalloc.start()
    try:
        arriving = ArrivingReply(chunks, document.content_type, None)
        delivered = await _deliver(tmp_path, document, arriving)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [one.path.read_bytes() == LARGE for one in delivered] == [True]
    assert peak < MOST_IN_MEMORY
