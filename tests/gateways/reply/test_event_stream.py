import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, TokenUsage
from bot.gateways.events import Preview, Received
from bot.gateways.reply import download_spool as download_spool_module
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.event_stream import MAX_PREVIEWS, EventStream
from bot.gateways.reply.event_stream_parser import is_event_stream
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import GenerationResult, make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.router_harness import open_router
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
BIG = picture_bytes(width=200, height=200, noise=True)
FILE = http_reply(200, picture_bytes())


async def _paint(folder: Path, *answers: RawReply, n: int = 1) -> GenerationResult:
    async with replay_gateway(*answers) as raw:
        result = await run_generation(raw.gateway(), folder, n=n, known=PAINTER)
    assert raw.posts == 1
    return result


# --- what streams bring ---------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["image_generation", "image_edit"])
async def test_previews_and_then_the_picture(family: str, tmp_path: Path) -> None:
    """What OpenAI sends, with a comment and without `[DONE]`."""
    last = sse.completed_event(BIG, family=family)
    answer = sse.stream_reply(sse.PING, sse.partial_event(0, family=family), last)
    result = await _paint(tmp_path, answer)
    assert result.usage == TokenUsage(50, 50)
    assert result.pictures[0].path.read_bytes() == BIG
    assert result.left == [".png"]


async def test_a_preview_is_told_while_the_stream_runs(tmp_path: Path) -> None:
    """The card shows it at once; its file is there until the end."""
    go_on = asyncio.Event()
    answer = sse.stream_reply(sse.partial_event(0, BIG), go_on, sse.completed_event())
    async with (
        replay_gateway(answer) as raw,
        open_router(tmp_path, raw.gateway()) as one,
        aclosing(one.router.generate(one.new_request())) as events,
    ):
        await anext(events)
        preview = await anext(events)
        assert isinstance(preview, Preview)
        shown = preview.picture
        assert (shown.path.read_bytes(), shown.format, shown.width) == (BIG, "png", 200)
        go_on.set()
        assert isinstance(await anext(events), Received)
        assert shown.path.exists()
        assert [event async for event in events] == []
    assert not shown.path.exists()


@dataclass
class Played:
    """A response that arrives in these chunks."""

    chunks: list[bytes]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> "Played":
        """Return the reader."""
        return self

    async def readany(self) -> bytes:
        """Return the next chunk."""
        return self.chunks.pop(0)


async def _widths(folder: Path, *chunks: bytes) -> list[int]:
    """Return the widths of the previews of a stream."""
    played = Played(list(chunks))
    with DownloadSpool(folder, "s", pictures=1) as spool:
        stream = EventStream(
            played,  # type: ignore[arg-type]  # has what is read of a response
            spool,
            Clock(),
            base=URL("https://gw.example/"),
            pictures=1,
            opening=b":\n",
        )
        widths = []
        while shown := await stream.next_update():
            assert isinstance(shown, Preview)
            widths.append(shown.picture.width)
    return widths


async def test_no_preview_is_held_back(tmp_path: Path) -> None:
    """The caller limits the rate; of previews that arrived together the last one is returned."""
    one, two, three, four = (
        sse.partial_event(0, picture_bytes(width=width)) for width in range(1, 5)
    )
    widths = await _widths(
        tmp_path, one, two + three, four[:300], four[300:], sse.completed_event()
    )
    assert widths == [1, 3, 4]


async def test_a_preview_that_is_no_picture(tmp_path: Path) -> None:
    """It is passed over."""
    widths = await _widths(
        tmp_path, sse.partial_event(0, b"no picture"), sse.partial_event(), sse.completed_event()
    )
    assert widths == [8]


async def test_previews_without_end(tmp_path: Path) -> None:
    """Each is a file until the stream ends; the picture comes all the same."""
    widths = await _widths(
        tmp_path, *[sse.partial_event()] * (MAX_PREVIEWS + 9), sse.completed_event()
    )
    assert len(widths) == MAX_PREVIEWS


async def test_waits_of_a_stream_are_not_nested(tmp_path: Path) -> None:
    """One for the beginning, one for each stretch up to a preview."""
    result = await _paint(tmp_path, sse.stream_reply(sse.partial_event(), sse.completed_event()))
    assert set(result.watch.waits) == {"gateway"}
    assert result.watch.pauses == []


async def test_json_instead_of_a_stream(tmp_path: Path) -> None:
    """Row 4: many gateways ignore `stream`, and some keep its content type."""
    body = {"data": [{"b64_json": b64(BIG)}]}
    for kind in ("application/json", "text/event-stream"):
        result = await _paint(tmp_path, http_reply(200, body, {"Content-Type": kind}))
        assert result.names == ["Sending", "Received"]


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/octet-stream"])
@pytest.mark.parametrize(
    "begin", [b"", b"\n\n", b"\xef\xbb\xbf", sse.PING, b"id: 1\n", b"retry: 9\n"]
)
async def test_a_stream_by_any_name(kind: str, begin: bytes, tmp_path: Path) -> None:
    """The bytes tell, as with pictures."""
    result = await _paint(tmp_path, sse.stream_reply(begin, sse.completed_event(), kind=kind))
    assert len(result.pictures) == 1


@pytest.mark.parametrize(
    ("kind", "opening", "streams"),
    [
        ("text/event-stream", b"", None),
        ("text/event-stream", b"x", True),
        ("text/event-stream", b"{", False),
        ("text/event-stream", b"<", False),
        ("text/plain", b"da", None),
        ("text/plain", b"dat!", False),
        ("text/plain", b"data", None),
        ("text/plain", b"data:", True),
        ("text/plain", b":", True),
        ("text/html", b"Internal Server Error", False),
    ],
)
def test_how_a_stream_begins(kind: str, opening: bytes, streams: bool | None) -> None:
    """Sometimes more bytes must tell."""
    assert is_event_stream(kind, opening) is streams


async def test_an_answer_that_ends_before_it_tells_what_it_is(tmp_path: Path) -> None:
    """It is read like any other body."""
    failed = (await _paint(tmp_path, sse.stream_reply(b"da", kind="text/plain"))).failed
    assert failed.kind is Kind.BAD_RESPONSE


async def test_an_event_with_an_address(tmp_path: Path) -> None:
    """Row 6: new-api makes events up from a plain reply, with a ping before and [DONE] behind."""
    answer = sse.stream_reply(sse.PING, sse.completed_by_url("/fox.png"), sse.DONE, then="silence")
    result = await _paint(tmp_path, answer, FILE)
    assert result.names == ["Sending", "Answered", "Received"]
    assert result.pictures[0].revised_prompt == "ein Fuchs, 狐狸"


async def test_several_pictures_of_one_stream(tmp_path: Path) -> None:
    """Each has a completed event; the stream need not be closed after the last."""
    answer = sse.stream_reply(
        sse.partial_event(), sse.completed_event(), sse.completed_event(BIG), then="silence"
    )
    result = await _paint(tmp_path, answer, n=2)
    assert [one.path.name for one in result.pictures] == ["slot-0-1.png", "slot-0-2.png"]


async def test_one_failed_sibling_does_not_spoil_the_others(tmp_path: Path) -> None:
    """Row 7: Seedream tells each picture by itself, and the usage at the end."""
    pieces = sse.succeeded(0, "/a.png"), sse.sibling_failed(1), sse.succeeded(2, "/c.png")
    answer = sse.stream_reply(*pieces, sse.summary_event(), sse.DONE, then="silence")
    result = await _paint(tmp_path, answer, FILE, FILE, n=3)
    assert len(result.pictures) == 2
    assert result.usage == TokenUsage(50, 50)


async def test_all_siblings_failed(tmp_path: Path) -> None:
    """Then why the first one did is the reason."""
    answer = sse.stream_reply(sse.sibling_failed(0), sse.sibling_failed(1), sse.summary_event())
    failed = (await _paint(tmp_path, answer, n=2)).failed
    assert (failed.kind, failed.billed) == (Kind.MODERATION, Billed.NO)


async def test_a_whole_reply_as_one_event(tmp_path: Path) -> None:
    """Without any name, and the connection stays open."""
    whole = {"created": 1, "data": [{"b64_json": b64(BIG)}], "usage": sse.USAGE}
    answer = sse.stream_reply(sse.sse_event("", {"x": 1}), sse.sse_event("", whole), then="silence")
    result = await _paint(tmp_path, answer)
    assert result.usage == TokenUsage(50, 50)


async def test_unknown_names(tmp_path: Path) -> None:
    """What may be unripe is not delivered; pings and words are passed over."""
    unripe = {"b64_json": b64(picture_bytes(width=3))}
    answer = sse.stream_reply(
        sse.sse_event("ping", "{}"),
        sse.sse_event("message", "hello"),
        sse.sse_event("image.preview", unripe),
        sse.sse_event("", {**unripe, "partial_image_index": 0}),
        sse.sse_event("x.partial_image", {"url": "/unripe.png"}),
        sse.sse_event("x.partial_image", {"b64_json": b64(b"no picture" * 9)}),
        sse.sse_event("IMAGE.Completed", {"b64_json": b64(BIG)}),
    )
    result = await _paint(tmp_path, answer)
    assert result.pictures[0].width == 200
    assert result.left == [".png"]


async def test_a_picture_over_several_lines(tmp_path: Path) -> None:
    """Multi-line data is joined by line breaks, which JSON allows between its tokens."""
    text = f'{{\n"type":\n"image_generation.completed",\n"b64_json":\n"{b64(BIG)}"\n}}'
    result = await _paint(tmp_path, sse.stream_reply(sse.sse_event("", text)))
    assert result.pictures[0].path.read_bytes() == BIG


# --- how streams end badly ------------------------------------------------------------------------


ERRORS = [
    (sse.error_event(), Kind.MODERATION, Billed.MAYBE),
    (sse.error_event("rate_limit_exceeded"), Kind.RATE_LIMITED, Billed.MAYBE),
    (
        sse.error_event("upstream_error", name="image_generation.failed"),
        Kind.UPSTREAM,
        Billed.MAYBE,
    ),
    (sse.sse_event("", {"error": {"message": "boom"}}), Kind.UPSTREAM, Billed.MAYBE),
    (sse.sse_event("error", {"message": "boom"}), Kind.UPSTREAM, Billed.MAYBE),
    (sse.sse_event("error", "rejected by our safety system"), Kind.MODERATION, Billed.MAYBE),
    (
        sse.sse_event("", {"type": "error", "code": "1102", "message": "x"}),
        Kind.QUOTA,
        Billed.MAYBE,
    ),
    (sse.sse_event("", {"error": "x"}), Kind.UPSTREAM, Billed.MAYBE),
]


@pytest.mark.parametrize(("event", "kind", "billed"), ERRORS)
async def test_an_error_inside_a_stream(
    event: bytes, kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """It is classified like an error with 200, also after previews and on an open connection."""
    answer = sse.stream_reply(
        sse.partial_event(), event, then="silence", headers={"x-request-id": "req_9"}
    )
    async with replay_gateway(answer) as raw:
        gateway = raw.gateway(error_kinds={"1102": Kind.QUOTA})
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    failed = result.failed
    assert (failed.kind, failed.billed, raw.posts) == (kind, billed, 1)
    assert failed.request_id == "req_9"
    assert result.left == []


async def test_an_error_at_once(tmp_path: Path) -> None:
    """The gateway says that no work began, and nothing was seen: another one may be asked."""
    failed = (
        await _paint(tmp_path, sse.stream_reply(sse.error_event("rate_limit_exceeded")))
    ).failed
    assert (failed.kind, failed.billed) == (Kind.RATE_LIMITED, Billed.NO)


async def test_an_error_after_a_picture_does_not_take_it_away(tmp_path: Path) -> None:
    """Two were ordered, one came."""
    result = await _paint(tmp_path, sse.stream_reply(sse.completed_event(), sse.error_event()), n=2)
    assert len(result.pictures) == 1


TRUNCATED = [
    sse.stream_reply(),
    sse.stream_reply(sse.partial_event()),
    sse.stream_reply(sse.partial_event(), then="reset"),
    sse.stream_reply(sse.partial_event(), sse.completed_event(BIG)[:-400]),
    sse.stream_reply(sse.partial_event(), sse.completed_event(BIG)[:-400], then="reset"),
    sse.stream_reply(sse.partial_event(0, BIG)[:-4]),
    sse.stream_reply(
        sse.partial_event().replace(b"event: image_generation.partial_image\n", b"")[:-40]
    ),
    sse.stream_reply(sse.PING, headers={"Content-Length": "999"}),
    sse.stream_reply(b"event: image_generation.completed\n"),
    sse.stream_reply(b"event: image_generation.completed\ndata\n\n"),
    sse.stream_reply(b"event: image_generation.completed\ndata: {\n\n"),
]


@pytest.mark.parametrize("answer", TRUNCATED)
async def test_a_connection_that_breaks_before_the_picture(
    answer: RawReply, tmp_path: Path
) -> None:
    """It is unknown whether it was made: never sent again; a preview is not the picture."""
    result = await _paint(tmp_path, answer)
    assert (result.failed.kind, result.failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)
    assert result.left == []


@pytest.mark.parametrize("pieces", [(sse.PING,), (sse.partial_event(), sse.DONE)])
async def test_the_request_id_of_a_stream(pieces: tuple[bytes, ...], tmp_path: Path) -> None:
    """The operator can ask the vendor what became of it."""
    answer = sse.stream_reply(*pieces, headers={"x-request-id": "req_9"})
    assert (await _paint(tmp_path, answer)).failed.request_id == "req_9"


async def test_silence_inside_a_stream(tmp_path: Path) -> None:
    """The model's time limit holds for the whole."""
    quick = make_model("painter", timeout_s=0.1)
    async with replay_gateway(sse.stream_reply(sse.partial_event(), then="silence")) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=quick)
    assert (result.failed.kind, result.failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


SAVED = [
    sse.stream_reply(sse.completed_event(BIG)[:-1]),
    sse.stream_reply(sse.completed_event(BIG)[:-30], then="reset"),
    sse.stream_reply(
        sse.completed_event(BIG), then="reset", headers={"Content-Length": "99999999"}
    ),
]


@pytest.mark.parametrize("answer", SAVED)
async def test_a_picture_that_is_whole_is_saved(answer: RawReply, tmp_path: Path) -> None:
    """The connection broke after it."""
    result = await _paint(tmp_path, answer, n=2)
    assert result.pictures[0].path.read_bytes() == BIG


@pytest.mark.parametrize(
    "pieces", [(sse.DONE,), (sse.partial_event(), sse.DONE), (sse.summary_event(),)]
)
async def test_a_stream_without_a_picture(pieces: tuple[bytes, ...], tmp_path: Path) -> None:
    """It ended in order, so nothing more will come."""
    result = await _paint(tmp_path, sse.stream_reply(*pieces))
    assert (result.failed.kind, result.failed.billed) == (Kind.NO_IMAGE, Billed.MAYBE)
    assert result.left == []


async def test_a_stream_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even comments may go on for ever."""
    monkeypatch.setattr(download_spool_module, "MIN_BODY_BYTES", 1000)
    monkeypatch.setattr(download_spool_module, "BODY_BYTES_PER_PICTURE", 250)
    result = await _paint(tmp_path, sse.stream_reply(sse.PING * 999, then="silence"))
    assert (result.failed.kind, result.failed.detail) == (
        Kind.BAD_RESPONSE,
        "the reply is too large",
    )


async def test_an_error_status_is_no_stream(tmp_path: Path) -> None:
    """Whatever its content type says."""
    busy = http_reply(
        400, sse.error_event("moderation_blocked"), {"Content-Type": "text/event-stream"}
    )
    assert (await _paint(tmp_path, busy)).failed.billed is Billed.NO
