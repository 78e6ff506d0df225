import asyncio
import errno
import json
import stat
from contextlib import aclosing
from pathlib import Path

import pytest
import structlog

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed, ImageRequest
from bot.gateways import paid_post
from bot.gateways.catalogue import Catalogue
from bot.gateways.events import GatewayRequest, RequestRefused
from bot.gateways.gateway import PathSettings
from bot.gateways.reply import download_spool
from bot.gateways.routing.router import Router
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    SECRET_PROMPT,
    RecordingClock,
    files_in,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PAINTER = make_model("painter", timeout_s=5)
GOOD = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}]})
BIG = picture_bytes(width=200, height=200, noise=True)
BUSY = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}


async def test_a_large_picture_goes_to_its_file(tmp_path: Path) -> None:
    """What arrives as base64 is on disk byte for byte."""
    async with replay_gateway(http_reply(200, {"data": [{"b64_json": b64(BIG)}]})) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert result.pictures[0].path.read_bytes() == BIG
    assert result.left == [".png"]


async def test_the_request_on_the_wire(tmp_path: Path) -> None:
    """Strict gateways want Accept, a length, JSON, and the path exactly as configured."""
    async with replay_gateway(GOOD) as raw:
        gateway = raw.gateway(
            paths=PathSettings(generate="/v1/images/generations/"),
            headers={"accept": "*/*", "X-Org": "a"},
        )
        await run_generation(gateway, tmp_path, known=PAINTER)
    head, body = raw.requests[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/images/generations/ HTTP/1.1")
    assert b"Authorization: Bearer " + GATEWAY_KEY.encode() in head
    assert b"Content-Length: " + str(len(body)).encode() in head
    assert head.lower().count(b"accept:") == 1
    assert b"X-Org: a" in head
    assert json.loads(body) == {"model": "painter", "prompt": SECRET_PROMPT, "n": 1}


async def test_without_a_key_no_authorization_is_sent(tmp_path: Path) -> None:
    """Self-hosted gateways often have none."""
    async with replay_gateway(GOOD) as raw:
        await run_generation(raw.gateway(key=""), tmp_path, known=PAINTER)
    assert b"Authorization" not in raw.requests[0]


async def test_never_more_pictures_than_ordered(tmp_path: Path) -> None:
    """A reply of a thousand addresses must not become a thousand downloads."""
    many = http_reply(200, {"data": [{"b64_json": b64(picture_bytes())}] * 5})
    async with replay_gateway(many) as raw:
        result = await run_generation(raw.gateway(), tmp_path, n=2, known=PAINTER)
    assert len(result.pictures) == 2


DOUBTFUL = [
    ("reset after the request", RawReply(then="reset")),
    ("closed without an answer", RawReply()),
    ("closed inside the headers", RawReply(b"HTTP/1.1 200 OK\r\nContent-")),
    ("truncated body", RawReply(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"data": [')),
    ("truncated picture", RawReply(GOOD.data[:-40])),
    ("broken chunk", RawReply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")),
    ("HTML 500", http_reply(500, b"<html>Internal Server Error</html>")),
    ("HTML 502", http_reply(502, b"<html><a>Billing</a> <a>rate limit</a></html>")),
    ("HTML 503", http_reply(503, b"<html></html>")),
    ("plain 503", http_reply(503, b"no healthy upstream")),
    ("HTML 504", http_reply(504, b"<html><title>504 Gateway Time-out</title></html>")),
    ("JSON 504", http_reply(504, {"error": {"message": "upstream timeout"}})),
    ("Cloudflare 524", http_reply(524, b"<html>524</html>")),
    ("408 without a hint", http_reply(408, b"")),
    ("silence", RawReply(then="silence")),
    ("silence inside the body", RawReply(GOOD.data[:-40], then="silence")),
]


@pytest.mark.parametrize("answer", [case[1] for case in DOUBTFUL], ids=[c[0] for c in DOUBTFUL])
async def test_in_doubt_the_paid_request_leaves_once(answer: RawReply, tmp_path: Path) -> None:
    """Sending again could pay twice: the person decides, with a button."""
    quick = make_model("painter", timeout_s=0.1)
    async with replay_gateway(answer, GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=quick)
    assert raw.posts == 1
    assert (result.failed.kind, result.failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)
    assert result.names == ["Sending"]
    assert result.left == []


JSON_5XX = [
    (
        {"error": {"message": "oops", "type": "new_api_error", "code": "do_request_failed"}},
        "upstream",
    ),
    ({"error": {"message": "rate limit of the upstream"}}, "rate-limited"),
    ({"message": "Internal error"}, "upstream"),
]


@pytest.mark.parametrize(("body", "kind"), JSON_5XX)
async def test_a_json_5xx_may_have_been_paid(body: object, kind: str, tmp_path: Path) -> None:
    """The gateway replies, but it is unknown how far its upstream came."""
    async with replay_gateway(http_reply(502, body, {"Retry-After": "1"}), GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert (result.failed.kind, result.failed.billed, raw.posts) == (kind, Billed.MAYBE, 1)


async def test_busy_with_a_hint_is_sent_again_after_it(tmp_path: Path) -> None:
    """The gateway said that it did nothing and when to come back."""
    busy = http_reply(429, BUSY, {"Retry-After": "7"})
    async with replay_gateway(busy, http_reply(408, b"", {"retry-after-ms": "1500"}), GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert result.names == [
        *("Sending", "RequestRefused", "Waiting") * 2,
        "Sending",
        "Received",
    ]
    assert result.watch.pauses == [7, 1.5]
    assert result.watch.waits == ["gateway", "pause", "gateway", "pause", "gateway"]
    assert raw.posts == 3


async def test_busy_three_times_is_the_end(tmp_path: Path) -> None:
    """At most two more sendings; then the person reads when to try again."""
    busy = http_reply(429, BUSY, {"Retry-After": "7"})
    async with replay_gateway(busy, busy, busy, GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert raw.posts == 3
    assert (result.failed.kind, result.failed.retry_after_s) == (Kind.RATE_LIMITED, 7)
    assert isinstance(result.events[1], RequestRefused)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "121"}, {"Retry-After": "soon"}])
async def test_busy_without_a_short_hint_is_told_at_once(
    headers: dict[str, str], tmp_path: Path
) -> None:
    """A request must not wait for hours."""
    async with replay_gateway(http_reply(429, BUSY, headers), GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert (raw.posts, result.failed.kind) == (1, Kind.RATE_LIMITED)
    assert result.failed.billed is Billed.NO


async def test_a_spent_balance_with_a_hint_is_not_sent_again(tmp_path: Path) -> None:
    """OpenAI tells an empty account by 429, too."""
    spent = {"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}
    async with replay_gateway(http_reply(429, spent, {"Retry-After": "1"}), GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert (raw.posts, result.failed.kind) == (1, Kind.QUOTA)


async def test_nobody_listens(tmp_path: Path) -> None:
    """Nothing left this machine, so it is tried three times, and nothing was paid."""
    async with replay_gateway() as raw:
        gateway = raw.gateway()
    result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert result.names == ["Sending", "RequestRefused", "Waiting"] * 2 + ["Sending"]
    assert result.watch.pauses == [1, 4]
    assert (result.failed.kind, result.failed.billed) == (Kind.UNREACHABLE, Billed.NO)
    assert "127.0.0.1" not in result.failed.detail


async def test_the_name_does_not_resolve(tmp_path: Path) -> None:
    """A typo in base_url is unreachable, not a time-out in doubt."""
    async with replay_gateway() as raw:
        gateway = raw.gateway(base_url="http://easel.invalid:1")
    failed = (await run_generation(gateway, tmp_path, known=PAINTER)).failed
    assert (failed.kind, failed.billed) == (Kind.UNREACHABLE, Billed.NO)
    assert "easel.invalid" not in failed.detail


async def test_no_tls_there(tmp_path: Path) -> None:
    """TLS at an http port fails before the request leaves."""

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with (
        replay_gateway() as raw,
        await asyncio.start_server(hang_up, "127.0.0.1", 0) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        gateway = raw.gateway(base_url=f"https://127.0.0.1:{port}")
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert (result.failed.kind, result.failed.billed) == (Kind.UNREACHABLE, Billed.NO)


async def test_a_handshake_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time to connect has its own limit, after which it is certain that nothing was sent."""
    monkeypatch.setattr(paid_post, "CONNECT_TIMEOUT_S", 0.05)
    async with replay_gateway() as raw:
        gateway = raw.gateway(base_url=raw.origin.replace("http", "https"))
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert (result.failed.kind, result.failed.billed) == (Kind.UNREACHABLE, Billed.NO)


async def test_html_with_200_says_what_to_mend(tmp_path: Path) -> None:
    """A base URL without /v1 often leads to a web page."""
    async with replay_gateway(http_reply(200, b"<!doctype html><html>...")) as raw:
        failed = (await run_generation(raw.gateway(), tmp_path, known=PAINTER)).failed
    assert (failed.kind, failed.billed) == (Kind.BAD_RESPONSE, Billed.MAYBE)
    assert "base_url" in failed.detail


async def test_bytes_that_are_no_picture_are_kept_for_the_operator(tmp_path: Path) -> None:
    """It was paid for, perhaps in a format that we do not know yet; the log says where it is."""
    odd = b"<svg/>" * 9999
    answer = http_reply(200, {"data": [{"b64_json": b64(odd)}]})
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(answer) as raw:
            result = await run_generation(
                raw.gateway(), tmp_path / "job", known=PAINTER, unread=tmp_path / "unread"
            )
    assert (result.failed.kind, result.failed.billed) == (Kind.BAD_RESPONSE, Billed.YES)
    assert result.left == []
    (kept,) = files_in(tmp_path / "unread")
    assert kept.read_bytes() == odd
    assert kept.name.startswith("job-slot-0")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    told = [entry for entry in logs if entry["event"] == "gateway.unreadable_kept"]
    assert [entry["file"] for entry in told] == [str(kept)]


async def test_a_picture_with_a_wrong_letter_is_kept_for_the_operator(tmp_path: Path) -> None:
    """A person can repair it; a long text that is no picture is not kept."""
    broken = b64(BIG)[:9_000] + "!" + b64(BIG)[9_000:]
    answer = http_reply(200, {"data": [{"b64_json": broken}], "text": "Once upon, a time. " * 999})
    async with replay_gateway(answer) as raw:
        await run_generation(raw.gateway(), tmp_path / "job", known=PAINTER, unread=tmp_path / "un")
    assert [path.read_text() for path in files_in(tmp_path / "un")] == [broken]


async def test_one_broken_picture_does_not_spoil_the_others(tmp_path: Path) -> None:
    """Two of three is what the card says then."""
    data = [{"b64_json": b64(art)} for art in (picture_bytes(), BIG[:-99], picture_bytes("jpeg"))]
    async with replay_gateway(http_reply(200, {"data": data})) as raw:
        result = await run_generation(raw.gateway(), tmp_path, n=3, known=PAINTER)
    names = [one.path.name for one in result.pictures]
    assert names == ["slot-0-1.png", "slot-0-3.jpeg"]


async def test_a_reply_without_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mad gateway must not fill the disk."""
    monkeypatch.setattr(download_spool, "MIN_BODY_BYTES", 10_000)
    monkeypatch.setattr(download_spool, "BODY_BYTES_PER_PICTURE", 10_000)
    async with replay_gateway(http_reply(200, {"data": [{"b64_json": b64(BIG)}]})) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert (result.failed.kind, result.left) == (Kind.BAD_RESPONSE, [])


async def test_a_folder_that_cannot_be_made_costs_nothing(tmp_path: Path) -> None:
    """The disk is asked before the gateway."""
    (tmp_path / "file").touch()
    async with replay_gateway(GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path / "file", known=PAINTER)
    assert (result.failed.kind, result.failed.billed) == (Kind.DISK_FULL, Billed.NO)
    assert (raw.posts, result.names) == (0, [])


async def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture was paid for; the operator must free disk space."""

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download_spool, "inspect_picture", full)
    async with replay_gateway(GOOD) as raw:
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert (result.failed.kind, result.failed.billed) == (Kind.DISK_FULL, Billed.YES)
    assert "No space left" in result.failed.detail
    assert result.left == []


async def test_nothing_is_sent_before_the_event_is_stored(tmp_path: Path) -> None:
    """A process that dies at `Sending` has sent nothing."""
    async with replay_gateway(GOOD) as raw:
        catalogue = Catalogue(["painter"], {"painter": PAINTER})
        order = GatewayRequest(ImageRequest("x", "painter", "auto", 1), 1, tmp_path, "slot-0")
        async with (
            Router([raw.gateway()], catalogue, clock=RecordingClock().clock) as router,
            aclosing(router.generate(order)) as events,
        ):
            await anext(events)
            assert raw.requests == []
    assert raw.requests == []
    assert raw.requests == []


async def test_a_model_that_no_gateway_serves_any_more(tmp_path: Path) -> None:
    """A job of yesterday may name a model that the operator took away."""
    async with replay_gateway() as raw:
        gateway = raw.gateway(models=("other",))
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert (result.failed.kind, result.failed.billed) == (Kind.MODEL_UNAVAILABLE, Billed.NO)


async def test_the_first_gateway_that_serves_the_model_paints(tmp_path: Path) -> None:
    """The order of the file is the order of choice."""
    async with (
        replay_gateway() as first,
        replay_gateway(GOOD) as second,
        replay_gateway() as third,
    ):
        gateways = [
            first.gateway(name="a", models=("other",)),
            second.gateway(name="b"),
            third.gateway(name="c"),
        ]
        catalogue = Catalogue(["painter"], {"painter": PAINTER})
        order = GatewayRequest(ImageRequest("x", "painter", "auto", 1), 1, tmp_path, "slot-0")
        async with Router(gateways, catalogue, clock=RecordingClock().clock) as router:
            events = [event async for event in router.generate(order)]
    assert len(events) == 2
    assert (first.posts, second.posts, third.posts) == (0, 1, 0)


async def test_no_secret_reaches_the_log(tmp_path: Path) -> None:
    """Gateways echo keys, prompts and addresses; logs are shared in bug reports."""
    planted = (
        "planted-host.example",
        GATEWAY_KEY,
        SECRET_PROMPT,
        "sk-other-key",
        "tok_in_header_1",
    )
    words = (
        f"key {GATEWAY_KEY} or sk-other-key, Bearer {GATEWAY_KEY}, "
        "at https://planted-host.example/x?sig=1 "
        f"and 127.0.0.1:80 for '{SECRET_PROMPT}' by tok_in_header_1"
    )
    busy = {"error": {"message": words, "code": "rate_limit_exceeded"}}
    leaky = http_reply(429, busy, {"Retry-After": "1"})
    address = http_reply(200, {"data": [{"url": f"http://127.0.0.1:1/x?sig={GATEWAY_KEY}"}]})
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(leaky, address) as raw:
            gateway = raw.gateway(headers={"X-Token": "tok_in_header_1"})
            result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert [entry["event"] for entry in logs if entry["event"].startswith("gateway.")] == [
        "gateway.refused",
        "gateway.download_failed",
        "gateway.failed",
    ]
    told = repr(logs) + repr(result.failed) + str(result.events[1])
    assert not [secret for secret in (*planted, "127.0.0.1") if secret in told]
    assert not [secret for secret in planted if secret in repr(gateway)]


async def test_a_request_id_finds_the_request_at_the_gateway(tmp_path: Path) -> None:
    """The operator can ask the vendor about exactly this picture."""
    refused = http_reply(400, {"error": {"message": "no"}}, {"X-Oneapi-Request-Id": "20261120x"})
    async with replay_gateway(refused) as raw:
        failed = (await run_generation(raw.gateway(), tmp_path, known=PAINTER)).failed
    assert failed.request_id == "20261120x"


async def test_a_request_id_of_a_connection_that_broke(tmp_path: Path) -> None:
    """What became of the picture is known to the vendor alone."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nx-request-id: req_7\r\n\r\n{"
    async with replay_gateway(RawReply(head)) as raw:
        failed = (await run_generation(raw.gateway(), tmp_path, known=PAINTER)).failed
    assert (failed.kind, failed.request_id) == (Kind.TIMEOUT_UNKNOWN, "req_7")
