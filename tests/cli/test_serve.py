"""``python -m bot``: logging in, refusing to, and stopping in order."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest
import structlog
from pydantic import SecretStr

from bot.cli.serve import run_bot
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.process_lock import hold_bot_lock
from bot.quota.limits import parse_limits
from bot.settings.settings import Settings, lock_folders
from playground.settings import painter_settings
from tests.cli.process import TIMEOUT_S, environment, running
from tests.cogs.scripted_gateway import ScriptedGateway, scripted_gateway
from tests.database.engines import url_of
from tests.discord_rest.fake import APPLICATION_ID, TOKEN, Answer, FakeDiscord, fake_discord
from tests.jobs.service_harness import RecordingCourier, ServiceHarness
from tests.jobs.test_recovery import process

GATEWAY = "/gateway/bot"
STATES = "SELECT state FROM jobs ORDER BY id"


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    async with fake_discord() as opened:
        yield opened


def settings(folder: Path, token: str = TOKEN) -> Settings:
    given = painter_settings("http://127.0.0.1:9/v1", folder)
    return given.model_copy(update={"discord_token": SecretStr(token), "shutdown_grace": 0})


async def until_connecting(fake: FakeDiscord) -> None:
    """Wait until the bot is logged in and asks for Discord's gateway, which never answers."""
    while GATEWAY not in fake.asked:
        await fake.heard.wait()
        fake.heard.clear()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_bot_in_order(
    fake: FakeDiscord, tmp_path: Path, how: signal.Signals
) -> None:
    """A service manager and Ctrl-C get a clean end: nothing is left open, no lock stays."""
    fake.silent.add(GATEWAY)
    serving = asyncio.create_task(run_bot(settings(tmp_path), Clock()))
    await asyncio.wait_for(until_connecting(fake), 60)
    os.kill(os.getpid(), how)
    await asyncio.wait_for(serving, 60)
    assert [path.name for path in (tmp_path / "run").iterdir()] in ([], ["bot.lock"])
    assert f"PUT /applications/{APPLICATION_ID}/commands" in fake.requests
    assert fake.refused == []


@pytest.mark.parametrize(("ceiling", "warned"), [("", True), ("500/month", False)])
async def test_a_start_warns_of_what_the_operator_should_know_and_of_nothing_else(
    fake: FakeDiscord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    ceiling: str,
    warned: bool,
) -> None:
    """Anybody may invite this application; but nobody has to install libraries for voice."""
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", True)
    monkeypatch.setattr(discord.VoiceClient, "warn_dave", True)
    fake.silent.add(GATEWAY)
    given = settings(tmp_path).model_copy(update={"server_quota": parse_limits(ceiling)})
    with structlog.testing.capture_logs() as logs:
        serving = asyncio.create_task(run_bot(given, Clock()))
        await asyncio.wait_for(until_connecting(fake), 60)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 60)
    assert ("bot.unlimited" in [entry["event"] for entry in logs]) == warned
    assert "voice" not in caplog.text


# A session with this terminal, as a login shell has it: its end is told by SIGHUP (termios(4)).
IN_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "tests.cli.bot_process", sys.argv[1]])
"""


async def test_a_terminal_that_is_closed_stops_its_bot(fake: FakeDiscord, tmp_path: Path) -> None:
    """A SIGHUP means a reload otherwise: the bot of a closed window would run on unseen."""
    fake.silent.add(GATEWAY)
    async with scripted_gateway() as gateway:
        env = environment(tmp_path, gateway, DISCORD_TOKEN=TOKEN)
        ours, theirs = os.openpty()
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", IN_A_TERMINAL, fake.base),
            cwd=tmp_path,
            env=env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        await asyncio.wait_for(until_connecting(fake), TIMEOUT_S)
        os.close(ours)
        # 120 is Python's own, where standard output cannot be flushed (sys.exit).
        assert await asyncio.wait_for(bot.wait(), TIMEOUT_S) in (0, 120)
    assert not (tmp_path / "data" / "easel.db-locks" / "bot.pid").exists()


async def test_a_token_that_discord_refuses_is_one_sentence(
    fake: FakeDiscord, tmp_path: Path
) -> None:
    """The most common mistake of a first start."""
    with pytest.raises(StartRefused, match="DISCORD_TOKEN was refused by Discord: copy"):
        await run_bot(settings(tmp_path, token="not.the.token"), Clock())


async def test_a_second_bot_on_one_database_is_one_sentence(tmp_path: Path) -> None:
    """Whatever its DATA_DIR: it would answer every command once more and pay for open jobs."""
    second = settings(tmp_path).model_copy(update={"data_dir": tmp_path / "elsewhere"})
    with (
        hold_bot_lock(lock_folders(settings(tmp_path))),
        pytest.raises(StartRefused, match="Another Easel bot already uses the database"),
    ):
        await run_bot(second, Clock())


async def test_a_missing_token_is_one_sentence(tmp_path: Path) -> None:
    """Nothing is opened for it."""
    with pytest.raises(StartRefused, match="DISCORD_TOKEN is missing: copy"):
        await run_bot(settings(tmp_path, token=""), Clock())
    assert list(tmp_path.iterdir()) == []


async def test_a_start_that_discord_refuses_is_one_sentence(
    fake: FakeDiscord, tmp_path: Path
) -> None:
    """No traceback, but who knows more."""
    refused = Answer(403, {"code": 50001, "message": "Missing Access"})
    fake.instead["/oauth2/applications/@me"] = refused
    with pytest.raises(StartRefused, match=r"HTTP 403.*python -m bot doctor"):
        await run_bot(settings(tmp_path), Clock())


async def test_no_network_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that boots before its network should say so."""
    monkeypatch.setattr(discord.http.Route, "BASE", "http://127.0.0.1:9/api/v10")
    with pytest.raises(StartRefused, match="Discord cannot be reached"):
        await run_bot(settings(tmp_path), Clock())


@asynccontextmanager
async def at_work(
    fake: FakeDiscord, gateway: ScriptedGateway, folder: Path, *, grace_s: int
) -> AsyncIterator[tuple[asyncio.subprocess.Process, ServiceHarness]]:
    """Run the program while it paints the job that a dead process left in line."""
    fake.silent.add(GATEWAY)
    gateway.gate.clear()
    async with process(folder / "data", gateway, max_concurrent_jobs=1) as harness:
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.submit(RecordingCourier())
    gateway.asked.clear()
    env = environment(
        folder,
        gateway,
        DATABASE_URL=url_of(folder / "data"),
        DISCORD_TOKEN=TOKEN,
        SHUTDOWN_GRACE=str(grace_s),
    )
    async with running("tests.cli.bot_process", fake.base, folder=folder, env=env) as bot:
        await asyncio.wait_for(gateway.asked.wait(), TIMEOUT_S)  # the waiting job is painted
        await asyncio.wait_for(until_connecting(fake), 60)
        yield bot, harness


async def until_stopping(bot: asyncio.subprocess.Process) -> None:
    """Wait until the program says that it takes nothing new."""
    assert bot.stderr is not None
    while b"bot.stopping" not in await asyncio.wait_for(bot.stderr.readline(), 60):
        pass


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_at_once(
    fake: FakeDiscord, gateway: ScriptedGateway, tmp_path: Path, how: signal.Signals
) -> None:
    """Whoever is in a hurry does not wait three minutes for a job; the database has the rest."""
    async with at_work(fake, gateway, tmp_path, grace_s=180) as (bot, harness):
        bot.send_signal(how)
        await until_stopping(bot)
        assert bot.returncode is None
        bot.send_signal(how)
        assert await asyncio.wait_for(bot.wait(), 60) == 128 + how
    assert harness.rows(STATES) == [("unknown",), ("working",)]


async def test_a_running_job_finishes_within_the_grace(
    fake: FakeDiscord, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    """An update of the bot costs nobody a picture that is being painted."""
    async with at_work(fake, gateway, tmp_path, grace_s=180) as (bot, harness):
        bot.terminate()
        await until_stopping(bot)
        gateway.gate.set()
        assert await asyncio.wait_for(bot.wait(), TIMEOUT_S) == 0
    assert harness.rows(STATES) == [("unknown",), ("done",)]
    assert harness.rows("SELECT SUM(credits) FROM charges") == [(1,)]
    assert [len(message.files) for message in fake.messages.all.values() if message.files] == [1]


async def test_what_outlasts_the_grace_is_left_to_the_journal(
    fake: FakeDiscord, gateway: ScriptedGateway, tmp_path: Path
) -> None:
    """A service manager does not have to kill: the end is in order, and the hold stays."""
    async with at_work(fake, gateway, tmp_path, grace_s=0) as (bot, harness):
        bot.terminate()
        assert await asyncio.wait_for(bot.wait(), TIMEOUT_S) == 0
    assert harness.rows(STATES) == [("unknown",), ("working",)]
    assert harness.rows("SELECT state FROM charges ORDER BY job_id") == [
        ("settled",),
        ("held",),
    ]
