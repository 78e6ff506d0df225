"""The suggestions for those options that /imagine, /preset save and /style save have."""

from typing import ParamSpec, TypeVar

from discord import Interaction
from discord.app_commands import Command
from discord.ext import commands

from bot.discord_ui.autocomplete import Choices
from cogs.dependencies import Dependencies


class OptionSuggestions(commands.Cog):
    """A cog with a command whose options depend on the model."""

    def __init__(self, deps: Dependencies) -> None:
        self._deps = deps

    async def suggest_models(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the models that may be used here, with what a picture costs."""
        return self._deps.option_choices.models(interaction, typed)

    async def suggest_sizes(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the sizes of the model that would be used."""
        return self._deps.option_choices.sizes(interaction, typed)

    async def suggest_qualities(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the qualities of the model that would be used, with what a picture costs."""
        return self._deps.option_choices.qualities(interaction, typed)

    async def suggest_styles(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the styles of the model that would be used."""
        return self._deps.option_choices.others(interaction, "style", typed)

    async def suggest_backgrounds(self, interaction: Interaction, typed: str) -> Choices:
        """Offer the backgrounds of the model that would be used."""
        return self._deps.option_choices.others(interaction, "background", typed)


SuggestingCog = TypeVar("SuggestingCog", bound=OptionSuggestions)
P = ParamSpec("P")
T = TypeVar("T")


def suggests_options(command: Command[SuggestingCog, P, T]) -> Command[SuggestingCog, P, T]:
    """Let a command of such a cog suggest the values of these options."""
    command.autocomplete("model")(OptionSuggestions.suggest_models)
    command.autocomplete("size")(OptionSuggestions.suggest_sizes)
    command.autocomplete("quality")(OptionSuggestions.suggest_qualities)
    command.autocomplete("style")(OptionSuggestions.suggest_styles)
    command.autocomplete("background")(OptionSuggestions.suggest_backgrounds)
    return command
