"""What /settings show tells of a server, and the areas that its select shows in full."""

from collections.abc import Mapping

from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.errors.jobs import OutdatedCommand
from bot.database.transaction import Transaction
from bot.discord_ui.command_permissions import check_may_use
from bot.discord_ui.quota_list_embeds import GeneralLimits, QuotaListEmbeds
from bot.discord_ui.settings_embeds import SettingLine, SettingsEmbeds
from bot.discord_ui.settings_overview import (
    AREAS,
    LONGEST_LIST,
    SettingsAreaSelect,
    SettingsOverviewEmbeds,
    area_view,
)
from bot.discord_ui.style_embeds import StyleEmbeds
from bot.quota.admin_repository import CostKey
from bot.quota.levels import Member
from bot.quota.limits import LimitSet
from cogs.dependencies import Dependencies
from cogs.model_costs import model_costs
from cogs.quota_limits import general_limits, subject_rows
from cogs.settings_log import log_channel_closed

_SHOWN_HERE = ("models", "channels", "roles")


class SettingsOverview:
    """Builds the message of /settings show."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps
        self._settings = SettingsEmbeds(deps.client.texts)
        self._overview = SettingsOverviewEmbeds(deps.client.texts)
        self._styles = StyleEmbeds(deps.client.texts)
        self._quotas = QuotaListEmbeds(deps.client.texts)

    async def show(self, interaction: Interaction) -> None:
        """Answer with every setting of the server, to the caller alone."""
        server_id, client = interaction.guild_id or 0, self._deps.client
        locale = client.languages.personal(interaction)
        limits, members, costs = await self._deps.services.database.read(self._read, server_id)
        lines = [
            self._limit_line(limits, members, locale),
            self._cost_line(costs, locale),
            *self._setting_lines(server_id, locale),
            self._style_line(server_id, locale),
        ]
        await interaction.response.send_message(
            self._log_warning(interaction, locale),
            embed=self._overview.overview(lines, client.command_mentions.mention, locale),
            view=area_view(client.texts, locale),
            ephemeral=True,
        )

    def _read(
        self, rows: Transaction, server_id: int
    ) -> tuple[Mapping[str, LimitSet], Mapping[int, Member], Mapping[CostKey, int]]:
        ledger = self._deps.services.ledger
        return (*ledger.decided(rows, server_id), ledger.costs(rows, server_id))

    def _log_warning(self, interaction: Interaction, locale: str) -> str | None:
        channel_id = self._deps.preference_store.server(interaction.guild_id or 0).log_channel
        closed = log_channel_closed(interaction.guild, channel_id or 0)
        return f"⚠️ {self._deps.client.texts.sentence(closed, locale)}" if closed else None

    def _limit_line(
        self, limits: Mapping[str, LimitSet], members: Mapping[int, Member], locale: str
    ) -> SettingLine:
        general: GeneralLimits = general_limits(self._deps, limits)
        lines = self._quotas.general_lines(general, locale)
        if others := len(subject_rows(limits, members)):
            lines.append(self._deps.client.texts.say("custom-limits-more", locale, count=others))
        return SettingLine("custom-limits", "\n".join(lines), "quota set")

    def _cost_line(self, costs: Mapping[CostKey, int], locale: str) -> SettingLine:
        value = self._deps.client.texts.say("custom-costs-are", locale, count=len(costs))
        return SettingLine("custom-costs", value, "quota cost")

    def _style_line(self, server_id: int, locale: str) -> SettingLine:
        styles = tuple(self._deps.styles.styles(server_id).values())
        names = self._styles.names(styles, locale, limit=LONGEST_LIST)
        return SettingLine("custom-styles", names, "style save" if styles else "style import")

    def _setting_lines(self, server_id: int, locale: str) -> list[SettingLine]:
        settings = self._deps.preference_store.server(server_id)
        models = self._deps.request_builder.allowed_models(server_id)
        return self._settings.setting_lines(
            settings,
            self._deps.option_defaults.of(server_id),
            models=models,
            unmoderated=self._deps.services.catalogue.ignoring_moderation(
                settings.moderation, models
            ),
            locale=locale,
            longest_list=LONGEST_LIST,
        )


class SettingsAreasCog(commands.Cog):
    """Shows the areas of the settings that no other cog has lists of."""

    def __init__(self, deps: Dependencies, group: app_commands.Group) -> None:
        self._deps = deps
        self._group = group
        self._embeds = SettingsOverviewEmbeds(deps.client.texts)

    async def cog_load(self) -> None:
        """Handle also the selects that an earlier process sent."""
        self._deps.client.add_dynamic_items(SettingsAreaSelect)

    @commands.Cog.listener()
    async def on_settings_area_chosen(self, interaction: Interaction, area: str) -> None:
        """Show an area of this cog, or say that the choice is from another version."""
        if area in AREAS and area not in _SHOWN_HERE:
            return
        try:
            await self._show(interaction, area)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _show(self, interaction: Interaction, area: str) -> None:
        await check_may_use(self._deps.client, interaction, self._group)
        server_id = interaction.guild_id or 0
        locale = self._deps.client.languages.personal(interaction)
        settings = self._deps.preference_store.server(server_id)
        if area == "models":
            embed = self._embeds.models(model_costs(self._deps, server_id), locale)
        elif area == "channels":
            embed = self._embeds.ids("channels", settings.channels, locale)
        elif area == "roles":
            embed = self._embeds.ids("roles", settings.roles, locale)
        else:
            raise OutdatedCommand
        await interaction.response.send_message(embed=embed, ephemeral=True)
