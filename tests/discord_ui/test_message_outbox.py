"""A job's message is announced in the database before Discord is asked, and in time for Discord."""

from dataclasses import dataclass
from pathlib import Path

import discord
import pytest

from bot.core.models import AnnouncedCard, CardAddress, Job
from bot.database.outage import DatabaseBusy
from bot.discord_ui.message_outbox import MessageOutbox
from bot.jobs.courier import QueuePosition
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.test_outage import commits_wait
from tests.jobs.service_harness import RecordingCourier, ServiceHarness
from tests.jobs.test_database_outage import hurry
from tests.jobs.test_recovery import process, until


@dataclass
class AnnouncingCourier(RecordingCourier):
    """A courier that announces its card as Discord's does."""

    outbox: MessageOutbox | None = None

    async def place(self, job: Job, *, waiting: QueuePosition) -> CardAddress | None:
        """Announce the card first."""
        assert self.outbox is not None
        await self.outbox.announce(job, AnnouncedCard(channel_id=5, application_id=6, token="t"))
        return await super().place(job, waiting=waiting)


def announcing(harness: ServiceHarness) -> AnnouncingCourier:
    services, client = harness.services, discord.Client(intents=discord.Intents.none())
    outbox = MessageOutbox(client, services.database, services.repository, now=lambda: 2**50)
    return AnnouncingCourier(outbox=outbox)


async def test_a_card_that_cannot_be_announced_in_time_is_not_sent(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The hold took a part of the three seconds, so less is left for the announcement."""
    async with process(tmp_path, gateway) as harness:
        await hurry(harness)
        courier = announcing(harness)
        async with commits_wait(harness.services.database, skip=1) as (began, may_end):
            with pytest.raises(DatabaseBusy):
                await harness.submit(courier)
            assert began.is_set()
            may_end.set()
            await until(lambda: harness.rows("SELECT state FROM jobs") == [("cancelled",)])
        assert harness.rows("SELECT credits, state FROM charges") == [(0, "settled")]
        assert harness.rows("SELECT channel_id, token, told FROM jobs") == [(None, None, 1)]
    assert not courier.placed
    assert not gateway.bodies
