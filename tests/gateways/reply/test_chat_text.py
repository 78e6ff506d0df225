"""The text of a chat model's reply, in every shape that gateways send it."""

import json

import pytest

from bot.gateways.reply.chat_text import MAX_TEXT, ChatText, decode_chat, read_chat


def reply(content: object, **more: object) -> object:
    """Return the reply of one choice."""
    return {"choices": [{"message": {"content": content}, **more}]}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (reply(" a fox "), "a fox"),
        (reply([{"type": "text", "text": "a "}, {"type": "text", "text": "fox"}]), "a fox"),
        (reply("<think>a dog?\nno</think>\na fox"), "a fox"),
        (reply("<thinking>hm</thinking>a fox"), "a fox"),
        (reply(None), ""),
        (reply([{"type": "image_url"}, 5]), ""),
        (reply("x" * 5_000), "x" * MAX_TEXT),
    ],
)
def test_the_first_choice_says_it(body: object, text: str) -> None:
    """A text, a list of parts, and without what the model thought before."""
    assert read_chat(body) == ChatText(text, is_declined=False)


@pytest.mark.parametrize(
    "body",
    [
        reply("a", finish_reason="content_filter"),
        reply("a", finish_reason="SAFETY"),
        {"choices": [{"message": {"content": None, "refusal": "No."}}]},
    ],
)
def test_a_refusal_is_told_by_its_fields(body: object) -> None:
    """Whatever text comes with it."""
    said = read_chat(body)
    assert said is not None
    assert said.is_declined


@pytest.mark.parametrize("body", [None, 5, "x", [], {}, {"choices": []}, {"choices": [5]}])
def test_what_has_no_choice_is_no_reply(body: object) -> None:
    """It is an error, or something else than a chat model."""
    assert read_chat(body) is None


@pytest.mark.parametrize("body", [reply(5), {"choices": [{"message": 5}]}, {"choices": [{}]}])
def test_a_choice_of_another_shape_says_nothing(body: object) -> None:
    """It is read, and nobody's bot ends because of it."""
    assert read_chat(body) == ChatText("", is_declined=False)


def stream(*deltas: object, reason: str = "stop") -> bytes:
    """Return an event stream of these pieces."""
    lines = [json.dumps({"choices": [{"delta": delta}]}) for delta in deltas]
    lines.append(json.dumps({"choices": [{"delta": {}, "finish_reason": reason}]}))
    events = [f"data: {line}\n\n" for line in (*lines, '{"choices": [], "usage": {}}', "[DONE]")]
    return b": waiting\r\n\n" + "".join(events).encode()


def test_a_stream_is_joined() -> None:
    """Comments, the usage at the end and [DONE] are no text."""
    said = read_chat(
        decode_chat(stream({"role": "assistant"}, {"content": "a "}, {"content": "fox"}))
    )
    assert said == ChatText("a fox", is_declined=False)
    declined = read_chat(decode_chat(stream({"content": "a"}, reason="content_filter")))
    assert declined == ChatText("a", is_declined=True)


def test_an_error_in_a_stream_is_the_reply() -> None:
    """Nothing was said before it."""
    body = decode_chat(b'data: {"error": {"code": "insufficient_quota"}}\n\n')
    assert body == {"error": {"code": "insufficient_quota"}}
    assert read_chat(body) is None


@pytest.mark.parametrize("data", [b"", b"hello", b"<html>", b"\xff\xfe", b"data: x\n\n", b"{"])
def test_anything_else_is_nothing(data: bytes) -> None:
    """A web page of a proxy, or half a reply."""
    assert decode_chat(data) is None
