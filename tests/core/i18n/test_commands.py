"""Commands as Discord is told them: in every language, and within its limits."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from discord import Locale, app_commands
from discord.app_commands import locale_str
from discord.app_commands.translator import TranslationContextTypes
from pydantic import SecretStr

from bot.app import open_bot
from bot.core.clock import Clock, await_directly
from bot.core.i18n.texts import FALLBACK
from bot.discord_ui.client import Client
from bot.discord_ui.command_translations import CommandTranslator, command_text_id
from bot.settings.settings import GatewayKey
from playground.settings import GivenSettings

# https://docs.discord.com/developers/interactions/application-commands: naming, and the limits.
NAME = re.compile(r"[-_'\w]{1,32}")
MOST_OPTIONS = 25
LONGEST = 100
LONGEST_WHOLE = 8_000
MOST_COMMANDS = 100
MOST_MENUS = 15  # for messages
TYPED = 1  # what is no context menu

Node = dict[str, Any]  # as JSON holds it


# Without its calls there are fewer commands.
GATEWAYS = """
[gateways.one]
base_url = "http://127.0.0.1:9/v1"
models = ["gpt-image-2"]

[gateways.one.calls]
blend = { path = "/blend", images = [2, 5], body = { all = ["{images:data}"] } }
swap = { path = "/swap", body = { face = "{image:data}", picture = "{image2:data}" } }
describe = { path = "/describe", body = { image = "{image:data}" }, text = "words" }
shorten = { path = "/shorten", body = { prompt = "{prompt}" }, text = "words" }
"""


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """Return the client with every command, before it logs in."""
    (tmp_path / "gateways.toml").write_text(GATEWAYS)
    settings = GivenSettings(
        discord_token=SecretStr("a-token"),
        gateways_file=tmp_path / "gateways.toml",
        gateways={"one": GatewayKey(api_key=SecretStr("a-key"))},
        database_url=f"sqlite:///{tmp_path / 'easel.db'}",
        data_dir=tmp_path,
    )
    async with open_bot(settings, Clock(now=lambda: 0, wait=await_directly)) as bot:
        yield bot.client


@pytest.fixture
async def told(client: Client) -> list[Node]:
    """Return what Discord is told of every command."""
    return [
        await command.get_translated_payload(client.tree, CommandTranslator(client.texts))
        for command in client.tree.get_commands()
    ]


class Collector(app_commands.Translator):
    """Collects what there is to translate, by the ids of the texts."""

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {}

    async def translate(
        self, string: locale_str, locale: Locale, context: TranslationContextTypes
    ) -> None:
        """Note a text."""
        if name := command_text_id(context):
            self.found.setdefault(name, set()).add(str(string))


def walk(nodes: list[Node]) -> Iterator[Node]:
    """Return commands, groups and options, from the top down."""
    for node in nodes:
        yield node
        yield from walk(node.get("options", []))


def typed(told: list[Node]) -> list[Node]:
    """Return the commands that are typed, without the context menus."""
    return [command for command in told if command["type"] == TYPED]


def menus(told: list[Node]) -> list[Node]:
    """Return the context menus."""
    return [command for command in told if command["type"] != TYPED]


def spoken(node: Node, key: str) -> list[str]:
    """Return a name or a description in every language."""
    return [node.get(key, ""), *(node.get(f"{key}_localizations") or {}).values()]


async def test_every_command_has_its_texts_and_every_text_its_command(client: Client) -> None:
    """English texts are in the code and in commands.ftl: both are the same, and complete."""
    collector = Collector()
    for command in client.tree.get_commands():
        await command.get_translated_payload(client.tree, collector)
    texts = client.texts
    written = {name for name in texts.ids() if name.startswith(("command-", "menu-"))}
    assert {name: {texts.say(name)} for name in written} == collector.found


async def test_every_word_is_told_in_every_language(client: Client, told: list[Node]) -> None:
    """What is missing in one place is English amid another language."""
    others = set(client.texts.locales) - {FALLBACK}
    assert all(set(menu["name_localizations"]) == others for menu in menus(told))
    for node in walk(typed(told)):
        assert set(node["description_localizations"]) == others, node["name"]
        for choice in node.get("choices", []):
            assert set(choice["name_localizations"]) == others, choice["name"]


async def test_what_people_type_is_the_same_in_every_language(told: list[Node]) -> None:
    """A sentence that says /quota show helps only if that is the name for its reader."""
    assert not [node["name"] for node in walk(typed(told)) if node.get("name_localizations")]


async def test_names_are_valid_and_told_apart(told: list[Node]) -> None:
    """Discord refuses all commands for one wrong name."""
    for siblings in (typed(told), *(node.get("options", []) for node in walk(typed(told)))):
        names = Counter(name for node in siblings for name in spoken(node, "name"))
        assert all(NAME.fullmatch(name) and name == name.lower() for name in names)
        assert set(names.values()) <= {1}
    for menu in menus(told):
        assert all(1 <= len(name) <= 32 for name in spoken(menu, "name"))


async def test_everything_is_within_discords_limits(told: list[Node]) -> None:
    """A translation is often longer than the English that somebody counted."""
    assert len(typed(told)) <= MOST_COMMANDS
    assert len(menus(told)) <= MOST_MENUS
    for node in walk(typed(told)):
        assert all(1 <= len(text) <= LONGEST for text in spoken(node, "description")), node
        assert len(node.get("options", [])) <= MOST_OPTIONS
        assert len(node.get("choices", [])) <= MOST_OPTIONS
        for choice in node.get("choices", []):
            assert all(1 <= len(name) <= LONGEST for name in spoken(choice, "name"))
    assert max(map(_longest_whole, told)) <= LONGEST_WHOLE


def _longest_whole(node: Node) -> int:
    """Count a command with all that is in it, in its longest language, as Discord does."""
    own = sum(max(map(len, spoken(node, key))) for key in ("name", "description"))
    choices = node.get("choices", [])
    values = sum(len(str(choice["value"])) for choice in choices)
    return own + values + sum(map(_longest_whole, [*choices, *node.get("options", [])]))
