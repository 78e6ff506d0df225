"""Take over the jobs of processes that die while this one runs."""

from collections.abc import Callable
from random import uniform

import structlog

from bot.core.background_task import BackgroundTask
from bot.core.clock import Clock
from bot.database.outage import is_passing
from bot.images.references import FetchAttachment
from bot.jobs.recovery import OpenCourier, Recovery

log: structlog.stdlib.BoundLogger = structlog.get_logger()

EVERY_S = 12.0
# So that not all processes find the same dead one in the same moment.
_JITTER = 0.25


class TakeOvers(BackgroundTask):
    """Looks for dead processes again and again, until it is left."""

    def __init__(
        self,
        recovery: Recovery,
        clock: Clock,
        *,
        chance: Callable[[float, float], float] = uniform,
    ) -> None:
        super().__init__()
        self._recovery = recovery
        self._clock = clock
        self._chance = chance

    def begin(self, open_courier: OpenCourier, fetch: FetchAttachment) -> None:
        """Start, in a task that belongs to this object.

        Where one bot uses a file there is nothing to do: its start has taken what was left.
        """
        if self._recovery.deps.liveness.has_others:
            self.start(self._take_for_ever(open_courier, fetch))

    async def _take_for_ever(self, open_courier: OpenCourier, fetch: FetchAttachment) -> None:
        clock = self._clock
        while True:
            pause_s = EVERY_S * self._chance(1 - _JITTER, 1 + _JITTER)
            await clock.wait(clock.sleep(pause_s), "pause")
            try:
                taken = await self._recovery.take_dead()
                await self._recovery.resume(taken, open_courier, fetch)
            except Exception as error:
                # One job's defect must not end it; of an outage the database itself tells.
                if not is_passing(error):
                    log.exception("take_over.failed")
