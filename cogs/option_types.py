"""The types of options that several commands have."""

from discord import app_commands

# Discord's clients keep no larger whole number exactly; a model's own limit is checked later.
Seed = app_commands.Range[int, 0, 2**53 - 1]
NegativePrompt = app_commands.Range[str, 1, 2000]
Strength = app_commands.Range[int, 1, 100]
