"""The actions of a gateway's table: what is wrong is said at the start, with its key."""

import pytest

from bot.core.errors.base import StartRefused
from bot.core.task_actions import TaskButton
from bot.gateways.actions import read_actions
from tests.gateways.fake_midjourney import button_json

CALL = {"path": "/act", "body": {"taskId": "{task}", "customId": "{button}"}}
MODAL = {"path": "/modal", "body": {"taskId": "{task}", "prompt": "{prompt}"}}
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
    "no list": ({"call": CALL, "kinds": KIND}, "list of tables"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_table_stops_the_start(why: str) -> None:
    """The operator reads which key it is."""
    table, said = WRONG[why]
    with pytest.raises(StartRefused, match=said):
        read_actions(table, where="it,")


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
