"""Names that people, admins and operators know from v0.1.0: none is gone or means another."""

from pathlib import Path
from typing import Any

import pytest

from bot.settings.settings import load_settings
from tests.upgrade.old_world import OldWorld
from tests.upgrade.v0_1_0 import recorded

Json = dict[str, Any]

KINDS = {
    *("again", "delete", "details", "edit", "original", "use"),  # under a result
    *("forget", "page", "past", "presets", "sought", "stop"),
}
"""What the custom ids of v0.1.0 begin with, after ``easel:``."""


def named(options: list[Json]) -> dict[str, Json]:
    """Return commands or options by their name and, of commands, their type."""
    return {f"{each['name']} {each.get('type', 1)}": each for each in options}


def missing(old: Json, new: Json, path: str) -> list[str]:
    """Return what an old command or option had that the new one has not."""
    gone = []
    for key, value in old.items():
        if key == "options":
            ours = named(new.get("options", []))
            for name, option in named(value).items():
                here = f"{path} {option['name']}"
                gone += missing(option, ours[name], here) if name in ours else [here]
        elif key == "choices":
            offered = [choice["value"] for choice in new.get("choices", [])]
            gone += [f"{path} = {each}" for each in value if each not in offered]
        elif new.get(key) != value:
            gone.append(f"{path}: {key} was {value}")
    return gone


def test_every_kind_of_custom_id_is_recorded() -> None:
    """What this folder presses is all that v0.1.0 hung up."""
    messages = recorded("messages")["messages"].values()
    rows = [row for message in messages for row in message["components"]]
    found = {item["custom_id"].split(":")[1] for row in rows for item in row["components"]}
    assert found == KINDS
    forms = {
        form["modal"]["custom_id"].split(":")[1] for form in recorded("messages")["forms"].values()
    }
    assert forms == {"edited", "begun"}


async def test_every_command_is_there_with_its_options(calm: OldWorld) -> None:
    """What people have learnt, and what admins allowed to whom, stays."""
    told: list[list[Json]] = [
        request.json or []
        for request in calm.env.http_requests
        if request.method == "PUT" and request.path.endswith("/commands")
    ]
    old, new = named(recorded("commands")), named(told[0])
    assert [name for name in old if name not in new] == []
    assert [each for name in old for each in missing(old[name], new[name], name)] == []


def test_every_setting_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's .env goes on as it is: each name, with a value of its own kind."""
    monkeypatch.chdir(tmp_path)
    usual = load_settings().model_dump()
    old = recorded("settings")
    Path(".env").write_text("\n".join(f"{name}={value}" for name, value in old.items()))
    settings = load_settings().model_dump()
    as_usual = {"DATABASE_URL", "DATA_DIR"}  # the values that everybody has
    fields = {name: name.split("__")[0].lower() for name in old}
    assert {name for name, field in fields.items() if settings[field] == usual[field]} == as_usual
