"""/imagine: request pictures from a prompt, options and reference images."""

from discord import Attachment, Interaction, app_commands

from bot.core.models import ImageOptions
from bot.discord_ui.autocomplete import Choices
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.uploads import upload_of
from bot.images.references import Attachments
from cogs.option_suggestions import OptionSuggestions, suggests_options
from cogs.option_types import NegativePrompt, Seed, Strength
from cogs.remedies import TypedRequest


class ImagineCog(OptionSuggestions):
    """The command, and the choices that it offers for its options."""

    @suggests_options
    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    @app_commands.describe(
        prompt="What to paint",
        model="Image model",
        size="Size or aspect ratio, e.g. 16:9 or 1024x1024",
        n="Number of pictures",
        quality="Quality, e.g. high",
        style="Style option of the model, e.g. vivid",
        background="Background, e.g. transparent",
        seed="Seed: the same one paints the same picture again, where the model takes one",
        negative="What shall not be in the picture, where the model takes that",
        strength="How far the result may depart from the reference image, in percent",
        preset="A preset saved with /preset, or a style of this server",
        reference1="First reference image",
        reference2="Second reference image",
        reference3="Third reference image",
        reference4="Fourth reference image",
        reference5="Fifth reference image",
        mask="PNG mask as large as the first reference image; transparent parts may change",
        private="Show the result only to you",
        spoiler="Hide the pictures until somebody clicks them",
    )
    async def imagine(  # noqa: PLR0913, PLR0917 - what people see as options
        self,
        interaction: Interaction,
        prompt: app_commands.Range[str, 1, 4000],
        model: str | None = None,
        size: str | None = None,
        n: app_commands.Range[int, 1, 10] | None = None,
        quality: str | None = None,
        style: str | None = None,
        background: str | None = None,
        seed: Seed | None = None,
        negative: NegativePrompt | None = None,
        strength: Strength | None = None,
        preset: str | None = None,
        reference1: Attachment | None = None,
        reference2: Attachment | None = None,
        reference3: Attachment | None = None,
        reference4: Attachment | None = None,
        reference5: Attachment | None = None,
        mask: Attachment | None = None,
        private: bool | None = None,
        spoiler: bool | None = None,
    ) -> None:
        """Paint a picture from a description."""
        given = (reference1, reference2, reference3, reference4, reference5)
        attached = Attachments(
            pictures=tuple(upload_of(attachment) for attachment in given if attachment is not None),
            mask=upload_of(mask) if mask is not None else None,
        )
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
            private=private,
            spoiler=spoiler,
        )
        request = TypedRequest(options=options, preset=preset, attached=attached)
        await self._deps.refused_requests.submit(interaction, request)

    @imagine.autocomplete("preset")
    async def suggest_presets(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the person's own presets, then the styles of the server."""
        return self._deps.option_choices.presets(interaction, typed)
