"""Databases as earlier versions of Easel left them, with something in every table.

Run as ``python -m tests.database.old_databases FOLDER VERSION``, it migrates copies of
``FOLDER/old.db`` (of that version) in processes that kill themselves: each, in ``FOLDER/0`` and so
on, after one more statement, and the last of them right before the commit.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from bot.database.migrator import shipped
from bot.database.opening import open_file

NOON = 1_700_000_000_000
HOUR = NOON // 3_600_000

# A person's job that was delivered in part, one of direct messages that still runs, one of the
# terminal, and one that was forgiven; by the number of the migration that knew the
# table or column first.
ROWS = (
    (
        1,
        f"""
        INSERT INTO jobs (
            id, owner, state, server_id, user_id, user_name, locale, request, credits, created_at,
            ended_at, told
        )
        VALUES
            ('a', 'dead', 'done', 10, 1, 'Bob', 'en', '{{}}', 4, {NOON}, {NOON + 1}, 1),
            ('b', 'dead', 'working', 0, 2, 'Ann', 'fr', '{{}}', 2, {NOON}, NULL, 0),
            ('c', 'dead', 'done', 0, 0, 'operator', 'en', '{{}}', 1, {NOON}, {NOON + 1}, 1),
            ('d', 'dead', 'unknown', 10, 1, 'Bob', 'en', '{{}}', 1, {NOON}, {NOON + 1}, 1)
        """,
    ),
    (
        1,
        f"""
        INSERT INTO attempts (job_id, slot, number, gateway, asked, state, billed, started_at)
        VALUES ('b', 0, 1, 'a gateway', 2, 'sending', 'maybe', {NOON})
        """,
    ),
    (
        1,
        f"""
        INSERT INTO costs (job_id, slot, number, gateway, model, at, billed, pictures)
        VALUES ('a', 0, 1, 'a gateway', 'painter', {NOON}, 'yes', 3)
        """,
    ),
    (1, "INSERT INTO messages (message_id, channel_id, job_id) VALUES (100, 200, 'a')"),
    (
        1,
        f"""
        INSERT INTO charges (
            job_id, server_id, user_id, at, hour, state, asked, credits, operator_credits, forgiven
        )
        VALUES
            ('a', 10, 1, {NOON}, {HOUR}, 'settled', 4, 3, 3, 0),
            ('b', 0, 2, {NOON}, {HOUR}, 'held', 2, 2, 2, 0),
            ('c', 0, 0, {NOON}, {HOUR}, 'settled', 1, 1, 1, 0),
            ('d', 10, 1, {NOON}, {HOUR}, 'settled', 1, 0, 1, 1)
        """,
    ),
    (
        1,
        f"""
        INSERT INTO meters (subject, hour, credits)
        VALUES ('user:10:1', {HOUR}, 3), ('server:10', {HOUR}, 3), ('user:0:2', {HOUR}, 2),
            ('operator', {HOUR}, 7)
        """,
    ),
    (1, "INSERT INTO limits VALUES (10, 'user:1', 'day', 5), (10, 'everyone', 'month', NULL)"),
    (
        1,
        f"""
        INSERT INTO audit (id, server_id, at, actor_id, action, subject, old_value, new_value)
        VALUES ('e', 10, {NOON}, 99, 'limit-set', 'user:1', NULL, '5/day')
        """,
    ),
    (2, "UPDATE jobs SET max_file_bytes = 7 WHERE id = 'a'"),
    (2, f"INSERT INTO intents VALUES ('n', 'a', 1, 200, {NOON}, 100)"),
    (
        2,
        f"""
        INSERT INTO pictures (
            job_id, number, sha256, format, width, height, bytes, revised_prompt, at
        )
        VALUES ('a', 1, 'hash', 'png', 1, 1, 70, NULL, {NOON})
        """,
    ),
    (3, "UPDATE jobs SET attached = '[]', telling_failures = 2 WHERE id = 'b'"),
    (4, f"INSERT INTO members VALUES (10, 1, 5, {NOON}, 'spam')"),
    (4, "INSERT INTO credit_costs VALUES (10, 'painter', 'high', 4)"),
    (4, f"INSERT INTO anonymous (user_id, at) VALUES (-5, {NOON})"),
    (4, "UPDATE audit SET reason = 'a reason'"),
    (4, "UPDATE charges SET own_credits = CASE WHEN job_id = 'a' THEN 2 ELSE credits END"),
    (4, f"INSERT INTO meters VALUES ('server:0', {HOUR}, 2), ('budget', {HOUR}, 70)"),
    (5, "UPDATE costs SET price = 40000"),
    (6, "UPDATE jobs SET parent = 'a' WHERE id = 'd'"),
    (6, "INSERT INTO server_settings VALUES (10, '{}')"),
    (6, "INSERT INTO preferences VALUES (1, '{}')"),
    (6, f"INSERT INTO presets VALUES (1, 'fox', 'Fox', '{{}}', {NOON})"),
    (10, "INSERT INTO request_files VALUES ('a', 'hash')"),
    (10, "UPDATE anonymous SET real_id = 5, jobs_until = 7"),
    (11, "UPDATE jobs SET spoiler = 2 WHERE id = 'a'"),
    (
        12,
        f"""
        INSERT INTO server_styles
        VALUES (10, 'ink', 'Ink', '{{}}', 'hash', 'webp', 70, {NOON}), (10, 'x', 'X', '{{}}', NULL,
            NULL, NULL, {NOON})
        """,
    ),
    (12, f"INSERT INTO greetings VALUES (10, {NOON})"),
    (13, "UPDATE pictures SET seed = 4294967295"),
    (15, "UPDATE jobs SET removed = 1 WHERE id = 'd'"),
    (15, "INSERT INTO leaving_files (sha256, format, bytes) VALUES ('hash2', 'png', 70)"),
    (
        15,
        f"""
        INSERT INTO reports (
            job_id, server_id, channel_id, message_id, at, count, reasons, state, log_channel_id,
            log_message_id
        )
        VALUES ('a', 10, 200, 100, {NOON}, 2, '["spam"]', 'open', 201, 101)
        """,
    ),
    (
        17,
        "INSERT INTO stored_files (sha256, format, bytes, kept_at)"
        f" VALUES ('hash', 'png', 70, {NOON})",
    ),
    (17, "INSERT INTO installation VALUES ('user_tags_key', 'a fingerprint')"),
    (19, f"INSERT INTO processes VALUES ('dead', 1, 0, 2, {NOON})"),
    (19, f"INSERT INTO suspensions VALUES ('a gateway', '', 'dead', {NOON}, '{{}}')"),
    (19, f"INSERT INTO operator_alerts VALUES ('a gateway', {NOON})"),
    (20, f"INSERT INTO presses (id, at) VALUES (300, {NOON})"),
    (20, f"INSERT INTO chores (name, due_at) VALUES ('jobs', {NOON})"),
    (
        23,
        f"""
        INSERT INTO text_requests (
            id, owner, kind, state, server_id, user_id, gateway, model, credits, price, created_at,
            ended_at, suggestions
        )
        VALUES
            ('t', 'dead', 'describe', 'answered', 10, 1, 'a gateway', 'seer', 1, 2000, {NOON},
                {NOON + 1}, '["a fox"]'),
            ('u', 'dead', 'improve', 'refused', 10, 1, NULL, 'seer', 1, 2000, {NOON}, {NOON + 1},
                NULL)
        """,
    ),
    (23, "UPDATE text_requests SET task_id = 't', kind = 'shorten' WHERE id = 'u'"),
    (25, "UPDATE pictures SET grid = 1"),
    (25, "UPDATE attempts SET modal_sent = 1"),
    (25, "INSERT INTO task_buttons VALUES ('a', 0, 1, 'a gateway', 't', 'U1', 'pick', 'U1', 'b')"),
    (26, "UPDATE attempts SET seed = 0"),
    (26, "UPDATE pictures SET slot = 0"),
)


async def open_and_close(path: Path, migrations: tuple[str, ...] | None = None) -> None:
    """Start and stop on a database."""
    backups = path.parent / "backup"
    async with open_file(path, backup_dir=backups, now=lambda: NOON, migrations=migrations):
        pass


async def make(path: Path, version: int) -> None:
    """Make a database of a version, with its data."""
    await open_and_close(path, shipped()[:version])
    newest = _file_numbers()[version - 1]
    with closing(sqlite3.connect(path)) as connection:
        for since, sql in ROWS:
            if since <= newest:
                connection.execute(sql)
        connection.commit()


def _file_numbers() -> list[int]:
    """Return the numbers in the names of the migrations: some are missing."""
    folder = files("bot.database") / "migrations"
    return sorted(int(file.name[:4]) for file in folder.iterdir() if file.name.endswith(".sql"))


class Deadly(str):
    """A migration that kills its reader before one of its lines, or at its end."""

    __slots__ = ("line",)
    line: int

    def splitlines(self, keepends: bool = False) -> Iterator[str]:  # type: ignore[override]  # lazily
        """Yield the lines up to the deadly one."""
        lines = super().splitlines(keepends)
        yield from lines[: self.line]
        os.kill(os.getpid(), signal.SIGKILL)


def deadly(script: str, line: int) -> Deadly:
    """Return the script that kills before that line."""
    found = Deadly(script)
    found.line = line
    return found


def deaths(version: int) -> Iterator[tuple[str, ...]]:
    """Return the migrations once for each statement that a version lacks, deadly after it."""
    scripts = shipped()
    for number in range(version, len(scripts)):
        statement = ""
        for line, text in enumerate(scripts[number].splitlines(keepends=True), 1):
            statement += text
            if sqlite3.complete_statement(statement):
                statement = ""
                yield (*scripts[:number], deadly(scripts[number], line), *scripts[number + 1 :])


def die(path: Path, migrations: tuple[str, ...]) -> None:
    """Migrate in a process of its own, which must not survive it."""
    child = os.fork()
    if not child:
        asyncio.run(open_and_close(path, migrations))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        raise AssertionError(f"the process survived: {status}")


def main(folder: Path, version: int) -> None:
    """Die after every statement."""
    for number, migrations in enumerate(deaths(version)):
        path = folder / str(number) / "easel.db"
        path.parent.mkdir()
        shutil.copyfile(folder / "old.db", path)
        die(path, migrations)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
