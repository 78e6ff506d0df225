"""Translate each command once per process: a login asks for 270 texts in 34 languages."""

from typing import Any, cast

import msgspec
from discord.app_commands import Command, CommandTree, ContextMenu, Group, Translator

AnyCommand = Command[Any, Any, Any] | ContextMenu | Group

_translated: dict[bytes, bytes] = {}


class Payload(dict[str, Any]):
    """A translated command as Discord is told it, which is quickly copied."""

    def __deepcopy__(self, memo: object) -> "Payload":
        """Return what the JSON says: SimCord copies each request for its log."""
        return _payload(msgspec.json.encode(self))


def remember_translations(tree: CommandTree[Any]) -> None:
    """Let the commands of a tree use what another tree's equal ones were translated to."""
    for command in tree.get_commands():
        _remember(command)


def _remember(command: AnyCommand) -> None:
    translate = command.get_translated_payload

    async def remembered(tree: CommandTree[Any], translator: Translator) -> Payload:
        defined = msgspec.json.encode(command.to_dict(tree))
        if defined not in _translated:
            _translated[defined] = msgspec.json.encode(await translate(tree, translator))
        return _payload(_translated[defined])

    command.get_translated_payload = remembered  # type: ignore[method-assign]


def _payload(json: bytes) -> Payload:
    return Payload(cast("dict[str, Any]", msgspec.json.decode(json)))
