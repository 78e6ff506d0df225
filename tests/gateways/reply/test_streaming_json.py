import base64
import json
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import TokenUsage
from bot.gateways.reply import download_spool as download_spool_module
from bot.gateways.reply import streaming_json as streaming_json_module
from bot.gateways.reply.download_spool import DownloadSpool, SpoolFailed
from bot.gateways.reply.error_classifier import ClassifiedError, GatewayResponse, classify_error
from bot.gateways.reply.reader import ParsedReply, read_reply
from bot.gateways.reply.streaming_json import LONG_STRING_BYTES, StreamingJson
from tests.gateways.sample_pictures import b64, picture_bytes

BASE = URL("https://a.example/")
BIG = picture_bytes(width=90, height=60, noise=True)
SMALL = picture_bytes()


def _read(folder: Path, *chunks: bytes) -> tuple[ParsedReply, list[bytes]]:
    """Return the reply and the bytes of its files."""
    with DownloadSpool(folder, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        for chunk in chunks:
            json_reader.feed(chunk)
        reply = read_reply(json_reader, BASE)
        files = [one.source.read_bytes() for one in reply.pictures if isinstance(one.source, Path)]
    assert not list(folder.glob("*.part"))
    return reply, files


def _cut(body: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[start:end] for start, end in pairwise(places)]


def _body(text: str) -> bytes:
    return b'{"data":[{"b64_json":"%s"}]}' % text.encode()


def _lines(text: str) -> str:
    return "\\r\\n".join(text[at : at + 76] for at in range(0, len(text), 76))


SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "plain": b64,
    "php": lambda data: b64(data).replace("/", "\\/"),
    "unicode": lambda data: b64(data).replace("/", "\\u002f").replace("+", "\\u002B"),
    "lines": lambda data: _lines(b64(data)),
    "php lines": lambda data: _lines(b64(data)).replace("/", "\\/"),
    "spaces": lambda data: b64(data).replace("A", "A \\t"),
    "raw line breaks": lambda data: b64(data).replace("A", "A\n"),
    "url-safe": lambda data: base64.urlsafe_b64encode(data).decode(),
    "no padding": lambda data: b64(data).rstrip("="),
    "extra padding": lambda data: b64(data) + "==",
    "much extra padding": lambda data: b64(data) + "=" * 9 + "\\n",
    "half padding": lambda data: b64(data).removesuffix("="),
    "line break at the end": lambda data: b64(data) + "\\n",
    "data URI": lambda data: f"data:image/png;base64,{b64(data)}",
    "php data URI": lambda data: f"data:image/png;base64,{b64(data)}".replace("/", "\\/"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("tail", [0, 1, 2])
@pytest.mark.parametrize("data", [SMALL, BIG], ids=["small", "big"])
def test_every_spelling_gives_the_same_bytes(
    spelling: str, tail: int, data: bytes, tmp_path: Path
) -> None:
    """Gateways wrap, escape and shorten base64 in every way JSON allows."""
    data += b"\0" * tail
    body = _body(SPELLINGS[spelling](data))
    assert _read(tmp_path, body)[1] == [data]
    assert _read(tmp_path, *(body[at : at + 7] for at in range(0, len(body), 7)))[1] == [data]


@settings(max_examples=60, deadline=None)
@given(spelling=st.sampled_from(sorted(SPELLINGS)), cuts=st.lists(st.integers(0), max_size=30))
def test_the_network_may_cut_anywhere(spelling: str, cuts: list[int]) -> None:
    """Escapes, groups of four and placeholders survive every chunk boundary."""
    body = b'{"created":1,' + _body(SPELLINGS[spelling](BIG))[1:]
    with tempfile.TemporaryDirectory() as folder:
        assert _read(Path(folder), *_cut(body, cuts))[1] == [BIG]


# Drawing long texts and deep trees took most of the time, and a reader meets nothing new in them.
Words = st.text(max_size=12)
Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | Words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(Words, inner, max_size=3),
    max_leaves=12,
)
Items = st.dictionaries(
    st.sampled_from(["b64_json", "url", "image", "image_url", "revised_prompt", "x"]),
    Json
    | st.sampled_from(
        [b64(SMALL), b64(BIG), "data:,", "/a/b", "http://[", "https://a/b", "\ud800"]
    ),
)
Replies = st.fixed_dictionaries(
    {},
    optional={
        "data": Json | Items | st.lists(Items | Json, max_size=5),
        "usage": Json | st.dictionaries(st.sampled_from(["input_tokens", "prompt_tokens"]), Json),
        "error": Json | st.dictionaries(st.sampled_from(["message", "code", "loc", "param"]), Json),
        "detail": Json,
        "message": Json,
    },
)
Bodies = st.binary(max_size=300) | st.builds(
    lambda reply, spoil: json.dumps(reply).encode()[: -spoil or None],
    Replies | Json,
    st.just(0) | st.integers(0, 9),
)


@settings(max_examples=300, deadline=None)
@given(
    body=Bodies, cuts=st.lists(st.integers(0), max_size=8), status=st.sampled_from([200, 400, 502])
)
def test_any_body_is_a_reply_or_a_verdict(body: bytes, cuts: list[int], status: int) -> None:
    """No gateway can make the reader raise, and cutting changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        whole, files = _read(Path(folder), body)
        again = _read(Path(folder), *_cut(body, cuts))
    assert (again[1], len(again[0].pictures), again[0].usage) == (
        files,
        len(whole.pictures),
        whole.usage,
    )
    answer = GatewayResponse(status, {}, whole.body, body.decode("utf-8", "replace"))
    assert isinstance(classify_error(answer, now_ms=0), ClassifiedError)


def test_memory_stays_small(tmp_path: Path) -> None:
    """Only the text without pictures stays in memory, however large they are."""
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        for chunk in _cut(_body(b64(BIG * 50)), list(range(0, 2_000_000, 65_536))):
            json_reader.feed(chunk)
        assert len(json_reader.text) < 100


def test_a_long_text_is_no_picture(tmp_path: Path) -> None:
    """Its beginning and its end stay readable, wherever it is cut, with every letter whole."""
    prompt = "Ein Fuchs, ganz rot. \\u00e4\\\\" * 2000 + "und dann"
    body = b'{"data":[{"url":"https://a/b","revised_prompt":"%s"}]}' % prompt.encode()
    for chunks in ([body], _cut(body, list(range(0, 99_999, 1001)))):
        reply, files = _read(tmp_path, *chunks)
        assert (files, reply.pictures[0].source) == ([], URL("https://a/b"))
        first, last = (reply.pictures[0].revised_prompt or "").split("…")
        whole = prompt.encode().decode("unicode-escape")
        assert whole.startswith(first)
        assert whole.endswith(last)
        assert len(first) > LONG_STRING_BYTES // 2
        assert len(last) > LONG_STRING_BYTES
    assert list(tmp_path.glob("*")) == []


@pytest.mark.parametrize("junk", ["!", "=AAAA", "\\\\", "\\u4e2d", "===A"])
def test_broken_base64_is_kept_as_text(junk: str, tmp_path: Path) -> None:
    """A paid picture is not lost because one letter is wrong: a person can repair it."""
    text = b64(BIG[: 3 * (len(BIG) // 3)])
    broken = text[:12_000] + junk + text[12_000:]
    for chunks in ([_body(broken)], _cut(_body(broken), list(range(0, 99_999, 1000)))):
        _, files = _read(tmp_path, *chunks)
        assert files == []
        raw = list(tmp_path.glob("*.raw"))
        assert [path.read_text() for path in raw] == [broken]
        raw[0].unlink()


@pytest.mark.parametrize("cut", range(11_996, 12_004))
@pytest.mark.parametrize("at", [8_997, 8_998, 8_999])
def test_parts_that_were_encoded_one_by_one_are_one_picture(
    at: int, cut: int, tmp_path: Path
) -> None:
    """Some relays encode chunk by chunk and join the texts, padding and all."""
    joined = b64(BIG[:at]) + b64(BIG[at:-3]) + "\\n" + b64(BIG[-3:])
    assert _read(tmp_path, *_cut(_body(joined), [cut + len('{"data":[{"b64_json":"')]))[1] == [BIG]


@pytest.mark.parametrize(
    "end", [b"}garbage", b"\n\ndata: [DONE]\n\n", b": ping", b"\0" * 99, b'"x']
)
def test_what_follows_the_json_does_not_matter(end: bytes, tmp_path: Path) -> None:
    """Neither do the usage and the revised prompt get lost."""
    data = [{"b64_json": b64(BIG), "revised_prompt": "a fox"}]
    body = json.dumps({"data": data, "usage": {"input_tokens": 5}})
    reply, files = _read(tmp_path, body.encode() + end)
    assert (files, reply.usage, reply.is_whole) == ([BIG], TokenUsage(5, 0), True)
    assert reply.pictures[0].revised_prompt == "a fox"


def test_an_endless_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture came before it."""
    monkeypatch.setattr(download_spool_module, "MIN_BODY_BYTES", 50_000)
    monkeypatch.setattr(download_spool_module, "BODY_BYTES_PER_PICTURE", 50_000)
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(_body(b64(BIG)))
        assert (json_reader.is_closed, json_reader.is_over) == (True, False)
        json_reader.feed(b"x" * 50_000)
        assert json_reader.is_over
        assert len(read_reply(json_reader, BASE).pictures) == 1


def test_of_cut_json_everything_counts_that_is_whole(tmp_path: Path) -> None:
    """Two of three came before the line broke."""
    body = json.dumps({"created": 1, "data": [{"url": f"https://a/{n}"} for n in "abc"]})
    reply, _ = _read(tmp_path, body[:-6].encode())
    assert [str(one.source) for one in reply.pictures] == ["https://a/a", "https://a/b"]
    assert not reply.is_whole


def test_several_json_values_are_one_reply(tmp_path: Path) -> None:
    """One line for each picture, or a line of progress first."""
    body = b'{"status":"processing"}\n' + _body(b64(BIG)) + b"\n" + _body(b64(SMALL))
    assert _read(tmp_path, body)[1] == [BIG, SMALL]


def test_whole_pictures_survive_broken_json(tmp_path: Path) -> None:
    """The reply ends early or badly, the picture in it does not."""
    assert _read(tmp_path, _body(b64(BIG)) + b"}garbage")[1] == [BIG]
    assert _read(tmp_path, _body(b64(BIG))[:-3])[1] == [BIG]


def test_half_a_string_is_nothing(tmp_path: Path) -> None:
    """A cut picture is not delivered as a whole one."""
    assert _read(tmp_path, _body(b64(BIG))[:-9])[0].pictures == ()
    assert list(tmp_path.glob("*")) == []


def test_a_placeholder_cannot_be_guessed(tmp_path: Path) -> None:
    """A prompt that looks like one is only text."""
    body = json.dumps({"data": [{"b64_json": b64(BIG)}, {"url": "0:0"}, {"b64_json": "s:0"}]})
    reply, files = _read(tmp_path, body.encode())
    assert files == [BIG]
    assert len(reply.pictures) == 1


@pytest.mark.parametrize("begin", [b"", b" \r\n" * 9, b"\xef\xbb\xbf"])
def test_white_space_comes_before_json(begin: bytes, tmp_path: Path) -> None:
    """Gateways keep the connection open with it, byte by byte."""
    body = begin + _body(b64(SMALL))
    assert _read(tmp_path, *(body[at : at + 1] for at in range(len(body))))[1] == [SMALL]


def test_of_a_web_page_only_the_beginning_is_kept(tmp_path: Path) -> None:
    """An HTML page full of quotes leaves no files."""
    page = b"<html>" + b'<a href="x">' * 99_999
    with DownloadSpool(tmp_path, "s", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(page[:5])
        json_reader.feed(page[5:])
        assert json_reader.text == page[:LONG_STRING_BYTES].decode()
        assert not json_reader.is_json
    assert list(tmp_path.glob("*")) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'["' + b"a" * 200 + b'",1]', "too large"),
        (b"[" + b"1," * 40, "too much text"),
        (json.dumps(["A" * (LONG_STRING_BYTES + 4)] * 4).encode(), "too many long strings"),
    ],
)
def test_bounds(body: bytes, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither disk nor memory is at a gateway's mercy."""
    limit = 200 if words == "too large" else 10**9
    monkeypatch.setattr(download_spool_module, "MIN_BODY_BYTES", limit)
    monkeypatch.setattr(download_spool_module, "BODY_BYTES_PER_PICTURE", limit)
    monkeypatch.setattr(streaming_json_module, "MAX_STRINGS", 3)
    monkeypatch.setattr(
        streaming_json_module, "MAX_TEXT_BYTES", 70 if words == "too much text" else 10**9
    )
    with (
        DownloadSpool(tmp_path, "s", pictures=1) as spool,
        pytest.raises(SpoolFailed, match=words) as failed,
    ):
        StreamingJson(spool).feed(body)
    assert failed.value.kind is Kind.BAD_RESPONSE
    assert list(tmp_path.glob("*")) == []


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    """A full or read-only disk has its own sentence."""
    with DownloadSpool(tmp_path / "gone", "s", pictures=1) as spool:
        (tmp_path / "gone").rmdir()
        with pytest.raises(SpoolFailed) as failed:
            StreamingJson(spool).feed(_body(b64(BIG)))
    assert failed.value.kind is Kind.DISK_FULL


def test_a_kept_picture_knows_its_pixels(tmp_path: Path) -> None:
    """The name says slot and number, the suffix what the bytes are."""
    with DownloadSpool(tmp_path, "slot-3", pictures=1) as spool:
        json_reader = StreamingJson(spool)
        json_reader.feed(_body(b64(picture_bytes("webp", width=30))))
        found = read_reply(json_reader, BASE).pictures[0]
        assert isinstance(found.source, Path)
        kept = spool.keep(found.source, "1", "a fox")
    assert kept is not None
    assert (kept.path.name, kept.width, kept.height) == ("slot-3-1.webp", 30, 6)
    assert (kept.revised_prompt, kept.bytes) == ("a fox", kept.path.stat().st_size)
