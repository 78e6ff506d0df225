"""The credits of pictures: what they cost, and what remains after a job."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.models import ImageRequest, Job
from bot.gateways.catalogue import Catalogue
from bot.jobs.courier import RemainingCredits
from bot.quota.admin_repository import CostKey
from bot.quota.allowances import Allowance


class ServerCostCache:
    """Costs of pictures that servers set: autocompletion reads them at every keystroke.

    It is updated after a change was committed.
    """

    def __init__(self, costs: Mapping[CostKey, int]) -> None:
        self._costs = dict(costs)

    def each(self, server_id: int, model: str, quality: str | None) -> int | None:
        """Return a picture's credits for its quality, else for any; None if no admin set them."""
        of_any = self._costs.get((server_id, model, ""))
        return self._costs.get((server_id, model, quality or ""), of_any)

    def set(self, server_id: int, model: str, quality: str | None, credits: int) -> None:
        """Store a cost after it was committed."""
        self._costs[server_id, model, quality or ""] = credits

    def remove(self, server_id: int, model: str, quality: str | None) -> None:
        """Remove a cost after its removal was committed."""
        self._costs.pop((server_id, model, quality or ""), None)

    def replace(self, server_id: int | None, costs: Mapping[CostKey, int]) -> None:
        """Store the costs of a server, or with None of all, instead of those that are known."""
        others = {} if server_id is None else self._costs
        self._costs = {key: each for key, each in others.items() if key[0] != server_id}
        self._costs.update(costs)


@dataclass(frozen=True, slots=True)
class Pricing:
    """What pictures cost people: the credits that their server's admins set, else the model's.

    ``has_ceilings``: the operator counts credits as well, in SERVER_QUOTA or TOTAL_QUOTA. Then a
    server's own cost cannot be below the model's, or admins could exceed those limits.
    """

    catalogue: Catalogue
    server_costs: ServerCostCache
    has_ceilings: bool = False

    def credits_each(self, server_id: int, model: str, quality: str | None) -> int:
        """Return the credits of one picture; raise UnknownModel for a model not offered."""
        known = self.catalogue.model(model)
        own = self.server_costs.each(server_id, known.name, quality)
        if own is None:
            return known.credits_each(quality)
        return max(own, self.min_credits_each(model, quality))

    def min_credits_each(self, model: str, quality: str | None) -> int:
        """Return the fewest credits that admins may ask for one picture."""
        return self.catalogue.model(model).credits_each(quality) if self.has_ceilings else 0

    def credits_of(self, request: ImageRequest, server_id: int) -> int:
        """Return the credits of all pictures of a request, or of its action."""
        if request.action and request.action.credits is not None:
            return request.action.credits
        return request.n * self.credits_each(server_id, request.model, request.quality)


def credits_per_picture(job: Job) -> int:
    """Return the credits of one of the job's pictures."""
    return job.credits // job.request.n


def remaining_credits(tightest: Allowance | None, *, returned: int) -> RemainingCredits | None:
    """Return what the person has left once this job's ``returned`` credits are back."""
    if tightest is None:
        return None
    credits = min(tightest.left + returned, tightest.limit)
    return RemainingCredits(credits, tightest.limit, tightest.period, tightest.frees_at)
