"""The records of what somebody did in Discord have the id of that interaction."""

from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_waiting import press

DECLINED = ErrorReply(400, "moderation_blocked")


async def test_a_command_and_its_job_have_the_same_interaction(world: DiscordWorld) -> None:
    """Whoever reports a failure names a message: its interaction leads to everything else."""
    world.gateway.replies.extend([DECLINED, DECLINED])
    with capture_logs([merge_contextvars]) as records:
        for who in (world.ada, world.ben):
            await world.imagine(who)
        await world.wait_for_jobs()
    failed = [record for record in records if record["event"] == "gateway.failed"]
    queued = [record for record in records if record["event"] == "job.queued"]
    ids = {record["job"]: record["interaction"] for record in queued}
    assert len(ids) == len(set(ids.values())) == 2
    assert {record["job"]: record["interaction"] for record in failed} == ids
    assert get_contextvars() == {}


async def test_the_press_of_a_button_has_its_own(build: WorldBuilder) -> None:
    """It is another person's, at another time."""
    async with build.world(declared=True) as world:
        await press_while_it_works(world)


async def press_while_it_works(world: DiscordWorld) -> None:
    """Stop waiting for a request, and compare what is logged of both."""
    world.gateway.gate.clear()
    with capture_logs([merge_contextvars]) as records:
        await world.imagine(world.ada)
        await press(world, world.ada, world.card)
        world.gateway.gate.set()
        await world.wait_for_jobs()
    (queued,) = [record for record in records if record["event"] == "job.queued"]
    (stopped,) = [record for record in records if record["event"] == "job.detached"]
    assert queued["job"] == stopped["job"]
    assert queued["interaction"] != stopped["interaction"]
    later = [record for record in records if record["event"] == "job.done"]
    assert [record["interaction"] for record in later] == [queued["interaction"]]
