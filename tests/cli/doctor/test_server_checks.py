"""The doctor looks at a PostgreSQL server: what it finds, and what mends it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bot.cli.doctor.finding import Finding, Sign
from bot.cli.doctor.server_checks import examine_server
from bot.core.clock import wall_clock_ms
from bot.settings.settings import Settings
from tests.cli.doctor.installation import Installation, of
from tests.database.pooling_proxy import pgbouncer, pooling_proxy
from tests.database.postgresql_server import Server, binaries
from tests.free_ports import free_port


@pytest.fixture(autouse=True)
def _own_programs(monkeypatch: pytest.MonkeyPatch, postgresql: Server) -> None:
    assert postgresql.process is not None
    monkeypatch.setenv("PATH", str(binaries()))


def found(url: str, now: Callable[[], int] = wall_clock_ms, **more: object) -> list[Finding]:
    settings = Settings(database_url=url, **more)  # type: ignore[arg-type]  # as a test names them
    return list(examine_server(settings, now))


async def test_a_server_that_fits_is_fine(
    installation: Installation, postgresql: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole installation on PostgreSQL has no finding about a missing file."""
    url = postgresql.migrated_database()
    findings = await installation.examined(DATABASE_URL=url)
    database = of(findings, "database")
    assert (database.sign, "PostgreSQL" in database.facts) == (Sign.FINE, True)
    assert of(findings, "connections").sign is Sign.FINE
    assert of(findings, "backups").facts.startswith("none are made by the bot; pg_dump")
    assert not list(installation.folder.glob("*.db"))


def test_an_empty_database_is_fine(postgresql: Server) -> None:
    """The first start makes the tables."""
    first = found(postgresql.new_database())[0]
    assert first.sign is Sign.FINE
    assert first.facts.endswith("the start will make its tables")


@pytest.mark.parametrize(
    ("how", "facts"),
    [
        ("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", "Easel needs C and UTF8"),
        ("CREATE TABLE customers (id BIGINT)", "tables of another program"),
        ("INSERT INTO migrations VALUES (9999, 0)", "newer than this Easel's"),
    ],
)
def test_a_database_that_does_not_fit_is_wrong(postgresql: Server, how: str, facts: str) -> None:
    """The start would refuse it; the doctor says so before, with the command that makes one."""
    if how.startswith("ENCODING"):
        url = postgresql.new_database(how=how)
    else:
        is_newer = how.startswith("INSERT")
        url = postgresql.migrated_database() if is_newer else postgresql.new_database()
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            connection.execute(how.encode())
    (database,) = (one for one in found(url) if one.check == "database")
    assert database.sign is Sign.WRONG
    assert facts in database.facts
    assert "CREATE DATABASE" in database.fix or "Update Easel" in database.fix


def test_a_user_without_rights_is_told(postgresql: Server) -> None:
    """The next upgrade would fail in the middle of a night."""
    url = postgresql.migrated_database()
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("CREATE ROLE poor LOGIN")
    database = found(url.replace("easel@", "poor@"))[0]
    assert database.sign is Sign.WRONG
    assert "owner" in database.fix


def test_a_database_that_confirms_too_early_is_told(postgresql: Server) -> None:
    """The start refuses it; whoever asked the doctor first plans the move for nothing."""
    url = postgresql.migrated_database()
    name = url.rpartition("/")[2]
    postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    database = found(url)[0]
    assert database.sign is Sign.WRONG
    assert database.fix.startswith(f"Run ALTER DATABASE {name} SET synchronous_commit = on, or")


def test_too_few_connections_are_counted(postgresql: Server) -> None:
    """The last of the processes to start would find none."""
    url = postgresql.migrated_database()
    findings = found(url, clusters=20, database_connections=12, cluster=0)
    connections = of(findings, "connections")
    assert connections.sign is Sign.WRONG
    assert "CLUSTERS × (DATABASE_CONNECTIONS + 5) is 340" in connections.facts


def test_a_clock_that_differs_is_told(postgresql: Server) -> None:
    """Windows of quotas are cut by this machine's clock, turns at Discord by the server's."""
    url = postgresql.migrated_database()
    assert of(found(url), "database clock").sign is Sign.FINE
    late = of(found(url, now=lambda: wall_clock_ms() - 9_000), "database clock")
    assert (late.sign, late.facts[:28]) == (Sign.WARNING, "this machine's is 9.0 s behi")


def test_a_missing_pg_dump_is_a_warning(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The bot runs without; who relies on db backup learns it before the disaster."""
    monkeypatch.setenv("PATH", str(tmp_path))
    backups = of(found(postgresql.migrated_database()), "backups")
    assert backups.sign is Sign.WARNING
    assert "install postgresql-client-" in backups.fix


def test_a_server_that_is_away_is_told() -> None:
    """One finding, and no check after it pretends to know more."""
    (away,) = found(f"postgresql://easel@127.0.0.1:{free_port()}/easel")
    assert away.facts == "cannot be reached (nothing accepts the connection)"
    (wrong,) = found("postgresql://easel:%ZZ@127.0.0.1/easel")
    assert "is no address" in wrong.fix


@pytest.mark.skipif(pgbouncer() is None, reason="there is no PgBouncer: apt-get install pgbouncer")
def test_a_pooling_proxy_is_found(postgresql: Server) -> None:
    """Locks through it would belong to nobody."""
    url, more = postgresql.migrated_database(), "ignore_startup_parameters = options"
    with pooling_proxy(postgresql, "transaction", more=more) as port:
        findings = found(url.replace(str(postgresql.port), str(port)))
    proxy = [one for one in findings if "PgBouncer" in one.facts]
    assert [one.sign for one in proxy] == [Sign.WRONG]
