"""What can be done next with the tasks of a job's pictures, and what it costs now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.core.errors.jobs import ActionExpired, NotKept
from bot.core.errors.options import UnknownModel
from bot.core.models import Job
from bot.core.task_actions import OfferedAction, TaskAction
from bot.database.database import Database
from bot.gateways.actions import ActionKind, Asks
from bot.gateways.routing.router import Router
from bot.jobs.pricing import Pricing
from bot.jobs.repository.kept_pictures import numbers_of_slot, read_kept_pictures
from bot.jobs.repository.task_buttons import WrittenButton, read_buttons


@dataclass(frozen=True, slots=True)
class PressedAction:
    """An action that somebody wants; ``asks`` is what they are asked for first.

    ``slot`` is that of its task.
    """

    action: TaskAction
    credits: int
    asks: Asks
    slot: int


@dataclass(frozen=True, slots=True)
class ActionOffers:
    """Finds the buttons of tasks, as far as their gateways still have them."""

    database: Database
    router: Router
    pricing: Pricing

    def offered(
        self, job: Job, buttons: Sequence[WrittenButton], *, server_id: int
    ) -> tuple[OfferedAction, ...]:
        """Return those of a job's buttons that are shown, with their credits in a server.

        Of several tasks, those are not shown whose pictures nobody could tell.
        """
        shown = tuple(self._shown(job, buttons, server_id))
        if len({each.slot for each in shown}) == 1:
            return tuple(replace(each, unit=0) for each in shown)
        return tuple(each for each in shown if each.unit)

    def _shown(
        self, job: Job, buttons: Sequence[WrittenButton], server_id: int
    ) -> Iterator[OfferedAction]:
        for each in buttons:
            kind = self._kind(each)
            credits_ = None if kind is None else self._credits(kind, job, server_id)
            if credits_ is not None:
                yield OfferedAction(each.slot, each.place, each.button.face, credits_, each.unit)

    async def now_offered(self, job: Job, *, server_id: int) -> tuple[OfferedAction, ...]:
        """Return what is offered under a result of long ago."""
        buttons = await self.database.read(read_buttons, job.id)
        return self.offered(job, buttons, server_id=server_id)

    async def offered_for(
        self, job: Job, number: int, *, server_id: int
    ) -> tuple[OfferedAction, ...]:
        """Return what is offered for one picture of several tasks; nothing where there is one."""
        offered = await self.now_offered(job, server_id=server_id)
        kept = await self.database.read(read_kept_pictures, job.id)
        return tuple(
            each for each in offered if each.unit and number in numbers_of_slot(kept, each.slot)
        )

    async def picture_of(self, job: Job, pressed: PressedAction) -> int:
        """Return the number of the picture whose button was pressed; raise NotKept if it is not."""
        kept = await self.database.read(read_kept_pictures, job.id)
        if numbers := numbers_of_slot(kept, pressed.slot):
            return numbers[0]
        raise NotKept

    async def pressed(self, job: Job, slot: int, place: int, *, server_id: int) -> PressedAction:
        """Return the action of a button under a job's result; raise ActionExpired without one."""
        for each in await self.database.read(read_buttons, job.id):
            kind = self._kind(each)
            if (each.slot, each.place) == (slot, place) and kind is not None:
                credits_ = self._credits(kind, job, server_id)
                action = TaskAction(
                    each.gateway,
                    each.task_id,
                    each.button.custom_id,
                    each.button.face,
                    kind.credits,
                    kind.micros,
                )
                if credits_ is not None:
                    return PressedAction(action, credits_, kind.asks, slot)
        raise ActionExpired

    def _kind(self, button: WrittenButton) -> ActionKind | None:
        actions = self.router.actions_of(button.gateway)
        return None if actions is None else actions.kind_of(button.button.custom_id)

    def _credits(self, kind: ActionKind, job: Job, server_id: int) -> int | None:
        if kind.credits is not None:
            return kind.credits
        request = job.request
        try:
            return self.pricing.credits_each(server_id, request.model, request.quality)
        except UnknownModel:  # no longer offered
            return None
