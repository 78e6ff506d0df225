"""Check the calls of a gateway's table against its models, paths and other keys."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

from bot.gateways.call_abilities import says, unsaid_fields
from bot.gateways.calls import Call, CallName, body_errors, prompt_errors
from bot.gateways.gateway import FORM_FIELD, PATH, Gateway, RequestField
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.request.template import WrongTemplate, placeholder_names
from bot.gateways.toml_tables import TomlTable

_IN_PATH = re.compile(r"\{([^}]*)\}")
# Keys of a model's table, by the field that a request must say for them.
_KEYS_OF_FIELDS: dict[RequestField, tuple[str, ...]] = {
    "n": ("max_n",),
    "size": ("sizes", "size_rule"),
    "quality": ("qualities",),
    "style": ("styles",),
    "background": ("backgrounds",),
    "seed": ("seed",),
    "negative_prompt": ("negative",),
    "strength": ("strength",),
}
_KEYS_OF_TODAYS_FORM = ("rename", "always_send", "wrap")


def call_errors(gateway: Gateway, models: Sequence[ModelAbilities]) -> Iterator[str]:
    """Yield what is wrong with the calls of these models, as the ends of sentences."""
    for name, calls in gateway.calls.items():
        for call in calls:
            yield from (f"calls.{name}.{wrong}" for wrong in _wrong_call(call, gateway))
    for text_name, text_call in gateway.text_calls.items():
        in_path = ("task", "model") if text_name == "seed" else ()
        wrong_paths = _wrong_paths(text_call.request, *in_path)
        yield from (f"calls.{text_name}.{wrong}" for wrong in wrong_paths)
    yield from _wrong_actions(gateway)
    yield from prompt_errors(gateway.prompt)
    yield from _wrong_body(gateway, models)
    yield from _wrong_responses(gateway, models)


def described_errors(
    gateway: Gateway, described: ModelAbilities, table: TomlTable
) -> Iterator[str]:
    """Yield what the calls cannot do of what a model's table says."""
    where, limits = f"abilities.{described.name}", described.references
    if limits and limits.transport == "call":
        if not gateway.calls_of(described, "edit"):
            yield f"{where}.references needs calls.edit for this model, or a transport"
        elif limits.mask_max_bytes and not gateway.calls_of(described, "inpaint"):
            yield f"{where}.references.mask_max_bytes needs calls.inpaint for this model"
    preset = table.get("preset")
    for key in preset if isinstance(preset, Mapping) else ():
        if not says(gateway, described, key):
            yield f"{where}.preset.{key} needs {{{key}}} in the body of a call"
    for field in unsaid_fields(gateway, described):
        for key in _KEYS_OF_FIELDS[field]:
            if key in table and table[key] not in ("none", 1, [], ["auto"]):
                placeholder = key if field in ("seed", "strength") else field
                placeholder = "negative" if field == "negative_prompt" else placeholder
                yield f"{where}.{key} needs {{{placeholder}}} in the body of each call"


def _wrong_call(call: Call, gateway: Gateway) -> Iterator[str]:
    yield from _wrong_paths(call, "model")
    if not any(map(call.is_for, gateway.models)):
        yield f"models fits none of the gateway's models: {', '.join(call.models)}"


def _wrong_paths(call: Call, *names: str) -> Iterator[str]:
    """Check the paths, in which ``names`` may stand, and the names of a form."""
    if call.path and not (PATH.fullmatch(call.path) and _holds_only(call.path, *names)):
        others = " other than " + " and ".join(f"{{{name}}}" for name in names) if names else ""
        yield f"path holds a character that no path has, or a placeholder{others}"
    of_task = ("task_id", "model") if "model" in names else ("task_id",)
    if call.task and not (
        PATH.fullmatch(call.task)
        and call.task.count("{task_id}") == 1
        and _holds_only(call.task, *of_task)
    ):
        others = "" if "model" in names else ", and no {model}: no model is asked"
        yield f"task must be a path that holds {{task_id}} once{others}"
    if call.form and not all(map(FORM_FIELD.fullmatch, call.body)):
        yield "body: a name cannot be sent in a form"


def _wrong_actions(gateway: Gateway) -> Iterator[str]:
    call, modal = gateway.actions.call, gateway.actions.modal
    for name, each in (("call", call), ("modal", modal)):
        if each is not None:
            yield from (f"actions.{name}.{wrong}" for wrong in _wrong_call(each, gateway))
    if modal is not None and modal.task:
        yield "actions.modal.task does nothing: the task of actions.call is polled on"


def _holds_only(path: str, *names: str) -> bool:
    return set(_IN_PATH.findall(path)) <= set(names)


def _wrong_body(gateway: Gateway, models: Sequence[ModelAbilities]) -> Iterator[str]:
    """Check ``body``, which is a template in calls, and constants where there is none."""
    names: tuple[CallName, ...] = get_args(CallName)
    if any(gateway.calls_of(model, name) for model in models for name in names):
        yield from body_errors(gateway.body)
    uncalled = [model.name for model in models if not gateway.calls_of(model, "generate")]
    if uncalled and (held := _placeholders(gateway)):
        yield (
            f"body holds {{{held[0]}}}, which nothing replaces for {uncalled[0]}: it needs "
            'calls.generate, or api = "chat" or "responses"'
        )
    if not uncalled:
        unused = [key for key in _KEYS_OF_TODAYS_FORM if getattr(gateway, key)]
        yield from (f"{key} does nothing, as calls say the whole body" for key in unused)


def _placeholders(gateway: Gateway) -> list[str]:
    try:
        return sorted(placeholder_names(gateway.body))
    except WrongTemplate:  # constants without calls may hold any brackets
        return []


def _wrong_responses(gateway: Gateway, models: Sequence[ModelAbilities]) -> Iterator[str]:
    """Check that a request of Responses names a model of text beside the one that paints."""
    asked = [model for model in models if gateway.api_of(model) == "responses"]
    if any("model" not in call.body for m in asked for call in gateway.calls_of(m, "generate")):
        yield (
            'body must name the model of text that api = "responses" asks, such as '
            'body = { model = "gpt-5.4" }'
        )
