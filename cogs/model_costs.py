"""The models that may be used in a server, with what a picture costs there."""

from datetime import UTC, datetime

from bot.discord_ui.help_embeds import ModelCost
from cogs.dependencies import Dependencies


def model_costs(deps: Dependencies, server_id: int) -> list[ModelCost]:
    """Return the allowed models by their names for people, in the operator's order."""
    catalogue, pricing = deps.services.catalogue, deps.services.pricing
    today = datetime.fromtimestamp(deps.now() / 1000, UTC).date()
    return [
        ModelCost(catalogue.display_name(name, today), pricing.credits_each(server_id, name, None))
        for name in deps.request_builder.allowed_models(server_id)
    ]
