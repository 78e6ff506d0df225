"""The fields of a paid request: what was chosen, in the words of one gateway."""

from collections.abc import Mapping

from bot.gateways.events import GatewayRequest
from bot.gateways.gateway import Gateway, RequestField
from bot.gateways.model_abilities import ModelAbilities

# A multipart edit knows neither of them (OpenAI's openapi.yaml, CreateImageEditRequest).
_NOT_IN_FORMS: tuple[RequestField, ...] = ("moderation", "style")
# Nobody who asks for a picture chooses these: without them it is the same one, as a rule.
_NEEDLESS: tuple[RequestField, ...] = (
    "moderation",
    "output_format",
    "output_compression",
    "response_format",
    "stream",
    "partial_images",
    "user",
    "safety_identifier",
)
_WITH_AUTO: tuple[RequestField, ...] = ("size", "quality", "background", "moderation")

RequestFields = dict[str, object]


def request_fields(order: GatewayRequest, model: ModelAbilities, gateway: Gateway) -> RequestFields:
    """Return every field but the pictures, by the gateway's own names."""
    sent = {
        gateway.rename.get(name, name): _coerced(value, gateway.coerce.get(name))
        for name, value in _sent(order, model, gateway).items()
    }
    return {**sent, **gateway.asynchronous.body}


def removable_field(
    name: str, order: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> RequestField | None:
    """Return the field that a gateway calls so, if it was sent and may be left out.

    What a person chose never may, nor what the tables insist on.
    """
    insisted: set[RequestField] = {*gateway.always_send}
    if model.response_format.mode == "required":
        insisted.add("response_format")
    named = (
        field for field in _sent(order, model, gateway) if gateway.rename.get(field, field) == name
    )
    return next((field for field in named if field in _NEEDLESS and field not in insisted), None)


def is_multipart(order: GatewayRequest, model: ModelAbilities) -> bool:
    """Tell whether the order travels as a form with files."""
    limits = model.references
    return bool(order.image_request.references and limits and limits.transport == "multipart")


def wants_stream(order: GatewayRequest, model: ModelAbilities, gateway: Gateway) -> bool:
    """Tell whether events are asked for: they do not say which of several pictures they show."""
    able = gateway.stream and model.partial_images is not None and "stream" not in gateway.drop
    return able and order.n == 1


def _sent(
    order: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> dict[RequestField, object]:
    never = {*gateway.drop, *(_NOT_IN_FORMS if is_multipart(order, model) else ())}
    chosen = _with_autos(_chosen(order, model, gateway), gateway)
    return {
        name: value for name, value in chosen.items() if value is not None and name not in never
    }


def _chosen(
    order: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> dict[RequestField, object]:
    request, preset = order.image_request, model.preset
    chosen: dict[RequestField, object] = {
        "model": request.model,
        "prompt": request.prompt,
        "n": order.n,
        "size": None if request.size == "auto" else str(request.size),
        "quality": request.quality,
        "style": request.style,
        "background": request.background,
        "moderation": _moderation(order, model),
        "output_format": preset.output_format,
        "output_compression": preset.output_compression,
        "response_format": model.response_format.sent,
    }
    if wants_stream(order, model, gateway):
        chosen |= {"stream": True, "partial_images": model.partial_images}
    if model.user_field:
        chosen[model.user_field] = order.user_tag or None
    return chosen


def _moderation(order: GatewayRequest, model: ModelAbilities) -> str | None:
    wanted = order.image_request.moderation
    return wanted if wanted in (model.moderations or ()) else model.preset.moderation


def _with_autos(
    chosen: Mapping[RequestField, object], gateway: Gateway
) -> dict[RequestField, object]:
    """Say "auto" where the gateway wants to be told even what the model decides."""
    always = [name for name in _WITH_AUTO if name in gateway.always_send]
    return {
        name: "auto" if value is None and name in always else value
        for name, value in chosen.items()
    }


def _coerced(value: object, to: str | None) -> object:
    return field_text(value) if to == "string" else value


def field_text(value: object) -> str:
    """Write a value as a form or a picky gateway wants it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
