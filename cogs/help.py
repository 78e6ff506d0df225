"""/help: what a person can do where they ask, and pages about single topics."""

from collections.abc import Sequence
from functools import partial

from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.base import Refusal
from bot.core.models import Requester
from bot.discord_ui.autocomplete import Choices
from bot.discord_ui.caller import CallerPlace, place_of_caller, requester_of
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.help_embeds import (
    SETUP_TOPIC,
    TOPICS,
    HelpEmbeds,
    PersonalHelp,
)
from bot.jobs.text_requests import text_kinds
from bot.preferences.access_rules import check_access
from cogs.dependencies import Dependencies
from cogs.model_costs import model_costs
from cogs.usage import read_usage, usage_row


class HelpCog(commands.Cog):
    """The command, and the topics that it offers."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._embeds = HelpEmbeds(deps.client.texts)

    @app_commands.command(name="help", extras=PERSONAL)
    @app_commands.guild_only()
    @app_commands.describe(topic="What to explain; if empty, an overview")
    async def show_help(self, interaction: Interaction, topic: str | None = None) -> None:
        """Show what you can do here, and how."""
        locale = self._deps.client.languages.personal(interaction)
        mentions = self._deps.client.command_mentions.facts
        if topic is not None:
            meant = self._embeds.topic_meant(_topics(interaction), topic, locale)
            texts = text_kinds(self._deps.services.text_requests)
            embeds = [self._embeds.topic(meant, mentions, locale, texts=texts)]
        else:
            found = await self._personal(requester_of(interaction))
            embeds = [self._embeds.overview(found, self._deps.links, mentions, locale)]
            if _may_set_up(interaction):
                embeds.append(self._embeds.setup(mentions, locale))
        await interaction.response.send_message(embeds=embeds, ephemeral=True)

    @show_help.autocomplete("topic")
    async def suggest_topics(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the topics, those for admins only to them."""
        locale = self._deps.client.languages.personal(interaction)
        return self._embeds.topic_choices(_topics(interaction), typed, locale)

    async def _personal(self, who: Requester) -> PersonalHelp:
        services = self._deps.services
        allowances, status = await services.database.read(partial(read_usage, services.ledger), who)
        return PersonalHelp(
            models=model_costs(self._deps, who.server_id),
            limits=[usage_row(allowance) for allowance in allowances],
            status=status,
            hindrance=self._hindrance(who),
        )

    def _hindrance(self, who: Requester) -> Refusal | None:
        try:
            check_access(self._deps.preference_store.server(who.server_id), who)
        except Refusal as refusal:
            return refusal
        return None


def _topics(interaction: Interaction) -> Sequence[str]:
    return (*TOPICS, SETUP_TOPIC) if _may_set_up(interaction) else TOPICS


def _may_set_up(interaction: Interaction) -> bool:
    is_server = place_of_caller(interaction) is CallerPlace.SERVER
    return is_server and interaction.permissions.manage_guild
