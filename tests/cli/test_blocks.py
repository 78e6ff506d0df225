"""``python -m bot block``, ``unblock`` and ``blocks``."""

from pathlib import Path

import pytest

from bot.core.clock import Clock
from bot.core.errors.quotas import BlockedEverywhere
from bot.services import open_services
from tests.cli.process import Ended, environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import rows_of, url_of
from tests.jobs.service_harness import ADA, RecordingCourier, ServiceHarness, settings


async def blocks(folder: Path, *arguments: str) -> Ended:
    env = environment(folder, DATA_DIR="data", DATABASE_URL=url_of(folder / "data"))
    return await run("bot", *arguments, folder=folder, env=env)


async def test_a_block_and_its_end_are_said_listed_and_recorded(tmp_path: Path) -> None:
    """An operator knows who is out, why, and since when."""
    said = await blocks(tmp_path, "block", "42", "--reason", "spam")
    assert (said.code, said.out) == (
        0,
        "42 is blocked in every server, from their next request on.\n",
    )
    assert (await blocks(tmp_path, "blocks")).out == "42  spam\n"
    assert "42 is not blocked any more" in (await blocks(tmp_path, "unblock", "42")).out
    assert (await blocks(tmp_path, "blocks")).out == "Nobody is blocked.\n"
    recorded = "SELECT server_id, actor_id, action, subject, reason FROM audit ORDER BY id"
    assert rows_of(tmp_path / "data", recorded) == [
        (-1, 0, "blocked", "user:42", "spam"),
        (-1, 0, "unblocked", "user:42", None),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("unblock", "42"), "42 is not blocked: python -m bot blocks lists who is."),
        (("block", "42", "--reason", "x" * 201), "--reason is longer than 200 characters"),
        (("block", "ada"), "'ada' is no id of a person: with Developer Mode"),
        (("unblock", "0"), "'0' is no id of a person"),
    ],
)
async def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    """Nothing is blocked by a mistyped number, and nobody by accident."""
    said = await blocks(tmp_path, *arguments)
    assert said.code == 2
    assert told in said.err


async def test_a_running_bot_refuses_the_very_next_request(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Whoever attacks is out before they can ask again, without a restart."""
    configured = settings(tmp_path / "data", gateway)
    async with open_services(configured, Clock()) as services:
        harness = ServiceHarness(services, tmp_path / "data")
        await harness.submit(RecordingCourier())
        assert (await blocks(tmp_path, "block", str(ADA.user_id))).code == 0
        with pytest.raises(BlockedEverywhere):
            await harness.submit(RecordingCourier())
        await services.job_service.drained()
