"""Calls that give words or a value instead of pictures, as a gateway's table describes them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Literal

from msgspec import Meta

from bot.core.errors.base import StartRefused
from bot.gateways.calls import TEXT_CALLS, Call, TextCallName
from bot.gateways.prices import CreditsEach, PriceAmount, price_of
from bot.gateways.request.template_rules import TemplateRules, template_errors
from bot.gateways.toml_tables import as_table, read_table

_GIVES: Mapping[TextCallName, str] = {"describe": "text", "shorten": "text", "seed": "value"}
_PICTURES: Mapping[TextCallName, frozenset[str]] = {
    "describe": frozenset({"image"}),
    "shorten": frozenset(),
    "seed": frozenset(),
}
# What each asks about: it must be said, and nothing else can be.
_SAID: Mapping[TextCallName, str] = {"describe": "image", "shorten": "prompt", "seed": "task"}
_PLACE = re.compile(r"[\w-]+(\[\])?(\.[\w-]+(\[\])?)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnKeys:
    """The keys of the table that a call for pictures does not have."""

    gives: Literal["text", "value"] = "text"
    method: Literal["POST", "GET"] = "POST"
    text: Annotated[str, Meta(min_length=1)]
    credits: CreditsEach | None = None
    price: PriceAmount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCall:
    """A request whose reply, or whose finished task, holds words.

    ``text`` is where: keys with dots between them, and ``[]`` behind one that has a list. A value
    always stands in the reply itself. ``credits`` and ``price``, in micros, are those of the
    settings where the table does not say them.
    """

    request: Call
    is_value: bool
    method: Literal["POST", "GET"]
    text: str
    credits: int | None = None
    price: int | None = None


TextCalls = Mapping[TextCallName, TextCall]


def read_text_calls(tables: object, *, where: str) -> dict[TextCallName, TextCall]:
    """Read those of the ``calls`` tables that give words or a value.

    Raises:
        StartRefused: one is wrong; the sentence names the table and the key.
    """
    named = as_table(tables, where=f"{where} calls")
    return {
        name: _read_text_call(named[name], name, f"{where} calls.{name}")
        for name in TEXT_CALLS
        if name in named
    }


def _read_text_call(given: object, name: TextCallName, where: str) -> TextCall:
    table = as_table(given, where=where)
    keys = {field.name for field in fields(_OwnKeys)}
    own = read_table({k: v for k, v in table.items() if k in keys}, _OwnKeys, where=where)
    rest = {key: value for key, value in table.items() if key not in keys}
    request = read_table(rest, Call, where=where)
    for wrong in _errors(request, own, name):
        raise StartRefused(f"{where}.{wrong}.")
    return TextCall(
        request=request,
        is_value=own.gives == "value",
        method=own.method,
        text=own.text,
        credits=own.credits,
        price=None if own.price is None else price_of(own.price, None),
    )


def _errors(request: Call, own: _OwnKeys, name: TextCallName) -> Iterator[str]:
    """Yield each error as the end of a sentence that names the call."""
    rules = TemplateRules(_PICTURES[name], form=request.form)
    wrong = list(template_errors(request.body, rules, key="body"))
    yield from wrong
    if wrong:
        return
    if own.gives != _GIVES[name]:
        yield f'gives must be "{_GIVES[name]}"'
    if not _PLACE.fullmatch(own.text):
        yield 'text must be keys such as "result" or "descriptions[].text"'
    if not request.path:
        yield "path is missing"
    if request.models:
        yield "models does nothing here: no model is asked"
    if request.images or request.sizes:
        yield f"{'images' if request.images else 'sizes'} does nothing here"
    yield from _wrong_method(request, own, name)
    yield from _unsaid(request, name)
    yield from _wrong_price(own, name)


def _wrong_method(request: Call, own: _OwnKeys, name: TextCallName) -> Iterator[str]:
    if own.method == "GET" and name != "seed":
        yield 'method must be "POST": it is paid'
    if own.method == "GET" and (request.body or request.form):
        yield "body cannot be sent with a GET: put {task} into the path"


def _unsaid(request: Call, name: TextCallName) -> Iterator[str]:
    said, needed = request.placeholders, _SAID[name]
    if name == "seed" and "{task}" in request.path:
        said = said | {needed}
    if needed not in said:
        shown = "{image:…}" if needed == "image" else f"{{{needed}}}"
        yield f"body has no {shown}" if name != "seed" else f"path has no {shown}"
    if others := sorted(said - {needed}):
        yield f"body holds {{{others[0]}}}, which this request does not have"


def _wrong_price(own: _OwnKeys, name: TextCallName) -> Iterator[str]:
    if name == "seed" and (own.price is not None or own.credits is not None):
        yield "price and credits do nothing here: a seed is free"
    try:
        price_of(own.price or 0, None)
    except ValueError as wrong:
        yield f"price: {wrong}"
