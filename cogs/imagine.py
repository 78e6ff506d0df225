"""/imagine: options and attachments → ImageRequest → studio."""

from functools import partial

import discord
from discord import Attachment, Interaction, app_commands
from discord.ext import commands

from bot.delivery.courier import Couriers
from bot.delivery.suggestions import Choices, Suggestions
from bot.domain import Requester
from bot.gateways.catalogue import Catalogue
from bot.references import Attached, Upload
from bot.studio import Studio


class Imagine(commands.Cog):
    """The door through which pictures are asked for."""

    def __init__(
        self,
        *,
        studio: Studio,
        catalogue: Catalogue,
        couriers: Couriers,
        suggestions: Suggestions,
    ) -> None:
        self._studio = studio
        self._catalogue = catalogue
        self._couriers = couriers
        self._suggestions = suggestions

    @app_commands.command()
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What to paint",
        model="Who paints it",
        size="How large, like 1024x1024",
        n="How many pictures",
        quality="How carefully",
        style="In which style",
        background="What is behind it",
        reference1="A picture to start from",
        reference2="A second picture to start from",
        reference3="A third picture to start from",
        reference4="A fourth picture to start from",
        reference5="A fifth picture to start from",
        mask="A PNG as large as the first picture, transparent where it may change",
    )
    async def imagine(  # noqa: PLR0913, PLR0917 - what people see as options
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, 4000],
        model: str | None = None,
        size: str | None = None,
        n: app_commands.Range[int, 1, 10] = 1,
        quality: str | None = None,
        style: str | None = None,
        background: str | None = None,
        reference1: Attachment | None = None,
        reference2: Attachment | None = None,
        reference3: Attachment | None = None,
        reference4: Attachment | None = None,
        reference5: Attachment | None = None,
        mask: Attachment | None = None,
    ) -> None:
        """Paint a picture from a description."""
        given = (reference1, reference2, reference3, reference4, reference5)
        attached = Attached(
            pictures=tuple(_upload(attachment) for attachment in given if attachment is not None),
            mask=_upload(mask) if mask is not None else None,
        )
        request = self._catalogue.order(
            prompt=prompt,
            model=model,
            size=size,
            n=n,
            quality=quality,
            style=style,
            background=background,
            references=len(attached.pictures),
            mask=mask is not None,
        )
        await self._studio.submit(
            request,
            requester(interaction.user, interaction.guild_id),
            self._couriers.answering(interaction),
            attached=attached,
            locale=str(interaction.guild_locale or interaction.locale),
        )

    @imagine.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that match what was typed so far, with what a picture costs."""
        return self._suggestions.models(
            typed,
            server_id=interaction.guild_id or 0,
            locale=str(interaction.locale),
            quality=interaction.namespace.quality,
        )

    @imagine.autocomplete("size")
    async def suggest_sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer only the sizes that the chosen model can paint."""
        return self._suggestions.sizes(typed, model=interaction.namespace.model)

    @imagine.autocomplete("quality")
    async def suggest_qualities(self, interaction: Interaction, typed: str) -> Choices:
        """Offer only the qualities that the chosen model knows, with what a picture costs."""
        return self._suggestions.qualities(
            typed,
            model=interaction.namespace.model,
            server_id=interaction.guild_id or 0,
            locale=str(interaction.locale),
        )

    @imagine.autocomplete("style")
    async def suggest_styles(self, interaction: Interaction, typed: str) -> Choices:
        """Offer only the styles that the chosen model knows."""
        return self._suggestions.choices("style", typed, model=interaction.namespace.model)

    @imagine.autocomplete("background")
    async def suggest_backgrounds(self, interaction: Interaction, typed: str) -> Choices:
        """Offer only the backgrounds that the chosen model knows."""
        return self._suggestions.choices("background", typed, model=interaction.namespace.model)


def requester(user: discord.User | discord.Member, server_id: int | None) -> Requester:
    """Return who asks, and where."""
    roles = getattr(user, "roles", ())
    # Discord gives everybody a role with the server's id.
    role_ids = tuple(role.id for role in roles if role.id != server_id)
    return Requester(user.id, server_id or 0, user.display_name, role_ids)


def _upload(attachment: Attachment) -> Upload:
    return Upload(attachment.size, partial(_read, attachment), attachment.url)


async def _read(attachment: Attachment) -> bytes:
    try:
        return await attachment.read()
    except discord.DiscordException as gone:
        raise OSError("the attachment cannot be fetched") from gone
