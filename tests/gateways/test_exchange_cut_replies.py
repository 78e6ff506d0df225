"""A reply that is cut in its last bytes: no picture is lost that a decoder can read."""

import json
from pathlib import Path

import pytest
import structlog

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways import download
from bot.gateways.gateway import AsyncSettings
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import GenerationResult, make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
PNG = picture_bytes(width=90, height=60, noise=True)
SMALL = picture_bytes()
# With something after its end, so that its base64 needs no padding.
UNPADDED = PNG + b"\0" * (-len(PNG) % 3)
TYPE, EVENTS = "Content-Type", "text/event-stream"


def _cut(body: bytes, *, lost: int = 0, **headers: str) -> dict[str, RawReply]:
    """Return replies that end before the last bytes of a body: noticed by HTTP, or not."""
    kept = body[: len(body) - lost]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    broken = http_reply(200, kept, {**named, "Content-Length": "999999"})
    return {
        "closed": broken,
        "reset": RawReply(broken.data, then="reset"),
        "truncated": http_reply(200, kept, named),
    }


def _open(picture: bytes, *, head: str = "") -> bytes:
    """Return JSON that ends inside its only base64 string."""
    return f'{{"created":1,"data":[{{"b64_json":"{head}{b64(picture)}'.encode()


WHOLE = {
    f"{name}, {end}": (answer, picture)
    for name, picture, answers in [
        ("all but the quote", PNG, _cut(_open(PNG))),
        ("a small one", SMALL, _cut(_open(SMALL))),
        ("a data URI", SMALL, _cut(_open(SMALL, head="data:image/png;base64,"))),
        ("one letter of the next three bytes", UNPADDED, _cut(_open(UNPADDED) + b"A")),
        ("a cut escape", PNG, _cut(_open(PNG) + b"\\")),
        (
            "a chat",
            SMALL,
            _cut(
                b'{"choices":[{"message":{"content":"Here: ![a fox](data:image/png;base64,'
                + b64(SMALL).encode()
            ),
        ),
        (
            "an event",
            PNG,
            _cut(
                b'event: image_generation.completed\ndata: {"type":"image_generation.completed",'
                b'"b64_json":"' + b64(PNG).encode(),
                Content_Type=EVENTS,
            ),
        ),
    ]
    for end, answer in answers.items()
}


async def _paint(folder: Path, *answers: RawReply, n: int = 1) -> GenerationResult:
    async with replay_gateway(*answers) as raw:
        result = await run_generation(
            raw.gateway(), folder, n=n, known=PAINTER, unread=folder / "unread"
        )
    assert raw.posts == 1
    return result


@pytest.mark.parametrize(("answer", "picture"), WHOLE.values(), ids=WHOLE)
async def test_a_picture_without_the_end_of_its_string_is_delivered(
    answer: RawReply, picture: bytes, tmp_path: Path
) -> None:
    """Its own end arrived, so it is whole, and it was paid for."""
    with structlog.testing.capture_logs() as logs:
        result = await _paint(tmp_path, answer)
    assert [one.path.read_bytes() for one in result.pictures] == [picture]
    assert "gateway.reply_broke_off" in [entry["event"] for entry in logs]


BARE = _cut(b64(UNPADDED).encode() + b"A", Content_Type="text/plain")


@pytest.mark.parametrize("answer", BARE.values(), ids=BARE)
async def test_bare_base64_that_is_cut(answer: RawReply, tmp_path: Path) -> None:
    """Nothing around it tells where it ends."""
    result = await _paint(tmp_path, answer)
    assert [one.path.read_bytes() for one in result.pictures] == [UNPADDED]


@pytest.mark.parametrize("answer", _cut(_open(PNG), lost=99).values())
async def test_half_a_picture_is_kept_for_the_operator(answer: RawReply, tmp_path: Path) -> None:
    """It is no result; it was paid for all the same."""
    failed = (await _paint(tmp_path, answer)).failed
    assert failed.billed is Billed.MAYBE
    (kept,) = (tmp_path / "unread").iterdir()
    assert kept.read_bytes() == PNG[: len(kept.read_bytes())]


async def test_the_second_of_two_is_whole_too(tmp_path: Path) -> None:
    """The line broke behind it; a third one may have been made."""
    body = f'{{"data":[{{"b64_json":"{b64(PNG)}"}},{{"b64_json":"{b64(SMALL)}'.encode()
    result = await _paint(tmp_path, _cut(body)["closed"], n=3)
    assert [one.path.read_bytes() for one in result.pictures] == [PNG, SMALL]
    assert result.received.made == 3


async def test_text_that_is_cut_is_no_picture(tmp_path: Path) -> None:
    """What a model was writing when the line broke."""
    body = b'{"choices":[{"message":{"content":"I drew a fox for you, and'
    failed = (await _paint(tmp_path, _cut(body)["closed"])).failed
    assert (failed.kind, failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)


# --- a body that is the picture -------------------------------------------------------------------

TAILED = picture_bytes("jpeg", noise=True) + b"\0" * 5000  # the quick check doubts it


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
async def test_a_whole_picture_that_is_converted_later(kind: str, tmp_path: Path) -> None:
    """The check is the same as for any other picture."""
    answer = _cut(picture_bytes(kind, width=90, height=60), Content_Type="image/x")["closed"]
    assert [one.format for one in (await _paint(tmp_path, answer)).pictures] == ["png"]


async def test_a_whole_picture_with_something_after_its_end(tmp_path: Path) -> None:
    """Pillow decides what the quick check doubts."""
    result = await _paint(tmp_path, _cut(TAILED, Content_Type="image/jpeg")["closed"])
    assert [one.path.read_bytes() for one in result.pictures] == [TAILED]


# --- tasks ----------------------------------------------------------------------------------------

DONE = {"status": "succeeded", "data": [{"b64_json": b64(PNG)}]}
POLLED = {
    "JSON": json.dumps(DONE).encode()[:-4],
    "the picture itself": PNG,
}


@pytest.mark.parametrize("body", POLLED.values(), ids=POLLED)
async def test_a_poll_that_is_cut_every_time_brings_its_picture(
    body: bytes, tmp_path: Path
) -> None:
    """Polling again would be cut again."""
    answers = http_reply(200, {"task_id": "t-1"}), _cut(body)["closed"]
    async with replay_gateway(*answers) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert [one.path.read_bytes() for one in result.pictures] == [PNG]


async def test_a_poll_that_is_cut_too_early_is_repeated(tmp_path: Path) -> None:
    """The next one brings the whole picture; nothing of the first is kept."""
    body = json.dumps(DONE).encode()
    answers = http_reply(200, {"task_id": "t-1"}), _cut(body, lost=99)["closed"]
    async with replay_gateway(*answers, http_reply(200, body)) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        result = await run_generation(gateway, tmp_path, known=PAINTER, unread=tmp_path / "unread")
    assert len(result.pictures) == 1
    assert not list((tmp_path / "unread").glob("*"))


PREVIEW = {"id": "t-1", "data": [{"url": "/preview.png"}], "status": "IN_PROGRESS"}
FINAL = {"id": "t-1", "data": [{"url": "/x.png"}], "status": "SUCCESS"}


@pytest.mark.parametrize("preview", _cut(json.dumps(PREVIEW).encode(), lost=25).values())
async def test_a_poll_that_is_cut_before_its_status_is_repeated(
    preview: RawReply, tmp_path: Path
) -> None:
    """Its picture may be a preview; polling again is free."""
    answers = http_reply(200, {"task_id": "t-1"}), preview, http_reply(200, FINAL)
    async with replay_gateway(*answers, http_reply(200, PNG)) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert [url.rpartition("/")[2] for url in result.urls] == ["x.png"]
    assert [one.path.read_bytes() for one in result.pictures] == [PNG]


async def test_polls_that_are_cut_fill_no_disk(tmp_path: Path) -> None:
    """Of many half pictures the last one is kept, for the operator if there is no better one."""
    held: list[int] = []

    def half(_: str) -> RawReply:
        held.append(len(list(tmp_path.glob("*.part"))))
        return http_reply(200, PNG[:-99], {"Content-Length": "99999"})

    answers = http_reply(200, {"task_id": "t-1"}), half, half, half, half
    gone = http_reply(200, {"status": "failed"})
    async with replay_gateway(*answers, gone) as raw:
        gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
        result = await run_generation(gateway, tmp_path, known=PAINTER, unread=tmp_path / "unread")
    assert result.failed.kind is Kind.TASK_FAILED
    assert held == [0, 1, 1, 1]


async def test_a_stream_that_breaks_in_its_second_event(tmp_path: Path) -> None:
    """The first picture is there, and half of the second is none."""
    answer = sse.stream_reply(
        sse.completed_event(PNG) + sse.completed_event(PNG)[:-2000],
        headers={"Content-Length": "999999"},
    )
    result = await _paint(tmp_path, answer, n=2)
    assert (len(result.pictures), result.received.made) == (1, 2)


# --- downloads ------------------------------------------------------------------------------------

ADDRESS = http_reply(200, {"data": [{"url": "/x.png"}]})
SLOW = RawReply(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", then="silence")


@pytest.mark.parametrize(("slow", "pictures"), [(1, 1), (4, 1), (5, 0)])
async def test_a_download_that_takes_too_long_is_repeated(
    slow: int, pictures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its picture was paid for; there is an end to it, as with any other trouble."""
    monkeypatch.setattr(download, "DOWNLOAD_TIMEOUT_S", 0.1)
    patient = make_model("painter", timeout_s=30)
    answers = [ADDRESS, *[SLOW] * slow, *[http_reply(200, PNG)] * pictures]
    async with replay_gateway(*answers) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=patient)
    assert len(result.pictures if pictures else ()) == pictures
    assert result.failure is None or result.failed.kind is Kind.DOWNLOAD_FAILED
    assert (len(raw.requests), raw.posts) == (1 + slow + pictures, 1)


async def test_all_pictures_of_a_reply_have_one_time_limit(tmp_path: Path) -> None:
    """Each is asked for, but a slot is not held for the time limit of each."""
    answer = http_reply(200, {"data": [{"url": f"/{name}.png"} for name in "abcd"]})
    async with replay_gateway(answer, *[http_reply(404)] * 20) as raw:
        painter = make_model("painter", timeout_s=10)
        result = await run_generation(raw.gateway(), tmp_path, n=4, known=painter)
        asked = {request.split(b" ")[1] for request in raw.requests[1:]}
        raw.answers.clear()
    assert len(asked) == 4
    assert sum(result.watch.pauses) <= 10


async def test_a_whole_picture_is_not_downloaded_again(tmp_path: Path) -> None:
    """The next one may be worse."""
    whole, less = (http_reply(200, one, {"Content-Length": "99999"}) for one in (PNG, PNG[:99]))
    async with replay_gateway(ADDRESS, whole, less, less, less, less) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=make_model("painter"))
        assert len(raw.requests) == 2
    assert [one.path.read_bytes() for one in result.pictures] == [PNG]


async def test_a_whole_picture_whose_download_always_breaks_is_delivered(tmp_path: Path) -> None:
    """As where a store announces a wrong length."""
    patient = make_model("painter", timeout_s=30)
    broken = http_reply(200, PNG, {"Content-Length": "99999"})
    async with replay_gateway(ADDRESS, *[broken] * 5) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=patient)
    assert [one.path.read_bytes() for one in result.pictures] == [PNG]
