"""/blend and /swap: make a picture of pictures, by models whose gateway has a call for that.

A command is there only where such a model was offered when the bot started.
"""

from discord import Attachment, Interaction, app_commands
from discord.ext import commands

from bot.core.models import ImageOptions
from bot.core.operations import Operation
from bot.discord_ui.autocomplete import Choices
from bot.discord_ui.client import PERSONAL
from bot.discord_ui.uploads import upload_of
from bot.images.references import Attachments
from cogs.dependencies import Dependencies
from cogs.remedies import TypedRequest


class BlendCog(commands.Cog):
    """Blends pictures."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    @app_commands.describe(
        picture1="First picture",
        picture2="Second picture",
        picture3="Third picture",
        picture4="Fourth picture",
        picture5="Fifth picture",
        model="Image model",
        size="Aspect ratio of the result, e.g. 2:3",
        private="Show the result only to you",
        spoiler="Hide the pictures until somebody clicks them",
    )
    async def blend(  # noqa: PLR0913, PLR0917 - what people see as options
        self,
        interaction: Interaction,
        picture1: Attachment,
        picture2: Attachment,
        picture3: Attachment | None = None,
        picture4: Attachment | None = None,
        picture5: Attachment | None = None,
        model: str | None = None,
        size: str | None = None,
        private: bool | None = None,
        spoiler: bool | None = None,
    ) -> None:
        """Make one picture of two to five pictures."""
        options = ImageOptions(
            operation="blend", model=model, size=size, private=private, spoiler=spoiler
        )
        given = (picture1, picture2, picture3, picture4, picture5)
        await _submit(self._deps, interaction, options, *filter(None, given))

    @blend.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that blend, with what the result costs."""
        return self._deps.option_choices.models_with("blend", interaction, typed)

    @blend.autocomplete("size")
    async def suggest_sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of a blend."""
        return self._deps.option_choices.sizes_of("blend", interaction, typed)


class SwapCog(commands.Cog):
    """Swaps faces."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    @app_commands.command(extras=PERSONAL)
    @app_commands.guild_only()
    @app_commands.describe(
        face="The picture with the face",
        picture="The picture that gets the face",
        model="Image model",
        private="Show the result only to you",
        spoiler="Hide the pictures until somebody clicks them",
    )
    async def swap(
        self,
        interaction: Interaction,
        face: Attachment,
        picture: Attachment,
        model: str | None = None,
        private: bool | None = None,
        spoiler: bool | None = None,
    ) -> None:
        """Put the face of one picture into another; only with the consent of that person."""
        options = ImageOptions(operation="swap", model=model, private=private, spoiler=spoiler)
        await _submit(self._deps, interaction, options, face, picture)

    @swap.autocomplete("model")
    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that swap faces, with what the result costs."""
        return self._deps.option_choices.models_with("swap", interaction, typed)


def operation_cogs(deps: Dependencies) -> tuple[commands.Cog, ...]:
    """Return the cogs of the operations that an offered model has."""
    known: dict[Operation, type[BlendCog | SwapCog]] = {"blend": BlendCog, "swap": SwapCog}
    offered = deps.services.catalogue.models_with
    return tuple(cog(deps) for operation, cog in known.items() if offered(operation))


async def _submit(
    deps: Dependencies, interaction: Interaction, options: ImageOptions, *pictures: Attachment
) -> None:
    await deps.button_guard.check_request(interaction)
    attached = Attachments(tuple(upload_of(picture) for picture in pictures))
    request = TypedRequest(options=options, attached=attached)
    await deps.refused_requests.submit(interaction, request)
