"""Chat completions that bring no picture: declined, failed, or only words."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.core.errors.gateway import GatewayFailure
from bot.core.models import Billed
from tests.gateways import fake_chat as chat
from tests.gateways.fake_sse import DONE, sse_event, stream_reply
from tests.gateways.generation_harness import make_model, run_generation
from tests.gateways.replay_gateway import RawReply, http_reply, replay_gateway

PAINTER = make_model("painter", timeout_s=5)


async def _fails(folder: Path, answer: RawReply) -> GatewayFailure:
    async with replay_gateway(answer) as raw:
        result = await run_generation(raw.gateway(), folder, known=PAINTER)
    assert raw.posts == 1
    return result.failed


POLICY = "非常抱歉，生成的图片可能违反了我们的内容政策。如果你认为此判断有误，请重试或修改提示语。"
LIMITED = """{
  "prompt": "A tiger",
  "size": "1024x1024"
}I wasn't able to generate the image because there's a rate limit in place. Please wait."""
NO_TOKENS = {"usage": {"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}}
NO_PICTURE: dict[str, tuple[object, Kind, Billed]] = {
    "Google blocks": (
        {"choices": [{"index": 0, "finish_reason": "content_filter: PROHIBITED_CONTENT"}]}
        | NO_TOKENS,
        Kind.MODERATION,
        Billed.NO,
    ),
    "filtered": (
        chat.chat_reply({"content": ""}, finish_reason="content_filter") | NO_TOKENS,
        Kind.MODERATION,
        Billed.NO,
    ),
    "by the vendor's reason": (
        chat.chat_reply({"content": None}, native_finish_reason="IMAGE_SAFETY") | NO_TOKENS,
        Kind.MODERATION,
        Billed.NO,
    ),
    "no picture by the vendor's reason": (
        chat.chat_reply({"content": None}, native_finish_reason="NO_IMAGE"),
        Kind.NO_IMAGE,
        Billed.MAYBE,
    ),
    "a refusal": (
        chat.chat_reply({"content": None, "refusal": "No."}),
        Kind.MODERATION,
        Billed.MAYBE,
    ),
    "in Chinese": (chat.chat_reply({"content": POLICY}), Kind.MODERATION, Billed.MAYBE),
    "in parts": (
        chat.chat_reply({"content": [{"type": "text", "text": POLICY}]}),
        Kind.MODERATION,
        Billed.MAYBE,
    ),
    "a rate limit": (chat.chat_reply({"content": LIMITED}), Kind.NO_IMAGE, Billed.MAYBE),
    "words": (chat.chat_reply({"content": "A fox, you say."}), Kind.NO_IMAGE, Billed.MAYBE),
    "too long": (
        chat.chat_reply({"content": "A"}, finish_reason="length"),
        Kind.NO_IMAGE,
        Billed.MAYBE,
    ),
    "nothing": (chat.chat_reply({"content": ""}), Kind.NO_IMAGE, Billed.MAYBE),
    "no choice": ({"id": "x", "choices": []}, Kind.NO_IMAGE, Billed.MAYBE),
    "still waiting": (
        chat.chat_reply({"content": "正在处理图片 目前有很多人在创建图片"}),
        Kind.TIMEOUT_UNKNOWN,
        Billed.MAYBE,
    ),
    "a link": (
        chat.chat_reply({"content": "[下载⏬](https://cdn.example/download/a.png)"}),
        Kind.NO_IMAGE,
        Billed.MAYBE,
    ),
    "an error with 200": (
        {"error": {"code": 502, "message": "Provider returned error"}},
        Kind.UPSTREAM,
        Billed.NO,
    ),
}


@pytest.mark.parametrize(("body", "kind", "billed"), NO_PICTURE.values(), ids=NO_PICTURE)
async def test_a_reply_without_a_picture(
    body: object, kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """People are told that it was declined where it was; words were paid for by the token."""
    failed = await _fails(tmp_path, http_reply(200, body))
    assert (failed.kind, failed.billed) == (kind, billed)
    assert "tiger" not in failed.detail


STREAMED = {
    name: (body["choices"][0], kind, billed)
    for name, (body, kind, billed) in NO_PICTURE.items()
    if isinstance(body, dict) and body.get("choices")
}


@pytest.mark.parametrize(("choice", "kind", "billed"), STREAMED.values(), ids=STREAMED)
async def test_a_streamed_reply_without_a_picture(
    choice: Mapping[str, object], kind: Kind, billed: Billed, tmp_path: Path
) -> None:
    """The same in pieces, without its usage."""
    ends = {key: choice[key] for key in ("finish_reason", "native_finish_reason") if key in choice}
    last = {"choices": [{"index": 0, "delta": {}, **ends}]}
    message = choice.get("message")
    assert isinstance(message, dict | None)
    answer = stream_reply(sse_event("", chat.chunk(message or {})), sse_event("", last), DONE)
    failed = await _fails(tmp_path, answer)
    assert (failed.kind, failed.billed) == (kind, billed)


async def test_words_that_decline_without_an_end(tmp_path: Path) -> None:
    """Some relays neither say why the model stopped nor that the stream is over."""
    answer = stream_reply(sse_event("", chat.chunk({"content": POLICY})))
    failed = await _fails(tmp_path, answer)
    assert (failed.kind, failed.billed) == (Kind.MODERATION, Billed.MAYBE)
