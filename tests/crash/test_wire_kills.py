"""The whole bot and terminal jobs on one database, both killed at random on the wire.

Discord is the strict loopback REST; people attach pictures, ask privately, roll again and go on
from results. Either process dies at a request to Discord or to the gateway, or at any moment, while
the other lives.
"""

import itertools
from pathlib import Path
from random import Random

import pytest

from bot.core.clock import wall_clock_ms
from bot.database.opening import open_file
from tests.crash import wire_events, wire_invariants
from tests.crash.test_kills import KILLS, seed
from tests.crash.wire_gateway import open_cdn, open_wire_gateway
from tests.crash.wire_kills import Killer, record_changes
from tests.crash.wire_scenario import TERMINAL_REFERENCE, WireScenario
from tests.discord_rest.fake import fake_discord

FEW = 2
ENOUGH = 30  # then everything that can happen has happened
SECOND_BOT_EVERY = 5


async def kill_at_random(folder: Path, kills: int) -> dict[str, int]:
    """Kill one of the two processes again and again; then let a last bot finish everything.

    Return what happened.
    """
    chance, files = Random(seed()), wire_events.attachments()
    (folder / TERMINAL_REFERENCE).write_bytes(files[wire_events.MASKED])
    async with open_file(
        folder / "easel.db", backup_dir=folder / "backup", now=wall_clock_ms
    ) as database:
        await database.write(record_changes)
    async with (
        fake_discord() as fake,
        open_wire_gateway(chance, refused=0.05, broken=0.05) as gateway,
        open_cdn(files) as cdn,
    ):
        killer = Killer(folder, chance)
        scenario = WireScenario(folder, fake, gateway, cdn, killer)
        try:
            for number in itertools.count(1):
                await scenario.round(second_bot=number % SECOND_BOT_EVERY == 2)
                if killer.kills >= kills:
                    break
            await scenario.run_to_end()
        finally:
            await scenario.close()
    wire_invariants.check(scenario)
    happened = wire_invariants.summary(folder)
    print(killer.kills, "kills:", happened)  # noqa: T201 - the closing note quotes it
    return happened


async def test_a_few_kills_on_the_wire_cost_nobody_anything(tmp_path: Path) -> None:
    """A change that breaks this shows before the slow tests."""
    await kill_at_random(tmp_path, FEW)


@pytest.mark.slow
async def test_kills_of_two_processes_on_the_wire_cost_nobody_anything(tmp_path: Path) -> None:
    """Whatever the moment: every job ends once, is paid once, and its requester is told."""
    happened = await kill_at_random(tmp_path, KILLS)
    assert KILLS < ENOUGH or 0 not in happened.values(), happened
