import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.event_stream_parser import ServerSentEventParser
from bot.gateways.reply.streaming_json import StreamingJson
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import make_model, run_generation
from tests.gateways.replay_gateway import http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
BIG = picture_bytes(width=200, height=200, noise=True)
FILE = http_reply(200, picture_bytes())


def _frames(folder: Path, *chunks: bytes) -> list[tuple[str, str, list[bytes]]]:
    """Return each event's name, text without placeholders, and the bytes of its files."""
    found = []
    with DownloadSpool(folder, "s", pictures=1) as spool:
        frames = ServerSentEventParser(lambda: StreamingJson(spool))
        events = [frame for chunk in chunks for frame in frames.feed(chunk)]
        last = frames.finish()
        for frame in [*events, *([last] if last else [])]:
            files = [path.read_bytes() for path in frame.data.decoded]
            text = frame.data.text
            for at, placeholder in enumerate(_placeholders(frame.data)):
                text = text.replace(placeholder, f"#{at}")
            found.append((frame.name, text, files))
    return found


def _placeholders(data: StreamingJson) -> list[str]:
    return [word for word in data.text.split('"') if data.is_placeholder(word)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"data: 1\n\n", [("", "1")]),
        (b"data:1\r\rdata:  2\r\n\r\n", [("", "1"), ("", "2")]),
        (b"event: a\ndata: 1\nid: 7\ndata: 2\nretry: 1\n\n", [("a", "1\n2")]),
        (b"data: {\nevent: late\ndata: }\n\n", [("late", "{\n}")]),
        (b"data\n\ndata:\n\n", [("", "")]),
        (b"event: a\nevent: b\ndata: 1\n\n", [("b", "1")]),
        (b"event: a\n\ndata: 1\n\n", [("", "1")]),
        (b": c\ndata : 1\nDATA: 2\n\nx\n\n", []),
        (b"%s: 1\ndata: 2\n\n" % (b"x" * 99), [("", "2")]),
        (b"event: %s\ndata: 1\n\n" % (b"x" * 999), [("x" * 200, "1")]),
        ('event: ä狐\ndata: ["ä狐"]\n\n'.encode(), [("ä狐", '["ä狐"]')]),
        (b"data: 1\n\ndata: 2", [("", "1"), ("", "2")]),
        (b"event: \xff\ndata: 1\n\n", [("\ufffd", "1")]),
    ],
)
def test_events(text: bytes, found: list[tuple[str, str]], tmp_path: Path) -> None:
    """Line ends of three kinds, comments, unknown fields, several lines, no last blank line."""
    whole = [(name, text) for name, text, _ in _frames(tmp_path, text)]
    assert whole == found
    one_by_one = (text[at : at + 1] for at in range(len(text)))
    assert [(name, text) for name, text, _ in _frames(tmp_path, *one_by_one)] == found


def _cut(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[start:end] for start, end in pairwise(places)]


VALID = [
    sse.PING,
    sse.partial_event(0, BIG),
    sse.completed_event(BIG),
    sse.completed_by_url("https://cdn.example/狐狸.png"),
    sse.succeeded(0, "/a.png"),
    sse.sibling_failed(1),
    sse.summary_event(),
    sse.error_event(),
    sse.sse_event("", {"data": [{"b64_json": b64(BIG)}]}),
    sse.DONE,
]
Streams = st.lists(st.sampled_from(VALID), max_size=5).map(b"".join)


@settings(max_examples=100, deadline=None)
@given(
    stream=Streams,
    cuts=st.lists(st.integers(0), max_size=30),
    newline=st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_the_network_may_cut_events_anywhere(
    stream: bytes, cuts: list[int], newline: bytes
) -> None:
    """Inside UTF-8, inside `data:`, between CR and LF, inside base64."""
    stream = stream.replace(b"\n", newline)
    with tempfile.TemporaryDirectory() as folder:
        whole = _frames(Path(folder), stream)
        assert _frames(Path(folder), *_cut(stream, cuts)) == whole


@settings(max_examples=60, deadline=None)
@given(
    stream=Streams | st.binary(max_size=200),
    end=st.integers(0),
    cuts=st.lists(st.integers(0), max_size=6),
    then=st.sampled_from(["close", "reset"]),
)
async def test_any_cut_of_a_stream_is_pictures_or_a_failure(
    stream: bytes, end: int, cuts: list[int], then: str
) -> None:
    """Never another exception, never a hang, never two requests, and nothing is left behind."""
    stream = stream[: end % (len(stream) + 1)]
    answer = sse.stream_reply(*_cut(stream, cuts), then=then)
    with tempfile.TemporaryDirectory() as folder:
        async with replay_gateway(answer, FILE, FILE) as raw:
            result = await run_generation(raw.gateway(), Path(folder), known=PAINTER)
        assert raw.posts == 1
        assert result.failure or result.pictures
        assert set(result.left) <= {".png", ".raw"}


def test_memory_stays_small(tmp_path: Path) -> None:
    """However large the picture is, no line of it is whole in memory."""
    body = sse.completed_event(BIG * 50)
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        frames = ServerSentEventParser(lambda: StreamingJson(spool))
        events = [
            frame
            for chunk in _cut(body, list(range(0, 9_000_000, 65_536)))
            for frame in frames.feed(chunk)
        ]
        assert len(events) == 1
        assert len(events[0].data.text) < 400
