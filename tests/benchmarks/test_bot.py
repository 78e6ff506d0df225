"""The benchmark of the whole bot, with so few pictures that only its way is tested."""

import json
from pathlib import Path

import pytest

from benchmarks.bot import main

FEW = ("--rounds", "1", "--pictures", "4", "--people", "2")
SHORT = ("--per-second", "10", "--seconds", "0.3", "--latency", "0.05")


def test_it_measures_both_bots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A change of the bot, or of the loopback Discord, must not leave the figures without it."""
    file = tmp_path / "figures.json"
    main([*FEW, *SHORT, "--json", str(file)])
    (measured,) = json.loads(file.read_text())
    assert set(measured) == {"easel", "reference"}
    for name, took in measured.items():
        settled = {"settled_p50_ms", "settled_max_ms"} & took.keys()
        assert bool(settled) is (name == "easel")
        assert min(took[key] for key in took.keys() - settled) > 0
    assert measured["reference"]["rest"] == 2
    assert measured["easel"]["commits"] >= 3
    assert "| CPU per picture, ms |" in capsys.readouterr().out
