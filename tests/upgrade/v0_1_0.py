"""Data and messages of v0.1.0, from ``tests/fixtures/v0_1_0``: its README says how it was made."""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

FIXTURE = Path(__file__).parent.parent / "fixtures" / "v0_1_0"
GATEWAY = "http://gateway.invalid/v1"
"""Replaces the address of its gateway in the recorded database."""


@cache
def recorded(name: str) -> Any:
    """Return one of the JSON files."""
    return json.loads((FIXTURE / f"{name}.json").read_text(encoding="utf-8"))


def unpack(folder: Path, gateway_url: str) -> None:
    """Make a data folder as v0.1.0 left it, whose gateway is at ``gateway_url`` by now."""
    shutil.copytree(FIXTURE / "data_dir", folder)
    script = (folder / "easel.sql").read_text(encoding="utf-8")
    (folder / "easel.sql").unlink()
    with closing(sqlite3.connect(folder / "easel.db")) as database:
        database.executescript(script.replace(GATEWAY, gateway_url))
    # Pictures are kept by their age, which git does not know.
    kept_at = recorded("discord")["now_ms"] / 1000
    for path in (folder / "vault").rglob("*.*"):
        os.utime(path, (kept_at, kept_at))
    # SimCord knows no commands yet, so they have to be told anew.
    (folder / "commands.sha256").unlink()


def counted(database: Path) -> dict[str, int]:
    """Return how many rows each table of a database has."""
    with closing(sqlite3.connect(database)) as opened:
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        names = [str(name) for (name,) in opened.execute(tables)]
        return {
            name: int(opened.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0])
            for name in names
        }
