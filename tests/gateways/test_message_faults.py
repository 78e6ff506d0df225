"""Every fault that gateways are known to have, where they paint through chat or Responses."""

from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.models import Billed
from bot.gateways.calls import Api
from tests.gateways import fake_chat as chat
from tests.gateways import fake_responses as responses
from tests.gateways.fake_sse import stream_reply
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    GenerationResult,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway
from tests.gateways.sample_pictures import picture_bytes
from tests.gateways.test_exchange_odd_replies import FAILS, PAINTS, Fails, Paints

APIS: list[Api] = ["chat", "responses"]
ART = picture_bytes(width=90, height=60, noise=True)
WHOLE: dict[Api, tuple[object, list[bytes]]] = {
    "chat": (
        chat.chat_reply(chat.SHAPES["markdown"](ART, "")),
        chat.stream_of(chat.SHAPES["markdown"](ART, "")),
    ),
    "responses": (
        responses.response(responses.call_item(ART)),
        responses.stream_of(responses.call_item(ART)),
    ),
}


async def _paint(
    folder: Path, api: Api, *answers: RawReply, n: int = 1, timeout_s: float = 5
) -> tuple[GenerationResult, int]:
    known = make_model("painter", timeout_s=timeout_s)
    async with replay_gateway(*answers) as raw:
        gateway = raw.gateway(api=api, streaming="sse", error_kinds={"1101": Kind.QUOTA})
        return await run_generation(gateway, folder, n=n, known=known), raw.posts


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("case", FAILS, ids=[f"row {case.row}" for case in FAILS])
async def test_a_fault_ends_in_the_right_failure(case: Fails, api: Api, tmp_path: Path) -> None:
    """The same as at the images endpoint: relays send what is behind them."""
    answers = [case.answer, http_reply(410)] if case.row == 8 else [case.answer]
    result, posts = await _paint(tmp_path, api, *answers)
    assert (result.failed.kind, result.failed.billed, posts) == (case.kind, case.billed, 1)
    assert result.left == []
    assert GATEWAY_KEY not in repr(result.failed)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("case", PAINTS, ids=[f"row {case.row}" for case in PAINTS])
async def test_a_reply_of_the_images_endpoint_paints(
    case: Paints, api: Api, tmp_path: Path
) -> None:
    """Some resellers send it here, too."""
    result, _ = await _paint(tmp_path, api, *case.answers, n=2)
    assert len(result.pictures) == 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("is_streamed", [False, True])
async def test_silence_in_the_middle(api: Api, is_streamed: bool, tmp_path: Path) -> None:
    """The model's time limit holds for the whole; the picture may have been made."""
    plain, events = WHOLE[api]
    answer = stream_reply(*events[:2], then="silence")
    if not is_streamed:
        answer = RawReply(http_reply(200, plain).data[:-9000], then="silence")
    result, posts = await _paint(tmp_path, api, answer, timeout_s=0.1)
    assert (result.failed.kind, result.failed.billed) == (Kind.TIMEOUT_UNKNOWN, Billed.MAYBE)
    assert (posts, result.left) == (1, [])


@pytest.mark.parametrize("api", APIS)
async def test_a_task_instead_of_a_message(api: Api, tmp_path: Path) -> None:
    """One reseller queues what it was asked through chat."""
    queued = http_reply(200, {"id": "task_1", "status": "queued"})
    done = http_reply(200, {"id": "task_1", "status": "completed", "url": "/fox.png"})
    result, posts = await _paint(tmp_path, api, queued, done, http_reply(200, ART))
    assert [one.path.read_bytes() for one in result.pictures] == [ART]
    assert posts == 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("newline", [b"\r\n", b"\r"])
async def test_other_ends_of_lines(api: Api, newline: bytes, tmp_path: Path) -> None:
    """All three are allowed in an event stream."""
    events = [event.replace(b"\n", newline) for event in WHOLE[api][1]]
    result, _ = await _paint(tmp_path, api, stream_reply(*events))
    assert [one.path.read_bytes() for one in result.pictures] == [ART]
