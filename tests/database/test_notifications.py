"""What one process publishes the others hear, whatever the engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.database.database import Database
from bot.database.notifications import MAX_BYTES, Notifications
from bot.database.opening import open_database, open_notifications
from bot.database.postgresql.listener import Listener, ListenerWaits
from bot.database.transaction import Transaction
from tests.database.postgresql_server import Server
from tests.quota.ledger_driver import NOON

SOON_S = 1.0
LISTENS = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[tuple[Database, Notifications]]:
    """Open what a process has."""
    async with AsyncExitStack() as stack:
        opening = open_database(url, backup_dir=folder, now=lambda: NOON, connections=2)
        database = await stack.enter_async_context(opening)
        yield database, await stack.enter_async_context(open_notifications(url, database))


class Heard:
    """What a process has heard."""

    def __init__(self, notifications: Notifications, channel: str = "colour") -> None:
        self._heard = asyncio.Queue[str]()
        notifications.subscribe(channel, self._heard.put_nowait)
        notifications.on_reconnect(lambda: self._heard.put_nowait("(reconnected)"))

    async def next(self, within_s: float = SOON_S) -> str:
        """Wait for the next one."""
        async with asyncio.timeout(within_s):
            return await self._heard.get()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing more."""
        return self._heard.empty()


async def test_who_has_subscribed_hears_each_payload_in_order(
    engine_url: str, tmp_path: Path
) -> None:
    """The process that publishes reads its own change as the others do."""
    async with opened(engine_url, tmp_path) as (_, notifications):
        heard, of_another = Heard(notifications), Heard(notifications, "shape")
        for payload in ("red", "", "light green"):
            await notifications.publish("colour", payload)
        assert [await heard.next() for _ in range(3)] == ["red", "", "light green"]
        assert of_another.is_empty


async def test_what_is_rolled_back_nobody_hears(engine_url: str, tmp_path: Path) -> None:
    """Others would read a change that was never made, or read before it is there."""

    def change(tx: Transaction, *, fails: bool) -> None:
        notifications.publish_with(tx, "colour", "never" if fails else "blue")
        if fails:
            raise LookupError

    async with opened(engine_url, tmp_path) as (database, notifications):
        heard = Heard(notifications)
        with pytest.raises(LookupError):
            await database.write(change, fails=True)
        await database.write(change, fails=False)
        assert await heard.next() == "blue"
        assert heard.is_empty


async def test_a_subscriber_that_fails_takes_nothing_from_the_others(
    engine_url: str, tmp_path: Path
) -> None:
    """One defect would leave every cache of the process as it was."""
    async with opened(engine_url, tmp_path) as (_, notifications):
        notifications.subscribe("colour", int)
        heard = Heard(notifications)
        await notifications.publish("colour", "red")
        assert await heard.next() == "red"


async def test_another_process_hears_within_a_second(postgresql: Server, tmp_path: Path) -> None:
    """An admin's change in one process counts in all."""
    url = postgresql.migrated_database()
    async with opened(url, tmp_path) as (_, mine), opened(url, tmp_path) as (_, theirs):
        heard = Heard(theirs)
        await mine.publish("colour", "red")
        assert await heard.next() == "red"


async def test_a_lost_connection_is_told_and_opened_again(
    postgresql: Server, tmp_path: Path
) -> None:
    """What was published meanwhile is lost, so everything has to be read again."""
    url = postgresql.migrated_database()
    async with opened(url, tmp_path) as (database, notifications):
        heard = Heard(notifications)
        await database.write(lambda tx: tx.query(f"SELECT pg_terminate_backend(pid) {LISTENS}"))
        assert await heard.next(5.0) == "(reconnected)"
        await notifications.publish("colour", "red")
        assert await heard.next() == "red"


async def test_a_server_that_is_away_costs_a_notification_and_nothing_else(
    postgresql: Server, tmp_path: Path
) -> None:
    """Whoever publishes has committed already: an error would tell them that they have not."""
    url = postgresql.migrated_database()
    async with opened(url, tmp_path) as (_, notifications):
        heard = Heard(notifications)
        postgresql.stop()
        try:
            await notifications.publish("colour", "lost")
        finally:
            postgresql.start()
        assert await heard.next(10.0) == "(reconnected)"
        await notifications.publish("colour", "red")
        assert await heard.next() == "red"


async def test_what_the_server_would_refuse_is_refused_before_the_commit(
    postgresql: Server, tmp_path: Path
) -> None:
    """The refusal of a NOTIFY would roll the admin's change back."""
    url = postgresql.migrated_database()
    async with opened(url, tmp_path) as (_, notifications):
        with pytest.raises(ValueError, match="too long"):
            await notifications.publish("colour", "x" * MAX_BYTES)


class SilentNetwork:
    """Carries bytes between a process and the server until it is silent, without closing."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._carries = asyncio.Event()
        self._carries.set()
        self._carriers: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[int]:
        """Carry in this context; yield the port."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for carrier in self._carriers:
                carrier.cancel()
            await asyncio.gather(*self._carriers, return_exceptions=True)

    def fall_silent(self) -> None:
        """Lose what the connections of now carry; those after it are fine."""
        self._carries.clear()
        self._carries = asyncio.Event()
        self._carries.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        for come_from, go_to in ((reader, far_writer), (far_reader, writer)):
            carrier = asyncio.create_task(self._carry(come_from, go_to, self._carries))
            self._carriers.add(carrier)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, carries: asyncio.Event
    ) -> None:
        try:
            while data := await reader.read(65_536):
                await carries.wait()
                writer.write(data)
        finally:
            writer.close()


@pytest.mark.slow  # psycopg waits for five seconds that the server gives a question up
async def test_a_network_that_loses_everything_in_silence_is_noticed(
    postgresql: Server, tmp_path: Path
) -> None:
    """No packet says that the connection is gone: the process would be deaf until its restart."""
    url = postgresql.migrated_database()
    network = SilentNetwork(postgresql.port)
    async with network.opened() as port, opened(url, tmp_path) as (database, direct):
        far = url.replace(f":{postgresql.port}/", f":{port}/")
        listener = Listener(far, database, ListenerWaits(check_every_s=0.2, answer_s=0.2))
        async with listener.listening():
            heard = Heard(listener)
            await direct.publish("colour", "red")
            assert await heard.next() == "red"
            network.fall_silent()
            await direct.publish("colour", "lost")
            assert await heard.next(15.0) == "(reconnected)"
            await direct.publish("colour", "blue")
            assert await heard.next() == "blue"
