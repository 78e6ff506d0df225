"""/style: the styles that a server's admins offer to everybody there, and their list."""

import asyncio
import io

import discord
from discord import Attachment, Interaction, app_commands
from discord.ext import commands

from bot.core.errors.base import Refusal
from bot.core.models import ImageOptions
from bot.discord_ui.autocomplete import Choices, plain_choices
from bot.discord_ui.caller import CallerPlace, place_of_caller
from bot.discord_ui.command_errors import ServersOnly
from bot.discord_ui.command_permissions import check_may_use
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.style_embeds import (
    STYLES_ON_A_PAGE,
    StyleEmbeds,
    StylePage,
    StylePageButton,
    style_page_view,
)
from bot.discord_ui.uploads import upload_of
from bot.images.example_pictures import ExamplePictures
from bot.moderation.moderation import ForbiddenHere, ForbiddenText
from bot.preferences.presets import MAX_PRESET_NAME, matching_presets
from bot.preferences.server_styles import (
    MAX_STYLE_PROMPT,
    NoStyles,
    ServerStyle,
    StyleForbidden,
)
from bot.preferences.style_files import (
    STYLES_FILE,
    StyleNotPaintable,
    StylesFileUnreadable,
    check_file_size,
    example_styles,
    parse_styles,
    write_styles,
)
from cogs.dependencies import Dependencies
from cogs.option_suggestions import OptionSuggestions, suggests_options
from cogs.option_types import NegativePrompt, Strength


class StylesCog(OptionSuggestions):
    """The commands for admins, and the pages of the list for everybody."""

    style = app_commands.Group(
        name="style",
        description="Offer styles to everybody in this server",
        default_permissions=discord.Permissions(manage_guild=True),
        guild_only=True,
    )

    def __init__(self, deps: Dependencies) -> None:
        super().__init__(deps)
        self._styles = deps.styles
        self._embeds = StyleEmbeds(deps.client.texts)
        self._examples = ExamplePictures(deps.services.content_store)

    async def cog_load(self) -> None:
        """Handle also the pages that an earlier process sent."""
        self._deps.client.add_dynamic_items(StylePageButton)

    # --- commands -----------------------------------------------------------------------------

    @suggests_options
    @style.command()
    @app_commands.describe(
        name="Name of the style; an existing one with this name is replaced",
        prompt="What to paint; {prompt} stands for what people type",
        model="Image model",
        size="Size or aspect ratio, e.g. 16:9 or 1024x1024",
        n="Number of pictures",
        quality="Quality, e.g. high",
        style="Style option of the model, e.g. vivid",
        background="Background, e.g. transparent",
        negative="What shall not be in the picture, where the model takes that",
        strength="How far the result may depart from the reference image, in percent",
        example="Picture that shows the style in the list",
    )
    async def save(  # noqa: PLR0913, PLR0917 - what people see as options
        self,
        interaction: Interaction,
        name: app_commands.Range[str, 1, MAX_PRESET_NAME],
        prompt: app_commands.Range[str, 1, MAX_STYLE_PROMPT],
        model: str | None = None,
        size: str | None = None,
        n: app_commands.Range[int, 1, 10] | None = None,
        quality: str | None = None,
        style: str | None = None,
        background: str | None = None,
        negative: NegativePrompt | None = None,
        strength: Strength | None = None,
        example: Attachment | None = None,
    ) -> None:
        """Save a style that everybody here can choose as preset."""
        options = ImageOptions(
            prompt=prompt,
            model=model,
            size=size,
            n=n,
            quality=quality,
            style=style,
            background=background,
            negative=negative,
            strength=strength,
        )
        new = ServerStyle.of(name, options)
        self._deps.option_defaults.check_preset(options)
        await self._check_allowed(interaction, new)
        if example is not None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            new = await self._with_example(new, example)
        replaced = await self._styles.save(interaction.guild_id or 0, [new])
        sentence = self._embeds.say(
            "style-replaced" if replaced else "style-saved",
            new,
            self._locale(interaction),
            command=self._deps.client.command_mentions.mention("imagine"),
        )
        await _answer(interaction, sentence)

    @style.command(name="list")
    async def list_styles(self, interaction: Interaction) -> None:
        """Show the styles of this server."""
        await self._show_page(interaction, 1, is_first=True)

    @style.command()
    @app_commands.describe(name="Style to delete")
    async def delete(self, interaction: Interaction, name: str) -> None:
        """Delete a style of this server."""
        gone = await self._styles.delete(interaction.guild_id or 0, name)
        await _answer(
            interaction, self._embeds.say("style-deleted", gone, self._locale(interaction))
        )

    @style.command(name="import")
    @app_commands.describe(
        file="File from /style export; if empty, the styles that come with Easel"
    )
    async def import_styles(self, interaction: Interaction, file: Attachment | None = None) -> None:
        """Save all styles of a file, or those that come with Easel."""
        if file is None:
            styles = example_styles()
        else:
            check_file_size(file.size)
            await interaction.response.defer(ephemeral=True, thinking=True)
            styles = await asyncio.to_thread(parse_styles, await _content(file))
        for each in styles:
            self._check_paintable(each)
            await self._check_allowed(interaction, each)
        replaced = await self._styles.save(interaction.guild_id or 0, styles)
        locale = self._locale(interaction)
        await _answer(interaction, self._embeds.imported(len(styles), replaced, locale))

    @style.command()
    async def export(self, interaction: Interaction) -> None:
        """Get the styles of this server as a file."""
        styles = self._styles.styles(interaction.guild_id or 0)
        if not styles:
            raise NoStyles
        file = discord.File(io.BytesIO(write_styles(styles.values())), STYLES_FILE)
        sentence = self._embeds.exported(len(styles), self._locale(interaction))
        await interaction.response.send_message(sentence, file=file, ephemeral=True)

    # --- autocomplete -------------------------------------------------------------------------

    @save.autocomplete("name")
    @delete.autocomplete("name")
    async def suggest_names(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the styles of the server."""
        styles = self._styles.styles(interaction.guild_id or 0)
        return plain_choices(matching_presets(styles, typed))

    # --- the list -----------------------------------------------------------------------------

    @commands.Cog.listener()
    async def on_style_page_chosen(
        self, interaction: Interaction, number: int, is_first: bool
    ) -> None:
        """Show a page to anybody who sees the button: everybody may use the styles."""
        try:
            self._deps.client.admit(interaction)
            if place_of_caller(interaction) is not CallerPlace.SERVER:
                raise ServersOnly  # noqa: TRY301 - discord.py would only log it
            await self._show_page(interaction, number, is_first=is_first)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    @commands.Cog.listener()
    async def on_settings_area_chosen(self, interaction: Interaction, area: str) -> None:
        """Show the list as an area of /settings show."""
        if area != "styles":
            return
        try:
            await check_may_use(self._deps.client, interaction, self.style)
            await self._show_page(interaction, 1, is_first=True)
        except Exception as error:  # noqa: BLE001 - discord.py would only log it
            await self._deps.client.answer_error(interaction, error)

    async def _show_page(self, interaction: Interaction, number: int, *, is_first: bool) -> None:
        page, locale = await self._page(interaction, number), self._locale(interaction)
        embeds, files = self._embeds.page(page, locale), self._embeds.files(page, locale)
        view = style_page_view(page)
        if is_first:
            await interaction.response.send_message(
                embeds=embeds, files=files, view=view, ephemeral=True
            )
        else:
            await interaction.response.edit_message(embeds=embeds, attachments=files, view=view)

    async def _page(self, interaction: Interaction, number: int) -> StylePage:
        styles = tuple(self._styles.styles(interaction.guild_id or 0).values())
        pages = max(1, -(-len(styles) // STYLES_ON_A_PAGE))
        number = min(number, pages)
        here = styles[(number - 1) * STYLES_ON_A_PAGE : number * STYLES_ON_A_PAGE]
        wanted = [style.picture for style in here if style.picture is not None]
        kept = await self._examples.read(wanted)
        return StylePage(here, kept, number, pages, len(styles))

    # --- parts --------------------------------------------------------------------------------

    def _locale(self, interaction: Interaction) -> str:
        return self._deps.client.languages.personal(interaction)

    async def _with_example(self, style: ServerStyle, example: Attachment) -> ServerStyle:
        await self._deps.services.retention.ensure_space()
        picture = await self._examples.keep(upload_of(example))
        return ServerStyle(style.name, style.options, picture=picture)

    def _check_paintable(self, style: ServerStyle) -> None:
        try:
            self._deps.option_defaults.check_preset(style.options)
        except Refusal:
            raise StyleNotPaintable(name=style.name) from None

    async def _check_allowed(self, interaction: Interaction, style: ServerStyle) -> None:
        options = style.options
        texts = (options.prompt, options.negative, options.style, options.background)
        try:
            await self._deps.services.moderation.check(
                [style.name, *filter(None, texts)], server_id=interaction.guild_id or 0
            )
        except (ForbiddenText, ForbiddenHere):
            raise StyleForbidden(name=style.name) from None


async def _content(file: Attachment) -> bytes:
    try:
        return await file.read()
    except DISCORD_ERRORS as gone:
        raise StylesFileUnreadable from gone


async def _answer(interaction: Interaction, sentence: str) -> None:
    if interaction.response.is_done():
        await interaction.followup.send(sentence, ephemeral=True)
    else:
        await interaction.response.send_message(sentence, ephemeral=True)
