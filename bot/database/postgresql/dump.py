"""Copy a PostgreSQL database into a file with pg_dump, which comes with PostgreSQL."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from bot.core.private_files import create_private_file
from bot.database.backup import sync_to_disk

DUMP_END = ".dump"
RESTORE = "pg_restore --no-owner --exit-on-error --single-transaction --dbname=NAME FILE"
"""The command that puts a dump into a new, empty database."""


class DumpFailed(Exception):
    """pg_dump wrote no copy; the text is the last line that it said."""


def dump_version() -> int | None:
    """Return the major version of this machine's pg_dump, None where there is none."""
    program = shutil.which("pg_dump")
    if program is None:
        return None
    said = subprocess.run(  # noqa: S603 - its path, and a constant
        [program, "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\) (\d+)", said.stdout)
    return int(found[1]) if found else None


def dump_database(url: str, target: Path) -> int:
    """Write what is committed into ``target``, in the format of pg_restore; others go on meanwhile.

    The file is named TARGET.part until it is complete. The address and the password are handed
    over in the environment: arguments are seen by every user of the machine.

    Returns:
        How large it is, in bytes.

    Raises:
        DumpFailed: pg_dump refused; nothing is left of the file.
        OSError: it could not be written; nothing is left of it.
    """
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    create_private_file(part)
    try:
        _run(["pg_dump", "--format=custom", f"--file={part}"], _environment(url))
        sync_to_disk(part)
        size = part.stat().st_size
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_to_disk(target.parent)
    return size


def _run(command: list[str], variables: dict[str, str]) -> None:
    ended = subprocess.run(  # noqa: S603 - no shell reads the name of the file
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise DumpFailed(next(iter(ended.stderr.strip().splitlines()[-1:]), "it said nothing"))


def _environment(url: str) -> dict[str, str]:
    """Return libpq's variables for a URL (https://www.postgresql.org/docs/current/libpq-envars.html)."""
    given = conninfo_to_dict(url)
    names = {option.keyword.decode(): option.envvar for option in Conninfo.get_defaults()}
    found = ((names.get(keyword), value) for keyword, value in given.items())
    return {name.decode(): str(value) for name, value in found if name}
