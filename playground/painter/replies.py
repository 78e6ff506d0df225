"""Replies in OpenAI's shapes: the plain one, and the events of a stream."""

import base64
import json
from collections.abc import Callable, Sequence

from playground.art.printing import Print
from playground.painter.orders import Order, Quality
from playground.painter.refused import Json

MODEL = "easel-painter"
MASTER = "easel-master"

_CREATED = 1_735_689_600  # 2025-01-01, when the painter took up the brush
# What gpt-image-1 counts for a square of 1024.
_PICTURE_TOKENS: dict[Quality, int] = {"low": 272, "medium": 1056, "high": 4160}
_PREVIEW_TOKENS = 100  # what it counts for each partial image
_REFERENCE_TOKENS = 194  # what it counts for a square it looks at: 65 and one tile of 129


def models() -> Json:
    """Return the list of models: two names of one hand."""
    card = {"object": "model", "created": _CREATED, "owned_by": "easel"}
    return {"object": "list", "data": [{"id": name, **card} for name in (MODEL, MASTER)]}


def plain(
    order: Order, prints: Sequence[Print], *, created: int, address: Callable[[Print], str]
) -> Json:
    """Return the reply; ``address`` says where a picture hangs that is answered as a URL."""

    def datum(picture: Print) -> Json:
        payload = _base64(picture.png) if order.form == "b64_json" else address(picture)
        return {order.form: payload, "revised_prompt": picture.caption}

    return {
        "created": created,
        "data": [datum(picture) for picture in prints],
        "size": _size(order),
        "usage": _usage(order),
    }


def preview(order: Order, jpeg: bytes, index: int, *, created: int) -> bytes:
    """Return the event of a picture that is not finished."""
    facts = {"output_format": "jpeg", "partial_image_index": index}
    return _event(order, "partial_image", jpeg, created, facts)


def completed(order: Order, picture: Print, *, created: int) -> bytes:
    """Return the event of the finished picture."""
    facts = {"output_format": "png", "usage": _usage(order)}
    return _event(order, "completed", picture.png, created, facts)


def _event(order: Order, name: str, picture: bytes, created: int, facts: Json) -> bytes:
    kind = f"{order.action}.{name}"
    data = {
        "type": kind,
        "b64_json": _base64(picture),
        "created_at": created,
        "size": _size(order),
        "quality": order.quality,
        "background": "opaque",
        **facts,
    }
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def _base64(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def _size(order: Order) -> str:
    return f"{order.size[0]}x{order.size[1]}"


def _usage(order: Order) -> Json:
    """Count tokens the way gpt-image-1 does, roughly."""
    words = max(1, len(order.prompt) // 4)
    seen = _REFERENCE_TOKENS * len(order.references)
    pixels = order.size[0] * order.size[1] * order.n
    drawn = round(_PICTURE_TOKENS[order.quality] * pixels / 1024**2)
    drawn += _PREVIEW_TOKENS * (order.previews or 0)
    return {
        "input_tokens": words + seen,
        "output_tokens": drawn,
        "total_tokens": words + seen + drawn,
        "input_tokens_details": {"text_tokens": words, "image_tokens": seen},
    }
