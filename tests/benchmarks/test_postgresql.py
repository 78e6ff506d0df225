"""The benchmarks of PostgreSQL, with so few rows that only their way is tested."""

import asyncio
import socket
import threading
import time

import pytest

from benchmarks import ledger_engines, partitions
from benchmarks.distant_server import distant_server

ROUND_TRIP_MS = 20.0
BYTES = 4096


def echo(listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with connection:
        while data := connection.recv(BYTES):
            connection.sendall(data)


def test_a_distant_server_is_a_round_trip_away() -> None:
    """Otherwise the figures of a server in another room would be those of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=echo, args=(listening,))
        answering.start()
        with (
            distant_server(listening.getsockname()[1], ROUND_TRIP_MS) as port,
            socket.create_connection(("127.0.0.1", port), timeout=10) as client,
        ):
            took_ms = []
            for _ in range(5):
                began = time.perf_counter()
                client.sendall(b"ping")
                assert client.recv(BYTES) == b"ping"
                took_ms.append((time.perf_counter() - began) * 1000)
        answering.join(10)
    assert min(took_ms) >= ROUND_TRIP_MS


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
def test_it_measures_both_engines(capsys: pytest.CaptureFixture[str]) -> None:
    """A change of the ledger must not leave the figures without it."""
    asyncio.run(ledger_engines.compare_engines(100, 1, 2))
    printed = capsys.readouterr().out
    for name in ("SQLite, a COMMIT for each hold", "SQLite", "PostgreSQL", "PostgreSQL, 1 ms away"):
        assert all(f"| {name} | {each} |" in printed for each in (1, 8, 50))


@pytest.mark.slow
@pytest.mark.usefixtures("postgresql")
def test_it_compares_partitions(capsys: pytest.CaptureFixture[str]) -> None:
    """Decision 055 can be looked at again with a newer PostgreSQL."""
    asyncio.run(partitions.main(2, 60, 3))
    printed = capsys.readouterr().out
    assert "| a job by its message, µs |" in printed
    assert "partitions, a month dropped: " in printed
