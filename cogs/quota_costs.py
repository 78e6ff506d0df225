"""/quota cost: the credits that a picture costs in a server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from discord import Interaction, app_commands

from bot.core.errors.base import Refusal
from bot.core.errors.options import OptionNotTaken, UnknownModel, WrongChoice
from bot.core.errors.quotas import CostBelowTheOperators
from bot.discord_ui.autocomplete import Choices
from bot.discord_ui.quota_list_embeds import CostRow
from bot.gateways.model_abilities import ModelAbilities
from cogs.quota_base import QuotaCommands, guild_id_of, quota

COSTS = "costs"

Own = Mapping[tuple[str, str], int]
"""A server's own credits by model and quality, '' for any."""


@dataclass(eq=False, kw_only=True)
class ModelNotChosen(Refusal):
    """Credits or a quality were given without a model."""

    message_id = "error-model-not-chosen"


class CostCommands(QuotaCommands):
    """The command that sets what a picture costs."""

    @quota.command()
    @app_commands.describe(
        model="Model; if all options are empty, the price list is shown",
        quality="Quality; if empty, any",
        credits="Credits per picture; if empty, the default applies again",
    )
    async def cost(
        self,
        interaction: Interaction,
        model: str | None = None,
        quality: str | None = None,
        credits: int | None = None,
    ) -> None:
        """Set what a picture costs here, or show the price list."""
        if model is None:
            if quality is not None or credits is not None:
                raise ModelNotChosen
            await self.list_costs(interaction)
        elif credits is None:
            await self._remove_cost(interaction, model, quality)
        else:
            await self._set_cost(interaction, model, quality, credits)

    @cost.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that match what was typed so far, with what a picture costs."""
        return self._deps.autocomplete.models(
            typed, server_id=guild_id_of(interaction), locale=self.locale(interaction)
        )

    @cost.autocomplete("quality")
    async def suggest_qualities(self, interaction: Interaction, typed: str) -> Choices:
        """Offer only the qualities that the chosen model supports, with what a picture costs."""
        return self._deps.autocomplete.qualities(
            typed,
            model=interaction.namespace.model,
            server_id=guild_id_of(interaction),
            locale=self.locale(interaction),
        )

    async def _set_cost(
        self, interaction: Interaction, model: str, quality: str | None, credits: int
    ) -> None:
        server_id, (name, kind) = guild_id_of(interaction), self._spelled(model, quality)
        if 0 <= credits < (least := self._deps.services.pricing.min_credits_each(name, kind)):
            raise CostBelowTheOperators(credits=credits, limit=least)
        await self._deps.services.server_costs.set(
            server_id, name, kind, credits, actor_id=interaction.user.id
        )
        sentence = self._embeds.cost_set(name, kind, credits, self.locale(interaction))
        await self.answer(interaction, sentence)

    async def _remove_cost(self, interaction: Interaction, model: str, quality: str | None) -> None:
        try:
            name, kind = self._spelled(model, quality)
        except (UnknownModel, WrongChoice, OptionNotTaken):  # no longer configured
            name, kind = model.strip(), quality and quality.strip()
        await self._deps.services.server_costs.remove(
            guild_id_of(interaction), name, kind, actor_id=interaction.user.id
        )
        await self.answer(
            interaction, self._embeds.cost_removed(name, kind, self.locale(interaction))
        )

    async def list_costs(self, interaction: Interaction) -> None:
        """Show the price list."""
        server_id = guild_id_of(interaction)
        costs = await self._database.read(self._ledger.costs, server_id)
        own = {(model, quality): credits for (_, model, quality), credits in costs.items()}
        embed = self._lists.costs(list(self._rows(server_id, own)), self.locale(interaction))
        await interaction.response.send_message(embed=embed, ephemeral=True)

    def _rows(self, server_id: int, own: Own) -> Iterator[CostRow]:
        """Return the models with the qualities that differ, then what is no longer configured."""
        listed = set()
        for model in self._deps.services.catalogue.models:
            for row in self._rows_of(server_id, model, own):
                listed.add((row.model, row.quality or ""))
                yield row
        for (name, quality), credits in own.items():
            if (name, quality) not in listed:
                yield CostRow(name, quality or None, credits, is_own=True)

    def _rows_of(self, server_id: int, model: ModelAbilities, own: Own) -> Iterator[CostRow]:
        each = self._deps.services.pricing.credits_each
        usual = each(server_id, model.name, None)
        yield CostRow(model.name, None, usual, is_own=(model.name, "") in own)
        for quality in model.allowed_words("quality") or ():
            credits, is_own = each(server_id, model.name, quality), (model.name, quality) in own
            if is_own or credits != usual:
                yield CostRow(model.name, quality, credits, is_own=is_own)

    def _spelled(self, model: str, quality: str | None) -> tuple[str, str | None]:
        """Return the names in the catalogue's spelling; raises UnknownModel or WrongChoice."""
        name = self._deps.services.catalogue.model(model).name
        return name, self._deps.services.catalogue.quality(name, quality)
