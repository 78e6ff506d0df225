"""The parts of a reload that services hold: gateways with models and keys, forbidden words."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.metrics import Metrics
from bot.core.operations import COMMAND_OPERATIONS
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.routing.offered_models import OfferedModels
from bot.gateways.routing.router import Router
from bot.moderation.moderation import PromptModeration
from bot.moderation.rules import read_rules
from bot.settings.gateway_settings import check_prices, check_text_model, read_gateways
from bot.settings.reload import ReadPart
from bot.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class GatewayReload:
    """Reads gateways, models and keys anew; what was sent before goes on where it is."""

    catalogue: Catalogue
    router: Router
    offers: OfferedModels
    metrics: Metrics

    async def __call__(self, settings: Settings) -> ReadPart:
        """Read them: a ReloadPart."""
        gateways = await asyncio.to_thread(read_gateways, settings)
        check_prices(settings, gateways)
        check_text_model(settings, gateways)
        catalogue = Catalogue.of(gateways)
        opened = await self.router.open(gateways)

        def apply() -> None:
            self.router.use(opened)
            self.offers.replace(gateways)
            self.catalogue.replace(catalogue)
            tell_names(self.metrics, gateways, catalogue)

        return ReadPart(apply, self._facts(gateways, catalogue))

    def _facts(self, gateways: Sequence[Gateway], catalogue: Catalogue) -> str:
        before = [model.name for model in self.catalogue.models]
        names = [model.name for model in catalogue.models]
        moves = {
            "new": [name for name in names if name not in before],
            "gone": [name for name in before if name not in names],
        }
        told = "; ".join(f"{move}: {', '.join(found)}" for move, found in moves.items() if found)
        facts = f"gateways: {len(gateways)}, models: {len(names)}"
        facts = f"{facts} ({told})" if told else facts
        added = [
            f"/{operation}"
            for operation in COMMAND_OPERATIONS
            if catalogue.models_with(operation) and not self.catalogue.models_with(operation)
        ]
        return f"{facts}; restart the bot for {', '.join(added)}" if added else facts


@dataclass(frozen=True, slots=True)
class ModerationReload:
    """Reads the operator's words and expressions anew."""

    moderation: PromptModeration

    async def __call__(self, settings: Settings) -> ReadPart:
        """Read them: a ReloadPart."""
        rules = await asyncio.to_thread(read_rules, settings.moderation_file)

        def apply() -> None:
            self.moderation.rules = rules

        return ReadPart(apply, f"forbidden words and expressions: {rules.size}")


def tell_names(metrics: Metrics, gateways: Sequence[Gateway], catalogue: Catalogue) -> None:
    """Let metrics count these gateways and models apart."""
    metrics.know(
        gateways=[gateway.name for gateway in gateways],
        models=[model.name for model in catalogue.models],
    )
