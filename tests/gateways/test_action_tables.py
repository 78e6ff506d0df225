"""The actions of a gateway's table: what is wrong is said at the start, with its key."""

from typing import Any

import pytest

from bot.core.errors.base import StartRefused
from bot.core.task_actions import TaskButton
from bot.gateways.actions import read_actions
from bot.gateways.call_tasks import task_id_of
from bot.gateways.calls import Call
from bot.gateways.gateway_config import parse_gateways
from tests.gateways.fake_midjourney import button_json

CALL: dict[str, Any] = {"path": "/act", "body": {"taskId": "{task}", "customId": "{button}"}}
MODAL: dict[str, Any] = {"path": "/modal", "body": {"taskId": "{task}", "prompt": "{prompt}"}}
TABLE = '[gateways.g]\nbase_url = "https://a.example"\nmodels = ["m"]\n'
KIND = {"match": "MJ::JOB::upsample", "name": "pick"}

WRONG: dict[str, tuple[dict[str, object], str]] = {
    "unknown key": ({"calls": CALL}, "unknown key calls"),
    "no call": ({"kinds": [KIND]}, "needs a table call"),
    "no modal": ({"call": CALL, "kinds": [{**KIND, "asks": "prompt"}]}, "needs a table modal"),
    "codes without modal": ({"call": CALL, "asks_back": ["21"]}, "needs a table modal"),
    "no button": ({"call": {"path": "/a", "body": {"taskId": "{task}"}}}, r"no \{button\}"),
    "no prompt": ({"modal": {"path": "/a", "body": {"taskId": "{task}"}}}, r"no \{prompt\}"),
    "no path": ({"call": {"body": CALL["body"]}}, "needs a path"),
    "unknown placeholder": (
        {"call": {"path": "/a", "body": {"taskId": "{task}", "customId": "{knob}"}}},
        "no placeholder",
    ),
    "unknown kind": ({"call": CALL, "kinds": [{**KIND, "gives": "video"}]}, "gives"),
    "wrong price": ({"call": CALL, "kinds": [{**KIND, "price": "much"}]}, "price"),
    "a mask without a place": (
        {"call": CALL, "modal": MODAL, "kinds": [{**KIND, "asks": "mask"}]},
        "asks for a mask, which neither call nor modal sends",
    ),
    "two masks": (
        {
            "call": {**CALL, "body": {**CALL["body"], "m": "{mask:data}"}},
            "modal": {**MODAL, "body": {**MODAL["body"], "m": "{mask-white:data}"}},
        },
        "sends the mask twice",
    ),
    "another picture": (
        {"call": {**CALL, "body": {**CALL["body"], "image": "{image:data}"}}},
        "is a picture, which this request does not have",
    ),
    "no list": ({"call": CALL, "kinds": KIND}, "list of tables"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_table_stops_the_start(why: str) -> None:
    """The operator reads which key it is."""
    table, said = WRONG[why]
    with pytest.raises(StartRefused, match=said):
        read_actions(table, where="it,")


PATHS = {
    "a placeholder that no path has": ('path = "/{speed}/act"', "actions.call.path holds"),
    "a wrong character": ('path = "/an act"', "actions.call.path holds"),
    "a task without its id": ('path = "/act"\ntask = "/task"', "actions.call.task must be a path"),
    "two ids": ('path = "/act"\ntask = "/{task_id}/{task_id}"', "actions.call.task must be"),
    "no model": ('path = "/act"\nmodels = ["other"]', "actions.call.models fits none"),
}


@pytest.mark.parametrize("why", PATHS)
def test_the_paths_of_actions_are_checked(why: str) -> None:
    """As those of other calls, of which they are a kind."""
    lines, said = PATHS[why]
    body = 'body = { taskId = "{task}", customId = "{button}" }'
    with pytest.raises(StartRefused, match=rf"\[gateways\.g\], {said}"):
        parse_gateways(f"{TABLE}[gateways.g.actions.call]\n{lines}\n{body}\n", {})


def test_the_task_of_a_prompt_is_that_of_its_action() -> None:
    """A path that is never polled would look as if it were."""
    lines = 'path = "/modal"\ntask = "/other/{task_id}"'
    body = 'body = { taskId = "{task}", prompt = "{prompt}" }'
    with pytest.raises(StartRefused, match=r"actions\.modal\.task does nothing"):
        parse_gateways(f"{TABLE}[gateways.g.actions.modal]\n{lines}\n{body}\n", {})


@pytest.mark.parametrize(
    ("reply", "prompt"),
    [
        ({"properties": {"finalPrompt": " a fox --v 7 "}}, "a fox --v 7"),
        ({"properties": {"finalPrompt": None}}, ""),
        ({"properties": "finalPrompt"}, ""),
        ({"properties": {"finalPrompt": {"a": 1}}}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_proposed_prompt_is_found_where_the_table_says(reply: object, prompt: str) -> None:
    """Anything else there is no prompt, and would never be sent as one."""
    actions = read_actions({"proposes": "properties.finalPrompt"}, where="it,")
    assert actions.proposed_prompt(reply) == prompt
    assert read_actions({}, where="it,").proposed_prompt(reply) == ""


@pytest.mark.parametrize("task_id", ["1713", "a/b c", "ü%2F"])
def test_the_id_of_a_task_is_in_its_path(task_id: str) -> None:
    """Whatever characters it has; a path of another table is taken as it is."""
    call = Call(path="/{model}/act", task="/{model}/task/{task_id}/fetch?x=1")
    gateway = parse_gateways(TABLE, {})[0]
    path = gateway.task_path(call, task_id, "mj-fast")
    assert path.startswith("/mj-fast/task/")
    assert task_id_of(path, call, gateway, "mj-fast") == task_id
    assert task_id_of(path, call, gateway, "mj-turbo") == path
    assert task_id_of(path, Call(), gateway, "mj-fast") == path
    assert task_id_of("1713", None, gateway, "mj-fast") == "1713"


def test_kinds_are_told_by_the_beginning_of_an_id() -> None:
    """The first that fits; what no kind names is hidden, and nothing of a strange list is shown."""
    first = {"match": "MJ::JOB::upsample::2", "name": "second", "credits": 0, "price": "0.05"}
    actions = read_actions({"call": CALL, "modal": MODAL, "kinds": [first, KIND]}, where="it,")
    shown = [
        button_json("U1", "upsample"),
        {"customId": "MJ::JOB::upsample::2::x", "emoji": "upscale_2", "label": ""},
        {"customId": "MJ::JOB::reroll::0::x", "emoji": "🔄", "label": ""},
        {"customId": 5},
        {"customId": "MJ::JOB::upsample" + "x" * 300},
        None,
    ]
    assert actions.buttons_of({"buttons": shown}) == (
        TaskButton(str(shown[0]["customId"]), "pick", "U1"),  # type: ignore[index]  # an object
        TaskButton("MJ::JOB::upsample::2::x", "second", "second"),
    )
    assert actions.buttons_of({"buttons": "none"}) == actions.buttons_of([1]) == ()
    kind = actions.kind_of("MJ::JOB::upsample::2::x")
    assert kind is not None
    assert (kind.credits, kind.micros) == (0, 50_000)
