"""Actions: the buttons of a finished task, as a gateway's table describes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from bot.core.errors.base import StartRefused
from bot.core.task_actions import TaskButton
from bot.gateways.calls import Call, StringList
from bot.gateways.prices import CreditsEach, PriceAmount, price_of
from bot.gateways.reply.layout import Gives
from bot.gateways.reply.reader import non_empty_text
from bot.gateways.request.template import MASK_NAMES
from bot.gateways.request.template_rules import TemplateRules, template_errors
from bot.gateways.toml_tables import as_table, read_table

_CALLS = ("call", "modal")
_NEEDED = {"call": "button", "modal": "prompt"}
_MASKS = frozenset(MASK_NAMES)
_LONGEST_ID = 200
_LONGEST_FACE = 40
MOST_BUTTONS = 15  # of one task

Text = Annotated[str, Meta(min_length=1)]
Asks = Literal["", "prompt", "mask"]
"""What a person is asked for before an action is sent: nothing, the prompt, or also a mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionKind:
    """The buttons whose id begins with ``match``.

    ``credits`` and ``price`` are those of one picture where the table does not say them.
    """

    match: Text
    name: Text
    gives: Gives = "picture"
    asks: Asks = ""
    credits: CreditsEach | None = None
    price: PriceAmount | None = None

    @property
    def micros(self) -> int | None:
        """Return the operator's price in micros, None if it is that of one picture."""
        return None if self.price is None else price_of(self.price, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """The actions of a gateway's tasks; ``kinds`` is empty where there are none.

    ``list_key`` is the key of a finished task under which its buttons stand, ``id_key`` that of a
    button's id. ``call`` requests an action. A reply with a code of ``asks_back``, or the state
    MODAL, wants the prompt, which ``modal`` sends: if nobody was asked for one, that which stands
    in the reply at ``proposes``, keys with dots between them. ``expired`` are codes, and parts of
    messages, with which the gateway says that the task is gone. ``grid_if`` is how the id of a
    button begins that only grids have: a task with other buttons has a single picture, whatever
    its call gives.
    """

    list_key: Text = field(default="buttons", metadata={"key": "list"})
    id_key: Text = field(default="customId", metadata={"key": "id"})
    call: Call | None = None
    modal: Call | None = None
    kinds: tuple[ActionKind, ...] = ()
    grid_if: str = ""
    asks_back: StringList = ()
    proposes: str = ""
    expired: StringList = ()

    def gives_of(self, call: Call | None, task: object) -> Gives:
        """Return what came for one picture, by the call and the buttons of the finished task."""
        gives = call.gives if call else "picture"
        ids = [each.get(self.id_key) for each in self._given(task) if isinstance(each, dict)]
        is_known = bool(self.grid_if and ids)
        is_grid = any(str(each).startswith(self.grid_if) for each in ids)
        return "picture" if is_known and not is_grid else gives

    def proposed_prompt(self, reply: object) -> str:
        """Return the prompt that a task that asks back proposes; empty if it has none."""
        for key in self.proposes.split("."):
            reply = reply.get(key) if isinstance(reply, dict) else None
        return non_empty_text(reply) or ""

    def kind_of(self, custom_id: str) -> ActionKind | None:
        """Return the first kind that a button's id begins like; None if it is not shown."""
        return next((one for one in self.kinds if custom_id.startswith(one.match)), None)

    def buttons_of(self, task: object) -> tuple[TaskButton, ...]:
        """Return the buttons of a finished task that are shown."""
        return tuple(self._shown(self._given(task)))[:MOST_BUTTONS]

    def _given(self, task: object) -> list[object]:
        given = task.get(self.list_key) if isinstance(task, dict) and self.kinds else None
        return given[: 4 * MOST_BUTTONS] if isinstance(given, list) else []

    def _shown(self, given: list[object]) -> Iterator[TaskButton]:
        for each in given:
            custom_id = each.get(self.id_key) if isinstance(each, dict) else None
            if isinstance(each, dict) and isinstance(custom_id, str):
                kind = self.kind_of(custom_id) if len(custom_id) <= _LONGEST_ID else None
                if kind is not None:
                    yield TaskButton(custom_id, kind.name, _face(each, kind))


def _face(button: Mapping[str, object], kind: ActionKind) -> str:
    """Return the words of a button, else its emoji, else the name of its kind.

    The emoji may be the name of one that only the gateway's own server has.
    """
    label, emoji = (str(button.get(key) or "").strip() for key in ("label", "emoji"))
    shown = "" if emoji.isascii() else emoji
    return " ".join(filter(None, (shown, label)))[:_LONGEST_FACE] or kind.name[:_LONGEST_FACE]


def read_actions(table: object, *, where: str) -> Actions:
    """Read an ``actions`` table.

    Raises:
        StartRefused: it is wrong; the sentence names the key.
    """
    where = f"{where} actions"
    fields = as_table(table, where=where)
    given: dict[str, object] = {
        name: _read_call(name, fields[name], where) for name in _CALLS if name in fields
    }
    kinds = fields.get("kinds", [])
    if not isinstance(kinds, list):
        raise StartRefused(f"{where} kinds must be a list of tables.")
    given["kinds"] = tuple(read_table(one, ActionKind, where=f"{where} kinds") for one in kinds)
    rest = {key: value for key, value in fields.items() if key not in given}
    actions = read_table(rest, Actions, where=where, **given)
    for wrong in _errors(actions):
        raise StartRefused(f"{where} {wrong}.")
    return actions


def _read_call(name: str, table: object, where: str) -> Call:
    call = read_table(table, Call, where=f"{where} {name}")
    for wrong in template_errors(call.body, TemplateRules(_MASKS, form=call.form), key="body"):
        raise StartRefused(f"{where} {name}.{wrong}.")
    for needed in ("task", _NEEDED[name]):
        if needed not in call.placeholders:
            raise StartRefused(f"{where} {name}.body has no {{{needed}}}.")
    if not call.path:
        raise StartRefused(f"{where} {name} needs a path.")
    return call


def _errors(actions: Actions) -> Iterator[str]:
    if actions.kinds and actions.call is None:
        yield "needs a table call"
    if (actions.asks_back or any(one.asks for one in actions.kinds)) and actions.modal is None:
        yield "needs a table modal, which sends the prompt"
    yield from _mask_errors(actions)
    for kind in actions.kinds:
        try:
            kind.micros  # noqa: B018 - parses it
        except ValueError as wrong:
            yield f"kinds, {kind.name}, price: {wrong}"


def _mask_errors(actions: Actions) -> Iterator[str]:
    """Yield an error unless a mask that people are asked for is sent once."""
    calls = [call for call in (actions.call, actions.modal) if call is not None]
    names = [name for call in calls for name in call.placeholders & _MASKS]
    if len(names) > 1:
        yield "sends the mask twice: keep one of its placeholders"
    if not names and any(one.asks == "mask" for one in actions.kinds):
        yield "asks for a mask, which neither call nor modal sends: put {mask-white:…} into one"
