"""What must hold after any number of kills of a bot on the wire and of terminal jobs beside it."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from tests.crash.invariants import check_left_over, rows
from tests.crash.wire_scenario import WireScenario
from tests.discord_rest.messages import Message
from tests.discord_rest.payloads import Json

# A private card is tried by its token to the end, and an announced one is looked for by it.
EXPECTED = re.compile(
    r"(PATCH|POST|GET) /api/v10/webhooks/\S+: (Invalid Webhook Token|Unknown Webhook)"
)
KEPT = "error-pictures-kept"


class WrittenEnd(NamedTuple):
    """How a job ended in the database; ``asked`` are pictures of requests that may be paid."""

    id: str
    state: str
    error: str | None
    user_id: int
    prompt: str
    n: int
    message_id: int | None
    only_by_token: int
    charged: int
    counted: int
    asked: int
    arrived: int
    kept: int


def check(scenario: WireScenario) -> None:
    """Compare database, files, Discord's messages and what the gateway was paid for."""
    folder = scenario.folder
    ends = _ends(folder)
    _everything_ended(folder)
    _charges_are_pictures(scenario, ends)
    _meters_are_charges(folder)
    _payments_are_counted(scenario, ends)
    _references_are_what_is_kept(scenario)
    _cards_say_so(scenario, ends)
    _nobody_took_what_was_not_left(scenario)
    assert [line for line in scenario.fake.refused if not EXPECTED.fullmatch(line)] == []
    check_left_over(folder, locks=["bot.lock"])
    assert [path.name for path in (folder / "easel.db-locks").iterdir()] == ["bot.lock"]


def _ends(folder: Path) -> list[WrittenEnd]:
    found = rows(
        folder,
        "SELECT j.id, j.state, j.error ->> '$.message_id', j.user_id, request ->> '$.prompt',"
        " request ->> '$.n', message_id, only_by_token, c.credits, c.operator_credits,"
        " (SELECT COALESCE(SUM(asked), 0) FROM attempts"
        "  WHERE job_id = j.id AND state <> 'refused'),"
        " (SELECT COALESCE(SUM(pictures), 0) FROM costs WHERE job_id = j.id AND billed = 'yes'),"
        " (SELECT COUNT(*) FROM pictures WHERE job_id = j.id)"
        " FROM jobs AS j JOIN charges AS c ON c.job_id = j.id",
    )
    return [WrittenEnd(*row) for row in found]


def _everything_ended(folder: Path) -> None:
    """Look for open jobs, holds, and what only an open job needs."""
    left = "ended_at IS NULL OR told = 0 OR token IS NOT NULL OR attached IS NOT NULL"
    assert rows(folder, f"SELECT id, state FROM jobs WHERE {left}") == []
    assert rows(folder, "SELECT job_id FROM charges WHERE state = 'held'") == []
    under_way = "SELECT job_id FROM attempts WHERE state IN ('sending', 'task', 'answered')"
    assert rows(folder, under_way) == []
    assert rows(folder, "SELECT job_id FROM twice") == []
    assert rows(folder, "SELECT COUNT(*) FROM jobs") == rows(folder, "SELECT COUNT(*) FROM charges")


def _charges_are_pictures(scenario: WireScenario, ends: list[WrittenEnd]) -> None:
    """Compare the charges with what is kept, or was put into the terminal's folder."""
    folder, made = scenario.folder, scenario.gateway.made
    art = Counter(path.name.rpartition("-")[0] for path in (folder / "art").glob("*"))
    for end in ends:
        assert (end.charged > 0) == (end.state == "done"), end
        if end.user_id:
            assert end.charged == end.kept == min(end.n, end.arrived), end
        elif end.state == "done":
            assert end.charged == end.arrived == art[f"easel-{end.id}"], end
    kept = rows(
        folder,
        "SELECT request ->> '$.prompt', sha256, format FROM pictures"
        " JOIN jobs ON jobs.id = pictures.job_id",
    )
    for prompt, sha256, format_ in kept:
        assert sha256 in made[prompt]
        assert _hash_of_kept(folder, sha256, format_) == sha256


def _hash_of_kept(folder: Path, sha256: str, format_: str) -> str:
    kept = folder / "vault" / sha256[:2] / f"{sha256}.{format_}"
    return hashlib.sha256(kept.read_bytes()).hexdigest()


def _meters_are_charges(folder: Path) -> None:
    """Compare each sum by subject and hour with its charges."""
    person = "FROM charges WHERE user_id <> 0 GROUP BY 1, 2"
    sums = (
        f"SELECT 'user:' || server_id || ':' || user_id, hour, SUM(own_credits) {person}",
        f"SELECT 'server:' || server_id, hour, SUM(credits) {person}",
        f"SELECT 'ceiling:' || server_id, hour, SUM(operator_credits) {person}",
        "SELECT 'operator', hour, SUM(operator_credits) FROM charges GROUP BY 1, 2",
        "SELECT 'budget', hour, SUM(price) FROM charges GROUP BY 1, 2",
    )
    charged = {row for sql in sums for row in rows(folder, sql) if row[2]}
    metered = rows(folder, "SELECT subject, hour, credits FROM meters WHERE credits <> 0")
    assert set(metered) == charged


def _payments_are_counted(scenario: WireScenario, ends: list[WrittenEnd]) -> None:
    """Compare what the operator's limits count with what was paid; look for slots paid twice."""
    folder, paid = scenario.folder, scenario.gateway.paid
    slots = "SELECT job_id, slot FROM attempts WHERE state <> 'refused' GROUP BY job_id, slot"
    assert rows(folder, f"{slots} HAVING COUNT(*) > 1") == []
    # A repeated request has the same prompt, so a prompt may be of several jobs.
    wanted, counted, arrived = (Counter[str]() for _ in range(3))
    for end in ends:
        assert end.counted == end.asked <= end.n, end
        wanted[end.prompt] += end.n
        counted[end.prompt] += end.counted
        arrived[end.prompt] += end.arrived
    assert paid <= wanted
    # Of what a process was about to send when it died, the gateway knows nothing.
    assert arrived <= paid <= counted


def _references_are_what_is_kept(scenario: WireScenario) -> None:
    """Compare what was sent with a prompt with the files that its job keeps."""
    kept: dict[str, set[tuple[str, ...]]] = {}
    for (text,) in rows(scenario.folder, "SELECT request FROM jobs"):
        request = json.loads(text)
        prompt, mask = request["prompt"], request.get("mask")
        references = [*request.get("references", ()), *([mask] if mask else [])]
        hashes = tuple(each["sha256"] for each in references)
        kept.setdefault(prompt, set()).add(hashes)
        for each in references:
            assert _hash_of_kept(scenario.folder, each["sha256"], each["format"]) == each["sha256"]
    for prompt, sent in scenario.gateway.references.items():
        assert sent <= kept[prompt], prompt


def _cards_say_so(scenario: WireScenario, ends: list[WrittenEnd]) -> None:
    """Look for messages that still wait, and for pictures that are not shown once."""
    messages = scenario.fake.messages.all
    jobs = {end.id: end for end in ends}
    for end in ends:
        shown = [count for each in messages.values() if (count := _pictures(each, end.id))]
        # Nobody can look at a private card once its token has gone: rather twice than never.
        most = 2 if end.only_by_token and end.id in scenario.aged else 1
        least = 1 if end.user_id and end.charged and end.error != KEPT else 0
        assert least <= len(shown) <= most, end
        assert set(shown) <= {end.charged}, end
    told = set(rows(scenario.folder, "SELECT job_id, channel_id FROM messages"))
    for job in [job for message in messages.values() for job in _waiting(message)]:
        # One person saw it, by a token that has gone: they are told directly, unless nobody knows
        # whether the card came to be.
        assert jobs[job].only_by_token, jobs[job]
        assert job in scenario.aged
        assert (job, jobs[job].user_id) in told or jobs[job].message_id is None, jobs[job]


def _pictures(message: Message, job: str) -> int:
    """Count a job's pictures in a message; it may also show what they were made from."""
    return len([name for name in message.files if re.match(rf"easel-{job[-8:]}-\d", name)])


def _waiting(message: Message) -> Iterator[str]:
    """Yield the job whose stop button a message has."""
    for row in message.components:
        for button in cast("list[Json]", row["components"]):
            kind, _, job = str(button.get("custom_id")).rpartition(":")
            if kind == "easel:stop":
                yield job


def _nobody_took_what_was_not_left(scenario: WireScenario) -> None:
    """Look for jobs that were taken from processes that nobody had killed."""
    taken: list[tuple[Any, ...]] = rows(scenario.folder, "SELECT DISTINCT was FROM adoptions")
    assert {was for (was,) in taken} <= scenario.killer.killed


def summary(folder: Path) -> dict[str, int]:
    """Count what the jobs were and how they ended."""
    kinds = {
        "private": "private = 1",
        "of the terminal": "user_id = 0",
        "with references": "request ->> '$.references' IS NOT NULL",
        "with a mask": "request ->> '$.mask' IS NOT NULL",
        "from results": "parent IS NOT NULL",
        **{state: f"state = '{state}'" for state in ("done", "unknown")},
    }
    counts = {name: f"SELECT COUNT(*) FROM jobs WHERE {kind}" for name, kind in kinds.items()}
    counts["taken over"] = "SELECT COUNT(*) FROM adoptions"
    return {name: rows(folder, sql)[0][0] for name, sql in counts.items()}
