"""A cache of the servers' own costs: they are asked at every keystroke of /imagine."""

from collections.abc import Mapping

from bot.quota.admin_repository import CostKey


class ServerCostCache:
    """What a picture costs in servers whose admins decided; who writes a cost updates it."""

    def __init__(self, costs: Mapping[CostKey, int]) -> None:
        self._costs = dict(costs)

    def each(self, server_id: int, model: str, quality: str | None) -> int | None:
        """Return a picture's credits, by its quality or any; None where no admin decided."""
        of_any = self._costs.get((server_id, model, ""))
        return self._costs.get((server_id, model, quality or ""), of_any)

    def set(self, server_id: int, model: str, quality: str | None, credits: int) -> None:
        """Remember a cost, once it is committed."""
        self._costs[server_id, model, quality or ""] = credits

    def remove(self, server_id: int, model: str, quality: str | None) -> None:
        """Forget a cost, once its removal is committed."""
        self._costs.pop((server_id, model, quality or ""), None)
