"""``python -m bot jobs``: the list, and what may be done to a job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.cli import jobs
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.core.models import ImageOptions
from bot.settings.settings import Settings
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ErrorReply, ScriptedGateway
from tests.database.engines import sqlite_only, url_of
from tests.jobs.service_harness import BEN, RecordingCourier, ServiceHarness, settings
from tests.jobs.test_recovery import process


@asynccontextmanager
async def one_paints_one_waits(
    folder: Path, gateway: ScriptedGateway
) -> AsyncIterator[ServiceHarness]:
    """Open a process that paints Ada's request while Ben's waits."""
    gateway.gate.clear()
    async with process(folder, gateway, max_concurrent_jobs=1) as harness:
        await harness.submit(RecordingCourier())
        await asyncio.wait_for(gateway.asked.wait(), 60)
        await harness.submit(RecordingCourier(), BEN)
        yield harness


def ids(harness: ServiceHarness) -> tuple[str, str]:
    """Return the ids of Ada's and Ben's job."""
    found = dict(harness.rows("SELECT user_id, id FROM jobs"))
    return found[1], found[2]


async def listed(configured: Settings, *, prompts: bool = False) -> list[str]:
    said: list[str] = []
    assert await jobs.print_jobs(configured, Clock(), said.append, prompts=prompts) == 0
    return said


async def cancelled(configured: Settings, job_id: str) -> tuple[int, str]:
    said: list[str] = []
    code = await jobs.cancel(configured, job_id, Clock(), said.append)
    return code, said[0]


async def test_the_list_says_where_every_job_stands(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """An operator sees what runs, where it runs, and what went wrong; never what was asked."""
    configured = settings(tmp_path, gateway)
    gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
    async with one_paints_one_waits(tmp_path, gateway):
        head, failed, working, queued = await listed(configured)
        assert "a fox" in (await listed(configured, prompts=True))[1]
    assert head.split() == ["ID", "STATE", "AGE", "MODEL", "GATEWAY", "ERROR"]
    assert failed.split()[1] == "failed"
    assert failed.split()[3:] == ["dall-e-3", "default", "gateway-moderation"]
    assert working.split()[1:] == ["working", "0s", "dall-e-3", "default", "-"]
    assert queued.split()[1:] == ["queued", "0s", "dall-e-3", "-", "-"]
    assert "fox" not in "".join((head, failed, working, queued))


async def test_words_that_a_terminal_does_not_have_are_no_traceback(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A list that goes into a file on Windows has no letters but its code page's."""
    async with process(tmp_path / "data", gateway) as harness:
        order = harness.services.catalogue.build_request(ImageOptions(prompt="狐 in snow", n=1))
        await harness.services.job_service.submit(order, BEN, RecordingCourier())
        await harness.services.job_service.drained()
    database = url_of(tmp_path / "data")
    env = environment(tmp_path, gateway, PYTHONIOENCODING="ascii", DATABASE_URL=database)
    ended = await run("bot", "jobs", "--prompts", folder=tmp_path, env=env, fresh=True)
    assert (ended.code, ended.err) == (0, "")
    assert "? in snow" in ended.out


@sqlite_only("a server has the database before the bot")
async def test_an_empty_list_makes_no_database(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Looking changes nothing."""
    ended = await run("bot", "jobs", folder=tmp_path, env=environment(tmp_path, gateway))
    assert (ended.code, ended.out, ended.err) == (0, "There are no jobs yet.\n", "")
    assert list(tmp_path.iterdir()) == []


async def test_of_a_running_bot_only_what_waits_can_be_cancelled(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A request that was sent is paid; one that waits gives its credits back at once."""
    async with one_paints_one_waits(tmp_path, gateway) as harness:
        adas, bens = ids(harness)
        assert (await cancelled(settings(tmp_path, gateway), adas))[0] == 1
        assert await cancelled(settings(tmp_path, gateway), bens[:30]) == (
            0,
            f"Job {bens} is cancelled; its message in Discord says so when its turn "
            "comes, or when the bot starts again.",
        )
        assert (await cancelled(settings(tmp_path, gateway), bens))[0] == 1
        gateway.gate.set()
        await harness.services.job_service.drained()
    assert harness.rows("SELECT state FROM jobs ORDER BY id") == [("done",), ("cancelled",)]
    assert harness.rows("SELECT credits FROM charges ORDER BY job_id") == [(1,), (0,)]


async def test_a_dead_bots_sent_job_can_be_cancelled_and_stays_a_doubt(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator need not start the bot to free its credits; its charge is in doubt."""
    async with one_paints_one_waits(tmp_path, gateway) as harness:
        adas, _ = ids(harness)
    assert (await cancelled(settings(tmp_path, gateway), adas))[0] == 0
    assert harness.rows("SELECT state, told FROM jobs ORDER BY id") == [
        ("unknown", 0),
        ("queued", 0),
    ]
    assert harness.rows("SELECT credits, operator_credits FROM charges ORDER BY job_id") == [
        (0, 1),
        (1, 1),
    ]


@pytest.mark.parametrize(("prefix", "sentence"), [("0", "More than one"), ("ff", "There is no")])
async def test_an_id_that_names_no_single_job_is_a_sentence(
    tmp_path: Path, gateway: ScriptedGateway, prefix: str, sentence: str
) -> None:
    """Nothing is cancelled by guessing."""
    async with one_paints_one_waits(tmp_path, gateway) as harness:
        with pytest.raises(StartRefused, match=sentence):
            await cancelled(settings(tmp_path, gateway), prefix)
    assert harness.rows("SELECT state FROM jobs ORDER BY id") == [("working",), ("queued",)]


async def test_a_job_can_be_painted_again_into_a_folder(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator makes good for somebody's lost picture, at the operator's own cost."""
    env = environment(tmp_path, gateway)
    first = await run("bot", "imagine", "a fox", folder=tmp_path, env=env)
    listing = await run("bot", "jobs", folder=tmp_path, env=env)
    job_id = listing.out.splitlines()[1].split()[0]
    command = ("bot", "jobs", "retry", job_id.upper(), "--out", "again")
    ended = await run(*command, folder=tmp_path, env=env)
    assert (first.code, ended.code) == (0, 0), ended.err
    assert (tmp_path / ended.out.strip()).parent.name == "again"
    assert (tmp_path / ended.out.strip()).is_file()
    assert [body["prompt"] for body in gateway.bodies] == ["a fox"] * 2


@pytest.mark.parametrize(
    ("age_ms", "shown"),
    [(-5, "0s"), (59_999, "59s"), (7_500_000, "2h 5m"), (86_400_000, "1d"), (90_061_000, "1d 1h")],
)
def test_an_age_is_told_in_its_two_largest_units(age_ms: int, shown: str) -> None:
    """A glance is enough."""
    assert jobs.format_age(age_ms) == shown
