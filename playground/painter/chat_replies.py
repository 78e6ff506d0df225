"""Replies to a chat completion: words, a picture or a refusal, whole or in pieces.

A picture is where OpenRouter has it: ``choices[].message.images[].image_url.url``, as data URI.
"""

import base64
import json
from collections.abc import Iterator, Sequence

from playground.painter.chat import WordsQuestion
from playground.painter.errors import Json
from playground.painter.paint_request import PaintRequest
from playground.painter.rendering import RenderedPicture
from playground.painter.responses import CHAT_PAINTER, count_tokens
from playground.painter.suggestions import suggest_for_picture, suggest_for_words

DONE = b"data: [DONE]\n\n"
_DECLINED = "content_filter"  # why the model stopped
_REFUSAL = "I can't paint that: it is against my content policy."


def words_reply(question: WordsQuestion, *, created: int) -> Json:
    """Return the answer to a question: a numbered list of prompts."""
    if question.pictures:
        prompts = suggest_for_picture(question.pictures[0])
    else:
        prompts = suggest_for_words(question.words)
    lines = [f"{number}. {prompt}" for number, prompt in enumerate(prompts, 1)]
    message = {"content": "\n".join(lines), "refusal": None}
    return _reply(question.model, message, "stop", created)


def refusal_reply(*, created: int) -> Json:
    """Return the words with which a prompt is declined."""
    message = {"content": None, "refusal": _REFUSAL}
    return _reply(CHAT_PAINTER, message, _DECLINED, created)


def picture_reply(request: PaintRequest, picture: RenderedPicture, *, created: int) -> Json:
    """Return a message with a picture."""
    message = {"content": _words(picture), "refusal": None, "images": _images(picture)}
    return {**_reply(CHAT_PAINTER, message, "stop", created), "usage": _usage(request)}


def progress_piece(percent: int, *, created: int) -> bytes:
    """Return the piece of a stream that says how far the picture is, as relays of ChatGPT do."""
    return _piece({"content": f"> Progress **{percent}%**\n\n"}, created)


def picture_pieces(
    request: PaintRequest, picture: RenderedPicture, *, created: int
) -> Iterator[bytes]:
    """Yield the pieces that end a stream: words, the picture, why it stopped, the usage."""
    yield _piece({"content": _words(picture)}, created)
    yield _piece({"images": _images(picture)}, created)
    yield _piece({}, created, finish="stop")
    head = _head(CHAT_PAINTER, created, "chat.completion.chunk")
    yield _event({**head, "choices": [], "usage": _usage(request)})
    yield DONE


def refusal_pieces(*, created: int) -> Iterator[bytes]:
    """Yield a stream that declines a prompt."""
    yield _piece({"refusal": _REFUSAL}, created)
    yield _piece({}, created, finish=_DECLINED)
    yield DONE


def _words(picture: RenderedPicture) -> str:
    return f"{picture.caption.removesuffix('.')}."


def _images(picture: RenderedPicture) -> Sequence[Json]:
    uri = f"data:image/png;base64,{base64.b64encode(picture.png).decode()}"
    return [{"type": "image_url", "image_url": {"url": uri}}]


def _usage(request: PaintRequest) -> Json:
    counted = count_tokens(request)
    return {
        "prompt_tokens": counted["input_tokens"],
        "completion_tokens": counted["output_tokens"],
        "total_tokens": counted["total_tokens"],
    }


def _reply(model: str, message: Json, finish: str, created: int) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {**_head(model, created, "chat.completion"), "choices": [choice]}


def _piece(delta: Json, created: int, *, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = _head(CHAT_PAINTER, created, "chat.completion.chunk")
    return _event({**head, "choices": [choice]})


def _head(model: str, created: int, kind: str) -> Json:
    return {"id": f"chatcmpl-{created}", "object": kind, "created": created, "model": model}


def _event(data: Json) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()
