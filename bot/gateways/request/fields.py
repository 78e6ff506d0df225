"""The fields of a paid request: which are sent, with which names and values."""

from collections import defaultdict
from dataclasses import replace
from typing import Literal, cast

import msgspec
import structlog

from bot.core.errors.gateway import GatewayFailure
from bot.core.models import VALUE_OPTIONS, ImageRequest, Size, ValueOption
from bot.core.task_actions import TaskAction
from bot.gateways.calls import Call
from bot.gateways.catalogue import GatewayModel
from bot.gateways.events import GatewayRequest
from bot.gateways.gateway import PROMPT, Gateway, RequestField
from bot.gateways.model_abilities import VALUE_FIELDS, ModelAbilities
from bot.gateways.request.rendering import field_text
from bot.gateways.request.template import fill_text, placeholder_names
from bot.gateways.sizes import ratio_name

log = structlog.get_logger()

# OpenAI's multipart edit has neither (openapi.yaml, CreateImageEditRequest).
_NOT_IN_FORMS: tuple[RequestField, ...] = ("moderation", "style")
# Nobody chooses these for a picture; without them it is the same one, as a rule.
_REMOVABLE: tuple[RequestField, ...] = (
    "moderation",
    "output_format",
    "output_compression",
    "response_format",
    "stream",
    "partial_images",
    "user",
    "safety_identifier",
)
# Sent as "auto" if the gateway always wants the field and nobody chose a value.
_WITH_AUTO: tuple[RequestField, ...] = ("size", "quality", "background", "moderation")

RequestFields = dict[str, object]


def request_fields(
    request: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> RequestFields:
    """Return all fields except the pictures, with the gateway's names."""
    fields: RequestFields = {}
    own_names = model.field_names
    for name, value in _sent(request, model, gateway).items():
        text = gateway.coerce.get(name) == "string"
        own_name = gateway.rename.get(name) or own_names.get(name, name)
        fields[own_name] = field_text(value) if text else value
    return {**fields, **gateway.body, **gateway.asynchronous.body}


def call_for(request: GatewayRequest, model: ModelAbilities, gateway: Gateway) -> Call | None:
    """Return the gateway's call for a request; None if it has OpenAI's form."""
    if action := request.image_request.action:
        return _call_of_action(action, gateway, is_modal=bool(request.waiting_task))
    pictures = len(request.image_request.references)
    if operation := request.image_request.operation:
        return gateway.call_of(model, operation, pictures)
    if not pictures:
        return gateway.call_of(model, "generate", 0)
    if not model.references or model.references.transport != "call":
        return None
    # A task that is resumed has no files, but is of the same call.
    is_inpaint = request.mask or request.image_request.mask
    return gateway.call_of(model, "inpaint" if is_inpaint else "edit", pictures)


def _call_of_action(action: TaskAction, gateway: Gateway, *, is_modal: bool) -> Call | None:
    kind, actions = gateway.actions.kind_of(action.custom_id), gateway.actions
    call = actions.modal if is_modal else actions.call
    return replace(call, gives=kind.gives) if call and kind else None


def unsaid_option(
    request: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> ValueOption | Literal["references"] | None:
    """Return what of a request no call of the gateway can say; None if all is said."""
    image, limits = request.image_request, model.reference_limits_of(request.image_request)
    if image.operation is None and not (image.references and limits and limits.transport == "call"):
        return None
    call = call_for(request, model, gateway)
    if call is None:
        return "references"
    said = call.placeholders | placeholder_names(gateway.prompt)
    chosen = (option for option in VALUE_OPTIONS if getattr(image, option) is not None)
    return next((option for option in chosen if option not in said), None)


def call_values(
    call: Call, request: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> dict[str, object]:
    """Return the values of the placeholders of a call; None where nothing was chosen."""
    values: dict[RequestField, object] = {
        name: field_text(value) if gateway.coerce.get(name) == "string" else value
        for name, value in _values(request, model, gateway).items()
        if value is not None
    }
    named = _by_placeholder(values, request)
    if call.sizes:
        size, ratio = str(values.get("size")), str(named["ratio"])
        named["size"] = call.sizes.get(size) or call.sizes.get(ratio)
    return named


def removable_field(
    name: str, request: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> RequestField | None:
    """Return the field that the gateway calls ``name``, if it was sent and may be left out.

    A field that a person chose, or that the tables require, must not be left out, and none of a
    call: its body is the operator's.
    """
    if call_for(request, model, gateway):
        return None
    required: set[RequestField] = {*gateway.always_send}
    if model.response_format.mode == "required":
        required.add("response_format")
    for field in _sent(request, model, gateway):
        is_removable = field in _REMOVABLE and field not in required
        if is_removable and gateway.rename.get(field, field) == name:
            return field
    return None


def is_multipart(request: GatewayRequest, model: ModelAbilities) -> bool:
    """Tell whether the request is a form with files."""
    limits = model.reference_limits_of(request.image_request)
    return bool(request.image_request.references and limits and limits.transport == "multipart")


def sends_addresses(request: GatewayRequest, model: ModelAbilities, gateway: Gateway) -> bool:
    """Tell whether references are sent as addresses, where they have fresh ones."""
    limits = model.reference_limits_of(request.image_request)
    if not (limits and request.image_request.references):
        return False
    call = call_for(request, model, gateway)
    return call.sends_addresses if call else limits.transport == "json_image_urls"


def wants_stream(request: GatewayRequest, model: ModelAbilities, gateway: Gateway) -> bool:
    """Tell whether an event stream is requested; its events do not number several pictures."""
    call = call_for(request, model, gateway)
    may_stream = "stream" in call.placeholders if call else model.partial_images is not None
    return (
        gateway.streaming == "sse"
        and "stream" not in gateway.drop
        and may_stream
        and request.n == 1
    )


def _sent(
    request: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> dict[RequestField, object]:
    """Return the fields that are sent, with OpenAI's names."""
    fields = _values(request, model, gateway)
    for name in _WITH_AUTO:
        if fields[name] is None and name in gateway.always_send:
            fields[name] = "auto"
    dropped = {*gateway.drop, *(_NOT_IN_FORMS if is_multipart(request, model) else ())}
    return {
        name: value for name, value in fields.items() if value is not None and name not in dropped
    }


def _values(
    request: GatewayRequest, model: ModelAbilities, gateway: Gateway
) -> dict[RequestField, object]:
    """Return the value of every field; None where nothing was chosen."""
    image, preset = request.image_request, model.preset
    is_known_moderation = image.moderation in (model.moderations or ())
    values: dict[RequestField, object] = {
        "model": image.model,
        "prompt": request.proposal or image.prompt or None,  # an operation may have none
        "n": request.n,
        "size": None if image.size == "auto" else str(image.size),
        "moderation": image.moderation if is_known_moderation else preset.moderation,
        "output_format": preset.output_format,
        "output_compression": preset.output_compression,
        "response_format": model.response_format.sent,
    }
    values |= dict(image.words.items())
    values |= _option_values(image, model)
    if wants_stream(request, model, gateway):
        values |= {"stream": True, "partial_images": model.partial_images}
    if model.user_field:
        values[model.user_field] = request.user_tag or None
    if gateway.prompt != PROMPT and image.prompt and not request.proposal:
        values["prompt"] = fill_text(gateway.prompt, _by_placeholder(values, request))
    return values


def _by_placeholder(
    values: dict[RequestField, object], request: GatewayRequest
) -> dict[str, object]:
    """Return the values by the names of placeholders, with those of the size in other words."""
    size = request.image_request.size
    named: dict[str, object] = {str(name): value for name, value in values.items()}
    named["ratio"] = ratio_name(size)
    named |= {option: values.get(field) for option, field in VALUE_FIELDS.items()}
    named["user"] = request.user_tag or None
    if action := request.image_request.action:
        named |= {"task": request.waiting_task or action.task_id, "button": action.custom_id}
    if isinstance(size, Size):
        named |= {"width": size.width, "height": size.height}
    return named


def _option_values(image: ImageRequest, model: ModelAbilities) -> dict[RequestField, object]:
    """Return the values of the options that only some models have; None where this one has not."""
    strength = image.strength
    return {
        "seed": image.seed if model.seed else None,
        "negative_prompt": image.negative if model.negative else None,
        "strength": model.strength.value(strength) if model.strength and strength else None,
    }


class UnsupportedFields:
    """The fields that gateways refused as unknown: left out while the gateway stays as it is.

    They are kept by gateway and model; each is logged once.
    """

    def __init__(self) -> None:
        self._fields: defaultdict[GatewayModel, set[RequestField]] = defaultdict(set)

    def apply(self, gateway: Gateway, model: str) -> Gateway:
        """Return the gateway without the fields that it does not support for this model."""
        known = self._fields.get((gateway.name, model))
        return replace(gateway, drop=(*gateway.drop, *sorted(known))) if known else gateway

    def forget(self, gateway: str) -> None:
        """Forget the fields of a gateway that is another one now."""
        for known in [one for one in self._fields if one[0] == gateway]:
            del self._fields[known]

    def record(self, failure: GatewayFailure, gateway: Gateway, model: str) -> None:
        """Remember the removable field of a failure, if it has one."""
        field = cast("RequestField", failure.removable_field)  # one of the fields that were sent
        known = self._fields[gateway.name, model]
        if not field or field in known:
            return
        known.add(field)
        drop = msgspec.json.encode(sorted({*gateway.drop, *known})).decode()
        log.warning(
            "gateway.field_unsupported",
            gateway=gateway.name,
            model=model,
            field=field,
            mend=f"write drop = {drop} into [gateways.{gateway.name}] of your gateways.toml; "
            "until then it is left out for this model",
        )
