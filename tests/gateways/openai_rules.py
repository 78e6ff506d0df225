"""What OpenAI documents for each model, written down a second time: models.toml may be wrong."""

from dataclasses import dataclass
from typing import Literal

MAX_DATA_URI = 20_971_520
MAX_IMAGES = 16
TOO_LARGE = {"image": 50_000_000, "mask": 4_000_000}  # bytes: documented are "less than" these
KINDS = {"image": ("image/png", "image/jpeg", "image/webp"), "mask": ("image/png",)}
OpenAIFields = dict[str, object]
ModelFamily = Literal["dall-e-3", "gpt-1", "gpt-2", "gpt-2.5", "gpt-2.6"]

MODEL_FAMILIES: dict[str, ModelFamily] = {
    "dall-e-3": "dall-e-3",  # shut down at OpenAI, alive at its imitators
    "gpt-image-1": "gpt-1",
    "gpt-image-1-mini": "gpt-1",
    "gpt-image-1.5": "gpt-1",
    "chatgpt-image-latest": "gpt-1",
    "gpt-image-2": "gpt-2",
    "gpt-image-2.5-sunburst": "gpt-2.5",
    "gpt-image-2.5-flare": "gpt-2.5",
    "gpt-image-2.6-sunburst": "gpt-2.6",
    "gpt-image-2.6-flare": "gpt-2.6",
}
COMMON = {"model", "prompt", "n", "size", "quality", "user"}
GPT = COMMON | {
    "background",
    "moderation",
    "output_format",
    "output_compression",
    "stream",
    "partial_images",
}
NEW = GPT | {"safety_identifier"}
FIELDS: dict[ModelFamily, set[str]] = {
    "dall-e-3": COMMON | {"response_format", "style"},
    "gpt-1": GPT,
    "gpt-2": GPT,
    "gpt-2.5": NEW,
    "gpt-2.6": NEW,
}
QUALITIES: dict[ModelFamily, tuple[str, ...]] = {
    "dall-e-3": ("standard", "hd"),
    "gpt-1": ("low", "medium", "high", "auto"),
    "gpt-2": ("low", "medium", "high", "auto"),
    "gpt-2.5": ("low", "medium", "high", "xhigh", "max", "auto"),
    "gpt-2.6": ("low", "medium", "high", "auto"),
}
WORDS = {
    "background": ("transparent", "opaque", "auto"),
    "style": ("vivid", "natural"),
    "moderation": ("low", "auto"),
    "output_format": ("png", "jpeg", "webp"),
}
CLASSIC = ("auto", "1024x1024", "1536x1024", "1024x1536")
SIZES: dict[ModelFamily, tuple[str, ...]] = {
    "dall-e-3": ("1024x1024", "1792x1024", "1024x1792"),
    "gpt-1": CLASSIC,
    "gpt-2.6": CLASSIC,
}
MAX_PROMPT = {"dall-e-3": 4000}


@dataclass
class OpenAIRefusal(Exception):
    """OpenAI's error object and its status."""

    status: int
    code: str
    message: str
    param: str | None = None


def checked_generation(body: OpenAIFields) -> None:
    """Raise the documented Refusal for a wrong generation."""
    _check(body, FIELDS[_family(body)])


def checked_edit(body: OpenAIFields, *, form: bool) -> None:
    """Raise the documented Refusal for a wrong edit; a form holds only text."""
    family = _family(body)
    if family == "dall-e-3":
        raise OpenAIRefusal(400, "invalid_value", "Invalid value for 'model'.", "model")
    if not form:
        return _check(body, FIELDS[family] | {"images", "mask"})
    assert all(isinstance(value, str) for value in body.values())
    typed = {
        name: int(str(value)) if name in ("n", "output_compression", "partial_images") else value
        for name, value in body.items()
    }
    if "stream" in typed:
        typed["stream"] = {"true": True, "false": False}[str(typed["stream"])]
    return _check(typed, FIELDS[family] - {"moderation"})


def _family(body: OpenAIFields) -> ModelFamily:
    name = str(body.get("model"))
    if name not in MODEL_FAMILIES:
        raise OpenAIRefusal(404, "model_not_found", f"The model '{name}' does not exist.")
    return MODEL_FAMILIES[name]


def _check(body: OpenAIFields, known: set[str]) -> None:
    family = _family(body)
    for unknown in sorted(body.keys() - known):
        raise OpenAIRefusal(400, "unknown_parameter", f"Unknown parameter: '{unknown}'.", unknown)
    for name, words in {"quality": QUALITIES[family], **WORDS}.items():
        if body.get(name, words[0]) not in words:
            raise OpenAIRefusal(400, "invalid_value", f"Invalid value: '{body[name]}'.", name)
    if not _takes(family, str(body.get("size", "1024x1024"))):
        raise OpenAIRefusal(400, "invalid_value", f"Invalid value: '{body['size']}'.", "size")
    _check_numbers(body, family)
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= MAX_PROMPT.get(family, 32000):
        raise OpenAIRefusal(400, "missing_required_parameter", "Missing 'prompt'.", "prompt")


def _check_numbers(body: OpenAIFields, family: ModelFamily) -> None:
    limits = {
        "n": (1, 1 if family == "dall-e-3" else 10),
        "output_compression": (0, 100),
        "partial_images": (0, 3 if body.get("stream") is True else -1),
    }
    for name, (least, most) in limits.items():
        number = body.get(name, least)
        if name in body and not (isinstance(number, int) and least <= number <= most):
            raise OpenAIRefusal(400, "invalid_value", f"Invalid value for '{name}'.", name)
    if not isinstance(body.get("stream", False), bool):
        raise OpenAIRefusal(400, "invalid_type", "Invalid type for 'stream'.", "stream")


def _takes(family: ModelFamily, size: str) -> bool:
    if family in SIZES or size == "auto":
        return size in SIZES.get(family, ("auto",))
    width, height = map(int, size.split("x"))
    return (
        width % 16 == height % 16 == 0
        and max(width, height) <= 3840
        and max(width, height) <= 3 * min(width, height)
        and 655_360 <= width * height <= 8_294_400
    )
