"""Commits are counted in the log itself: whoever counts them must not slow the bot down."""

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.write_ahead_log import commits_in


def test_it_counts_what_was_committed_since_the_log_began_anew(tmp_path: Path) -> None:
    """Rollbacks and empty transactions write nothing; old frames stay in the file."""
    file, log = tmp_path / "easel.db", tmp_path / "easel.db-wal"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE t (x)")
        for _ in range(3):
            database.execute("INSERT INTO t VALUES (zeroblob(9000))")
        for end in ("ROLLBACK", "COMMIT"):
            database.execute("BEGIN IMMEDIATE")
            if end == "ROLLBACK":
                database.execute("INSERT INTO t VALUES (1)")
            database.execute(end)
        assert commits_in(log) == 4
        database.execute("PRAGMA wal_checkpoint(RESTART)")
        database.execute("INSERT INTO t VALUES (2)")
        assert commits_in(log) == 1
