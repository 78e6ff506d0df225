"""The body of a chat completion: a question that is answered in words, or a picture to paint."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from playground.painter.errors import (
    PainterError,
    PromptDeclinedError,
    missing,
    wrong_type,
    wrong_value,
)
from playground.painter.input_images import data_uris, open_references
from playground.painter.paint_request import PaintRequest, read_prompt
from playground.painter.responses import CHAT_PAINTER

SEER = "easel-seer"

Fields = Mapping[str, object]

_PAINTING_FIELDS = ("model", "messages", "modalities", "image_config", "stream", "user")
# https://openrouter.ai/docs/guides/overview/multimodal/image-generation.md
_SIZES: Mapping[str, tuple[int, int]] = {
    "1:1": (1024, 1024),
    "2:3": (832, 1248),
    "3:2": (1248, 832),
    "3:4": (864, 1184),
    "4:3": (1184, 864),
    "4:5": (896, 1152),
    "5:4": (1152, 896),
    "9:16": (768, 1344),
    "16:9": (1344, 768),
    "21:9": (1536, 672),
}


@dataclass(frozen=True, slots=True)
class WordsQuestion:
    """What is asked: the last words, and the pictures with them."""

    model: str
    words: str
    pictures: tuple[Image.Image, ...]


@dataclass(frozen=True, slots=True)
class ChatPainting:
    """A picture to paint; in pieces if it ``streams``. A declined prompt has no ``request``."""

    streams: bool
    request: PaintRequest | None


def read_completion(data: bytes) -> WordsQuestion | ChatPainting:
    """Read the body of POST /v1/chat/completions, in a thread; raises PainterError."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise wrong_type("body", "a JSON object")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise missing("messages")
    last = messages[-1]
    words, uris = _read_content(last.get("content") if isinstance(last, dict) else None)
    if body.get("model") == CHAT_PAINTER:
        return _painting(body, words, uris)
    pictures = open_references(uris, "messages")
    return WordsQuestion(str(body.get("model", SEER)), words, pictures)


def _read_content(content: object) -> tuple[str, list[str]]:
    if isinstance(content, str):
        return content, []
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise wrong_type("messages", "a text or a list of parts")
    words = [str(part.get("text", "")) for part in content if part.get("type") == "text"]
    images = [part.get("image_url") for part in content if part.get("type") == "image_url"]
    if not all(isinstance(image, dict) for image in images):
        raise wrong_value("messages", "an object with the url of a picture")
    return "\n".join(words), data_uris([dict(image).get("url") for image in images], "messages")


def _painting(body: Fields, words: str, uris: list[str]) -> ChatPainting:
    for name in body:
        if name not in _PAINTING_FIELDS:
            message = f"Unknown parameter: '{name[:100]}'."
            raise PainterError(message, "unknown_parameter", name[:100])
    _check_modalities(body.get("modalities"))
    if not isinstance(streams := body.get("stream", False), bool):
        raise wrong_type("stream", "a boolean")
    size, references = _size(body.get("image_config")), open_references(uris, "messages")
    try:
        prompt = read_prompt(words, name="messages")
    except PromptDeclinedError:
        return ChatPainting(streams, None)
    request = PaintRequest(
        action="image_edit" if uris else "image_generation",
        prompt=prompt,
        n=1,
        size=size,
        response_format="b64_json",
        seed=None,
        partial_images=None,
        references=references,
    )
    return ChatPainting(streams, request)


def _check_modalities(value: object) -> None:
    if value is None:
        raise missing("modalities")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise wrong_type("modalities", "a list of words")
    if "image" not in value or not set(value) <= {"image", "text"}:
        raise wrong_value("modalities", "'image', with or without 'text'")


def _size(config: object) -> tuple[int, int]:
    if config is None:
        return _SIZES["1:1"]
    if not isinstance(config, dict) or not config.keys() <= {"aspect_ratio"}:
        raise wrong_type("image_config", "an object with an aspect_ratio")
    ratio = config.get("aspect_ratio", "1:1")
    if not isinstance(ratio, str) or ratio not in _SIZES:
        raise wrong_value("image_config", f"an aspect_ratio of {', '.join(_SIZES)}")
    return _SIZES[ratio]
