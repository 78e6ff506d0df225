"""What must hold after any number of crashes, once a last process saw everything through."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from bot.core.errors.jobs import PicturesKept
from tests.crash.counting_gateway import CountingGateway

# Where it exists it has the address of the database, which is a file of the folder otherwise.
DATABASE_URL = "database.url"


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Read the database as another program would."""
    if (named := folder / DATABASE_URL).exists():
        with closing(psycopg.connect(named.read_text(), autocommit=True)) as connection:
            return connection.execute(sql.encode()).fetchall()
    with sqlite3.connect(folder / "easel.db") as database:
        return database.execute(sql).fetchall()


def check(folder: Path, gateway: CountingGateway) -> None:
    """Compare the jobs, the ledger, the cards, the gateway's count and the folder."""
    _every_job_ended_and_was_told(folder)
    _charges_are_pictures_delivered(folder)
    check_meters(folder)
    check_slots(folder, gateway)
    check_left_over(folder)


def _every_job_ended_and_was_told(folder: Path) -> None:
    unfinished = rows(folder, "SELECT id, state FROM jobs WHERE ended_at IS NULL OR told = 0")
    assert unfinished == []
    # What was cancelled without a card was seen by nobody; every other one has one card.
    ended = dict(rows(folder, "SELECT id, state FROM jobs WHERE message_id IS NOT NULL"))
    kept = _only_kept(folder)
    sentences = {path.stem for path in (folder / "cards").glob("*.txt")}
    assert {job for job, state in ended.items() if state == "done"} == _posted(folder).keys() | kept
    assert {job for job, state in ended.items() if state != "done"} == sentences - kept


def _posted(folder: Path) -> dict[str, int]:
    """Return how many pictures each job's card shows."""
    cards = (card for card in (folder / "cards").glob("*-*-*") if card.is_dir())
    return {card.name: len(list(card.iterdir())) for card in cards}


def _only_kept(folder: Path) -> set[str]:
    """Return the jobs whose cards say that two processes died delivering their pictures."""
    cards = (folder / "cards").glob("*.txt")
    return {card.stem for card in cards if card.read_text() == PicturesKept.message_id}


def _charges_are_pictures_delivered(folder: Path) -> None:
    held = rows(folder, "SELECT job_id FROM charges WHERE state = 'held'")
    assert held == []
    charged = dict(rows(folder, "SELECT job_id, credits FROM charges"))
    kept = dict(rows(folder, "SELECT job_id, COUNT(*) FROM pictures GROUP BY job_id"))
    got = _posted(folder) | {job: kept[job] for job in _only_kept(folder)}
    assert {job: credits for job, credits in charged.items() if credits} == got


def check_meters(folder: Path) -> None:
    """Compare the meters with the charges."""
    charged = rows(folder, "SELECT SUM(credits), SUM(credits), SUM(operator_credits) FROM charges")
    metered = rows(
        folder,
        "SELECT SUM(CASE WHEN subject LIKE 'user:%' THEN credits END),"
        " SUM(CASE WHEN subject LIKE 'server:%' THEN credits END),"
        # Where several processes write, it is spread over several subjects.
        " SUM(CASE WHEN subject LIKE 'operator%' THEN credits END) FROM meters",
    )
    assert metered == charged


def check_slots(folder: Path, gateway: CountingGateway) -> None:
    """Compare what was sent with what the gateway was paid for."""
    slots = "SELECT job_id, slot FROM attempts WHERE state <> 'refused' GROUP BY job_id, slot"
    assert rows(folder, f"{slots} HAVING COUNT(*) > 1") == []
    # dall-e-3 paints one picture for each POST.
    requests = [json.loads(text) for (text,) in rows(folder, "SELECT request FROM jobs")]
    asked = {request["prompt"]: request["n"] for request in requests}
    assert {prompt: n for prompt, n in gateway.paid.items() if n > asked[prompt]} == {}


def check_left_over(folder: Path, *, locks: Sequence[str] = ()) -> None:
    """Look for files that nobody needs any more; ``locks`` stay where a bot ran."""
    assert [path.name for path in (folder / "jobs").glob("*")] == []
    assert [path.name for path in (folder / "run").glob("*")] == list(locks)
    assert [path.name for path in folder.rglob("*.part")] == []
    assert [path.name for path in (folder / "cards").glob(".*")] == []
