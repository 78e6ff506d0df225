"""The time of one autocompletion of /imagine, with 200 models and 1,000 presets.

    python -m benchmarks.autocomplete [--times 2000] [--rounds 5]

Discord drops an answer after three seconds, and everybody's autocompletions share one event loop.
Each call is made as discord.py makes it: an interaction is read from Discord's JSON, and the cog's
method is called, in a bot that is logged in to SimCord, with its database and its settings. A
method that waits for anything, and so for a database, ends the benchmark. The reference reads the
same interactions and only builds 25 choices. All variants run in each round, in turns, and the
table shows the median round.

What never waits takes its CPU time on a machine of its own: that decides. The clock's p99 stands
beside it, and depends on what else the machine does. The exit code is 1 when a target is
missed.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any, cast

import discord
import simcord
from discord.app_commands import Choice

from bot.app import Bot, open_bot
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.models import ImageOptions
from bot.discord_ui.autocomplete import Choices
from bot.settings.settings import Settings
from playground.settings import painter_settings

Ask = Callable[[discord.Interaction, str], Coroutine[Any, Any, Choices]]
"""A cog's method for autocompletion."""

Times = tuple[float, float, float]
"""Milliseconds: the p50 and p99 of CPU, and the p99 by the clock."""

Payload = dict[str, Any]
"""An interaction as Discord sends it; discord.py has a TypedDict for each kind of it."""

MODELS, PRESETS, QUALITIES, SIZES = 200, 1_000, 12, 25
MOST_MS = 3.0  # p99
METHODS = {
    "model": "suggest_models",
    "size": "suggest_sizes",
    "quality": "suggest_qualities",
    "preset": "suggest_presets",
}
REFERENCE = "reference: 25 choices"

NAMES = [f"vendor-{number % 20:02}/picture-model-{number:03}" for number in range(MODELS)]
TYPED = ("", "p", "picture-model-19", "VENDOR-07/", "1024", "100x", "hi", "q", "狐", "x" * 100)


def main() -> int:
    """Measure, print a Markdown table, and return whether a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000, help="calls in each round")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    bot_logging.configure(level="ERROR", style="console", secrets=())
    with TemporaryDirectory() as folder:
        rounds = asyncio.run(_rounds(Path(folder), given.times, given.rounds))
    middle = {name: _middle([turn[name] for turn in rounds]) for name in rounds[0]}
    print(f"Median of {given.rounds} rounds of {given.times} keystrokes, ms; ", end="")
    print(f"{MODELS} models, {PRESETS} presets.\n")
    print("| Option | p50 | p99 | of reference | p99 by the clock |\n|---|---|---|---|---|")
    for name, (p50, p99, clock) in middle.items():
        of_reference = p99 / middle[REFERENCE][1]
        print(f"| {name} | {p50:.3f} | {p99:.3f} | {of_reference:.0f} × | {clock:.3f} |")
    missed = [name for name, (_, p99, _) in middle.items() if p99 > MOST_MS]
    told = f"MISSED by {', '.join(missed)}" if missed else "reached"
    print(f"\np99: {told}: at most {MOST_MS} ms")
    return bool(missed)


async def _rounds(folder: Path, times: int, rounds: int) -> list[dict[str, Times]]:
    async with open_bot(_settings(folder), Clock()) as bot:
        env = simcord.Env(bot.client, shard_count=1)
        await env.start()
        try:
            guild = env.create_guild("Painters")
            gallery = guild.create_text_channel("gallery")
            ada = guild.add_member(env.create_user("Ada"))
            await _make_custom(bot, guild.id, ada.id)
            typist = Typist(bot.client, guild.id, gallery.id, ada.id)
            asked = _asked(bot)
            return [
                {name: typist.measured(name, ask, times) for name, ask in asked.items()}
                for _ in range(rounds)
            ]
        finally:
            await env.shutdown()


def _asked(bot: Bot) -> dict[str, Ask]:
    cog = bot.client.get_cog("ImagineCog")
    # discord.py's types do not say that what it decorates is a method.
    asked = {name: cast("Ask", getattr(cog, method)) for name, method in METHODS.items()}
    return {**asked, REFERENCE: _reference}


# --- what there is --------------------------------------------------------------------------------


def _settings(folder: Path) -> Settings:
    """Return the settings of a bot with many models, each with words and costs of its own."""
    file = folder / "many.toml"
    head = '[gateways.many]\nbase_url = "http://127.0.0.1:9/v1"\nauth = "none"\n'
    file.write_text(f"{head}models = {NAMES}\n" + "".join(map(_table, NAMES)), encoding="utf-8")
    single = {"image_api_url": "", "image_models": (), "gateways_file": file}
    return painter_settings("http://127.0.0.1:9/v1", folder).model_copy(update=single)


def _table(name: str) -> str:
    sizes = [f"{1024 + 16 * number}x1024" for number in range(SIZES)]
    qualities = [f"quality-{number}" for number in range(QUALITIES)]
    costs = ", ".join(f"{word} = {number}" for number, word in enumerate(qualities))
    return f"""
[gateways.many.abilities."{name}"]
label = "{name.title()}"
prompt_max = 4000
sizes = {sizes}
size_rule = {{ min_edge = 256, max_edge = 2048 }}
qualities = {qualities}
credits = {{ {costs} }}
"""


async def _make_custom(bot: Bot, server_id: int, user_id: int) -> None:
    """Let server and person set everything that autocomplete looks at."""
    options = ImageOptions(model=NAMES[-1], size="1040x1024", quality="quality-3")
    for number in range(PRESETS):
        await bot.preference_store.save_preset(user_id, _preset(number), replace(options, n=1))
    await bot.preference_store.change_person(
        user_id,
        lambda mine: replace(mine, model=NAMES[150], size=options.size, quality=options.quality),
    )
    await bot.preference_store.change_server(
        server_id, lambda ours: replace(ours, model=NAMES[100], models=tuple(NAMES))
    )
    for name in NAMES:
        bot.services.server_costs.cache.set(server_id, name, None, 2)


def _preset(number: int) -> str:
    return f"picture 狐 {number:04}"


# --- what is typed --------------------------------------------------------------------------------


class Typist:
    """A member who types, one key after the other."""

    def __init__(
        self, client: discord.Client, server_id: int, channel_id: int, user_id: int
    ) -> None:
        self._client = client
        self._server_id, self._channel_id, self._user_id = server_id, channel_id, user_id

    def measured(self, name: str, ask: Ask, times: int) -> Times:
        """Return how long a method's answers take."""
        cpu, clock = [], []
        for typed, options in islice(_keystrokes(name), times):
            # discord.py has no other way to make one.
            state = self._client._connection
            interaction = discord.Interaction(data=cast("Any", self._payload(options)), state=state)
            began, began_cpu = time.perf_counter_ns(), time.thread_time_ns()
            _answer(ask(interaction, typed))
            cpu.append((time.thread_time_ns() - began_cpu) / 1e6)
            clock.append((time.perf_counter_ns() - began) / 1e6)
        return median(cpu), quantiles(cpu, n=100)[-1], quantiles(clock, n=100)[-1]

    def _payload(self, options: list[Payload]) -> Payload:
        """Return an autocomplete interaction (receiving-and-responding, Interaction Structure)."""
        server_id, channel_id = str(self._server_id), str(self._channel_id)
        user = {"id": str(self._user_id), "username": "ada", "discriminator": "0", "avatar": None}
        member: Payload = {"user": user, "roles": [], "joined_at": None, "permissions": "0"}
        channel = {"id": channel_id, "type": 0, "guild_id": server_id, "name": "gallery"}
        return {
            "id": "1",
            "application_id": "2",
            "type": 4,
            "token": "none",
            "version": 1,
            "guild_id": server_id,
            "guild": {"id": server_id, "locale": "en-US", "features": []},
            "channel_id": channel_id,
            "channel": channel | {"permissions": "0", "position": 0},
            "member": member | {"deaf": False, "mute": False, "flags": 0},
            "locale": "en-US",
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": server_id},
            "context": 0,
            "attachment_size_limit": 10_485_760,
            "data": {"id": "3", "name": "imagine", "type": 1, "options": options},
        }


def _keystrokes(name: str) -> Iterator[tuple[str, list[Payload]]]:
    """Return what was typed into an option, with it and the options before it as Discord sends."""
    models, presets = cycle(NAMES), cycle(range(PRESETS))
    for typed in cycle(TYPED):
        before = {"prompt": "a fox", "preset": _preset(next(presets)), "model": next(models)}
        yield (
            typed,
            [
                *(
                    {"name": option, "type": 3, "value": value}
                    for option, value in before.items()
                    if option != name
                ),
                {"name": name, "type": 3, "value": typed, "focused": True},
            ],
        )


def _answer(asked: Coroutine[Any, Any, Choices]) -> Choices:
    """Return what a coroutine answers at once; end everything if it waits, as for a database."""
    try:
        asked.send(None)
    except StopIteration as done:
        choices: Choices = done.value
        return choices
    raise SystemExit(f"{asked} did not answer from memory")


async def _reference(interaction: discord.Interaction, typed: str) -> Choices:
    """Build as many choices as Discord shows, of the first names there are."""
    known = interaction.namespace.prompt or typed
    return [Choice(name=f"{name} · {known}", value=name) for name in NAMES[:25]]


def _middle(turns: list[Times]) -> Times:
    p50, p99, clock = (median(figures) for figures in zip(*turns, strict=True))
    return p50, p99, clock


if __name__ == "__main__":
    sys.exit(main())
