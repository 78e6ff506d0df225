import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.reply.chat_stream import ChatStream
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.event_stream_parser import ServerSentEventParser
from bot.gateways.reply.json_values import parse_json
from bot.gateways.reply.refusals import reason_of_words
from bot.gateways.reply.streaming_json import StreamingJson
from tests.gateways import fake_chat as chat
from tests.gateways.fake_sse import sse_event
from tests.gateways.generation_harness import files_in
from tests.gateways.sample_pictures import picture_bytes

ART = picture_bytes(width=90, height=60, noise=True)
IMAGE = chat.part(chat.data_uri(ART))


class Fed:
    """A chat stream that gets one event after the other."""

    def __init__(self, spool: DownloadSpool) -> None:
        self.stream = ChatStream(spool, URL("https://gw.example/"))
        self._parser = ServerSentEventParser(lambda: StreamingJson(spool, self.stream.reader_of))

    def feed(self, fields: object) -> None:
        """Add an event that is a piece of a message."""
        (event,) = self._parser.feed(sse_event("", json.dumps(fields)))
        read = parse_json(event.data)
        assert isinstance(read, dict)
        assert self.stream.accepts(read)
        self.stream.add(event.data, read)

    def words(self, text: str) -> None:
        """Add a piece of the text."""
        self.feed(chat.chunk({"content": text}))


@contextmanager
def _fed(folder: Path) -> Iterator[Fed]:
    with DownloadSpool(folder, "s", pictures=1) as spool:
        yield Fed(spool)


def test_progress_never_goes_back(tmp_path: Path) -> None:
    """A relay that tries again begins anew; the card does not."""
    told = []
    with _fed(tmp_path) as fed:
        for text in ["> 进度 **3", "4%**\n", "> 进度 **12%**\n", "50% off, 180%", "Progress: 67 %"]:
            fed.words(text)
            told.append(fed.stream.fraction)
    assert told == [None, 0.34, 0.34, 0.34, 0.67]


def test_a_picture_is_held_once(tmp_path: Path) -> None:
    """Where each piece repeats it, its copies are removed at once."""
    with _fed(tmp_path) as fed:
        for _ in range(5):
            fed.feed(chat.chunk({"images": [IMAGE]}))
        assert len(fed.stream.pictures) == 1
        before = len(files_in(tmp_path))
        fed.feed(chat.chunk({"images": [IMAGE]}))
        assert len(files_in(tmp_path)) == before == 1


def test_the_words_are_bounded(tmp_path: Path) -> None:
    """A model may write for as long as it likes; why it declined stands at the end."""
    with _fed(tmp_path) as fed:
        for number in range(9_000):
            fed.words(f"Word {number}, ")
        fed.words("I can't help with that.")
        fed.stream.finish(is_cut=False)
        text = str(fed.stream.body)
    assert len(text) < 40_000
    assert "Word 0, " in text
    assert "I can't help with that." in text


def test_a_large_piece_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    """Of any size: it is never a string of its own."""
    words = f"Here: ![a]({chat.data_uri(ART)}) Enjoy!"
    with _fed(tmp_path) as fed:
        for piece in chat.pieces(words, [30, 9_000, 8_193, 1, 12_345]):
            fed.words(piece)
        fed.stream.finish(is_cut=False)
        (picture,) = fed.stream.pictures
        assert isinstance(picture.source, Path)
        assert picture.source.read_bytes() == ART
        assert len(files_in(tmp_path)) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"choices": []},
        {"choices": [None, 3, {}]},
        {"choices": [{"delta": None, "message": 3}]},
        {"choices": [{"delta": {"content": {"x": 1}, "images": 7, "refusal": []}}]},
        {"choices": [{"delta": {"content": [None, {"type": "text"}, {"text": 5}]}}]},
        {"choices": [{"delta": {"content": "\ud800"}}], "usage": []},
    ],
)
def test_odd_pieces(fields: object, tmp_path: Path) -> None:
    """They hold nothing, and nothing is raised."""
    with _fed(tmp_path) as fed:
        fed.feed(fields)
        fed.stream.finish(is_cut=False)
        assert fed.stream.pictures == []
        assert reason_of_words(fed.stream.body, ()) == (Kind.NO_IMAGE, Billed.MAYBE)


@pytest.mark.parametrize(("tokens", "billed"), [(0, Billed.NO), (7, Billed.MAYBE)])
def test_a_filtered_message_is_paid_by_its_tokens(
    tokens: int, billed: Billed, tmp_path: Path
) -> None:
    """A model that has thought before is paid for that."""
    usage = {"prompt_tokens": 3, "completion_tokens": tokens}
    with _fed(tmp_path) as fed:
        fed.feed(chat.chunk({}, "content_filter: SAFETY"))
        fed.feed({"usage": usage})
        fed.stream.finish(is_cut=False)
        assert fed.stream.is_finished
        assert reason_of_words(fed.stream.body, ()) == (Kind.MODERATION, billed)
