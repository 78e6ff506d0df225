"""What the operator's log holds of a reply without a picture, and what it never holds."""

import html
import json
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.gateways.gateway import AsyncSettings
from tests.gateways import fake_sse as sse
from tests.gateways.generation_harness import GATEWAY_KEY, make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway

PAINTER = make_model("painter", timeout_s=5)
PROMPT = 'A lonely "lighthouse keeper" over the sea'
WORDS = "I painted a tower on a cliff for you, as you wished."
CHAT = {"choices": [{"message": {"content": WORDS}, "finish_reason": "stop"}]}
NO_PICTURE: dict[str, RawReply] = {
    "a chat": http_reply(200, CHAT),
    "a message": http_reply(200, {"code": "success", "message": WORDS, "data": []}),
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
    assert result.failed.kind in (Kind.NO_IMAGE, Kind.BAD_RESPONSE)
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


async def test_an_unknown_status_of_a_task_is_redacted(tmp_path: Path) -> None:
    """Some gateways write sentences there."""
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
