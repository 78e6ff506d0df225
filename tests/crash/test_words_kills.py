"""Requests for words by a gateway's calls under SIGKILL: nothing stays held or is sent again."""

import asyncio
import signal
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

import pytest

from tests.cli.process import environment, run, running
from tests.cogs.test_words_of_gateways import proxy
from tests.crash.invariants import DATABASE_URL, rows
from tests.crash.text_process import CREDITS, PRICE
from tests.database.engines import IS_POSTGRESQL, url_of
from tests.gateways.fake_midjourney_words import FakeWords

PROCESS = "tests.crash.words_process"
TIMEOUT_S = 60
IN_DOUBT = ("unknown", (0, CREDITS, PRICE))

# What is found at the death; how often the gateway was asked; how it ends, and what is charged
# then: the person's credits, the operator's, the operator's price.
DEATHS = {
    "state = 'held'": (0, "refused", (0, 0, 0)),
    "state = 'sending'": (1, *IN_DOUBT),
    "task_id IS NOT NULL": (1, *IN_DOUBT),
    "state = 'answered'": (1, "answered", (CREDITS, CREDITS, PRICE)),
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeWords]:
    async with proxy() as fake:
        yield fake


def command(folder: Path, fake: FakeWords, *rest: str) -> tuple[str, ...]:
    """Return how a process is started on the database of a folder."""
    url = url_of(folder)
    if IS_POSTGRESQL:
        (folder / DATABASE_URL).write_text(url)
    return (PROCESS, str(folder), url, fake.url, *rest)


async def check_after_restart(
    folder: Path, fake: FakeWords, *, asked: int, state: str, charge: tuple[int, int, int]
) -> None:
    """Let a next process take over, and look at what there is."""
    polls = fake.polls
    for _ in range(2):  # the second one finds nothing to do
        ended = await run(*command(folder, fake, "nothing"), folder=folder, env=environment(folder))
        assert (ended.code, ended.err) == (0, ""), ended.err
    assert rows(folder, "SELECT state, ended_at IS NULL FROM text_requests") == [(state, False)]
    found = rows(folder, "SELECT state, credits, operator_credits, price FROM charges")
    assert found == [("settled", *charge)]
    assert (len(fake.orders), fake.polls) == (asked, polls)


@pytest.mark.parametrize(
    ("died_when", "kind"),
    [
        ("state = 'held'", "describe"),  # nothing looks at the clock before /shorten is sent
        *product(list(DEATHS)[1:], ("describe", "shorten")),
    ],
)
async def test_a_kill_in_any_state_leaves_nothing_held(
    tmp_path: Path, fake: FakeWords, died_when: str, kind: str
) -> None:
    """Before the order is sent, after it, with its task known, and once its words are kept."""
    asked, state, charge = DEATHS[died_when]
    started = command(tmp_path, fake, kind, f"SELECT 1 FROM text_requests WHERE {died_when}")
    async with running(*started, folder=tmp_path, env=environment(tmp_path)) as process:
        code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
    assert code == -signal.SIGKILL
    await check_after_restart(tmp_path, fake, asked=asked, state=state, charge=charge)


async def test_a_kill_while_the_task_is_polled_asks_nobody_again(
    tmp_path: Path, fake: FakeWords
) -> None:
    """Its id is written down, for whoever asks the gateway's operator; it is in doubt."""
    fake.gate.clear()
    started = command(tmp_path, fake, "shorten")
    async with running(*started, folder=tmp_path, env=environment(tmp_path)) as process:
        await asyncio.wait_for(fake.polled.wait(), TIMEOUT_S)
        assert rows(tmp_path, "SELECT state, task_id FROM text_requests") == [("sending", "1000")]
        assert rows(tmp_path, "SELECT state FROM charges") == [("held",)]
        process.kill()
        await asyncio.wait_for(process.wait(), TIMEOUT_S)
    fake.gate.set()
    state, charge = IN_DOUBT
    await check_after_restart(tmp_path, fake, asked=1, state=state, charge=charge)
