"""An action under SIGKILL in each of its states: it is paid once, and nothing is sent twice."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.cli.process import environment, run, running
from tests.crash import invariants
from tests.crash.action_process import BLEND, REGION
from tests.gateways import fake_midjourney
from tests.jobs.test_actions import proxy

PROCESS = "tests.crash.action_process"
TIMEOUT_S = 120
ACTION = "j.request LIKE '%custom_id%'"
STATES = {
    "queued": "j.state = 'queued'",
    "sending": "a.state = 'sending'",
    "task": "a.state = 'task' AND modal_sent = 0",
    "modal sent": "a.state = 'task' AND modal_sent = 1",
    "answered": "a.state = 'answered'",
    "received": "j.state = 'received'",
}
# What asks back by its state alone is seen as a task before it is answered.
WAYS = {"plain": ([], False), "asks": (["variation"], False), "asks late": (["variation"], True)}
CASES = [
    *((state, "plain") for state in STATES if state != "modal sent"),
    *((state, "asks") for state in ("sending", "modal sent", "answered", "received")),
    *((state, "asks late") for state in ("task", "modal sent")),
]


@pytest.mark.parametrize(("state", "way"), CASES)
async def test_a_killed_action_is_paid_once(tmp_path: Path, state: str, way: str) -> None:
    """The next start polls what was begun, and sends only what was certainly not sent."""
    sql = (
        "SELECT j.state FROM jobs AS j LEFT JOIN attempts AS a ON a.job_id = j.id"
        f" WHERE {ACTION} AND {STATES[state]}"
    )
    asks, silent = WAYS[way]
    async with proxy(asks=asks, silent=silent) as fake:
        command, env = (PROCESS, str(tmp_path), fake.url, "V2"), environment(tmp_path)
        async with running(*command, sql, folder=tmp_path, env=env) as process:
            code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
        assert code == -signal.SIGKILL
        before = len(fake.orders)
        ended = await run(*command, folder=tmp_path, env=env)
        assert (ended.code, ended.err) == (0, ""), ended.err
    (_, (end,)) = invariants.rows(tmp_path, "SELECT state FROM jobs ORDER BY id")
    (_, (charged,)) = invariants.rows(tmp_path, "SELECT credits FROM charges ORDER BY job_id")
    actions, modals = len(fake.sent("action")), len(fake.sent("modal"))
    is_answered = modals == len(asks)
    if state == "queued":  # nobody saw it
        assert (end, charged, actions) == ("cancelled", 0, 0)
    elif state == "sending" or not is_answered:  # nobody knows whether the request had left
        assert (end, charged) == ("unknown", 0)
        assert len(fake.orders) == before
    else:
        assert (end, charged, actions) == ("done", 1, 1)
        assert fake.paid == 2
    assert max(actions, modals) <= 1
    assert (state, way, modals) != ("task", "asks late", 0)


@pytest.mark.parametrize("state", ["task", "modal sent", "answered"])
async def test_a_killed_region_gets_its_mask_once(tmp_path: Path, state: str) -> None:
    """A file of the dead process: the next one sends what was kept, if nothing was sent."""
    sql = (
        "SELECT j.state FROM jobs AS j JOIN attempts AS a ON a.job_id = j.id"
        f" WHERE j.request LIKE '%Inpaint%' AND {STATES[state]}"
    )
    async with proxy(silent=True) as fake:
        command, env = (PROCESS, str(tmp_path), fake.url, REGION), environment(tmp_path)
        async with running(*command, sql, folder=tmp_path, env=env) as process:
            code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
        assert code == -signal.SIGKILL
        assert len(fake.sent("modal")) <= (state != "task")
        was_sent = bool(fake.sent("modal"))
        ended = await run(*command, folder=tmp_path, env=env)
        assert (ended.code, ended.err) == (0, ""), ended.err
    (*_, (end,)) = invariants.rows(tmp_path, "SELECT state FROM jobs ORDER BY id")
    (*_, (charged,)) = invariants.rows(tmp_path, "SELECT credits FROM charges ORDER BY job_id")
    if state == "modal sent" and not was_sent:  # nobody knows whether it had left
        assert (end, charged, fake.sent("modal")) == ("unknown", 0, [])
        return
    assert (end, charged) == ("done", 1)
    (modal,) = fake.sent("modal")
    mask = fake_midjourney.mask_of(modal).convert("L")
    assert (mask.size, mask.getpixel((0, 0)), mask.getpixel((31, 0))) == ((32, 32), 255, 0)
    assert (len(fake.sent("action")), fake.paid) == (2, 3)


@pytest.mark.parametrize("state", [state for state in STATES if state != "modal sent"])
async def test_a_killed_blend_is_paid_once(tmp_path: Path, state: str) -> None:
    """As any picture: its task is polled, and what may have left is not sent again."""
    sql = (
        "SELECT j.state FROM jobs AS j LEFT JOIN attempts AS a ON a.job_id = j.id"
        f" WHERE j.request LIKE '%\"blend\"%' AND {STATES[state]}"
    )
    async with proxy() as fake:
        command, env = (PROCESS, str(tmp_path), fake.url, BLEND), environment(tmp_path)
        async with running(*command, sql, folder=tmp_path, env=env) as process:
            code = await asyncio.wait_for(process.wait(), TIMEOUT_S)
        assert code == -signal.SIGKILL
        before = len(fake.orders)
        ended = await run(*command, folder=tmp_path, env=env)
        assert (ended.code, ended.err) == (0, ""), ended.err
    ((end,),) = invariants.rows(tmp_path, "SELECT state FROM jobs")
    ((charged,),) = invariants.rows(tmp_path, "SELECT credits FROM charges")
    if state == "queued":  # nobody saw it
        assert (end, charged, fake.orders) == ("cancelled", 0, [])
    elif state == "sending":  # nobody knows whether the request had left
        assert (end, charged, len(fake.orders)) == ("unknown", 0, before)
    else:
        assert (end, charged) == ("done", 1)
        assert (len(fake.sent("blend")), fake.paid) == (1, 1)
