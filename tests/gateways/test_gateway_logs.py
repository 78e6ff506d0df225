"""What the operator's log holds of a reply without a picture, and what it never holds."""

import html
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.gateway import AsyncSettings
from bot.gateways.value_options import NegativeOption
from tests.gateways import fake_midjourney as mj
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import GATEWAY_KEY, make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.vendor_families import FAMILIES

PAINTER = make_model("painter", timeout_s=5)
PROMPT = 'A lonely "lighthouse keeper" over the sea'
WORDS = "I painted a tower on a cliff for you, as you wished."
CHAT = {"choices": [{"message": {"content": WORDS}, "finish_reason": "stop"}]}
NO_PICTURE: dict[str, RawReply] = {
    "a chat": http_reply(200, CHAT),
    "a message": http_reply(200, {"code": "success", "message": WORDS, "data": []}),
    "a description": http_reply(200, {"description": WORDS}),
    "a message object": http_reply(200, {"message": {"role": "x", "content": WORDS}}),
    "an output": http_reply(200, {"output": {"text": WORDS}}),
    "a title": http_reply(200, {"code": 0, "title": WORDS, "msg": WORDS}),
    "words that sound like an error": http_reply(200, {"message": f"Rate limit? {WORDS}"}),
    "thoughts": http_reply(200, f"<think>{WORDS}</think>".encode()),
    "plain text": http_reply(200, WORDS.encode()),
    "a stream": sse.stream_reply(sse.sse_event("", {"text": WORDS, "x": {"y": 1}}), sse.DONE),
}


@pytest.mark.parametrize("answer", NO_PICTURE.values(), ids=NO_PICTURE)
async def test_text_without_a_picture_is_told_at_debug_only(
    answer: RawReply, tmp_path: Path
) -> None:
    """It paraphrases a prompt, and logs are shared in bug reports."""
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(answer) as raw:
            result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert result.failed.billed is Billed.MAYBE
    told = [entry for entry in logs if entry["log_level"] != "debug"]
    assert [entry["event"] for entry in told] == ["gateway.no_picture", "gateway.failed"]
    assert "tower" not in repr(told) + repr(result.failed)
    (debug,) = [entry for entry in logs if entry["log_level"] == "debug"]
    assert "tower" in debug["reply"]


@pytest.mark.parametrize("body", [CHAT, {"data": [{"note": "x y" * 999}] * 20}, {"a": GATEWAY_KEY}])
async def test_a_reply_without_a_picture_is_shown_by_its_shape(
    body: object, tmp_path: Path
) -> None:
    """The operator can tell which shape is not understood."""
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(http_reply(200, body)) as raw:
            await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    shown = [entry["reply"] for entry in logs if "reply" in entry]
    assert len(shown) == 2
    assert all(0 < len(one) <= 200 and GATEWAY_KEY not in one for one in shown)
    assert shown[0].startswith('{"')


async def test_a_task_without_a_picture_is_shown_too(tmp_path: Path) -> None:
    """Its last poll is the reply that matters."""
    done = http_reply(200, {"status": "success", "pictures_there": [7]})
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(http_reply(200, {"task_id": "t-1"}), done) as raw:
            gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
            await run_generation(gateway, tmp_path, known=PAINTER)
    assert "pictures_there" in next(entry["reply"] for entry in logs if "reply" in entry)


@pytest.mark.parametrize(
    "quoted",
    [
        PROMPT,
        PROMPT.upper()[:21],
        json.dumps(PROMPT),
        json.dumps(json.dumps(PROMPT)),
        html.escape(PROMPT),
        quote(PROMPT),
        PROMPT.replace(" ", "\n  "),
        "house keeper",
        "over the sea",
    ],
)
@pytest.mark.parametrize("status", [200, 400, 429, 500])
async def test_no_part_of_a_prompt_is_logged(quoted: str, status: int, tmp_path: Path) -> None:
    """However the gateway cuts, escapes or spaces what it quotes."""
    body = {"error": {"message": f"Rejected: {quoted}", "code": "server_error"}}
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(http_reply(status, body)) as raw:
            await run_generation(raw.gateway(), tmp_path, known=PAINTER, prompt=PROMPT)
    told = next(entry["detail"] for entry in logs if entry["event"] == "gateway.failed")
    assert told.startswith("Rejected: ")
    assert not [word for word in ("lonely", "keeper", "sea") if word in told.casefold()]


@pytest.mark.parametrize(
    "quoted", ["naked soldiers", "NAKED", "of naked soldiers!", "裸体的士兵们"]
)
@pytest.mark.parametrize("status", [200, 400])
async def test_no_part_of_a_negative_prompt_is_logged(
    quoted: str, status: int, tmp_path: Path
) -> None:
    """It is a prompt: what moderation declined of it is nobody else's to read."""
    negative = {"NAKED": "naked", "裸体的士兵们": "裸体的士兵们"}.get(
        quoted, "fields of naked soldiers"
    )
    body = {"error": {"message": f"Rejected: {quoted}", "code": "server_error"}}
    known = make_model("painter", timeout_s=5, negative=NegativeOption())
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(http_reply(status, body)) as raw:
            await run_generation(raw.gateway(), tmp_path, known=known, negative=negative)
    (told,) = [entry["detail"] for entry in logs if entry["event"] == "gateway.failed"]
    assert told.startswith("Rejected: [prompt]")
    assert not [word for word in ("naked", "soldiers", "裸体") if word in told.casefold()]


@pytest.mark.parametrize("quoted", [PROMPT, "ein einsamer Leuchtturm"])
async def test_neither_a_prompt_nor_its_proposal_is_logged(quoted: str, tmp_path: Path) -> None:
    """Midjourney's tasks propose a prompt, which is sent; a failure may quote either of them."""
    proposal = {"finalPrompt": "ein einsamer Leuchtturm --v 7"}
    confirm = {"code": 21, "description": "?", "result": mj.TASK_ID, "properties": proposal}
    failed = mj.midjourney_task("FAILURE", "0%", failReason=f"Rejected: {quoted}")
    replies = [http_reply(200, each) for each in (confirm, mj.OK.body, failed.body)]
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(*replies) as raw:
            family = FAMILIES["button"]
            await family.run(family.at(raw.origin), tmp_path, prompt=PROMPT)
    assert raw.posts == 2
    (told,) = [entry["detail"] for entry in logs if entry["event"] == "gateway.failed"]
    assert told == "Rejected: [prompt]"


ERRORS: dict[str, RawReply] = {
    "an error": http_reply(200, {"error": {"message": "the upstream broke down"}}),
    "a code": http_reply(200, {"code": 5001, "message": "the upstream broke down"}),
    "a detail": http_reply(200, {"detail": "the upstream broke down"}),
    "no success": http_reply(200, {"success": False, "message": "the upstream broke down"}),
    "a status": http_reply(500, {"message": "the upstream broke down"}),
    "a status with text": http_reply(418, b"the upstream broke down"),
    "a failed task": http_reply(200, {"status": "failed", "message": "the upstream broke down"}),
    "an event": sse.stream_reply(sse.sse_event("error", {"message": "the upstream broke down"})),
}


@pytest.mark.parametrize("answer", ERRORS.values(), ids=ERRORS)
async def test_the_words_of_an_error_are_told(answer: RawReply, tmp_path: Path) -> None:
    """The operator needs them, and they are about the error."""
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(answer) as raw:
            await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    told = next(entry["detail"] for entry in logs if entry["event"] == "gateway.failed")
    assert told == "the upstream broke down"


BROKEN: dict[str, RawReply] = {
    "a chunk": RawReply(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n%s\r\n\r\n"
        % WORDS.encode()
    ),
    "a status line": RawReply(b"%s\r\n\r\n" % WORDS.encode()),
    "a header": RawReply(b"HTTP/1.1 200 OK\r\nX it's %s\r\n\r\n" % WORDS.encode()),
    "an event": RawReply(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
        b"\r\n7\r\ndata: x\r\n%s\r\n\r\n" % WORDS.encode()
    ),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_a_broken_line_is_not_quoted(answer: RawReply, tmp_path: Path) -> None:
    """What could not be read of a reply may be text, too."""
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(answer) as raw:
            result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert result.failed.kind is Kind.TIMEOUT_UNKNOWN
    assert "Error" in result.failed.detail
    assert "tower" not in repr(logs) + result.failed.detail


async def test_an_unknown_status_of_a_task_is_told_if_it_is_a_word(tmp_path: Path) -> None:
    """Some gateways write sentences there, and those paraphrase the prompt."""
    words = ["upscaling", "drawing a tower on a cliff"]
    for status, shown in zip(words, ["UPSCALING", "[26 characters]"], strict=True):
        replies = [{"task_id": "t-1"}, {"status": status}, {"status": "failed"}]
        with structlog.testing.capture_logs() as logs:
            async with replay_gateway(*(http_reply(200, reply) for reply in replies)) as raw:
                gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
                await run_generation(gateway, tmp_path, known=PAINTER)
        told = [entry for entry in logs if entry["event"] == "gateway.task_status_unknown"]
        assert [entry["status"] for entry in told] == [shown]


async def test_an_unknown_status_of_a_task_is_redacted(tmp_path: Path) -> None:
    """At DEBUG, too."""
    replies = [{"task_id": "t-1"}, {"status": "painting a lonely lighthouse"}, {"status": "failed"}]
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(*(http_reply(200, reply) for reply in replies)) as raw:
            gateway = raw.gateway(asynchronous=AsyncSettings(mode="always"))
            await run_generation(gateway, tmp_path, known=PAINTER, prompt=PROMPT)
    assert "gateway.task_status_unknown" in [entry["event"] for entry in logs]
    assert "LONELY" not in repr(logs)


async def test_the_id_of_a_task_that_was_not_understood_is_logged(tmp_path: Path) -> None:
    """The operator can ask the gateway's support for the picture that was paid for."""
    answer = http_reply(200, {"result": "mj-1753"})
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(answer) as raw:
            await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    (told,) = [entry for entry in logs if entry["event"] == "gateway.no_picture"]
    assert told["task"] == "mj-1753"


REWRITTEN = b'{"revised_prompt":"Alice\'s red dress at dawn"}'
QUOTED = {
    "in the place of the first line": REWRITTEN + b"\r\n\r\n",
    "in a header": b"HTTP/1.1 200 OK\r\nX-Revised " + REWRITTEN + b": 1\r\n\r\n",
    "as a length": b"HTTP/1.1 200 OK\r\nContent-Length: " + REWRITTEN + b"\r\n\r\n{}",
    "as a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + REWRITTEN,
}
QUOTED |= {f"{name}, plain": one.replace(b"'", b"") for name, one in QUOTED.items()}
QUOTED |= {f"{name}, no JSON": one.replace(b'"', b"") for name, one in QUOTED.items()}


@pytest.mark.parametrize("reply", QUOTED.values(), ids=QUOTED)
async def test_bytes_that_are_no_http_are_not_quoted(reply: bytes, tmp_path: Path) -> None:
    """The errors of aiohttp quote them, in one of several spellings."""
    with structlog.testing.capture_logs() as logs:
        async with replay_gateway(RawReply(reply)) as raw:
            result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    told = repr(logs) + repr(result.failed) + (result.failed.detail or "")
    assert "red" not in re.findall(r"\w+", told)
