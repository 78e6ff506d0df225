"""Responses in OpenAI's shapes: the plain one, and the events of a stream."""

import base64
import json
from collections.abc import Callable, Sequence

from playground.art.composer import can_draw
from playground.painter.errors import Json
from playground.painter.paint_request import PaintRequest, Quality
from playground.painter.rendering import RenderedPicture

MODEL = "easel-painter"
MASTER = "easel-master"
CHAT_PAINTER = "easel-chat"
GRID_PAINTER = "easel-grid"

_CREATED = 1_735_689_600  # 2025-01-01, any constant date
# What gpt-image-1 counts for a square of 1024.
_PICTURE_TOKENS: dict[Quality, int] = {"low": 272, "medium": 1056, "high": 4160}
_PARTIAL_IMAGE_TOKENS = 100  # what it counts for each partial image
_REFERENCE_TOKENS = 194  # what it counts for a square it looks at: 65 and one tile of 129


def model_list() -> Json:
    """Return the list of models: names of one painter."""
    card = {"object": "model", "created": _CREATED, "owned_by": "easel"}
    names = (MODEL, MASTER, CHAT_PAINTER, GRID_PAINTER)
    return {"object": "list", "data": [{"id": name, **card} for name in names]}


def plain_response(
    request: PaintRequest,
    pictures: Sequence[RenderedPicture],
    *,
    created: int,
    address: Callable[[RenderedPicture], str],
) -> Json:
    """Return the reply; ``address`` returns the URL of a picture."""

    def datum(picture: RenderedPicture) -> Json:
        inline = request.response_format == "b64_json"
        payload = _base64(picture.png) if inline else address(picture)
        facts = {"revised_prompt": picture.caption, "seed": picture.seed}
        return {request.response_format: payload, **facts}

    return {
        "created": created,
        "data": [datum(picture) for picture in pictures],
        "size": _size(request),
        "usage": count_tokens(request),
    }


def partial_image_event(request: PaintRequest, jpeg: bytes, index: int, *, created: int) -> bytes:
    """Return the event of a picture that is not finished."""
    facts = {"output_format": "jpeg", "partial_image_index": index}
    return _event(request, "partial_image", jpeg, created, facts)


def completed_event(request: PaintRequest, picture: RenderedPicture, *, created: int) -> bytes:
    """Return the event of the finished picture.

    OpenAI's event has no ``revised_prompt``; this one has it where the words became a poster.
    """
    facts: dict[str, object] = {
        "output_format": "png",
        "usage": count_tokens(request),
        "seed": picture.seed,
    }
    if not can_draw(request.prompt, request.negative_prompt):
        facts["revised_prompt"] = picture.caption
    return _event(request, "completed", picture.png, created, facts)


def _event(request: PaintRequest, name: str, picture: bytes, created: int, facts: Json) -> bytes:
    kind = f"{request.action}.{name}"
    data = {
        "type": kind,
        "b64_json": _base64(picture),
        "created_at": created,
        "size": _size(request),
        "quality": request.quality,
        "background": "opaque",
        **facts,
    }
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def _base64(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def _size(request: PaintRequest) -> str:
    return f"{request.size[0]}x{request.size[1]}"


def count_tokens(request: PaintRequest) -> Json:
    """Count tokens the way gpt-image-1 does, roughly."""
    words = max(1, len(request.prompt) // 4)
    seen = _REFERENCE_TOKENS * len(request.references)
    pixels = request.size[0] * request.size[1] * request.n
    drawn = round(_PICTURE_TOKENS[request.quality] * pixels / 1024**2)
    drawn += _PARTIAL_IMAGE_TOKENS * (request.partial_images or 0)
    return {
        "input_tokens": words + seen,
        "output_tokens": drawn,
        "total_tokens": words + seen + drawn,
        "input_tokens_details": {"text_tokens": words, "image_tokens": seen},
    }
