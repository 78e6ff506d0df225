"""The benchmark of many servers, with so few that only its way is tested."""

import asyncio

import pytest

from benchmarks.guilds import TITLES, Load, main


@pytest.mark.slow
def test_it_measures_easel_and_the_bare_client(capsys: pytest.CaptureFixture[str]) -> None:
    """A change of the bot's start, or of discord.py, must not leave the figures without it."""
    asyncio.run(main(Load(servers=60, shards=1, reactions=20), rounds=1))
    printed = capsys.readouterr().out
    assert all(f"| {title} |" in printed for title in TITLES.values())
