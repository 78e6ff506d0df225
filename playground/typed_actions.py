"""Turns what somebody typed on the page into the action of the command that they meant.

SimCord's page sends an action as a JSON object, or as the part ``payload`` of a form with files.
"""

import json
import re
from collections.abc import Sequence

from playground.typed_commands import Json, Names, NotUnderstood, read_command, read_options

# The page's JSON has no line breaks.
_PAYLOAD = re.compile(rb'name="payload"\r\n\r\n(\{[^\r\n]*\})\r\n--')
_OF_A_MESSAGE = ("target_id", "content", "reply_to_id")


def typed_action(body: bytes) -> Json | None:
    """Return the action in a request if people type in such a one: a message or a command."""
    try:
        action = json.loads(body[slice(*_span(body))])
    except ValueError:
        return None
    typed = isinstance(action, dict) and action.get("kind") in ("send_message", "run_command")
    return action if typed else None


def with_action(body: bytes, action: Json) -> bytes:
    """Return the request with another action."""
    begin, end = _span(body)
    return body[:begin] + json.dumps(action).encode() + body[end:]


def understood(action: Json, entries: Sequence[Json], names: Names) -> Json:
    """Return the action that was meant.

    Raises:
        NotUnderstood: it cannot be carried out; the message says what to do.
    """
    if action["kind"] == "run_command":
        return action | {"options": _options(action, entries, names)}
    typed = read_command(str(action.get("content", "")).strip(), entries, names)
    if typed is None:
        return action
    rest = {name: value for name, value in action.items() if name not in _OF_A_MESSAGE}
    return rest | {
        "kind": "run_command",
        "command_id": typed.entry["commandId"],
        "path": typed.entry["path"],
        "schema_fingerprint": typed.entry["schemaFingerprint"],
        "options": typed.options,
    }


def refusal(action: Json, why: NotUnderstood) -> Json:
    """Return the answer to an action that never reached SimCord, as the page expects it."""
    return {
        "requestId": action.get("request_id"),
        "rejected": True,
        "settlement": "rejected",
        "diagnostics": [],
        "playgroundLine": str(why),
    }


def _options(action: Json, entries: Sequence[Json], names: Names) -> object:
    options = action.get("options")
    for entry in entries:
        same = entry["commandId"] == action.get("command_id")
        if same and entry["path"] == action.get("path") and isinstance(options, dict):
            return read_options(entry, options, names)
    return options


def _span(body: bytes) -> tuple[int, int]:
    found = _PAYLOAD.search(body)
    return found.span(1) if found else (0, len(body))
