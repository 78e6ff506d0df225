"""What the operator is told by the alerts on real series, while something is really broken."""

import asyncio
import os
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
from aiohttp import web

from tests.deploy.image_gateway import Mood
from tests.deploy.monitored_bot import MonitoredBot, monitored_bot, own_mounts, stopped
from tests.deploy.prometheus import needs_prometheus

pytestmark = [pytest.mark.slow, needs_prometheus]

ASK_EVERY_S = 5
DAY_S = 86_400
HOUR_MS = 3_600_000


def may_mount() -> bool:
    """Tell whether this machine lets a process have a disk of its own."""
    command = (*own_mounts(), "mount", "-t", "tmpfs", "-o", "size=1m", "easel", "/mnt")
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


async def test_a_killed_gateway_is_seen(tmp_path: Path) -> None:
    """People get no pictures, and the operator would hear of it from them."""
    resting = "EaselGatewayResting", "EaselAllGatewaysResting", "EaselNotReady"
    seen = (*resting, "EaselGatewayFailing")
    async with monitored_bot(tmp_path) as bot:
        await bot.paint(2)
        await bot.is_quiet(*seen)
        await bot.gateway.kill()
        async with people_asking(bot):
            await bot.ask(8)
            await bot.fires(*seen)
            await bot.says("gateways")
        await bot.gateway.start()
        await bot.is_quiet(*resting)
        await bot.paint(1)
        assert await bot.is_ready()


@asynccontextmanager
async def people_asking(bot: MonitoredBot) -> AsyncIterator[None]:
    """Let people ask in this context, so that a rest that nobody saw is followed by another."""

    async def ask_on() -> None:
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            await bot.ask(1)

    asking = asyncio.create_task(ask_on())
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.wait((asking,))


async def test_requests_of_unknown_outcome_are_seen(tmp_path: Path) -> None:
    """The operator may pay for them; a gateway that breaks off costs money without pictures."""
    async with monitored_bot(tmp_path) as bot:
        bot.gateway.mood = Mood.BREAKS_OFF
        await bot.ask(1)
        await bot.until_true('easel_attempts_total{billed="maybe", result!="received"} > 0')
        await bot.is_quiet("EaselOutcomesUnknown")
        await bot.ask(4)
        await bot.fires("EaselOutcomesUnknown")


async def test_a_database_that_cannot_be_written_is_seen(tmp_path: Path) -> None:
    """Another program holds it: every request is refused, slowly."""
    seen = "EaselDatabaseNotWritable", "EaselNotReady"
    async with monitored_bot(tmp_path) as bot:
        await bot.paint(2)
        await bot.is_quiet(*seen, "EaselFirstResponsesSlow", "EaselTransactionsSlow")
        with closing(sqlite3.connect(bot.data / "easel.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await bot.ask(6)
            await bot.fires(*seen, "EaselFirstResponsesSlow", "EaselTransactionsSlow")
            await bot.says("database")
        await bot.is_quiet(*seen)
        await bot.paint(1)
        assert await bot.is_ready()


async def test_a_shard_without_a_connection_is_seen(tmp_path: Path) -> None:
    """Commands of its servers reach nobody, while the process looks healthy."""
    seen = "EaselShardDisconnected", "EaselNotReady"
    async with monitored_bot(tmp_path) as bot:
        await bot.is_quiet(*seen)
        await bot.socket.go_away()
        await bot.fires(*seen)
        await bot.says("shard 0")
        bot.socket.is_away = False
        await bot.is_quiet(*seen)
        await bot.paint(1)
        assert await bot.is_ready()


async def test_a_discord_that_refuses_is_seen(tmp_path: Path) -> None:
    """Messages come late or never."""
    async with monitored_bot(tmp_path) as bot:
        await bot.paint(2)
        await bot.is_quiet("EaselDiscordFailing")
        bot.fake.then = refuse
        await bot.ask(1)
        await bot.until_true('easel_discord_requests_total{status="503"} > 0')
        await bot.ask(10)
        await bot.fires("EaselDiscordFailing")


async def refuse(_request: web.Request, _response: web.StreamResponse) -> web.StreamResponse:
    """Answer as Discord does while it is overloaded."""
    return web.json_response({"message": "Service Unavailable", "code": 0}, status=503)


async def test_a_full_disk_is_seen(tmp_path: Path) -> None:
    """Without room the database cannot be written; the alert comes while there is still some."""
    if not may_mount():
        pytest.skip("this machine lets nobody mount a disk")
    seen = "EaselDiskAlmostFull", "EaselDatabaseNotWritable", "EaselNotReady"
    async with monitored_bot(tmp_path, own_disk=True) as bot:
        await bot.paint(1)
        await bot.is_quiet(*seen)
        take_half(bot.data / "large")
        await bot.fires("EaselDiskAlmostFull")
        assert await bot.is_ready()
        take_all(bot.data / "rest")
        await bot.fires(*seen)
        await bot.says("database")
        (bot.data / "large").unlink()
        (bot.data / "rest").unlink()
        await bot.is_quiet(*seen)
        await bot.paint(1)
        assert await bot.is_ready()


def take_half(file: Path) -> None:
    """Take half of the free space of a disk."""
    with file.open("wb") as taking:
        room = os.statvfs(file)
        os.posix_fallocate(taking.fileno(), 0, room.f_bavail * room.f_frsize // 2)


def take_all(file: Path) -> None:
    """Write until the disk has no room."""
    block = bytes(1_000_000)
    with file.open("wb", buffering=0) as taking, suppress(OSError):
        while True:
            taking.write(block)
    room = os.statvfs(file)
    assert room.f_bavail * room.f_frsize < len(block)


async def test_a_process_that_stands_still_dies_or_starts_too_often_is_seen(tmp_path: Path) -> None:
    """Nobody is told by the process itself."""
    async with monitored_bot(tmp_path) as bot:
        await bot.is_quiet("EaselDown", "EaselEventLoopSlow", "EaselRestarting")
        for _ in range(3):
            await stopped(bot.process, seconds=1.5)
            await bot.until_true('up{job="easel"} == 1')
        await bot.fires("EaselEventLoopSlow")
        for _ in range(3):
            bot.process.send_signal(signal.SIGKILL)
            await bot.fires("EaselDown")
            await bot.start()
            await bot.is_quiet("EaselDown")
        await bot.fires("EaselRestarting")
        assert await bot.is_ready()


async def test_what_grows_is_seen(tmp_path: Path) -> None:
    """A queue, a budget, and whatever waits for too long."""
    seen = "EaselQueueLong", "EaselJobStuck", "EaselCardsUntold", "EaselBudgetNearlySpent"
    async with monitored_bot(tmp_path) as bot:
        await bot.paint(1)
        await bot.is_quiet(*seen)
        bot.gateway.mood = Mood.HANGS
        await bot.ask(59)
        await bot.fires("EaselQueueLong", "EaselBudgetNearlySpent")
        long_ago(bot, "UPDATE jobs SET created_at = created_at - $1 WHERE ended_at IS NULL")
        await bot.fires("EaselJobStuck")
        bot.gateway.go_on()
        await bot.is_quiet("EaselQueueLong", "EaselJobStuck")
        long_ago(bot, "UPDATE jobs SET told = 0, ended_at = ended_at - $1")
        await bot.fires("EaselCardsUntold")


def long_ago(bot: MonitoredBot, update: str) -> None:
    """Make something look two hours older: no test waits for that."""
    with closing(sqlite3.connect(bot.data / "easel.db", timeout=30)) as rows, rows:
        rows.execute(update, (2 * HOUR_MS,))


async def test_a_backup_that_is_too_old_is_seen(tmp_path: Path) -> None:
    """Without one a damaged disk ends everything."""
    async with monitored_bot(tmp_path) as bot:
        await bot.until_true("easel_newest_backup_age_seconds < 60")
        await bot.is_quiet("EaselBackupTooOld")
        bot.has_one_backup(age_s=61 * DAY_S)
        await bot.fires("EaselBackupTooOld")
