"""The painter's chat model: looks at a picture, and proposes prompts that the painter can draw."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageStat

from playground.art.texture import seeded
from playground.painter.errors import Json, missing, wrong_type, wrong_value
from playground.painter.input_images import data_uris, open_references

SEER = "easel-seer"

_SUBJECTS = (
    "a lighthouse above the sea",
    "a sailing boat between mountains",
    "a fox at the edge of a forest",
    "a small cabin by a lake",
)
_DARK, _BRIGHT = 80, 170  # of 255
_TINGE = 12  # so much more red than blue, or less, is warm or cold


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked: the last words, and the pictures with them."""

    model: str
    words: str
    pictures: tuple[Image.Image, ...]


def read_question(data: bytes) -> ChatRequest:
    """Read the body of POST /v1/chat/completions; raises PainterError."""
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise wrong_type("body", "a JSON object")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise missing("messages")
    last = messages[-1]
    content = last.get("content") if isinstance(last, dict) else None
    words, uris = _read_content(content)
    return ChatRequest(str(body.get("model", SEER)), words, open_references(uris, "messages"))


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


def chat_completion(request: ChatRequest, *, created: int) -> Json:
    """Return the reply: a numbered list of prompts."""
    lines = [f"{number}. {prompt}" for number, prompt in enumerate(_prompts(request), 1)]
    message = {"role": "assistant", "content": "\n".join(lines), "refusal": None}
    return {
        "id": f"chatcmpl-{created}",
        "object": "chat.completion",
        "created": created,
        "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }


def _prompts(request: ChatRequest) -> Sequence[str]:
    if not request.pictures:
        return [f"{request.words.strip()}, at dusk, in soft mist, seen from afar"]
    picture = request.pictures[0].convert("RGB").resize((8, 8))
    mood = _mood(picture)
    subjects = seeded("seer", picture.tobytes().hex()).sample(_SUBJECTS, len(_SUBJECTS))
    endings = (mood, f"{mood}, seen from afar", f"{mood}, after rain", f"{mood}, watercolour")
    return [f"{subject} {ending}" for subject, ending in zip(subjects, endings, strict=True)]


def _mood(picture: Image.Image) -> str:
    """Return words for the light of a picture, which the painter knows."""
    red, green, blue = ImageStat.Stat(picture).mean
    brightness = (red + green + blue) / 3
    if brightness < _DARK:
        return "under a starry night sky"
    if red - blue > _TINGE:
        return "at sunset" if brightness < _BRIGHT else "in autumn"
    if blue - red > _TINGE:
        return "at dusk" if brightness < _BRIGHT else "in fresh snow"
    return "in morning mist"
