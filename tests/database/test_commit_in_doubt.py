"""Connections to PostgreSQL that are lost around a COMMIT, and what a server must promise."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from bot.core.errors.base import StartRefused
from bot.database.database import Database
from bot.database.errors import PostgresqlError
from bot.database.opening import open_database
from bot.database.postgresql.connect import connect, parameters_of
from bot.database.postgresql.connections import WRITE, ConnectionPool
from bot.database.transaction import Transaction
from tests.database.postgresql_server import Server
from tests.quota.ledger_driver import NOON

Cut = Literal["never", "before the server has it", "before its answer"]


@dataclass
class CuttingProxy:
    """Forwards connections to a server; cuts one at its next COMMIT, where ``cut`` says.

    It looks for the word in what a client sends: the connections are new, so nothing is prepared.
    """

    server_port: int
    cut: Cut = "never"
    cuts: int = 0
    is_away: bool = False
    refused: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def port(self) -> int:
        """Return where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    def serve(self) -> None:
        """Accept connections until it is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_away:
                    client.close()
                    self.refused.set()
                    continue
                server = socket.create_connection(("127.0.0.1", self.server_port))
                for from_, to, is_client in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._forward, args=(from_, to, is_client)).start()

    def close(self) -> None:
        """Accept no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _forward(self, from_: socket.socket, to: socket.socket, is_client: bool) -> None:
        with suppress(OSError):
            while data := from_.recv(65536):
                if is_client and self.cut != "never" and b"COMMIT" in data:
                    self._cut_at(data, from_, to)
                    return
                to.sendall(data)
        for each in (from_, to):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _cut_at(self, data: bytes, client: socket.socket, server: socket.socket) -> None:
        """Cut the client off; the other thread ends with the server's side."""
        cut, self.cut = self.cut, "never"
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)
        if cut == "before its answer":
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)


@contextmanager
def proxied(server: Server) -> Iterator[CuttingProxy]:
    """Serve a proxy to a server in threads."""
    proxy = CuttingProxy(server.port)
    serving = threading.Thread(target=proxy.serve)
    serving.start()
    try:
        yield proxy
    finally:
        proxy.close()
        serving.join()


def through(proxy: CuttingProxy, url: str) -> str:
    """Return the address of a database behind the proxy."""
    address, _, name = url.rpartition("/")
    return f"{address.rpartition(':')[0]}:{proxy.port}/{name}"


@asynccontextmanager
async def behind(proxy: CuttingProxy, url: str, folder: Path) -> AsyncIterator[Database]:
    """Open a database through the proxy."""
    async with open_database(
        through(proxy, url), backup_dir=folder, now=lambda: NOON, connections=1
    ) as database:
        yield database


def insert(tx: Transaction) -> None:
    tx.write("INSERT INTO preferences (user_id, preferences) VALUES (1, '{}')")


def count(tx: Transaction) -> int:
    (row,) = tx.query("SELECT COUNT(*) AS rows FROM preferences")
    return int(row["rows"])


async def test_a_commit_whose_answer_is_lost_was_one(postgresql: Server, tmp_path: Path) -> None:
    """Written once more it would be a second attempt, or an error for who was charged."""
    with proxied(postgresql) as proxy:
        async with behind(proxy, postgresql.migrated_database(), tmp_path) as database:
            proxy.cut = "before its answer"
            await asyncio.wait_for(database.write(insert), 30)
            assert proxy.cuts == 1
            assert await database.read(count) == 1


async def test_a_commit_that_did_not_arrive_is_written_once_more(
    postgresql: Server, tmp_path: Path
) -> None:
    """Taken for a commit, a hold that does not exist would be painted for."""
    with proxied(postgresql) as proxy:
        async with behind(proxy, postgresql.migrated_database(), tmp_path) as database:
            proxy.cut = "before the server has it"
            await asyncio.wait_for(database.write_when_possible(insert), 30)
            assert proxy.cuts == 1
            assert await database.read(count) == 1


async def test_what_is_in_doubt_at_the_end_is_not_written_once_more(postgresql: Server) -> None:
    """Nobody asked whether the COMMIT was one: a grant would be given twice."""
    runs = 0

    def counted_insert(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        insert(tx)

    with proxied(postgresql) as proxy:
        url = through(proxy, postgresql.migrated_database())
        connections = ConnectionPool(parameters_of(url), WRITE, size=1, ended=lambda _: None)
        await connections.transaction(count)
        proxy.cut, proxy.is_away = "before its answer", True
        writing = connections.start(counted_insert)
        assert await asyncio.to_thread(proxy.refused.wait, 30)
        ending = asyncio.create_task(connections.close())
        await asyncio.sleep(0)
        proxy.is_away = False
        await ending
        with pytest.raises(PostgresqlError):
            await writing.ended
        assert (proxy.cuts, runs) == (1, 1)


async def test_a_connection_whose_count_was_forgotten_counts_anew(postgresql: Server) -> None:
    """After a month its row is too old, and its next COMMIT may be the one that is in doubt."""
    url = postgresql.migrated_database()
    connections = ConnectionPool(parameters_of(url), WRITE, size=1, ended=lambda _: None)
    await connections.transaction(count)
    with closing(connect(parameters_of(url))) as other:
        other.execute("DELETE FROM connection_commits")
        await connections.transaction(insert)
        found = other.execute("SELECT number FROM connection_commits").fetchall()
    await connections.close()
    assert [row["number"] for row in found] == [1]


async def test_a_server_that_may_forget_commits_is_refused(
    postgresql: Server, tmp_path: Path
) -> None:
    """After its crash a paid request would be sent again."""
    url = postgresql.migrated_database()
    name = url.rpartition("/")[2]
    postgresql.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(StartRefused, match=f"ALTER DATABASE {name} SET synchronous_commit = on"):
        async with open_database(url, backup_dir=tmp_path, now=lambda: NOON):
            pass
