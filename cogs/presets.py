"""/preset: save options under a name and use them again."""

import re
from typing import Self

import discord
from discord import Interaction, app_commands
from discord.ext import commands

from bot.core.models import ImageOptions
from bot.discord_ui.autocomplete import Choices
from bot.discord_ui.caller import billed_server_id
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.settings_embeds import SettingsEmbeds, preset_page_count
from bot.discord_ui.style_embeds import open_styles_button
from bot.preferences.presets import MAX_PRESET_NAME
from bot.preferences.stored_preferences import NothingChosen
from cogs.dependencies import Dependencies
from cogs.option_suggestions import OptionSuggestions, suggests_options
from cogs.option_types import NegativePrompt, Seed, Strength
from cogs.remedies import TypedRequest

PresetName = app_commands.Range[str, 1, MAX_PRESET_NAME]


class PresetsCog(OptionSuggestions):
    """The commands that save, use, list and delete a person's presets."""

    preset = app_commands.Group(
        name="preset",
        description="Save options to use them again",
        guild_only=True,
        extras=PERSONAL,
    )

    def __init__(self, deps: Dependencies) -> None:
        super().__init__(deps)
        self._embeds = SettingsEmbeds(deps.client.texts)

    async def cog_load(self) -> None:
        """Handle also the lists that an earlier process sent."""
        self._deps.client.add_dynamic_items(PresetPageButton)

    @suggests_options
    @preset.command()
    @app_commands.describe(
        name="Name of the preset; an existing one with this name is replaced",
        prompt="What to paint; {prompt} stands for what you type when you use the preset",
        model="Image model",
        size="Size or aspect ratio, e.g. 16:9 or 1024x1024",
        n="Number of pictures",
        quality="Quality, e.g. high",
        style="Style option of the model, e.g. vivid",
        background="Background, e.g. transparent",
        seed="Seed: the same one paints the same picture again, where the model takes one",
        negative="What shall not be in the picture, where the model takes that",
        strength="How far the result may depart from the reference image, in percent",
    )
    async def save(  # noqa: PLR0913, PLR0917 - what people see as options
        self,
        interaction: Interaction,
        name: PresetName,
        prompt: app_commands.Range[str, 1, 4000] | None = None,
        model: str | None = None,
        size: str | None = None,
        n: app_commands.Range[int, 1, 10] | None = None,
        quality: str | None = None,
        style: str | None = None,
        background: str | None = None,
        seed: Seed | None = None,
        negative: NegativePrompt | None = None,
        strength: Strength | None = None,
    ) -> None:
        """Save options as a preset."""
        options = ImageOptions(
            prompt=prompt,
            model=model,
            size=size,
            n=n,
            quality=quality,
            style=style,
            background=background,
            seed=seed,
            negative=negative,
            strength=strength,
        )
        if options == ImageOptions():
            raise NothingChosen
        self._deps.option_defaults.check_preset(options)
        before = await self._deps.preference_store.save_preset(interaction.user.id, name, options)
        saved = self._deps.preference_store.preset(interaction.user.id, name)
        done = "preset-saved" if before is None else "preset-replaced"
        await self._say(interaction, done, saved.name)

    @preset.command()
    @app_commands.describe(
        name="Preset to use", prompt="What to paint; replaces {prompt} in the preset"
    )
    async def use(
        self,
        interaction: Interaction,
        name: str,
        prompt: app_commands.Range[str, 1, 4000] | None = None,
    ) -> None:
        """Paint with a preset."""
        await self._deps.button_guard.check_request(interaction)
        request = TypedRequest(options=ImageOptions(prompt=prompt), preset=name)
        await self._deps.refused_requests.submit(interaction, request)

    @preset.command(name="list")
    async def list_presets(self, interaction: Interaction) -> None:
        """Show your presets."""
        embed, view = self._page(interaction, 1)
        await interaction.response.send_message(embed=embed, view=view, ephemeral=True)

    @preset.command()
    @app_commands.describe(name="Preset to delete")
    async def delete(self, interaction: Interaction, name: str) -> None:
        """Delete a preset."""
        gone = await self._deps.preference_store.delete_preset(interaction.user.id, name)
        await self._say(interaction, "preset-deleted", gone.name)

    @use.autocomplete("name")
    async def suggest_usable(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the person's own presets, then the styles of the server."""
        return self._deps.option_choices.presets(interaction, typed)

    @delete.autocomplete("name")
    @save.autocomplete("name")
    async def suggest_names(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the person's own presets."""
        return self._deps.option_choices.own_presets(interaction, typed)

    @commands.Cog.listener()
    async def on_preset_page_chosen(self, interaction: Interaction, page: int) -> None:
        """Show another page of the list."""
        try:
            await self._show_page(interaction, page)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _show_page(self, interaction: Interaction, page: int) -> None:
        self._deps.client.admit(interaction)
        embed, view = self._page(interaction, page)
        await interaction.response.edit_message(embed=embed, view=view)

    def _page(self, interaction: Interaction, page: int) -> tuple[discord.Embed, discord.ui.View]:
        presets = tuple(self._deps.preference_store.presets(interaction.user.id).values())
        pages = preset_page_count(presets)
        page = min(page, pages)
        view = discord.ui.View(timeout=None)
        for arrow, other in (("◀", page - 1), ("▶", page + 1)):
            if 1 <= other <= pages:
                view.add_item(PresetPageButton(other, arrow))
        locale = self._deps.client.languages.personal(interaction)
        if self._deps.styles.styles(billed_server_id(interaction)):
            view.add_item(open_styles_button(self._deps.client.texts, locale))
        return self._embeds.presets(presets, page, locale), view

    async def _say(self, interaction: Interaction, message_id: str, name: str) -> None:
        locale = self._deps.client.languages.personal(interaction)
        sentence = self._embeds.preset(message_id, name, locale)
        await interaction.response.send_message(sentence, ephemeral=True)


class PresetPageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"easel:presets:(?P<page>[1-9]\d{0,3})",
):
    """Shows a page of a list of presets; it outlives the process."""

    def __init__(self, page: int, label: str | None = None) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"easel:presets:{page}"))
        self._page = page

    @classmethod
    async def from_custom_id(
        cls,
        interaction: Interaction,  # noqa: ARG003 - the id says everything
        item: discord.ui.Item[discord.ui.View],  # noqa: ARG003 - as above
        match: re.Match[str],
        /,
    ) -> Self:
        """Read the page from a press."""
        return cls(int(match["page"]))

    async def callback(self, interaction: Interaction) -> None:
        """Tell the cog; discord.py would only log an error that is raised here."""
        interaction.client.dispatch("preset_page_chosen", interaction, self._page)
