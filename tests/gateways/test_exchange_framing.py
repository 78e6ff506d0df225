"""No paid picture is lost to framing, to a damaged sibling, or to a disk that is full."""

import errno
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, TokenUsage
from bot.gateways.reply import download_spool, reply_body
from bot.gateways.reply.base64_file import Base64File
from bot.images.inspection import inspect_picture
from bot.images.sniff import PictureInfo
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import GenerationResult, make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
PNG = picture_bytes(width=90, height=60, noise=True)
REPLY = json.dumps(
    {"data": [{"b64_json": b64(PNG)}], "usage": {"input_tokens": 5, "output_tokens": 7}}
).encode()
TYPE, EVENTS = "Content-Type", "text/event-stream"
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def _paint(folder: Path, *answers: RawReply, n: int = 1) -> GenerationResult:
    async with replay_gateway(*answers) as raw:
        result = await run_generation(raw.gateway(), folder, n=n, known=PAINTER)
    assert raw.posts == 1
    return result


# --- around the JSON ------------------------------------------------------------------------------

CHUNKED = JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(REPLY), REPLY)
AROUND: dict[str, RawReply] = {
    "comments first": http_reply(200, b": PING\n\n: PING\n\n" + REPLY, {TYPE: "application/json"}),
    "other comments first": http_reply(200, b"// wait\n# wait\r\n" + REPLY),
    "comments piece by piece": RawReply(JSON_HEAD + b"\r\n: PI", more=(b"NG\n", b"\n", REPLY)),
    "bare JSON as events": http_reply(200, REPLY + b"\n\ndata: [DONE]\n\n", {TYPE: EVENTS}),
    "commented JSON as events": http_reply(200, b": PING\n\n" + REPLY, {TYPE: EVENTS}),
    "no last chunk": RawReply(CHUNKED, then="reset"),
    "closed without the last chunk": RawReply(CHUNKED),
    "a length that is too large": http_reply(200, REPLY, {"Content-Length": "999999"}),
    "a reset after the JSON": RawReply(
        JSON_HEAD + b"Content-Length: 999999\r\n\r\n" + REPLY, then="reset"
    ),
    "a cut after the picture": RawReply(http_reply(200, REPLY).data[:-20]),
    "a header of 9 KB": http_reply(200, REPLY, {"X-Debug": "a" * 9_000}),
    "a header of 100 KB": http_reply(200, REPLY, {"X-Debug": "a" * 100_000}),
    "an empty error object": http_reply(
        200, {"error": {"message": "", "type": "", "code": None}, **json.loads(REPLY)}
    ),
    "an empty error": http_reply(200, {"error": "", **json.loads(REPLY)}),
    "an error of another picture": http_reply(
        200, {"images": [{"b64_json": b64(PNG)}], "errors": ["the second failed"]}
    ),
    "no base_resp error": http_reply(
        200,
        {"data": {"image_base64": [b64(PNG)]}, "base_resp": {"status_code": 0, "status_msg": "ok"}},
    ),
}


@pytest.mark.parametrize("answer", AROUND.values(), ids=AROUND)
async def test_a_picture_that_arrived_is_delivered(answer: RawReply, tmp_path: Path) -> None:
    """It was paid for; whatever is odd around it loses nothing."""
    result = await _paint(tmp_path, answer)
    assert [one.path.read_bytes() for one in result.pictures] == [PNG]


async def test_the_usage_is_not_lost_either(tmp_path: Path) -> None:
    """Costs are computed from it."""
    assert (await _paint(tmp_path, RawReply(CHUNKED))).usage == TokenUsage(5, 7)


async def test_an_end_that_never_comes_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pictures are there, so nobody has to wait for the model's time limit."""
    monkeypatch.setattr(reply_body, "END_TIMEOUT_S", 0.05)
    answer = RawReply(JSON_HEAD + b"Content-Length: 999999\r\n\r\n" + REPLY, then="silence")
    assert len((await _paint(tmp_path, answer)).pictures) == 1


async def test_cut_json_without_a_picture_is_in_doubt(tmp_path: Path) -> None:
    """A picture may have been made."""
    answer = RawReply(JSON_HEAD + b'Content-Length: 99\r\n\r\n{"created":1,"da')
    failed = (await _paint(tmp_path, answer)).failed
    assert (failed.kind, failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


async def test_a_task_in_cut_json_is_polled(tmp_path: Path) -> None:
    """Its id arrived."""
    accepted = RawReply(JSON_HEAD + b'Content-Length: 99\r\n\r\n{"task_id":"t-1","sta')
    result = await _paint(tmp_path, accepted, http_reply(200, REPLY))
    assert result.names == ["Sending", "TaskAccepted", "Received"]


async def test_an_error_that_is_cut_is_still_an_error(tmp_path: Path) -> None:
    """The status alone says that nothing was made."""
    answer = RawReply(b'HTTP/1.1 429 Slow\r\nContent-Length: 99\r\n\r\n{"error":{"message":"slo')
    assert (await _paint(tmp_path, answer)).failed.billed is Billed.NO


# --- bodies that are the picture ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif"])
@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream", "text/plain"])
async def test_the_body_is_the_picture(kind: str, content_type: str, tmp_path: Path) -> None:
    """Some gateways answer with the file itself, whatever they call it."""
    art = picture_bytes(kind, width=90, height=60, noise=True)
    result = await _paint(tmp_path, http_reply(200, art, {TYPE: content_type}))
    assert [one.path.read_bytes() for one in result.pictures] == [art]


async def test_a_picture_whose_line_breaks_at_the_end(tmp_path: Path) -> None:
    """Its end marker arrived, so it is whole."""
    result = await _paint(tmp_path, http_reply(200, PNG, {"Content-Length": "999999"}))
    assert len(result.pictures) == 1


async def test_half_a_picture_is_in_doubt(tmp_path: Path) -> None:
    """It was made, but what arrived is not delivered."""
    answer = http_reply(200, PNG[:-99], {TYPE: "image/png", "Content-Length": "999999"})
    failed = (await _paint(tmp_path, answer)).failed
    assert (failed.kind, failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


@pytest.mark.parametrize("head", ["", "data:image/png;base64,"])
async def test_the_body_is_base64(head: str, tmp_path: Path) -> None:
    """Without JSON around it, and with a line break at the end."""
    answer = http_reply(200, f"{head}{b64(PNG)}\n".encode(), {TYPE: "text/plain"})
    assert [one.path.read_bytes() for one in (await _paint(tmp_path, answer)).pictures] == [PNG]


DATA_URI = f"data:image/png;base64,{b64(PNG)}"
NAMES = {
    "Stability": {"artifacts": [{"base64": b64(PNG), "seed": 1}]},
    "Imagen": {"predictions": [{"bytesBase64Encoded": b64(PNG), "mimeType": "image/png"}]},
    "Volcengine": {"code": 10000, "data": {"binary_data_base64": [b64(PNG)]}},
    "Gemini": {"candidates": [{"content": {"parts": [{"inlineData": {"data": b64(PNG)}}]}}]},
    "WebUI": {"images": [b64(PNG)], "parameters": {"init_images": [b64(PNG)]}},
    "responses": {"output": [{"type": "image_generation_call", "result": b64(PNG)}]},
    "DashScope": {"output": {"choices": [{"message": {"content": [{"image": DATA_URI}]}}]}},
    "an image of its own": {"image": {"url": DATA_URI}},
    "a response": {"response": {"images": [{"url": DATA_URI}]}},
    "an object": {"data": [{"image": {"b64_json": b64(PNG)}}]},
    "unknown": {"answer": {"drawing": b64(PNG)}, "request": {"picture": b64(PNG)}},
}


@pytest.mark.parametrize("body", NAMES.values(), ids=NAMES)
async def test_pictures_under_other_names(body: object, tmp_path: Path) -> None:
    """What is repeated of the request is not one of them."""
    result = await _paint(tmp_path, http_reply(200, body), n=2)
    assert [one.path.read_bytes() for one in result.pictures] == [PNG]


# --- some of several ------------------------------------------------------------------------------


async def test_one_expired_address_of_four_costs_four(tmp_path: Path) -> None:
    """The gateway bills what it made, and the good three are delivered."""

    def file(_: str) -> RawReply:
        is_expired = raw.requests[-1].startswith(b"GET /b.png")
        return http_reply(410) if is_expired else http_reply(200, PNG)

    urls = [{"url": f"/{name}.png"} for name in "abcd"]
    async with replay_gateway(http_reply(200, {"data": urls}), *[file] * 4) as raw:
        result = await run_generation(raw.gateway(), tmp_path, n=4, known=PAINTER)
    assert (len(result.pictures), result.received.made) == (3, 4)


async def test_a_whole_reply_with_fewer_made_as_many_as_it_holds(tmp_path: Path) -> None:
    """Not what was asked for."""
    result = await _paint(tmp_path, http_reply(200, REPLY), n=4)
    assert (len(result.pictures), result.received.made) == (1, 1)


async def test_a_cut_reply_may_have_made_all(tmp_path: Path) -> None:
    """The first of three arrived before the line broke."""
    answer = RawReply(http_reply(200, REPLY).data[:-20])
    result = await _paint(tmp_path, answer, n=3)
    assert (len(result.pictures), result.received.made) == (1, 3)


async def test_a_cut_stream_may_have_made_all(tmp_path: Path) -> None:
    """The first of two arrived before the line broke."""
    answer = sse.stream_reply(
        sse.completed_event(PNG), then="reset", headers={"Content-Length": "9999999"}
    )
    result = await _paint(tmp_path, answer, n=2)
    assert (len(result.pictures), result.received.made) == (1, 2)


# --- the disk -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "free_mib"), [(1, 63), (6, 95)])
async def test_on_a_full_disk_nothing_is_paid(
    n: int, free_mib: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The free space is checked before the request is announced."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free_mib << 20))
    async with replay_gateway() as raw:
        result = await run_generation(raw.gateway(), tmp_path, n=n, known=PAINTER)
    assert (result.failed.kind, result.failed.billed) == (Kind.DISK_FULL, Billed.NO)
    assert (raw.posts, result.names) == (0, [])


DISK_IS_FULL = OSError(errno.ENOSPC, "No space left on device")


def _full_disk_at(monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Let the disk refuse the pictures with these numbers, in the order of the reply."""
    inspected: list[Path] = []

    def inspect(path: Path) -> PictureInfo | None:
        inspected.append(path)
        if len(inspected) in numbers:
            raise DISK_IS_FULL
        return inspect_picture(path)

    monkeypatch.setattr(download_spool, "inspect_picture", inspect)


async def test_one_file_that_cannot_be_stored_does_not_take_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk was full for a moment: that is no fault of the gateway."""
    _full_disk_at(monkeypatch, 1)
    answer = http_reply(200, {"data": [{"b64_json": b64(PNG)}] * 3})
    received = (await _paint(tmp_path, answer, n=3)).received
    assert (len(received.pictures), received.lost(3), received.lost_by_gateway(3)) == (2, 1, 0)


async def test_each_picture_s_fault_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four addresses one has expired, and for another one the disk has no room."""
    _full_disk_at(monkeypatch, 2)
    data = {"data": [{"url": f"/{name}.png"} for name in "abcd"]}
    files = [http_reply(410), *[http_reply(200, PNG)] * 3]
    received = (await _paint(tmp_path, http_reply(200, data), *files, n=4)).received
    assert (len(received.pictures), received.lost(4), received.lost_by_gateway(4)) == (2, 2, 1)


@pytest.mark.parametrize(
    ("statuses", "kind", "ours"),
    [((200, 200), Kind.DISK_FULL, 2), ((410, 200), Kind.DOWNLOAD_FAILED, 1)],
)
async def test_where_all_are_lost_the_gateway_s_fault_is_told_first(
    statuses: tuple[int, ...],
    kind: Kind,
    ours: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What this bot lost is counted apart."""
    _full_disk_at(monkeypatch, 1, 2)
    data = {"data": [{"url": "/a.png"}, {"url": "/b.png"}]}
    files = [http_reply(status, PNG) for status in statuses]
    failed = (await _paint(tmp_path, http_reply(200, data), *files, n=2)).failed
    assert (failed.kind, failed.lost_by_us, failed.billed) == (kind, ours, Billed.YES)


def _full_disk_at_second_string(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk refuse the second base64 string while it arrives."""
    files: list[Path] = []

    class FullAtTheSecond(Base64File):
        def __init__(self, part: Path) -> None:
            files.append(part)
            if len(files) == 2:
                raise DISK_IS_FULL
            super().__init__(part)

    monkeypatch.setattr(download_spool, "Base64File", FullAtTheSecond)


JSON_OF_TWO = http_reply(200, {"data": [{"b64_json": b64(PNG)}] * 2})
EVENTS_OF_TWO = sse.stream_reply(sse.completed_event(PNG), sse.completed_event(PNG))

ONE_EVENT = sse.stream_reply(
    sse.sse_event("image_generation.completed", {"data": [{"b64_json": b64(PNG)}] * 2})
)


@pytest.mark.parametrize(
    "answer", [JSON_OF_TWO, EVENTS_OF_TWO, ONE_EVENT], ids=["JSON", "events", "one event"]
)
async def test_what_the_disk_refuses_while_it_arrives_is_lost_by_us(
    answer: RawReply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first picture was whole before the disk was full."""
    _full_disk_at_second_string(monkeypatch)
    received = (await _paint(tmp_path, answer, n=2)).received
    assert (len(received.pictures), received.lost(2), received.lost_by_gateway(2)) == (1, 1, 0)


async def test_a_picture_too_large_for_the_reply_does_not_take_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first was whole before the reply became too large."""
    monkeypatch.setattr(download_spool, "MIN_BODY_BYTES", 200_000)
    monkeypatch.setattr(download_spool, "BODY_BYTES_PER_PICTURE", 10_000)
    large = picture_bytes(width=400, height=300, noise=True)
    data = [{"b64_json": b64(PNG)}, {"b64_json": b64(large)}]
    result = await _paint(tmp_path, http_reply(200, {"data": data}), n=2)
    assert (len(result.pictures), result.received.made) == (1, 2)


async def test_what_was_never_read_is_lost_by_us_also_where_no_file_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is counted a doubt for a disk that is full."""
    _full_disk_at_second_string(monkeypatch)
    _full_disk_at(monkeypatch, 1, 2)
    failed = (await _paint(tmp_path, JSON_OF_TWO, n=2)).failed
    assert (failed.kind, failed.lost_by_us) == (Kind.DISK_FULL, 2)
