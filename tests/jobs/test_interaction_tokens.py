"""The interaction token of a job: kept until its card is told, and no longer."""

from pathlib import Path

from bot.core.clock import Clock
from bot.jobs.expired_tokens import ExpiredTokens
from tests.cogs.scripted_gateway import ErrorReply, ScriptedGateway
from tests.database.engines import connected
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import UnreachableCourier, process, recover
from tests.waiting import until

TOKENS = "SELECT token, told FROM jobs"


async def test_the_token_is_kept_until_the_card_is_told(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Without it nobody, not even the next process, reaches a private card."""
    gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    async with process(tmp_path, gateway) as harness:
        await harness.submit(UnreachableCourier())
        await harness.services.job_service.drained()
        assert harness.rows(TOKENS) == [("t", 0)]
    async with process(tmp_path, gateway) as harness:
        await recover(harness, courier := RecordingCourier())
        assert len(courier.failures) == 1
        assert harness.rows(TOKENS) == [(None, 1)]


async def test_the_token_of_a_delivered_job_is_erased(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nothing needs it any more, and it lets its holder write in the person's name."""
    async with process(tmp_path, gateway) as harness:
        await harness.submit(RecordingCourier())
        await harness.services.job_service.drained()
        assert harness.rows(TOKENS) == [(None, 1)]


async def test_a_token_that_discord_dropped_is_forgotten_without_another_request(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """A server where nobody asks any more keeps no key to what somebody asked there."""
    gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    async with process(tmp_path, gateway) as harness:
        services = harness.services
        await harness.submit(UnreachableCourier())
        await services.job_service.drained()
        async with ExpiredTokens(services.database, services.repository, Clock()) as tokens:
            await services.database.write(services.repository.forget_expired_tokens)
            assert harness.rows(TOKENS) == [("t", 0)]
            with connected(harness.folder) as database:
                database.execute("UPDATE jobs SET created_at = created_at - 16 * 60 * 1000")
            tokens.begin()
            await until(lambda: harness.rows(TOKENS) == [(None, 0)])
