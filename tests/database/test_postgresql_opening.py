"""A server, or a way to it, that is none for Easel: one sentence, and the password nowhere."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bot.core.errors.base import StartRefused
from bot.database.opening import open_database
from bot.database.postgresql.connect import parameters_of
from bot.database.postgresql.facts import shares_connections
from bot.database.postgresql_url import passwords_of, without_password
from bot.settings.settings import Settings
from tests.cli.forked import ROOT
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.pooling_proxy import pgbouncer, pooling_proxy
from tests.database.postgresql_server import Server, postgresql_server
from tests.free_ports import free_port

PASSWORD = "open-sesame"


@pytest.fixture(scope="module")
def strict_server(postgresql: Server) -> Iterator[Server]:
    """Run a server that asks one of its users for a password."""
    assert postgresql.process is not None  # so a machine without a server skips this, too
    with postgresql_server() as server:
        server.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")
        admitted = server.folder / "data" / "pg_hba.conf"
        rule = "host all guarded 127.0.0.1/32 scram-sha-256\n"
        admitted.write_text(rule + admitted.read_text())
        server.execute("SELECT pg_reload_conf()")
        wait_for_password(server)
        yield server


def wait_for_password(server: Server) -> None:
    for _ in range(200):
        try:
            psycopg.connect(guarded(server, "postgres", "wrong")).close()
        except psycopg.OperationalError:
            return
        time.sleep(0.02)  # the server tells nobody when it has read its file again
    raise AssertionError


def guarded(server: Server, database: str, password: str = PASSWORD) -> str:
    return server.url(database).replace("easel@", f"guarded:{password}@")


async def refusal(url: str) -> str:
    with pytest.raises(StartRefused) as refused:
        async with open_database(url, backup_dir=Path(), now=lambda: 0):
            pass
    (sentence,) = refused.value.problems
    return sentence


async def test_texts_are_sent_as_utf8_whatever_the_machine_says(
    postgresql: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another encoding of the account, no prompt in Chinese could be stored."""
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    url = postgresql.migrated_database()
    async with open_database(url, backup_dir=tmp_path, now=lambda: 0) as database:
        rows = await database.read(lambda tx: tx.query("SELECT '猫' AS cat"))
    assert [row["cat"] for row in rows] == ["猫"]


async def test_each_wrong_address_has_its_sentence(strict_server: Server) -> None:
    """At three in the morning the operator reads what to do, not what libpq says."""
    here = f"127.0.0.1:{strict_server.port}"
    assert "refuses the user or the password" in await refusal(
        guarded(strict_server, "postgres", "wrong")
    )
    assert "does not exist: make it with CREATE DATABASE" in await refusal(
        strict_server.url("nowhere")
    )
    assert "cannot be resolved" in await refusal("postgresql://easel@easel.invalid/easel")
    assert "nothing accepts the connection" in await refusal(
        f"postgresql://easel@127.0.0.1:{free_port()}/easel"
    )
    wrong = await refusal(f"postgresql://easel:%ZZ{PASSWORD}@{here}/easel")
    assert "is no address of a PostgreSQL database" in wrong
    assert PASSWORD not in wrong


async def test_a_database_of_others_or_in_another_order_is_refused(postgresql: Server) -> None:
    """Its ids would compare in another way, and spent credits would come back."""
    other = postgresql.new_database()
    with closing(psycopg.connect(other, autocommit=True)) as connection:
        connection.execute("CREATE TABLE customers (id BIGINT)")
    assert "tables of another program" in await refusal(other)
    ascii_only = postgresql.new_database(how="ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    assert "make a new one with CREATE DATABASE" in await refusal(ascii_only)


async def test_a_user_that_may_make_no_tables_is_told_so(strict_server: Server) -> None:
    """Before PostgreSQL 15 everybody could; since then only the owner of the database can."""
    url = strict_server.new_database()
    name = url.rpartition("/")[2]
    assert "does not let its user make" in await refusal(guarded(strict_server, name))


@pytest.mark.skipif(pgbouncer() is None, reason="there is no PgBouncer: apt-get install pgbouncer")
@pytest.mark.parametrize("more", ["", "ignore_startup_parameters = options"])
async def test_a_proxy_that_shares_connections_is_refused(postgresql: Server, more: str) -> None:
    """A lock would belong to whoever has the connection next: two bots would send the same job."""
    url = postgresql.migrated_database()
    with pooling_proxy(postgresql, "transaction", more=more) as port:
        told = await refusal(url.replace(str(postgresql.port), str(port)))
    assert "shares connections, such as PgBouncer" in told


@pytest.mark.skipif(pgbouncer() is None, reason="there is no PgBouncer: apt-get install pgbouncer")
def test_a_proxy_that_keeps_connections_apart_is_fine(postgresql: Server) -> None:
    """With pool_mode = session each client has one connection to the server."""
    url = postgresql.migrated_database()
    more = "ignore_startup_parameters = options"
    with pooling_proxy(postgresql, "session", more=more) as port:
        parameters = parameters_of(url.replace(str(postgresql.port), str(port)))
        assert not shares_connections(parameters)
    assert not shares_connections(parameters_of(url))


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("password", "refuses the user or the password"),
        ("host", "cannot be resolved"),
        ("encoding", "CREATE DATABASE"),
    ],
)
async def test_the_start_ends_with_one_sentence_and_without_the_password(
    tmp_path: Path, gateway: ScriptedGateway, strict_server: Server, how: str, words: str
) -> None:
    """A traceback would hide what to do, and a log with a password is a leak."""
    url = {
        "password": guarded(strict_server, "postgres", f"wrong-{PASSWORD}"),
        "host": f"postgresql://easel:wrong-{PASSWORD}@easel.invalid/easel",
        "encoding": strict_server.new_database(
            how="ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
        ).replace("easel@", f"easel:wrong-{PASSWORD}@"),
    }[how]
    env = environment(tmp_path, gateway, DATABASE_URL=url, DISCORD_TOKEN="a.b.c", LOG_LEVEL="DEBUG")
    for command in ((), ("jobs",), ("blocks",), ("db", "status")):
        ended = await run("bot", *command, folder=tmp_path, env=env)
        if how == "encoding" and command == ("db", "status"):
            assert "has no tables yet" in ended.err
        else:
            assert words in ended.err
        assert ended.code == 2
        assert "Traceback" not in ended.err
        assert PASSWORD not in ended.err + ended.out


@pytest.mark.parametrize("command", [[], ["jobs"], ["db", "status"], ["db", "move", "sqlite:///x"]])
async def test_a_missing_driver_is_named(
    tmp_path: Path, gateway: ScriptedGateway, command: list[str]
) -> None:
    """Who sets DATABASE_URL without the extra reads how to install it."""
    program = (
        "import sys; sys.modules['psycopg'] = None; from bot.__main__ import main;"
        f" sys.exit(main({command}))"
    )
    url = f"postgresql://easel:{PASSWORD}@127.0.0.1/easel"
    env = environment(tmp_path, gateway, DATABASE_URL=url, DISCORD_TOKEN="a.b.c")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        cwd=ROOT,
        env=env,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert said.decode().splitlines() == [
        "easel: DATABASE_URL names a PostgreSQL database, and its driver is not installed: install "
        "it with pip install 'easel-bot[postgres]'."
    ]


def test_passwords_of_an_address_are_known() -> None:
    """The log hides them, also where an operator forgot to encode them."""
    url = "postgresql://easel:a%40b@db/easel?sslpassword=c"
    assert set(passwords_of(url)) == {"a%40b", "a@b", "c"}
    assert without_password(url) == "postgresql://easel:…@db/easel?sslpassword=…"
    assert "p@s/w" in passwords_of("postgresql://easel:p@s/w@db/easel")
    assert passwords_of("sqlite:///data/easel.db") == ()
    settings = Settings(database_url=url)
    assert "a@b" in settings.secrets
    assert "a%40b" not in repr(settings)
