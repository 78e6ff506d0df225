"""Submit requests; where one is refused, answer with buttons that request something else.

A refused request was never a job, so it is remembered in memory only, for a while.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from secrets import token_hex

import structlog
from discord import Interaction
from discord.ui import View

from bot.core.errors.base import Refusal
from bot.core.errors.jobs import CostChanged
from bot.core.models import Job
from bot.discord_ui.caller import CallerContext, caller_of
from bot.discord_ui.client import Client
from bot.discord_ui.couriers import Couriers
from bot.discord_ui.remedy_buttons import RemedyLabel, remedy_buttons
from cogs.remedies import Remedies, Remedy, RemedyKind, TypedRequest
from cogs.request_builder import RequestBuilder

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# As long as Discord's interaction tokens live (receiving-and-responding).
LIFETIME_MS = 15 * 60 * 1000
# Discord allows three seconds for an answer, of which the request may have taken two.
MOST_ANSWER_S = 2.5
MAX_OF_ONE_PERSON = 5
MAX_REMEMBERED = 1_000

_LABELS: dict[RemedyKind, str | None] = {
    "count": "control-paint",
    "value": None,
    "without": "control-without",
    "prompt": "control-change-prompt",
}


@dataclass(eq=False, kw_only=True)
class RefusedForgotten(Refusal):
    """The refused request is remembered no longer, was used, or is another person's."""

    message_id = "error-refused-forgotten"


@dataclass(frozen=True, slots=True)
class _Remembered:
    user_id: int
    at: int
    remedies: Sequence[Remedy]


class RememberedRemedies:
    """The remedies of the latest refusals, by key: few of one person, and for a short time."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()  # the oldest first

    def remember(self, user_id: int, remedies: Sequence[Remedy]) -> str:
        """Remember the remedies of a person's refused request; return their key."""
        while self._remembered and self._is_old(next(iter(self._remembered.values()))):
            self._remembered.popitem(last=False)
        theirs = [key for key, each in self._remembered.items() if each.user_id == user_id]
        # Those that were taken and put back may be more.
        for old in theirs[: max(0, len(theirs) - MAX_OF_ONE_PERSON + 1)]:
            del self._remembered[old]
        while len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        key = token_hex(8)
        self._remembered[key] = _Remembered(user_id, self._now(), remedies)
        return key

    def find(self, key: str, number: int, *, user_id: int) -> Remedy:
        """Return a remedy of a person's own refusal; raise RefusedForgotten."""
        found = self._remembered.get(key)
        is_theirs = found is not None and found.user_id == user_id and not self._is_old(found)
        if found is None or not is_theirs or number >= len(found.remedies):
            raise RefusedForgotten
        return found.remedies[number]

    def remedies(self, key: str) -> Sequence[Remedy]:
        """Return all remedies of a refusal that was found."""
        return self._remembered[key].remedies

    def renew(self, key: str, remedies: Sequence[Remedy]) -> None:
        """Remember the same remedies with other costs."""
        self._remembered[key] = replace(self._remembered[key], remedies=remedies)

    def _is_old(self, remembered: _Remembered) -> bool:
        return self._now() - remembered.at >= LIFETIME_MS

    def take(self, key: str) -> _Remembered:
        """Forget a refusal, so that only one request comes from it; raise RefusedForgotten."""
        taken = self._remembered.pop(key, None)
        if taken is None:
            raise RefusedForgotten
        return taken

    def put_back(self, key: str, taken: _Remembered) -> None:
        """Remember a refusal again, because no request came from it."""
        self._remembered[key] = taken


class RefusedRequests:
    """Submits what people type and press, and remembers what was refused."""

    def __init__(
        self,
        *,
        client: Client,
        request_builder: RequestBuilder,
        couriers: Couriers,
        remedies: Remedies,
        now: Callable[[], int],
    ) -> None:
        self._client = client
        self._request_builder = request_builder
        self._couriers = couriers
        self._remedies = remedies
        self._remembered = RememberedRemedies(now)

    async def submit(self, interaction: Interaction, request: TypedRequest) -> bool:
        """Submit a request; return False if it was refused, which the person was told then.

        Raises:
            EaselError: it failed otherwise.
        """
        caller, began_s = caller_of(interaction, self._client.languages), time.monotonic()
        try:
            await self._request_builder.submit(
                request.options,
                caller,
                self._couriers.answering(interaction),
                preset=request.preset,
                attached=request.attached,
                references=request.references,
                mask=request.mask,
                parent=request.parent,
            )
        except Refusal as refusal:
            await self._answer(interaction, request, refusal, began_s=began_s)
            return False
        return True

    async def repeat(self, interaction: Interaction, job: Job) -> None:
        """Repeat a job, and tell the person where that is refused; it raises as ``submit`` does."""
        caller, began_s = caller_of(interaction, self._client.languages), time.monotonic()
        try:
            await self._request_builder.repeat(job, caller, self._couriers.answering(interaction))
        except Refusal as refusal:
            request = TypedRequest.repeating(job)
            await self._answer(interaction, request, refusal, began_s=began_s)

    def find(self, interaction: Interaction, key: str, number: int) -> Remedy:
        """Return the remedy of a button; raise RefusedForgotten."""
        return self._remembered.find(key, number, user_id=interaction.user.id)

    async def confirm_cost(self, interaction: Interaction, key: str, remedy: Remedy) -> None:
        """Raise CostChanged where the button showed another cost; from then on it shows this one.

        An admin may have changed costs, or a style, since the request was refused.
        """
        caller = caller_of(interaction, self._client.languages)
        (now,) = self._remedies.with_costs([remedy], caller)
        if now.credits == remedy.credits:
            return
        remedies = self._remedies.with_costs(self._remembered.remedies(key), caller)
        self._remembered.renew(key, remedies)
        await interaction.response.edit_message(view=self._buttons(key, remedies, caller))
        raise CostChanged(credits=self._remedies.credits(now.request, caller) or 0)

    async def submit_once(self, interaction: Interaction, key: str, request: TypedRequest) -> bool:
        """Submit a request that came from a refusal, unless another one came from it before.

        It returns and raises as ``submit`` does, and RefusedForgotten.
        """
        taken, accepted = self._remembered.take(key), False
        try:
            accepted = await self.submit(interaction, request)
        finally:
            if not accepted:
                self._remembered.put_back(key, taken)
        return accepted

    async def _answer(
        self, interaction: Interaction, request: TypedRequest, refusal: Refusal, *, began_s: float
    ) -> None:
        caller, view = caller_of(interaction, self._client.languages), None
        within_s = max(0.0, MOST_ANSWER_S - (time.monotonic() - began_s))
        if remedies := await self._find_remedies(refusal, request, caller, within_s):
            key = self._remembered.remember(caller.requester.user_id, remedies)
            view = self._buttons(key, remedies, caller)
        await self._client.answer_error(interaction, refusal, view=view)

    def _buttons(self, key: str, remedies: Sequence[Remedy], caller: CallerContext) -> View:
        labels = [RemedyLabel(_LABELS[each.kind], each.value, each.credits) for each in remedies]
        return remedy_buttons(self._client.texts, key, labels, caller.locale)

    async def _find_remedies(
        self, refusal: Refusal, request: TypedRequest, caller: CallerContext, within_s: float
    ) -> Sequence[Remedy]:
        try:
            return await self._remedies.of(refusal, request, caller, within_s=within_s)
        except Exception:
            # The refusal itself is what the person has to read.
            log.exception("refusal.no_remedies", refusal=refusal.message_id)
            return ()
