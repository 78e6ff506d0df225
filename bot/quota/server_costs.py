"""A cache of the servers' own costs, which autocompletion reads at every keystroke."""

from collections.abc import Mapping

from bot.quota.admin_repository import CostKey


class ServerCostCache:
    """Costs of pictures that servers set; callers update it after they commit a change."""

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
