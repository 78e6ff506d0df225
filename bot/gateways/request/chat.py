"""Build the body of a request to a chat model: words, and a picture that is encoded while sent."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import msgspec

from bot.gateways.request.body import Base64Content, BodyPart, RequestBody, open_content


@dataclass(frozen=True, slots=True)
class ChatQuestion:
    """What a chat model is asked: how to answer, what about, and perhaps a JPEG."""

    instructions: str
    words: str = field(repr=False)
    picture: Path | None = None


def chat_body(
    question: ChatQuestion, model: str, constants: Mapping[str, object], files: ExitStack
) -> RequestBody:
    """Return the body; ``files`` closes the picture.

    Raises:
        RequestBuildFailed: the picture is gone.
    """
    mark = token_hex(16)
    text = msgspec.json.encode(_fields(question, model, mark) | dict(constants))
    return RequestBody(tuple(_parts(text, question.picture, mark.encode(), files)))


def _fields(question: ChatQuestion, model: str, mark: str) -> dict[str, object]:
    content: object = question.words
    if question.picture is not None:
        content = [
            {"type": "text", "text": question.words},
            {"type": "image_url", "image_url": {"url": mark}},
        ]
    messages = [
        {"role": "system", "content": question.instructions},
        {"role": "user", "content": content},
    ]
    return {"model": model, "messages": messages}


def _parts(text: bytes, picture: Path | None, mark: bytes, files: ExitStack) -> Iterator[BodyPart]:
    """Yield the body with the picture's data URI in the place of the mark."""
    before, _, behind = text.partition(mark)
    yield before
    if picture is not None:
        content = open_content(picture, param="picture")
        files.enter_context(closing(content.file))
        yield b"data:image/jpeg;base64,"
        yield Base64Content(content)
        yield behind
