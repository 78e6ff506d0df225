"""Calls: the kinds of request that a gateway's table describes itself, with their bodies."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, cast, get_args

from msgspec import Meta

from bot.core.errors.base import StartRefused
from bot.core.operations import OPERATIONS, Operation
from bot.gateways.reply.layout import Gives
from bot.gateways.request.template import IMAGE_NAMES, MASK_NAMES, placeholder_names
from bot.gateways.request.template_rules import TemplateRules, template_errors
from bot.gateways.toml_tables import TomlTable, as_table, read_sections, read_table

Api = Literal["images", "chat", "responses"]
"""Which endpoint paints."""

CallName = Literal["generate", "edit", "inpaint", Operation]
"""A request without pictures, with references, with a mask over the first of them; an operation."""
PAINTING: tuple[CallName, ...] = ("generate", "edit", "inpaint")
"""The calls of what people ask for with a prompt."""

TextCallName = Literal["describe", "shorten", "seed"]
"""Prompts for a picture, shorter prompts for one, and the seed of a task: ``text_calls.py``."""

TEXT_CALLS: tuple[TextCallName, ...] = get_args(TextCallName)

StringList = tuple[Annotated[str, Meta(min_length=1)], ...]
Count = Annotated[int, Meta(ge=0)]

MAX_IMAGES = 100  # in one request; models take fewer
_ANY = frozenset({"images", *IMAGE_NAMES})
_PICTURES: Mapping[CallName, frozenset[str]] = {
    "generate": frozenset(),
    "edit": _ANY,
    "inpaint": _ANY.union(MASK_NAMES),
    "blend": _ANY,
    "upscale": frozenset({"image"}),
    "swap": frozenset({"image", "image2"}),
}
_OPERATION_RANGES: Mapping[Operation, tuple[int, int]] = {
    "blend": (2, MAX_IMAGES),
    "upscale": (1, 1),
    "swap": (2, 2),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One kind of request: where it is sent, and the template of its whole body.

    An empty ``path`` is the one of the gateway's API, an empty ``task`` the gateway's own. ``form``
    sends the body as a multipart form. ``images`` are the least and the most pictures that it
    takes, ``models`` the patterns of the models that it is for; empty for all. ``gives`` is what
    comes for one picture that was asked for; ``method`` may be written, and is always POST.
    ``sizes`` are its own words for some sizes or ratios: another size is not said.
    """

    path: str = ""
    method: Literal["POST"] = "POST"
    form: bool = False
    body: Mapping[str, object] = field(default_factory=dict)
    images: tuple[Count, Count] | None = None
    models: StringList = ()
    task: str = ""
    gives: Gives = "picture"
    sizes: Mapping[str, Annotated[str, Meta(min_length=1)]] = field(default_factory=dict)

    def is_for(self, model: str) -> bool:
        """Tell whether a model is requested so."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)

    def takes(self, images: int) -> bool:
        """Tell whether it takes so many pictures."""
        least, most = self.image_range
        return least <= images <= most

    @property
    def image_range(self) -> tuple[int, int]:
        """Return the least and the most pictures; by the placeholders if the table has none."""
        if self.images:
            return self.images
        if "images" in self.placeholders:
            return 1, MAX_IMAGES
        return self.numbered, self.numbered

    @property
    def numbered(self) -> int:
        """Return how many pictures its body names one by one."""
        return len(self.placeholders.intersection(IMAGE_NAMES))

    @property
    def placeholders(self) -> frozenset[str]:
        """Return the names of the placeholders of its body."""
        return placeholder_names(self.body)

    @property
    def sends_addresses(self) -> bool:
        """Whether pictures are sent as addresses, where they have some."""
        return _holds(self.body, ":address}")

    @property
    def mask_name(self) -> str:
        """Return which mask it sends; empty for none."""
        return next((name for name in MASK_NAMES if name in self.placeholders), "")


def reached_calls(calls: Iterable[Call]) -> list[Call]:
    """Return the calls without those that an earlier one always comes before."""
    reached: list[Call] = []
    for call in calls:
        if not any(all(map(one.takes, call.image_range)) for one in reached):
            reached.append(call)
    return reached


Calls = Mapping[CallName, Sequence[Call]]


def read_calls(tables: object, *, where: str) -> dict[CallName, tuple[Call, ...]]:
    """Read those ``calls.CALL`` tables that give pictures, each one table or a list of them.

    Raises:
        StartRefused: one is wrong; the sentence names the table and the key.
    """
    found: dict[CallName, tuple[Call, ...]] = {}
    for name, tables_of_call in as_table(tables, where=f"{where} calls").items():
        if name in TEXT_CALLS:
            continue
        if name not in get_args(CallName):
            known = ", ".join((*get_args(CallName), *TEXT_CALLS))
            raise StartRefused(f"{where} calls has an unknown key {name}: known are {known}.")
        call_name = cast("CallName", name)
        several = tables_of_call if isinstance(tables_of_call, list) else [tables_of_call]
        found[call_name] = tuple(_read_call(each, call_name, where) for each in several)
    return found


def _read_call(table: object, name: CallName, where: str) -> Call:
    call = read_table(table, Call, where=f"{where} calls.{name}")
    for wrong in _errors(call, name):
        raise StartRefused(f"{where} calls.{name}.{wrong}.")
    return call


def _errors(call: Call, name: CallName) -> Iterator[str]:
    """Yield each error as the end of a sentence that names the call."""
    rules = TemplateRules(_PICTURES[name], form=call.form, may_lack_prompt=name in OPERATIONS)
    wrong = list(template_errors(call.body, rules, key="body"))
    yield from wrong
    if wrong:
        return
    names = call.placeholders
    if name == "generate" and "prompt" not in names:
        yield "body has no {prompt}"
    if name != "generate" and not names & {"image", "images"}:
        yield "body has no {image:…} and no {images:…}"
    if name == "swap" and "image2" not in names:
        yield "body has no {image2:…}"
    if "images" not in names and call.numbered and IMAGE_NAMES[call.numbered - 1] not in names:
        yield f"body has no {{{IMAGE_NAMES[call.numbered - 1]}:…}}"
    if name == "inpaint" and not names & {*MASK_NAMES}:
        yield "body has no {mask:…}"
    if names & {"task", "button"}:
        yield "body holds {task} or {button}, which only actions have"
    if len(names & {*MASK_NAMES}) > 1:
        yield "body has two kinds of masks: keep one"
    if name in OPERATIONS and not call.path:
        yield "path is missing"
    if call.sizes and name not in OPERATIONS:
        yield "sizes is for blend, upscale and swap: write a model's sizes into its abilities"
    elif call.sizes and "size" not in names:
        yield "sizes needs {size} in the body"
    yield from _range_errors(call, name)


def _range_errors(call: Call, name: CallName) -> Iterator[str]:
    least, most = call.image_range
    if name == "generate":
        if least or most:
            yield "images must be left out"
        return
    first, last = _OPERATION_RANGES.get(cast("Operation", name), (1, MAX_IMAGES))
    if "images" not in call.placeholders:
        last = min(last, call.numbered)
    if not first <= least <= most <= last:
        fits = "the least and the most pictures"
        yield f"images must be {fits}, from {first} to {last}"


def prompt_errors(prompt: str) -> Iterator[str]:
    """Yield what is wrong with the spelling of prompts, as the end of a sentence."""
    errors = list(template_errors(prompt, TemplateRules(), key="prompt"))
    yield from errors
    if not errors and "prompt" not in placeholder_names(prompt):
        yield "prompt must hold {prompt}"


def body_errors(body: Mapping[str, object]) -> Iterator[str]:
    """Yield what is wrong with constants that are laid over every call."""
    yield from template_errors(body, TemplateRules(), key="body")


@cache
def shipped_calls(api: Api) -> Calls:
    """Return the calls of an API, as ``apis.toml`` describes them; none for images."""
    return _all_shipped().get(api, {})


@cache
def _all_shipped() -> Mapping[str, Calls]:
    text = files("bot.gateways").joinpath("apis.toml").read_text("utf-8")
    sections: dict[str, TomlTable] = read_sections(text, file="apis.toml", section="apis")
    return {
        api: read_calls(table, where=f"apis.toml, [apis.{api}],") for api, table in sections.items()
    }


def _holds(node: object, text: str) -> bool:
    if isinstance(node, Mapping):
        return any(_holds(value, text) for value in node.values())
    if isinstance(node, list):
        return any(_holds(value, text) for value in node)
    return isinstance(node, str) and text in node
