"""The abilities of a model at a gateway with calls: without what no request there can say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bot.core.models import ValueOption
from bot.core.operations import OPERATIONS, Operation
from bot.gateways.calls import PAINTING, Call
from bot.gateways.gateway import Gateway, RequestField
from bot.gateways.model_abilities import VALUE_FIELDS, ModelAbilities
from bot.gateways.reference_limits import OperationAbility, ReferenceLimits
from bot.gateways.request.template import placeholder_names

_MAX_BYTES = 10_000_000  # of a picture for an operation of a model that takes no references

# The placeholders that say a field; one of them is enough.
_SAYING: dict[RequestField, frozenset[str]] = {
    "size": frozenset({"size", "ratio", "width", "height"}),
    "quality": frozenset({"quality"}),
    "style": frozenset({"style"}),
    "background": frozenset({"background"}),
    **{field: frozenset({option}) for option, field in VALUE_FIELDS.items()},
}


def shipped_at(gateway: Gateway, ability: ModelAbilities) -> ModelAbilities:
    """Return the abilities of a shipped model at a gateway, unless its table says otherwise.

    References travel by call where there is one. Chat and Responses paint one picture a request.
    """
    if not any(gateway.calls_of(ability, name) for name in ("generate", "edit")):
        return ability
    limits = ability.references
    if limits:
        masked = limits.mask_max_bytes if gateway.calls_of(ability, "inpaint") else None
        limits = replace(limits, transport="call", mask_max_bytes=masked)
    is_images = gateway.api_of(ability) == "images"
    return replace(
        ability,
        references=limits,
        max_n=ability.max_n if is_images else 1,
    )


def offered_at(gateway: Gateway, ability: ModelAbilities) -> ModelAbilities:
    """Return what people are offered of a model at a gateway: only what a request there can say."""
    offered = ability.without((*gateway.drop, *unsaid_fields(gateway, ability)))
    offered = replace(offered, operations=_operations(gateway, ability))
    if not says(gateway, ability, "moderation"):
        preset = replace(offered.preset, moderation=None)
        offered = replace(offered, moderations=(), preset=preset)
    limits = offered.references
    if limits is None or limits.transport != "call":
        return offered
    return replace(offered, references=_limited(gateway, offered, limits))


def says(gateway: Gateway, ability: ModelAbilities, placeholder: str) -> bool:
    """Tell whether a call of a model holds a placeholder; OpenAI's form holds them all."""
    if not gateway.calls_of(ability, "generate"):
        return True
    return placeholder in _said(gateway, _calls(gateway, ability))


def unsaid_fields(gateway: Gateway, ability: ModelAbilities) -> Iterator[RequestField]:
    """Yield the fields that no call says; a number of pictures must be said by each."""
    calls = _calls(gateway, ability)
    if calls and not all("n" in call.placeholders for call in calls):
        yield "n"
    if not gateway.calls_of(ability, "generate"):
        return
    said = _said(gateway, calls)
    yield from (field for field, names in _SAYING.items() if not names & said)


def _calls(gateway: Gateway, ability: ModelAbilities) -> list[Call]:
    return [call for name in PAINTING for call in gateway.calls_of(ability, name)]


def _said(gateway: Gateway, calls: Sequence[Call]) -> frozenset[str]:
    """Return the names of all placeholders of the calls."""
    return placeholder_names(gateway.prompt).union(*(call.placeholders for call in calls))


def _limited(
    gateway: Gateway, ability: ModelAbilities, limits: ReferenceLimits
) -> ReferenceLimits | None:
    """Return the limits of references with those of the calls that take them."""
    calls = gateway.calls_of(ability, "edit")
    most = max((call.image_range[1] for call in calls), default=0)
    if not most:
        return None
    said = _said(gateway, calls)
    unsaid: list[ValueOption] = [
        option for option in VALUE_FIELDS if ability.has_option(option) and option not in said
    ]
    return replace(
        limits,
        max_count=min(limits.max_count, most),
        excludes=tuple(dict.fromkeys((*limits.excludes, *unsaid))),
    )


def _operations(gateway: Gateway, ability: ModelAbilities) -> Mapping[Operation, OperationAbility]:
    """Return what can be done with pictures at a gateway, by its calls for that."""
    found: dict[Operation, OperationAbility] = {}
    limits = ability.references or ReferenceLimits(max_count=1, max_bytes=_MAX_BYTES)
    for operation in OPERATIONS:
        if calls := gateway.calls_of(ability, operation):
            ranges = [call.image_range for call in calls]
            most = max(most for _, most in ranges)
            found[operation] = OperationAbility(
                least=min(least for least, _ in ranges),
                pictures=replace(
                    limits, max_count=most, transport="call", mask_max_bytes=None, excludes=()
                ),
                sizes=tuple(
                    dict.fromkeys(size for call in calls for size in _sizes(call, ability))
                ),
            )
    return found


def _sizes(call: Call, ability: ModelAbilities) -> Iterable[str]:
    """Return the sizes that a call can say: its own, else the model's."""
    return call.sizes or (ability.sizes if call.placeholders & _SAYING["size"] else ())
