"""Questions to a chat model under SIGKILL: nothing stays held, and nothing is sent again."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cli.process import environment, run, running
from tests.crash.invariants import DATABASE_URL, rows
from tests.crash.text_process import CREDITS, PRICE
from tests.database.engines import IS_POSTGRESQL, url_of
from tests.gateways.fake_text_chat import FakeTextChat, text_chat

PROCESS = "tests.crash.text_process"
TIMEOUT_S = 60

# The state at the death; how often the gateway was paid; what is charged then: the person's
# credits, the operator's, the operator's price.
DEATHS = {
    "held": (0, "refused", (0, 0, 0)),
    "sending": (1, "unknown", (0, CREDITS, PRICE)),
    "answered": (1, "answered", (CREDITS, CREDITS, PRICE)),
}


@pytest.fixture
async def chat() -> AsyncIterator[FakeTextChat]:
    async with text_chat() as chat:
        yield chat


def command(folder: Path, chat: FakeTextChat, *rest: str) -> tuple[str, ...]:
    """Return how a process is started on the database of a folder."""
    url = url_of(folder)
    if IS_POSTGRESQL:
        (folder / DATABASE_URL).write_text(url)
    return (PROCESS, str(folder), url, chat.url, *rest)


async def check_after_restart(
    folder: Path, chat: FakeTextChat, *, paid: int, state: str, charge: tuple[int, int, int]
) -> None:
    """Let a next process take over, and look at what there is."""
    for _ in range(2):  # the second one finds nothing to do
        ended = await run(*command(folder, chat, "0"), folder=folder, env=environment(folder))
        assert (ended.code, ended.err) == (0, ""), ended.err
    assert rows(folder, "SELECT state, owner IS NULL FROM text_requests") == [(state, False)]
    found = rows(folder, "SELECT state, credits, operator_credits, price FROM charges")
    assert found == [("settled", *charge)]
    assert (chat.paid, len(chat.bodies)) == (paid, paid)
    for subject, amount in zip(("user:10:1", "budget"), (charge[0], charge[2]), strict=True):
        counted = rows(
            folder,
            "SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT) FROM meters"
            f" WHERE subject = '{subject}' OR subject LIKE '{subject}:%'",
        )
        assert counted == [(amount,)]


@pytest.mark.parametrize("died_in", DEATHS)
async def test_a_kill_in_any_state_leaves_nothing_held(
    tmp_path: Path, chat: FakeTextChat, died_in: str
) -> None:
    """Before the request is sent, once its reply has come, and once that is written."""
    paid, state, charge = DEATHS[died_in]
    sql = f"SELECT 1 FROM text_requests WHERE state = '{died_in}'"
    started = command(tmp_path, chat, "1", sql)
    async with running(*started, folder=tmp_path, env=environment(tmp_path)) as process:
        code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
    assert code == -signal.SIGKILL
    assert rows(tmp_path, "SELECT state FROM text_requests") == [(died_in,)]
    await check_after_restart(tmp_path, chat, paid=paid, state=state, charge=charge)


async def test_a_kill_while_the_gateway_thinks_leaves_nothing_held(
    tmp_path: Path, chat: FakeTextChat
) -> None:
    """The request is out, and its reply comes to nobody."""
    chat.gate.clear()
    started = command(tmp_path, chat, "1")
    async with running(*started, folder=tmp_path, env=environment(tmp_path)) as process:
        await asyncio.wait_for(chat.asked.wait(), TIMEOUT_S)
        assert rows(tmp_path, "SELECT state FROM charges") == [("held",)]
        process.kill()
        await asyncio.wait_for(process.wait(), TIMEOUT_S)
    chat.gate.set()
    await check_after_restart(tmp_path, chat, paid=1, state="unknown", charge=(0, CREDITS, PRICE))
